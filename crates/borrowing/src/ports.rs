//! What borrowing asks of others and cannot wait for an event to learn. The host supplies the adapter.

use async_trait::async_trait;
use books_events::Lending;
use cqrs::Caller;
use kernel::{BookId, UserId};
use time::OffsetDateTime;

/// A book as books has it now.
#[derive(Debug, Clone)]
pub struct ListedBook {
    pub id: BookId,
    pub owner: UserId,
    pub title: String,
    pub authors: Vec<String>,
    pub lending: Lending,
    /// Of the book's row, as its events carry it.
    pub version: i64,
    pub updated_at: OffsetDateTime,
}

/// Books could not be asked.
#[derive(Debug, thiserror::Error)]
#[error("books did not answer")]
pub struct BooksUnavailable(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Books' word on a book that we have not been told of: it may have been listed a moment ago.
#[async_trait]
pub trait BookSource: Send + Sync + 'static {
    /// `None`: there is no such book.
    async fn book(&self, id: BookId, caller: &Caller) -> Result<Option<ListedBook>, BooksUnavailable>;
}
