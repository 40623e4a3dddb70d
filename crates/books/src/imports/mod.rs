//! Imports on their way from an upload to the shelf.
//!
//! | module | holds |
//! |---|---|
//! | `upload` | a file as the host hands it over |
//! | `original` | the file as it was sent, kept for its owner for a while |
//! | `file` | bytes to rows of cells, on a thread of its own |
//! | `worker` | rows to books, in batches that survive a kill at any line |
//! | `batch` | what one batch makes of its rows |
//! | `doubles` | which rows stand for books that are on the shelf already |
//! | `shelves` | on which shelves rows stand |
//! | `forget` | the job that forgets imports which are over |
//! | `report` | what is kept of rows that were not taken as they stand |

mod batch;
mod doubles;
mod file;
mod forget;
mod original;
mod report;
mod shelves;
mod upload;
mod worker;

pub(crate) use batch::created;
pub use file::FileError;
pub(crate) use file::{RawRow, read};
pub(crate) use forget::ForgetImports;
pub(crate) use original::{KeepError, Originals};
pub(crate) use report::{LeftOutCounts, is_duplicate};
pub(crate) use shelves::count_shelves;
pub use upload::Upload;
pub(crate) use worker::{ABANDONED_AFTER, Worker};

/// Bounds of imports.
#[derive(Debug, Clone)]
pub struct ImportSettings {
    /// Bytes of one file.
    pub max_bytes: u64,
    /// Rows of one file.
    pub max_rows: u32,
    /// Cells of one file, empty ones as well: its rows times its columns.
    pub max_cells: u64,
    /// Rows that one transaction takes to the shelf. Small enough not to hold the log's readers back.
    pub batch: i64,
    /// Files read at the same time, of one member one; each takes a thread. Further ones wait a moment, by member in turn, and
    /// are told to come back.
    pub concurrent_uploads: usize,
    /// Imports of one member that are read or put on the shelf at the same time, or wait for that.
    pub unfinished: i64,
    /// Imports of one member that wait for their review.
    pub reviews: i64,
    /// Books on the shelf of one member, however they come there.
    pub max_books: u32,
}

impl Default for ImportSettings {
    fn default() -> Self {
        Self {
            max_bytes: 20 * 1024 * 1024,
            max_rows: 100_000,
            max_cells: 10_000_000,
            batch: 300,
            concurrent_uploads: 4,
            unfinished: 2,
            reviews: 5,
            max_books: 20_000,
        }
    }
}
