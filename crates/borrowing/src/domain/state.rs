//! Where a borrow stands, each place with what belongs to it and nothing else. Before the hand-over there is no due date, after
//! it no code; no clock runs for what is closed. What a row of the table could hold beyond that does not compile here: see
//! [`crate::row`].

use books_events::Lending;
use borrowing_events::{DisputeOutcome, ReturnCondition};
use kernel::UserId;
use time::OffsetDateTime;

use super::{BorrowStatus, HandOverCode};

#[derive(Debug, Clone, PartialEq)]
pub enum State {
    /// Asked for, and not answered.
    Requested(Requested),
    /// The owner agreed: the copy is kept for the borrower.
    Held(Held),
    /// Handed over for a time.
    Lent(Lent),
    /// Nothing leads out of it.
    Closed(Closed),
}

#[derive(Debug, Clone, PartialEq)]
pub enum Requested {
    /// Others come first.
    Queued,
    /// The owner may answer it.
    Pending {
        /// When it runs out unless the owner answers.
        expires_at: OffsetDateTime,
        /// When the owner is to be reminded; `None`: they were.
        remind_at: Option<OffsetDateTime>,
    },
}

/// What the owner agreed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreement {
    pub approved_at: OffsetDateTime,
    /// When it runs out unless the copy is picked up.
    pub pickup_by: OffsetDateTime,
    pub place: Option<String>,
    /// How the book was offered then. `None`: agreed before that was kept.
    pub lending: Option<Lending>,
    /// How often the borrower gave a wrong code.
    pub wrong_codes: i16,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    pub agreement: Agreement,
    /// `None`: too many wrong ones were given.
    pub code: Option<HandOverCode>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Lent {
    pub loan: Loan,
    pub stage: Stage,
}

/// A copy that was handed over, and what was said about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Loan {
    pub agreement: Agreement,
    pub handed_over_at: OffsetDateTime,
    pub due_at: OffsetDateTime,
    /// How often it was extended.
    pub extensions: u16,
    /// How often the owner refused to.
    pub extensions_refused: u16,
    /// What one of the two wrote last, at the return or the loss.
    pub note: Option<Note>,
    /// The last settlement of a dispute.
    pub resolution: Option<Resolution>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    pub text: String,
    /// `None`: a note from before authors were stored.
    pub by: Option<UserId>,
}

/// What a moderator decided where the two did not agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolution {
    pub outcome: DisputeOutcome,
    /// `None`: a settlement from before the moderator was stored.
    pub by: Option<UserId>,
    /// The finding. `None`: a settlement from before findings were kept apart from notes, overwritten since.
    pub note: Option<String>,
    pub at: OffsetDateTime,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Stage {
    Active(Active),
    /// The borrower says that the copy is back; the late clock stopped at this moment.
    ReturnPending {
        declared_at: OffsetDateTime,
    },
    /// The two disagree about where the copy is.
    Disputed {
        /// When the borrower said that the copy is back; `None`: the owner missed it before.
        declared_at: Option<OffsetDateTime>,
    },
}

/// The borrower has the copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Active {
    /// Days more that the borrower asked for and the owner has not answered.
    pub extension_asked: Option<u16>,
    /// When there is something to be reminded of.
    pub remind_at: Option<OffsetDateTime>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Closed {
    pub at: OffsetDateTime,
    pub ending: Ending,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Ending {
    Rejected {
        reason: Option<String>,
    },
    Cancelled {
        /// In a person's words, or a code where no person cancelled it.
        reason: Option<String>,
        /// What was agreed before.
        agreement: Option<Agreement>,
    },
    Expired {
        /// Nobody picked the copy up; `None`: the owner did not answer.
        agreement: Option<Agreement>,
    },
    /// The book changed hands for good.
    Given {
        agreement: Agreement,
        handed_over_at: OffsetDateTime,
    },
    Returned {
        loan: Loan,
        declared_at: Option<OffsetDateTime>,
        at: OffsetDateTime,
        condition: ReturnCondition,
    },
    Lost {
        loan: Loan,
        declared_at: Option<OffsetDateTime>,
    },
}

impl State {
    /// As it is stored and shown.
    pub const fn status(&self) -> BorrowStatus {
        match self {
            State::Requested(Requested::Queued) => BorrowStatus::Queued,
            State::Requested(Requested::Pending { .. }) => BorrowStatus::Pending,
            State::Held(_) => BorrowStatus::Approved,
            State::Lent(lent) => match lent.stage {
                Stage::Active(_) => BorrowStatus::Active,
                Stage::ReturnPending { .. } => BorrowStatus::ReturnPending,
                Stage::Disputed { .. } => BorrowStatus::Disputed,
            },
            State::Closed(closed) => match closed.ending {
                Ending::Rejected { .. } => BorrowStatus::Rejected,
                Ending::Cancelled { .. } => BorrowStatus::Cancelled,
                Ending::Expired { .. } => BorrowStatus::Expired,
                Ending::Given { .. } | Ending::Returned { .. } => BorrowStatus::Returned,
                Ending::Lost { .. } => BorrowStatus::Lost,
            },
        }
    }

    pub(super) const fn closed(at: OffsetDateTime, ending: Ending) -> Self {
        State::Closed(Closed { at, ending })
    }
}

impl Stage {
    /// When the borrower said that the copy is back.
    pub const fn declared_at(&self) -> Option<OffsetDateTime> {
        match self {
            Stage::Active(_) => None,
            Stage::ReturnPending { declared_at } => Some(*declared_at),
            Stage::Disputed { declared_at } => *declared_at,
        }
    }
}

impl Ending {
    /// Why it ended: a person's words, or a code where no person ended it.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Ending::Rejected { reason } | Ending::Cancelled { reason, .. } => reason.as_deref(),
            Ending::Expired { agreement: None } => Some("no_answer"),
            Ending::Expired { agreement: Some(_) } => Some("not_picked_up"),
            Ending::Given { .. } => Some("given"),
            Ending::Returned { .. } | Ending::Lost { .. } => None,
        }
    }
}
