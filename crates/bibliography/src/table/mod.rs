//! Tables of books: which program wrote one, and what its rows mean. Cells come in as texts: the caller
//! has decoded the file.
//!
//! | module | holds |
//! |---|---|
//! | `field` | what a column can hold |
//! | `format`, `formats/` | the programs we know: one file each, its header and its ways |
//! | `column_names` | what columns of anybody's own table are called |
//! | `layout` | what was recognised of a file, and what a person changes of it |
//! | `reading`, `fields` | what one row says of its book, and what of it could not be read |
//! | `cells`, `names`, `html` | what programs and spreadsheets do to single cells, undone |
//! | `ownership` | which shelves hold books that their reader owns |

mod cells;
mod column_names;
mod field;
mod fields;
mod format;
mod formats;
mod html;
mod layout;
mod names;
mod ownership;
mod reading;

pub use field::Field;
pub use format::Format;
pub use formats::ISBN_COLUMN;
pub use layout::{Column, Layout, LayoutError, MOST_COLUMNS, MOST_SHELVES, Shelf, ShelfColumns};
pub use reading::{BookText, LeftOut, Misread, Reading, read};

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
