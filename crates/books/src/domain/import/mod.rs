//! CSV files of books: which program wrote one, and what its rows mean.
//!
//! | module | holds |
//! |---|---|
//! | `columns` | a row's cells by the names of their columns |
//! | `repair` | what programs and spreadsheets do to cells, undone |
//! | `sources` | one function per source: cells to a [`BookInput`] |
//! | `values` | what a row said that was not taken |

mod columns;
mod repair;
mod sources;
mod values;

use kernel::Detail;
use time::OffsetDateTime;

use super::book::{BookDetails, BookInput};
use super::export;
pub use columns::Columns;
use columns::Row;
pub use values::RowValues;

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

/// A row that is no book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRow {
    /// What is wrong with each bad field.
    pub wrong: Vec<Detail>,
    pub values: Box<RowValues>,
}

/// A cell that has no meaning for its field.
#[derive(Debug)]
pub struct Misread {
    field: &'static str,
    cell: String,
    message: String,
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

    /// One row of cells.
    pub fn read(&self, cells: &[&[u8]], now: OffsetDateTime) -> Result<BookDetails, BadRow> {
        let row = Row::new(&self.columns, cells);
        let (mut input, misread) = match self.source {
            Source::Plain => sources::plain(&row),
            Source::Folkshelf => sources::folkshelf(&row),
            Source::Goodreads => sources::goodreads(&row),
            Source::LibraryThing => sources::librarything(&row),
            Source::Goodbooks => sources::goodbooks(&row),
        };
        input.lending.get_or_insert_with(|| "lend".to_owned());
        let checked = match row.fault() {
            Some(fault) => Err(vec![fault]),
            None => check(&input, &misread, now),
        };
        checked.map_err(|wrong| BadRow { wrong, values: Box::new(RowValues::of(input, &misread)) })
    }
}

fn check(input: &BookInput, misread: &[Misread], now: OffsetDateTime) -> Result<BookDetails, Vec<Detail>> {
    let mut wrong: Vec<Detail> = misread.iter().map(|cell| Detail::new(cell.field, cell.message.clone())).collect();
    match input.check(now) {
        Ok(book) if wrong.is_empty() => Ok(book),
        Ok(_) => Err(wrong),
        Err(more) => {
            wrong.extend(more);
            Err(wrong)
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
