//! The lendable copy: what borrowing knows of a book.

use books_events::Lending;
use borrowing_events::CancellationCause;
use kernel::{BookId, UserId};
use time::OffsetDateTime;

/// Why a copy is lent no more. Nothing undoes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withdrawal {
    /// Its owner is deleting the book; books will say so.
    Deleting,
    /// The book was deleted.
    Deleted,
    /// It was given away.
    Given,
}

impl Withdrawal {
    pub const ALL: [Withdrawal; 3] = [Withdrawal::Deleting, Withdrawal::Deleted, Withdrawal::Given];

    pub const fn as_str(self) -> &'static str {
        match self {
            Withdrawal::Deleting => "deleting",
            Withdrawal::Deleted => "deleted",
            Withdrawal::Given => "given",
        }
    }

    /// What it is to those who waited for the copy.
    pub const fn cause(self) -> CancellationCause {
        match self {
            Withdrawal::Deleting | Withdrawal::Deleted => CancellationCause::BookGone,
            Withdrawal::Given => CancellationCause::BookGiven,
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|why| why.as_str() == name)
    }
}

/// One physical book that may be lent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copy {
    pub book_id: BookId,
    pub owner_id: UserId,
    pub lending: Lending,
    /// It came back damaged, or got lost: nobody is put forward until its owner has touched the book again.
    pub set_aside_at: Option<OffsetDateTime>,
    pub withdrawn: Option<Withdrawal>,
}

impl Copy {
    /// Whether somebody may ask for it, or be put forward in its queue.
    pub fn lends(&self) -> bool {
        self.lending != Lending::Off && self.set_aside_at.is_none() && self.withdrawn.is_none()
    }
}
