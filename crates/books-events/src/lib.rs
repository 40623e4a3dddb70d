//! What books publishes.

use kernel::{BookId, BorrowId, UserId};
use serde::{Deserialize, Serialize};

/// Whether and how the owner lets the book go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lending {
    /// For a time.
    Lend,
    /// For good: the hand-over ends it.
    Give,
    /// Not at present.
    Off,
}

impl Lending {
    pub const ALL: [Lending; 3] = [Lending::Lend, Lending::Give, Lending::Off];

    /// As stored and as shown: `lend`, `give`, `off`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Lending::Lend => "lend",
            Lending::Give => "give",
            Lending::Off => "off",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lending| lending.as_str() == name)
    }
}

/// A member listed a book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BookCreated {
    pub book_id: BookId,
    pub owner_id: UserId,
    pub title: String,
    pub authors: Vec<String>,
    pub lending: Lending,
}

/// The book's description or lending mode changed. Holds the whole of what others may know, not the difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BookUpdated {
    pub book_id: BookId,
    pub owner_id: UserId,
    pub title: String,
    pub authors: Vec<String>,
    pub lending: Lending,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BookDeleted {
    pub book_id: BookId,
    pub owner_id: UserId,
}

/// The book's shelf shows that it left the owner's hands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BookBorrowed {
    pub book_id: BookId,
    pub borrow_id: BorrowId,
    pub borrower_id: UserId,
}

/// The book's shelf shows that it is back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BookReturned {
    pub book_id: BookId,
    pub borrow_id: BorrowId,
}

kernel::events! {
    /// Everything books publishes.
    pub enum BookEvent of "books" {
        "book.created" 1 about "book" by book_id => Created(BookCreated),
        "book.updated" 1 about "book" by book_id => Updated(BookUpdated),
        "book.deleted" 1 about "book" by book_id => Deleted(BookDeleted),
        "book.borrowed" 1 about "book" by book_id => Borrowed(BookBorrowed),
        "book.returned" 1 about "book" by book_id => Returned(BookReturned),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_event_writes_what_its_sample_says() {
        kernel::event::assert_samples_hold::<super::BookEvent>();
    }
}
