//! A book as its events tell it: what is known of it at a past moment, and what its row must agree with.

use books_events::{BookEvent, Lending};
use kernel::{BorrowId, UserId};
use serde::Serialize;

/// A book after one of its events. Its condition, notes and the rest of its description are in no event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct BookSnapshot {
    pub owner_id: UserId,
    pub title: String,
    pub authors: Vec<String>,
    /// `lend`, `give` or `off`.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub lending: Lending,
    /// The borrow by which it left its owner's hands, as long as it had not come back. A gift and a lost book do not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub out_with: Option<BorrowId>,
    pub deleted: bool,
}

impl BookSnapshot {
    /// After one more event. `None`: its beginning is not among the events.
    pub fn after(before: Option<Self>, event: &BookEvent) -> Option<Self> {
        if let BookEvent::Created(created) = event {
            return Some(Self {
                owner_id: created.owner_id,
                title: created.title.clone(),
                authors: created.authors.clone(),
                lending: created.lending,
                out_with: None,
                deleted: false,
            });
        }
        let before = before?;
        Some(match event {
            BookEvent::Created(_) => before,
            BookEvent::Updated(updated) => Self {
                owner_id: updated.owner_id,
                title: updated.title.clone(),
                authors: updated.authors.clone(),
                lending: updated.lending,
                ..before
            },
            BookEvent::Deleted(_) => Self { deleted: true, ..before },
            BookEvent::Borrowed(borrowed) => Self { out_with: Some(borrowed.borrow_id), ..before },
            BookEvent::Returned(_) => Self { out_with: None, ..before },
        })
    }
}
