//! What a borrow looks like in the API.

use borrowing_events::DisputeOutcome;
use kernel::{BookId, BorrowId, UserId};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::domain::{BorrowStatus, Conversation, Part, Reported};

/// A borrow as the API shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct BorrowView {
    pub id: BorrowId,
    pub book: BookPart,
    pub borrower: MemberPart,
    pub owner: MemberPart,
    pub status: BorrowStatus,
    /// Active, and the due date is past.
    pub overdue: bool,
    pub days: u16,
    pub message: Option<String>,
    /// From 1; `None` unless it is queued.
    pub queue_position: Option<i64>,
    #[serde(with = "time::serde::rfc3339")]
    pub requested_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    pub approved_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub pickup_by: Option<OffsetDateTime>,
    /// Where to pick it up. Without it the two agree on a place between them.
    pub place: Option<String>,
    /// For the owner's eyes, as long as it is good for something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hand_over_code: Option<String>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub handed_over_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub due_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub return_declared_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub returned_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub closed_at: Option<OffsetDateTime>,
    /// In the words of who ended it; where nobody did, `no_answer`, `not_picked_up`, `given`, `book_gone`, `book_given`,
    /// `member_left` or `not_possible`.
    pub closed_reason: Option<String>,
    /// `ok` or `damaged`, once it is back.
    pub condition: Option<String>,
    /// What one of the two wrote at the return or the loss.
    pub note: Option<String>,
    /// Who wrote the note.
    #[serde(default)]
    pub note_by: Option<MemberPart>,
    /// What a moderator decided where the two did not agree; the last time, if there were several.
    #[serde(default)]
    pub resolution: Option<ResolutionPart>,
    /// When a moderator last settled a dispute.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub resolved_at: Option<OffsetDateTime>,
    /// How often it was extended.
    pub extensions: u16,
    /// Days more that wait for the owner's answer.
    pub extension_requested: Option<u16>,
    /// Messages about it that the caller, who is one of the two, has not read.
    #[serde(default)]
    pub unread_messages: u32,
    /// Of each of the two. It is kept, and shown to nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub(crate) unread: Option<Unread>,
    /// Moderators read and write its messages at present: there is or was a dispute, or one of the two has reported it.
    #[serde(default)]
    pub has_moderators: bool,
    /// Kept, and shown to nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(ignore))]
    pub(crate) reported: Option<Reported>,
    pub version: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Unread {
    pub owner: u32,
    pub borrower: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct BookPart {
    pub id: BookId,
    pub title: String,
    pub authors: Vec<String>,
    /// No covers yet.
    pub cover_url: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MemberPart {
    pub id: UserId,
    /// Empty as long as nobody has told it, and of a former member.
    pub name: String,
    /// They have left. Whoever shows it says "a former member" in the language of the reader.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub left: bool,
}

impl MemberPart {
    /// Of a row of `borrowing.member`, if there is one.
    pub(crate) fn new(id: UserId, name: Option<String>, left: Option<bool>) -> Self {
        let left = left.unwrap_or(false);
        // An older host stored English words in the place of the name.
        Self { id, name: name.filter(|_| !left).unwrap_or_default(), left }
    }
}

/// A moderator's decision, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ResolutionPart {
    pub outcome: Outcome,
    /// Not known of old settlements.
    pub by: Option<MemberPart>,
    /// What the moderator found. Not known of some old settlements.
    pub note: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

/// How a dispute was settled: the book came back, it is lost, or the loan goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Returned,
    Lost,
    Active,
}

impl From<DisputeOutcome> for Outcome {
    fn from(outcome: DisputeOutcome) -> Self {
        match outcome {
            DisputeOutcome::Returned => Self::Returned,
            DisputeOutcome::Lost => Self::Lost,
            DisputeOutcome::Active => Self::Active,
        }
    }
}

impl BorrowView {
    /// When time alone changes what these borrows show: the next due date makes a loan overdue.
    pub fn next_due(borrows: &[Self], now: OffsetDateTime) -> Option<OffsetDateTime> {
        borrows.iter().filter_map(|borrow| borrow.due_at).filter(|due| *due > now).min()
    }

    /// As somebody may see it at a moment.
    pub(crate) fn shown_to(mut self, part: Part, now: OffsetDateTime) -> Self {
        self.overdue = self.status == BorrowStatus::Active && self.due_at.is_some_and(|due| due < now);
        if part != Part::Owner {
            self.hand_over_code = None;
        }
        let conversation = Conversation {
            status: self.status,
            handed_over: self.handed_over_at.is_some(),
            settled: self.resolved_at.is_some(),
            closed_at: self.closed_at,
            reported: self.reported.take(),
        };
        self.has_moderators = conversation.has_moderators(now);
        // Those of long ago are read by nobody, and soon deleted.
        let kept = !conversation.is_over(now);
        self.unread_messages = match (part, self.unread.take().filter(|_| kept)) {
            (Part::Owner, Some(unread)) => unread.owner,
            (Part::Borrower, Some(unread)) => unread.borrower,
            _ => 0,
        };
        self
    }
}
