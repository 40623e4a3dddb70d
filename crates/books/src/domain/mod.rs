//! The rules of form. Pure: no async, no SQL, no clock of its own.

pub mod book;
pub mod changes;
pub mod export;
pub mod import;
pub mod isbn;
pub mod keys;
pub mod language;
mod language_table;
pub mod ranking;
pub mod search;
pub mod spelling;
pub mod words;

pub use book::{BookDetails, BookInput, Condition};
pub use changes::{BookChanges, Change, CheckedChanges};
pub use isbn::{Isbn, IsbnError};
pub use language::Language;
