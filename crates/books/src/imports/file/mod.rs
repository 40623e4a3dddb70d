//! Files to rows of cells. Blocking, for a thread of its own.
//!
//! | module | holds |
//! |---|---|
//! | `encoding` | in which encoding a file is written |
//! | `table` | lines of cells: CSV and its kin, lists of numbers |
//! | `blank_lines` | empty lines, which a spreadsheet numbers too |
//! | `json` | the objects of a JSON export as rows |
//!
//! A file is whole before it is read, because its encoding is known at its end alone.

mod blank_lines;
mod encoding;
mod json;
mod table;

use std::cell::Cell;
use std::io::{self, Read, Seek, SeekFrom};
use std::rc::Rc;

use bibliography::table::{Layout, LayoutError, MOST_COLUMNS};
use encoding_rs::Encoding;
use encoding_rs_io::DecodeReaderBytesBuilder;
use serde::Serialize;
use tokio::sync::mpsc;

use super::ImportSettings;

/// Rows handed over at a time.
const BATCH: usize = 500;
/// The longest row, in bytes. A quotation mark left open makes the rest of the file one cell: it ends here.
const LONGEST_ROW: usize = 256 * 1024;
/// The longest header.
const LONGEST_HEADER: usize = 64 * 1024;

/// A row as a spreadsheet numbers it (the header is row 1, empty lines count), and its cells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct RawRow {
    pub row: i32,
    pub cells: Vec<String>,
}

/// What a file was recognised as.
#[derive(Debug)]
pub(crate) struct Recognised {
    pub layout: Layout,
    pub rows: u32,
}

/// Why a file is refused as a whole.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("{0}")]
    Layout(#[from] LayoutError),
    #[error("is not a table of text: save it as CSV first")]
    NotText,
    #[error("is no JSON that can be read: line {line}")]
    Json { line: usize },
    #[error("is larger than {max} bytes")]
    TooLarge { max: u64 },
    #[error("has more than {max} rows")]
    TooManyRows { max: u32 },
    #[error("has more than {max} cells, its rows times its columns")]
    TooManyCells { max: u64 },
    #[error("has a row of more than 256 KiB after row {row}: is a quotation mark left open?")]
    RowTooLong { row: i32 },
    /// Nothing is wrong with the file.
    #[error("could not be read from where it was kept")]
    Kept(#[source] io::Error),
}

/// Reads the file to its end and hands its rows over, `BATCH` at a time. Stops early when nobody takes them. `review`: its
/// owner will say what columns hold, so that a table need not be understood.
pub(crate) fn read(
    mut file: impl Read + Seek,
    settings: &ImportSettings,
    review: bool,
    rows: &mpsc::Sender<Vec<RawRow>>,
) -> Result<Recognised, FileError> {
    if file.seek(SeekFrom::End(0)).map_err(FileError::Kept)? > settings.max_bytes {
        return Err(FileError::TooLarge { max: settings.max_bytes });
    }
    file.rewind().map_err(FileError::Kept)?;
    let encoding = encoding::detect(&mut file).map_err(FileError::Kept)?;
    let in_row = Rc::new(Cell::new(0));
    let name = encoding.name().to_ascii_lowercase();
    let sink = Sink { rows, waiting: Vec::with_capacity(BATCH), taken: 0, cells: 0, settings, review };
    let (beginning, rest) = decoded(&mut file, encoding, &in_row)?;
    let is_json = match beginning.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None => return Err(LayoutError::Empty.into()),
        Some(b'{') => true,
        // A table's first name may stand in brackets.
        Some(b'[') => beginning.contains(&b'{'),
        Some(_) => false,
    };
    if is_json {
        drop(rest);
        json(&mut file, encoding, &in_row, sink)
    } else {
        table::read(&beginning, rest, &in_row, &name, sink)
    }
}

fn json(
    file: &mut (impl Read + Seek),
    encoding: &'static Encoding,
    in_row: &Rc<Cell<usize>>,
    sink: Sink<'_>,
) -> Result<Recognised, FileError> {
    let (beginning, rest) = decoded(file, encoding, in_row)?;
    let columns = json::columns(beginning.as_slice().chain(rest), in_row)?;
    let (beginning, rest) = decoded(file, encoding, in_row)?;
    json::read(beginning.as_slice().chain(rest), in_row, &columns, &encoding.name().to_ascii_lowercase(), sink)
}

/// The file from its beginning, in UTF-8 and without the mark that says how it is written: as much as a header may take, and
/// the rest.
fn decoded<'a, F: Read + Seek>(
    file: &'a mut F,
    encoding: &'static Encoding,
    in_row: &Rc<Cell<usize>>,
) -> Result<(Vec<u8>, impl Read + use<'a, F>), FileError> {
    file.rewind().map_err(FileError::Kept)?;
    in_row.set(0);
    let text = DecodeReaderBytesBuilder::new().encoding(Some(encoding)).build(file);
    let mut text = Bounded { inner: text, in_row: Rc::clone(in_row) };
    let mut beginning = Vec::with_capacity(LONGEST_HEADER);
    text.by_ref().take(LONGEST_HEADER as u64).read_to_end(&mut beginning).map_err(|error| fault(&error, 0))?;
    in_row.set(0);
    if beginning.starts_with("\u{feff}".as_bytes()) {
        beginning.drain(..3);
    }
    Ok((beginning, text))
}

const ROW_TOO_LONG: io::ErrorKind = io::ErrorKind::InvalidData;

/// Stops at a row without end.
struct Bounded<R> {
    inner: R,
    /// Bytes since the last row ended; set back by the reader of rows.
    in_row: Rc<Cell<usize>>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.in_row.get() > LONGEST_ROW {
            return Err(ROW_TOO_LONG.into());
        }
        let read = self.inner.read(into)?;
        self.in_row.set(self.in_row.get() + read);
        Ok(read)
    }
}

fn fault(error: &io::Error, row: i32) -> FileError {
    match error.kind() {
        ROW_TOO_LONG => FileError::RowTooLong { row },
        _ => FileError::Kept(io::Error::new(error.kind(), error.to_string())),
    }
}

/// Where rows go.
struct Sink<'a> {
    rows: &'a mpsc::Sender<Vec<RawRow>>,
    waiting: Vec<RawRow>,
    taken: u32,
    cells: u64,
    settings: &'a ImportSettings,
    review: bool,
}

/// Nobody takes rows any more: whoever asked has gone.
struct Closed;

impl Sink<'_> {
    /// Whether the rows can be read as books, or their owner will say how.
    fn accepts(&self, layout: &Layout) -> Result<(), LayoutError> {
        match layout.check() {
            Err(LayoutError::NoTitle | LayoutError::NoAuthors) if self.review => Ok(()),
            checked => checked,
        }
    }

    fn take(&mut self, row: i32, mut cells: Vec<String>, layout: &mut Layout) -> Result<Result<(), Closed>, FileError> {
        if cells.iter().all(|cell| cell.trim().is_empty()) {
            return Ok(Ok(()));
        }
        self.taken += 1;
        if self.taken > self.settings.max_rows {
            return Err(FileError::TooManyRows { max: self.settings.max_rows });
        }
        // One more than the header may have tells that there are too many.
        cells.truncate(MOST_COLUMNS + 1);
        // An object of JSON with one key has a cell in every column of the file.
        self.cells += cells.len() as u64;
        if self.cells > self.settings.max_cells {
            return Err(FileError::TooManyCells { max: self.settings.max_cells });
        }
        layout.survey(&cells);
        self.waiting.push(RawRow { row, cells });
        if self.waiting.len() < BATCH {
            return Ok(Ok(()));
        }
        Ok(self.rows.blocking_send(std::mem::take(&mut self.waiting)).map_err(|_| Closed))
    }

    fn end(self, layout: Layout) -> Recognised {
        // Nobody there to take the last rows: nothing is lost that was promised.
        drop(self.rows.blocking_send(self.waiting));
        Recognised { layout, rows: self.taken }
    }
}

/// PostgreSQL keeps no NUL.
fn storable(cell: &[u8]) -> String {
    String::from_utf8_lossy(cell).replace('\0', "\u{fffd}")
}

#[cfg(test)]
mod foreign;
#[cfg(test)]
mod programs;
#[cfg(test)]
mod tests;
