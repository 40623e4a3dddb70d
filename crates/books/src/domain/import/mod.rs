//! CSV files of books: which program wrote one, and what its rows mean.
//!
//! | module | holds |
//! |---|---|
//! | `columns` | a row's cells by the names of their columns |
//! | `repair` | what programs and spreadsheets do to cells, undone |
//! | `sources` | one function per source: cells to a [`BookInput`] |

mod columns;
mod repair;
mod sources;

use kernel::Detail;
use time::OffsetDateTime;

use super::book::{BookDetails, BookInput};
use super::export;
pub use columns::Columns;
use columns::Row;

/// Which program wrote the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Headers of ours: title, authors, isbn, year …
    Plain,
    /// What `GET /books/export` gave.
    Folkshelf,
    Goodreads,
    LibraryThing,
    /// The table of the data set goodbooks-10k.
    Goodbooks,
}

impl Source {
    /// What only this program's header has.
    fn of(columns: &Columns) -> Self {
        if columns.has(export::MARK) {
            Source::Folkshelf
        } else if columns.has("goodreads_book_id") {
            Source::Goodbooks
        } else if columns.has("primary author") {
            Source::LibraryThing
        } else if columns.has("exclusive shelf") || columns.has("author l-f") {
            Source::Goodreads
        } else {
            Source::Plain
        }
    }
}

/// A file whose header says nothing of titles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    #[error("has no rows")]
    Empty,
    #[error("has no column named title in its first row")]
    NoTitle,
    #[error("has no column named authors in its first row")]
    NoAuthors,
}

/// How to read the rows of one file.
#[derive(Debug, Clone)]
pub struct Layout {
    source: Source,
    columns: Columns,
}

impl Layout {
    /// From the first row.
    pub fn of_header<'a>(header: impl IntoIterator<Item = &'a str>) -> Result<Self, LayoutError> {
        let columns = Columns::new(header);
        if columns.is_empty() {
            return Err(LayoutError::Empty);
        }
        if !columns.has("title") {
            return Err(LayoutError::NoTitle);
        }
        if !["authors", "author", "primary author"].iter().any(|name| columns.has(name)) {
            return Err(LayoutError::NoAuthors);
        }
        Ok(Self { source: Source::of(&columns), columns })
    }

    pub fn source(&self) -> Source {
        self.source
    }

    /// One row of cells: the book, or what is wrong with each bad field.
    pub fn read(&self, cells: &[&[u8]], now: OffsetDateTime) -> Result<BookDetails, Vec<Detail>> {
        if cells.len() > self.columns.len() {
            // Most often a comma that nobody quoted: every cell behind it is in the wrong column.
            let message = format!("has {} cells where the header has {}", cells.len(), self.columns.len());
            return Err(vec![Detail::new("row", message)]);
        }
        let row = Row::new(&self.columns, cells)?;
        let (mut input, mut wrong): (BookInput, Vec<Detail>) = match self.source {
            Source::Plain => sources::plain(&row),
            Source::Folkshelf => sources::folkshelf(&row),
            Source::Goodreads => sources::goodreads(&row),
            Source::LibraryThing => sources::librarything(&row),
            Source::Goodbooks => sources::goodbooks(&row),
        };
        input.lending.get_or_insert_with(|| "lend".to_owned());
        match input.check(now) {
            Ok(book) if wrong.is_empty() => Ok(book),
            Ok(_) => Err(wrong),
            Err(more) => {
                wrong.extend(more);
                Err(wrong)
            }
        }
    }
}

/// What parts the cells: whichever of comma, semicolon and tab the first line has most of outside quotes.
pub fn delimiter(first_line: &str) -> u8 {
    let count = |delimiter: char| {
        let mut quoted = false;
        first_line
            .chars()
            .filter(|c| {
                quoted ^= *c == '"';
                !quoted && *c == delimiter
            })
            .count()
    };
    let (commas, semicolons, tabs) = (count(','), count(';'), count('\t'));
    if tabs > commas.max(semicolons) {
        b'\t'
    } else if semicolons > commas {
        b';'
    } else {
        b','
    }
}

#[cfg(test)]
mod tests;
