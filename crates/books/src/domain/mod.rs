//! The rules of form. Pure: no async, no SQL, no clock of its own. What is known of books everywhere (ISBNs, languages, words,
//! tables of other programs) is the crate `bibliography`.

pub mod book;
pub mod changes;
pub mod row;
pub mod snapshot;

pub use book::{BookDetails, BookInput};
pub use changes::{BookChanges, Change, CheckedChanges};
pub use snapshot::BookSnapshot;
