//! What books needs of others, in its own words.

use std::io::Read;

use async_trait::async_trait;
use cqrs::Caller;
use futures_util::stream::BoxStream;
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

/// Where files of members are kept by name, each whole or not at all. Every call has a bound in time.
#[async_trait]
pub trait FileStore: Send + Sync + 'static {
    /// Keeps a file under a name that nothing else has. Reads it on a thread that may block.
    async fn put(&self, name: &str, file: Box<dyn Read + Send>) -> Result<(), FilesUnavailable>;

    /// `None`: there is no file of this name.
    async fn get(&self, name: &str) -> Result<Option<FilePieces>, FilesUnavailable>;

    /// Also where there is none.
    async fn delete(&self, name: &str) -> Result<(), FilesUnavailable>;
}

/// A file in pieces, in their order. It ends with an error when the rest cannot be had.
pub type FilePieces = BoxStream<'static, Result<Vec<u8>, FilesUnavailable>>;

#[derive(Debug, thiserror::Error)]
#[error("the file store failed: {0}")]
pub struct FilesUnavailable(#[source] pub Box<dyn std::error::Error + Send + Sync>);

#[derive(Debug, thiserror::Error)]
pub enum WithdrawRefused {
    /// Somebody holds the copy, or it is held for somebody. `status` is the borrow's.
    #[error("the book is on loan")]
    OnLoan { status: String, borrow: Option<BorrowId> },
    /// No answer: whether the book is withdrawn is not known.
    #[error("borrowing did not answer")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}
