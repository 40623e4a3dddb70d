use std::collections::HashMap;

use async_trait::async_trait;
use borrowing_events::BorrowEvent;
use cqrs::{Call, QueryHandler};
use database::Database;
use event_bus::{OwnEvents, Recorded};
use kernel::actor::RecordedActor;
use kernel::{BorrowId, ErrorKind, Query, Refusal, UserId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::{BorrowSnapshot, Part};
use crate::view::MemberPart;

/// Everything that happened to a borrow, oldest first, for its parties and moderators.
#[derive(Debug, Clone)]
pub struct BorrowTimeline {
    pub borrow: BorrowId,
    /// Only what had happened by then.
    pub at: Option<OffsetDateTime>,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Happening {
    /// The event's name: `borrow.approved`.
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// `None`: nobody did it, time did.
    pub actor: Option<MemberPart>,
    /// What else the event tells.
    pub data: Value,
    /// Where the borrow stood afterwards. Absent where the log does not reach back to its beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<BorrowSnapshot>,
}

impl Query for BorrowTimeline {
    const NAME: &'static str = "borrow_timeline";
    type Answer = Vec<Happening>;
    type Error = BorrowTimelineError;
}

#[derive(Debug, thiserror::Error)]
pub enum BorrowTimelineError {
    #[error("There is no such borrow.")]
    NotFound,
    #[error("There was no such borrow yet at that time.")]
    NotYetRequested,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for BorrowTimelineError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound | Self::NotYetRequested => ErrorKind::NotFound,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "BORROW_NOT_FOUND",
            Self::NotYetRequested => "BORROW_NOT_YET_REQUESTED",
            Self::Database(_) => "INTERNAL",
        }
    }
}

pub(crate) struct BorrowTimelineHandler {
    pool: Database,
    events: OwnEvents<BorrowEvent>,
}

impl BorrowTimelineHandler {
    pub(crate) fn new(pool: Database, events: OwnEvents<BorrowEvent>) -> Self {
        Self { pool, events }
    }

    async fn members(&self, actors: &[Uuid]) -> Result<HashMap<UserId, MemberPart>, sqlx::Error> {
        let rows = sqlx::query!(
            r#"select id, name, version = 9223372036854775807 as "left!" from borrowing.member where id = any($1)"#,
            actors,
        )
        .fetch_all(&self.pool)
        .await?;
        let member = |id: UserId, name, left| (id, MemberPart::new(id, Some(name), Some(left)));
        Ok(rows.into_iter().map(|row| member(row.id.into(), row.name, row.left)).collect())
    }
}

#[async_trait]
impl QueryHandler<BorrowTimeline> for BorrowTimelineHandler {
    async fn handle(&self, call: &Call, query: BorrowTimeline) -> Result<Vec<Happening>, BorrowTimelineError> {
        let id = query.borrow.uuid();
        let parties = sqlx::query!("select owner_id, borrower_id from borrowing.borrow where id = $1", id)
            .fetch_optional(&self.pool)
            .await?
            .ok_or(BorrowTimelineError::NotFound)?;
        if Part::of(call.actor(), parties.owner_id.into(), parties.borrower_id.into()) == Part::Stranger {
            return Err(BorrowTimelineError::NotFound);
        }
        let events = self.events.history_until(id, query.at).await?;
        if events.is_empty() && query.at.is_some() {
            return Err(BorrowTimelineError::NotYetRequested);
        }
        let actors: Vec<Uuid> = events.iter().filter_map(actor).map(UserId::uuid).collect();
        let members = self.members(&actors).await?;
        let member = |id| members.get(&id).cloned().unwrap_or_else(|| MemberPart::new(id, None, None));
        let mut state = None;
        let happening = |event: Recorded| {
            // An event that this program cannot read leaves nothing that it could vouch for.
            state = event.decode().ok().flatten().and_then(|event| BorrowSnapshot::after(state.take(), &event));
            Happening {
                actor: actor(&event).map(member),
                kind: event.name,
                at: event.occurred_at,
                data: without_parties(event.payload),
                state: state.clone(),
            }
        };
        Ok(events.into_iter().map(happening).collect())
    }
}

fn actor(event: &Recorded) -> Option<UserId> {
    match event.actor {
        RecordedActor::User { id } => Some(id),
        RecordedActor::Anonymous | RecordedActor::System { .. } => None,
    }
}

/// Whoever asks knows whose borrow of what it is.
fn without_parties(payload: Value) -> Value {
    match payload {
        Value::Object(mut fields) => {
            for party in ["borrowId", "bookId", "ownerId", "borrowerId"] {
                fields.remove(party);
            }
            Value::Object(fields)
        }
        other => other,
    }
}
