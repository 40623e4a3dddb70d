//! What borrowing publishes. Every event names the borrow, the book and both parties, so that a listener needs no memory
//! to know whom it concerns.

use kernel::{BookId, BorrowId, MessageId, UserId};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// How the copy came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReturnCondition {
    Ok,
    Damaged,
}

/// What a moderator found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisputeOutcome {
    Returned,
    Lost,
    /// The loan goes on.
    Active,
}

impl DisputeOutcome {
    pub const ALL: [Self; 3] = [Self::Returned, Self::Lost, Self::Active];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Returned => "returned",
            Self::Lost => "lost",
            Self::Active => "active",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == name)
    }
}

/// Why a request ended that nobody cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancellationCause {
    BookGone,
    /// To somebody else, for good.
    BookGiven,
    MemberLeft,
    /// One of the two may not lend or borrow at present, or neither may ask the other. It does not say which of these.
    NotPossible,
}

impl CancellationCause {
    pub const ALL: [Self; 4] = [Self::BookGone, Self::BookGiven, Self::MemberLeft, Self::NotPossible];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BookGone => "book_gone",
            Self::BookGiven => "book_given",
            Self::MemberLeft => "member_left",
            Self::NotPossible => "not_possible",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.as_str() == name)
    }
}

/// The borrow and whom it concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Parties {
    pub borrow_id: BorrowId,
    pub book_id: BookId,
    pub owner_id: UserId,
    pub borrower_id: UserId,
}

impl Parties {
    pub const fn uuid(&self) -> uuid::Uuid {
        self.borrow_id.uuid()
    }
}

/// Somebody asked for a copy. `queued` tells whether others come first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BorrowCreated {
    #[serde(flatten)]
    pub parties: Parties,
    /// Days asked for, 1 to 90.
    pub days: u16,
    pub queued: bool,
}

/// The request waits in the queue: at once, or because another one was approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BorrowQueued {
    #[serde(flatten)]
    pub parties: Parties,
}

/// The copy came free and the request is first in the queue: the owner may answer it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BorrowPromoted {
    #[serde(flatten)]
    pub parties: Parties,
}

/// The owner has not answered for some days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BorrowAnswerReminder {
    #[serde(flatten)]
    pub parties: Parties,
}

/// The owner agreed; the copy is held for the borrower.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BorrowApproved {
    #[serde(flatten)]
    pub parties: Parties,
    /// End of the last day for the hand-over.
    #[serde(with = "time::serde::rfc3339")]
    pub pickup_by: OffsetDateTime,
    pub place: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BorrowRejected {
    #[serde(flatten)]
    pub parties: Parties,
    pub reason: Option<String>,
}

/// The borrower has the book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BorrowHandedOver {
    #[serde(flatten)]
    pub parties: Parties,
    /// When it is due back; `None`: it was given for good.
    #[serde(with = "time::serde::rfc3339::option")]
    pub due_at: Option<OffsetDateTime>,
}

/// The borrower asks to keep it longer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BorrowExtensionRequested {
    #[serde(flatten)]
    pub parties: Parties,
    /// Days more.
    pub days: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BorrowExtensionRefused {
    #[serde(flatten)]
    pub parties: Parties,
    pub reason: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BorrowExtended {
    #[serde(flatten)]
    pub parties: Parties,
    /// The new due date.
    #[serde(with = "time::serde::rfc3339")]
    pub due_at: OffsetDateTime,
    /// Days more.
    pub days: u16,
}

/// Due in a few days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BorrowDueSoon {
    #[serde(flatten)]
    pub parties: Parties,
    #[serde(with = "time::serde::rfc3339")]
    pub due_at: OffsetDateTime,
}

/// Due today.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BorrowDueToday {
    #[serde(flatten)]
    pub parties: Parties,
    #[serde(with = "time::serde::rfc3339")]
    pub due_at: OffsetDateTime,
}

/// The due date is past.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BorrowOverdue {
    #[serde(flatten)]
    pub parties: Parties,
    #[serde(with = "time::serde::rfc3339")]
    pub due_at: OffsetDateTime,
}

/// The borrower says that it is back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BorrowReturnDeclared {
    #[serde(flatten)]
    pub parties: Parties,
}

/// The owner has it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BorrowReturned {
    #[serde(flatten)]
    pub parties: Parties,
    pub condition: ReturnCondition,
}

/// One of the two withdrew before the hand-over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BorrowCancelled {
    #[serde(flatten)]
    pub parties: Parties,
    /// `None`: nobody did, the book or a member left.
    pub cancelled_by: Option<UserId>,
    /// In the words of who did it; when nobody did, the name of a [`CancellationCause`].
    pub reason: Option<String>,
    /// Whether the copy was held for this borrow until now.
    pub held: bool,
}

impl BorrowCancelled {
    /// Why, when nobody cancelled it. Events of before there were causes say it in a sentence: `None`.
    pub fn cause(&self) -> Option<CancellationCause> {
        let reason = self.reason.as_deref().filter(|_| self.cancelled_by.is_none());
        reason.and_then(CancellationCause::from_name)
    }
}

/// Nobody answered, or nobody came, in time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BorrowExpired {
    #[serde(flatten)]
    pub parties: Parties,
    /// Whether the copy was held for this borrow until now.
    pub held: bool,
}

/// The copy is lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BorrowLost {
    #[serde(flatten)]
    pub parties: Parties,
}

/// The two disagree about where the copy is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BorrowDisputed {
    #[serde(flatten)]
    pub parties: Parties,
    pub raised_by: UserId,
}

/// A moderator settled the dispute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BorrowResolved {
    #[serde(flatten)]
    pub parties: Parties,
    pub outcome: DisputeOutcome,
    /// Empty once the moderator is gone.
    #[serde(default)]
    pub note: String,
}

/// One of the two wrote to the other, or a moderator to both. What they wrote is in no event: who may read it asks for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BorrowMessageSent {
    #[serde(flatten)]
    pub parties: Parties,
    pub message_id: MessageId,
    /// From 1, in the order in which the messages of this borrow were sent.
    pub number: i32,
    pub author_id: UserId,
    /// The moderator who wrote last before it, if another one than the author did.
    pub moderator_id: Option<UserId>,
}

/// One of the two has read what the others wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BorrowMessagesRead {
    #[serde(flatten)]
    pub parties: Parties,
    /// The last one of those.
    pub message_id: MessageId,
    pub number: i32,
    pub reader_id: UserId,
}

kernel::events! {
    /// Everything borrowing publishes.
    pub enum BorrowEvent of "borrowing" {
        "borrow.created" 1 about "borrow" by parties => Created(BorrowCreated),
        "borrow.queued" 1 about "borrow" by parties => Queued(BorrowQueued),
        "borrow.promoted" 1 about "borrow" by parties => Promoted(BorrowPromoted),
        "borrow.answer_reminder" 1 about "borrow" by parties => AnswerReminder(BorrowAnswerReminder),
        "borrow.approved" 1 about "borrow" by parties => Approved(BorrowApproved),
        "borrow.rejected" 1 about "borrow" by parties => Rejected(BorrowRejected),
        "borrow.handed_over" 1 about "borrow" by parties => HandedOver(BorrowHandedOver),
        "borrow.extension_requested" 1 about "borrow" by parties => ExtensionRequested(BorrowExtensionRequested),
        "borrow.extension_refused" 1 about "borrow" by parties => ExtensionRefused(BorrowExtensionRefused),
        "borrow.extended" 1 about "borrow" by parties => Extended(BorrowExtended),
        "borrow.due_soon" 1 about "borrow" by parties => DueSoon(BorrowDueSoon),
        "borrow.due_today" 1 about "borrow" by parties => DueToday(BorrowDueToday),
        "borrow.overdue" 1 about "borrow" by parties => Overdue(BorrowOverdue),
        "borrow.return_declared" 1 about "borrow" by parties => ReturnDeclared(BorrowReturnDeclared),
        "borrow.returned" 1 about "borrow" by parties => Returned(BorrowReturned),
        "borrow.cancelled" 1 about "borrow" by parties => Cancelled(BorrowCancelled),
        "borrow.expired" 1 about "borrow" by parties => Expired(BorrowExpired),
        "borrow.lost" 1 about "borrow" by parties => Lost(BorrowLost),
        "borrow.disputed" 1 about "borrow" by parties => Disputed(BorrowDisputed),
        "borrow.resolved" 1 about "borrow" by parties => Resolved(BorrowResolved),
        "borrow.message_sent" 1 about "message" by message_id => MessageSent(BorrowMessageSent),
        "borrow.messages_read" 1 about "message" by message_id => MessagesRead(BorrowMessagesRead),
    }
}

impl BorrowEvent {
    /// Whom the event concerns.
    pub const fn parties(&self) -> &Parties {
        match self {
            BorrowEvent::Created(event) => &event.parties,
            BorrowEvent::Queued(event) => &event.parties,
            BorrowEvent::Promoted(event) => &event.parties,
            BorrowEvent::AnswerReminder(event) => &event.parties,
            BorrowEvent::Approved(event) => &event.parties,
            BorrowEvent::Rejected(event) => &event.parties,
            BorrowEvent::HandedOver(event) => &event.parties,
            BorrowEvent::ExtensionRequested(event) => &event.parties,
            BorrowEvent::ExtensionRefused(event) => &event.parties,
            BorrowEvent::Extended(event) => &event.parties,
            BorrowEvent::DueSoon(event) => &event.parties,
            BorrowEvent::DueToday(event) => &event.parties,
            BorrowEvent::Overdue(event) => &event.parties,
            BorrowEvent::ReturnDeclared(event) => &event.parties,
            BorrowEvent::Returned(event) => &event.parties,
            BorrowEvent::Cancelled(event) => &event.parties,
            BorrowEvent::Expired(event) => &event.parties,
            BorrowEvent::Lost(event) => &event.parties,
            BorrowEvent::Disputed(event) => &event.parties,
            BorrowEvent::Resolved(event) => &event.parties,
            BorrowEvent::MessageSent(event) => &event.parties,
            BorrowEvent::MessagesRead(event) => &event.parties,
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_event_writes_what_its_sample_says() {
        kernel::event::assert_samples_hold::<super::BorrowEvent>();
    }
}
