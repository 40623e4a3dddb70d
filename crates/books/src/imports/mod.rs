//! Imports on their way from an upload to the shelf.
//!
//! | module | holds |
//! |---|---|
//! | `upload` | the bytes as they come from the host, piece by piece |
//! | `parse` | bytes to checked rows, on a thread of its own |
//! | `worker` | checked rows to books, in batches that survive a kill at any line |

mod parse;
mod upload;
mod worker;

pub use parse::FileError;
pub(crate) use parse::{Parsed, parse};
pub use upload::{Upload, UploadClosed, UploadSender};
pub(crate) use worker::Worker;

/// Bounds of imports.
#[derive(Debug, Clone)]
pub struct ImportSettings {
    /// Bytes of one file.
    pub max_bytes: u64,
    /// Rows of one file.
    pub max_rows: u32,
    /// Rows that one transaction takes to the shelf. Small enough not to hold the log's readers back.
    pub batch: i64,
    /// Files received at the same time; each takes a thread. Further ones wait.
    pub concurrent_uploads: usize,
}

impl Default for ImportSettings {
    fn default() -> Self {
        Self { max_bytes: 20 * 1024 * 1024, max_rows: 100_000, batch: 300, concurrent_uploads: 4 }
    }
}
