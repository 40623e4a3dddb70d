//! What books needs of others, in its own words.

use async_trait::async_trait;
use cqrs::Caller;
use kernel::{BookId, BorrowId};

/// Borrowing's word on whether a book may leave its shelf. No book with an open loan disappears, and only borrowing knows.
#[async_trait]
pub trait LendingGate: Send + Sync + 'static {
    /// Makes the book impossible to borrow from now on and cancels what was waiting for it, or refuses. Doing it twice is
    /// doing it once; a book that borrowing has not heard of yet is withdrawn all the same.
    async fn withdraw(&self, book: BookId, caller: &Caller) -> Result<(), WithdrawRefused>;
}

/// How requests are doing: what can wait gives way to them.
pub trait Pace: Send + Sync + 'static {
    fn requests_are_slow(&self) -> bool;
}

#[derive(Debug, thiserror::Error)]
pub enum WithdrawRefused {
    /// Somebody holds the copy, or it is held for somebody. `status` is the borrow's.
    #[error("the book is on loan")]
    OnLoan { status: String, borrow: Option<BorrowId> },
    /// No answer: whether the book is withdrawn is not known.
    #[error("borrowing did not answer")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}
