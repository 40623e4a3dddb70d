//! Tables of books: which program wrote one, and what its rows mean. Pure; the bytes are read in `imports/file`.
//!
//! | module | holds |
//! |---|---|
//! | `field` | what a column can hold |
//! | `format`, `formats/` | the programs we know: one file each, its header and its ways |
//! | `words` | what columns of anybody's own table are called |
//! | `layout` | what was recognised of a file, and what its owner changes of it |
//! | `reading`, `fields` | one row of cells as a book, with notes on what of it could not be read |
//! | `cells`, `names`, `html` | what programs and spreadsheets do to single cells, undone |
//! | `ownership` | which shelves hold books that their reader owns |
//! | `values` | what a row said |

mod cells;
mod field;
mod fields;
mod format;
mod formats;
mod html;
mod layout;
mod names;
mod ownership;
mod reading;
mod values;
mod words;

pub use field::Field;
pub use format::Format;
pub use formats::ISBN_COLUMN;
pub use layout::{Layout, LayoutChoice, LayoutError, MOST_COLUMNS, Shelf, ShelfColumns};
pub use reading::{BadRow, GoodRow, LeftOutReason, Reading, read};
pub use values::RowValues;

/// Whether a text is an ISBN and nothing else, as in a list of numbers.
pub fn is_isbn(text: &str) -> bool {
    matches!(cells::isbn([text]), Ok(Some(_)))
}

/// What parts the cells: whichever of comma, semicolon, tab and bar the first line has most of outside quotes.
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
    let mut best = (count(','), b',');
    for delimiter in [';', '\t', '|'] {
        let found = count(delimiter);
        if found > best.0 {
            best = (found, delimiter as u8);
        }
    }
    best.1
}

#[cfg(test)]
mod tests;
