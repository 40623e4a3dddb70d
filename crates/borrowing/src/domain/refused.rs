//! Why a command on a borrow was not done. Values with names; the codes are stable.

use kernel::{Detail, ErrorKind};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{BorrowStatus, Conversation, LendingRules};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It does not exist, or the caller is a stranger to it.
    #[error("There is no such borrow.")]
    NotFound,
    /// A party, but not the one who may.
    #[error("Only the owner of the book may do this.")]
    OwnerOnly,
    #[error("Only the borrower may do this.")]
    BorrowerOnly,
    #[error("Only the owner or the borrower may do this.")]
    PartiesOnly,
    #[error("Only a moderator who is neither owner nor borrower may settle a dispute.")]
    UninvolvedModeratorOnly,

    #[error("The request is not pending, but {now}.")]
    NotPending { now: BorrowStatus },
    #[error("The borrow is {now} and can no longer be cancelled.")]
    NotCancellable { now: BorrowStatus },
    #[error("The borrow is not approved, but {now}.")]
    NotApproved { now: BorrowStatus },
    #[error("The borrow is not active, but {now}.")]
    NotActive { now: BorrowStatus },
    #[error("The borrower has not declared a return: the borrow is {now}.")]
    NotReturnPending { now: BorrowStatus },
    #[error("Nothing is in dispute: the borrow is {now}.")]
    NotDisputed { now: BorrowStatus },

    /// Somebody else was at it at the same moment.
    #[error("The borrow has just become {now}.")]
    Overtaken { now: BorrowStatus },
    #[error("The copy is already promised to somebody else.")]
    AlreadyHeld,
    #[error("The pick-up date must lie in the future and at most {max_days} days ahead.")]
    PickupOutOfRange { max_days: u16 },

    #[error("The hand-over code is needed; the owner has it.")]
    CodeMissing,
    #[error("That is not the hand-over code.")]
    WrongCode { attempts_left: i16 },
    #[error("The hand-over code is void after too many wrong ones; the owner can hand over.")]
    CodeVoid,

    #[error("An extension is 1 to {max_days} days.")]
    ExtensionDays { max_days: u16 },
    /// Those that were refused count.
    #[error("An extension of this loan was asked for {limit} times, which is the limit.")]
    ExtensionLimit { limit: u16 },
    #[error("An extension has been asked for and waits for the owner's answer.")]
    ExtensionAlreadyRequested,
    #[error("No extension has been asked for.")]
    NoExtensionRequested,

    #[error("A loan is 1 to {max} days.", max = LendingRules::MAX_DAYS)]
    Days,
    #[error("This is your own book.")]
    OwnBook,
    #[error("The book is not being lent.")]
    NotLendable,
    #[error("You have already asked for this book.")]
    AlreadyRequested,
    #[error("You have {limit} open requests, which is the limit.")]
    TooManyOpenRequests { limit: u32 },
    #[error("You have made {limit} requests within a day, which is the limit.")]
    TooManyRequestsToday { limit: u32 },
    /// Requests to this owner were taken back or refused, several of them.
    #[error("You have asked this member in vain lately. Ask again later.")]
    AskAgainLater { at: OffsetDateTime },

    #[error(
        "Messages are kept for {days} days after a borrow has ended. Moderators read them from a dispute on.",
        days = Conversation::KEPT.whole_days()
    )]
    NoMessages,
    #[error("The request came to nothing: what was written stays, and nothing is added.")]
    MessagesClosed,
    /// One of the two has left or is not active, or one blocks the other: it does not say which.
    #[error("You cannot write to each other at present.")]
    MessagesNotPossible,
    #[error("You have written {limit} messages within {hours} hours, which is the limit. Write again later.")]
    TooManyMessages { limit: u32, hours: i64 },
    #[error("You have written {limit} messages about this borrow, which is the limit.")]
    ConversationFull { limit: u32 },
}

impl Refused {
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Refused::NotFound | Refused::NoMessages => ErrorKind::NotFound,
            Refused::OwnerOnly
            | Refused::BorrowerOnly
            | Refused::PartiesOnly
            | Refused::UninvolvedModeratorOnly
            | Refused::WrongCode { .. } => ErrorKind::Forbidden,
            Refused::Days | Refused::ExtensionDays { .. } | Refused::PickupOutOfRange { .. } | Refused::CodeMissing => {
                ErrorKind::Invalid
            }
            Refused::NotPending { .. }
            | Refused::NotCancellable { .. }
            | Refused::NotApproved { .. }
            | Refused::NotActive { .. }
            | Refused::NotReturnPending { .. }
            | Refused::NotDisputed { .. }
            | Refused::Overtaken { .. }
            | Refused::AlreadyHeld
            | Refused::CodeVoid
            | Refused::ExtensionLimit { .. }
            | Refused::ExtensionAlreadyRequested
            | Refused::NoExtensionRequested
            | Refused::OwnBook
            | Refused::NotLendable
            | Refused::AlreadyRequested
            | Refused::TooManyOpenRequests { .. }
            | Refused::TooManyRequestsToday { .. }
            | Refused::AskAgainLater { .. }
            | Refused::MessagesClosed
            | Refused::MessagesNotPossible
            | Refused::TooManyMessages { .. }
            | Refused::ConversationFull { .. } => ErrorKind::Conflict,
        }
    }

    pub const fn code(&self) -> &'static str {
        match self {
            Refused::NotFound => "BORROW_NOT_FOUND",
            Refused::OwnerOnly | Refused::BorrowerOnly | Refused::PartiesOnly | Refused::UninvolvedModeratorOnly => {
                "FORBIDDEN"
            }
            Refused::Days | Refused::ExtensionDays { .. } | Refused::PickupOutOfRange { .. } | Refused::CodeMissing => {
                "VALIDATION_ERROR"
            }
            Refused::NotPending { .. } => "BORROW_NOT_PENDING",
            Refused::NotCancellable { .. } => "BORROW_NOT_CANCELLABLE",
            Refused::NotApproved { .. } => "BORROW_NOT_APPROVED",
            Refused::NotActive { .. } => "BORROW_NOT_ACTIVE",
            Refused::NotReturnPending { .. } => "BORROW_NOT_RETURN_PENDING",
            Refused::NotDisputed { .. } => "BORROW_NOT_DISPUTED",
            Refused::Overtaken { .. } => "BORROW_CHANGED",
            Refused::AlreadyHeld => "COPY_ALREADY_HELD",
            Refused::WrongCode { .. } => "WRONG_HAND_OVER_CODE",
            Refused::CodeVoid => "HAND_OVER_CODE_VOID",
            Refused::ExtensionLimit { .. } => "EXTENSION_LIMIT",
            Refused::ExtensionAlreadyRequested => "EXTENSION_ALREADY_REQUESTED",
            Refused::NoExtensionRequested => "NO_EXTENSION_REQUESTED",
            Refused::OwnBook => "OWN_BOOK",
            Refused::NotLendable => "BOOK_NOT_LENDABLE",
            Refused::AlreadyRequested => "ALREADY_REQUESTED",
            Refused::TooManyOpenRequests { .. } => "TOO_MANY_OPEN_REQUESTS",
            Refused::TooManyRequestsToday { .. } => "TOO_MANY_REQUESTS_TODAY",
            Refused::AskAgainLater { .. } => "ASK_AGAIN_LATER",
            Refused::NoMessages => "MESSAGES_NOT_FOUND",
            Refused::MessagesClosed => "MESSAGES_CLOSED",
            Refused::MessagesNotPossible => "MESSAGES_NOT_POSSIBLE",
            Refused::TooManyMessages { .. } => "TOO_MANY_MESSAGES",
            Refused::ConversationFull { .. } => "CONVERSATION_FULL",
        }
    }

    /// The present state, or the field that is wrong.
    pub fn details(&self) -> Vec<Detail> {
        match self {
            Refused::NotPending { now }
            | Refused::NotCancellable { now }
            | Refused::NotApproved { now }
            | Refused::NotActive { now }
            | Refused::NotReturnPending { now }
            | Refused::NotDisputed { now }
            | Refused::Overtaken { now } => vec![Detail::new("status", now.as_str())],
            Refused::Days | Refused::ExtensionDays { .. } => {
                vec![Detail::new("days", self.to_string())]
            }
            Refused::PickupOutOfRange { .. } => vec![Detail::new("pickupBy", self.to_string())],
            Refused::CodeMissing => vec![Detail::new("code", self.to_string())],
            Refused::WrongCode { attempts_left } => {
                vec![Detail::new("attemptsLeft", attempts_left.to_string())]
            }
            Refused::ExtensionLimit { limit } => {
                vec![Detail::new("extensions", limit.to_string())]
            }
            Refused::TooManyOpenRequests { limit } => {
                vec![Detail::new("openRequests", limit.to_string())]
            }
            Refused::TooManyRequestsToday { limit } => {
                vec![Detail::new("requestsToday", limit.to_string())]
            }
            Refused::AskAgainLater { at } => {
                vec![Detail::new("askAgainAt", at.format(&Rfc3339).unwrap_or_default())]
            }
            Refused::TooManyMessages { limit, hours } => {
                vec![Detail::new("messages", limit.to_string()), Detail::new("hours", hours.to_string())]
            }
            Refused::ConversationFull { limit } => vec![Detail::new("messages", limit.to_string())],
            Refused::NotFound
            | Refused::NoMessages
            | Refused::MessagesClosed
            | Refused::MessagesNotPossible
            | Refused::OwnerOnly
            | Refused::BorrowerOnly
            | Refused::PartiesOnly
            | Refused::UninvolvedModeratorOnly
            | Refused::AlreadyHeld
            | Refused::CodeVoid
            | Refused::ExtensionAlreadyRequested
            | Refused::NoExtensionRequested
            | Refused::OwnBook
            | Refused::NotLendable
            | Refused::AlreadyRequested => Vec::new(),
        }
    }
}
