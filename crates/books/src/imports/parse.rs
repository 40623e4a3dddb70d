//! Bytes to checked rows. Blocking, for a thread of its own: the csv crate pulls, and the file comes as it comes.

use std::cell::Cell;
use std::io::{self, Cursor, Read};
use std::rc::Rc;

use csv::{ByteRecord, ReaderBuilder};
use time::OffsetDateTime;
use tokio::sync::mpsc;

use super::ImportSettings;
use crate::domain::BookDetails;
use crate::domain::import::{BadRow, Layout, LayoutError, Source, delimiter};

/// Rows handed over at a time.
const BATCH: usize = 500;
/// The longest row, in bytes. A quotation mark left open makes the rest of the file one cell: it ends here.
const LONGEST_ROW: usize = 256 * 1024;
/// The longest header.
const LONGEST_HEADER: usize = 64 * 1024;

/// A row as a spreadsheet numbers it (the header is row 1), and what became of it.
pub(crate) struct Parsed {
    pub row: i32,
    pub book: Result<BookDetails, BadRow>,
}

/// Why a file is refused as a whole.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("{0}")]
    Layout(#[from] LayoutError),
    #[error("must be UTF-8 text")]
    NotText,
    #[error("is larger than {max} bytes")]
    TooLarge { max: u64 },
    #[error("has more than {max} rows")]
    TooManyRows { max: u32 },
    #[error("has a row of more than 256 KiB after row {row}: is a quotation mark left open?")]
    RowTooLong { row: i32 },
    #[error("broke off before its end")]
    BrokenOff,
}

/// Counts what is read, and stops at the bounds.
struct Bounded<R> {
    inner: R,
    left: u64,
    /// Bytes since the last row ended; set back by the parser.
    in_row: Rc<Cell<usize>>,
}

const TOO_LARGE: io::ErrorKind = io::ErrorKind::FileTooLarge;
const ROW_TOO_LONG: io::ErrorKind = io::ErrorKind::InvalidData;

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.in_row.get() > LONGEST_ROW {
            return Err(ROW_TOO_LONG.into());
        }
        let read = self.inner.read(into)?;
        self.left = self.left.checked_sub(read as u64).ok_or(TOO_LARGE)?;
        self.in_row.set(self.in_row.get() + read);
        Ok(read)
    }
}

/// Reads the file to its end and hands its rows over, `BATCH` at a time. Stops early when nobody takes them.
pub(crate) fn parse(
    file: impl Read,
    settings: &ImportSettings,
    now: OffsetDateTime,
    rows: &mpsc::Sender<Vec<Parsed>>,
) -> Result<(), FileError> {
    let in_row = Rc::new(Cell::new(0));
    let mut file = Bounded { inner: file, left: settings.max_bytes, in_row: Rc::clone(&in_row) };
    let fault = |error: &io::Error, row| match error.kind() {
        TOO_LARGE => FileError::TooLarge { max: settings.max_bytes },
        ROW_TOO_LONG => FileError::RowTooLong { row },
        _ => FileError::BrokenOff,
    };

    let beginning = first_line(&mut file).map_err(|error| fault(&error, 1))?;
    let text = beginning.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&beginning);
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = std::str::from_utf8(line).map_err(|_| FileError::NotText)?;
    if line.contains('\0') {
        return Err(FileError::NotText);
    }
    let delimiter = delimiter(line);
    let header = header(line, delimiter);
    let layout = Layout::of_header(header.iter().map(String::as_str))?;

    let mut reader = ReaderBuilder::new()
        .has_headers(true)
        .flexible(true)
        .delimiter(delimiter)
        // LibraryThing's tab-separated export quotes nothing: a title may begin with a quotation mark.
        .quoting(!(layout.source() == Source::LibraryThing && delimiter == b'\t'))
        .from_reader(Cursor::new(text.to_vec()).chain(file));
    let mut record = ByteRecord::new();
    let mut batch = Vec::with_capacity(BATCH);
    let (mut row, mut taken) = (1, 0);
    while reader.read_byte_record(&mut record).map_err(|error| match error.into_kind() {
        csv::ErrorKind::Io(error) => fault(&error, row),
        _ => FileError::NotText,
    })? {
        in_row.set(0);
        row += 1;
        if record.iter().all(|cell| cell.iter().all(u8::is_ascii_whitespace)) {
            continue;
        }
        taken += 1;
        if taken > settings.max_rows {
            return Err(FileError::TooManyRows { max: settings.max_rows });
        }
        let cells: Vec<&[u8]> = record.iter().collect();
        batch.push(Parsed { row, book: layout.read(&cells, now) });
        if batch.len() == BATCH && rows.blocking_send(std::mem::take(&mut batch)).is_err() {
            return Ok(());
        }
    }
    // Nobody there to take the last rows: whoever asked has gone, and nothing is lost that was promised.
    drop(rows.blocking_send(batch));
    Ok(())
}

/// The beginning of the file, at least to the end of its first line.
fn first_line(file: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut beginning = Vec::new();
    let mut piece = [0; 4096];
    while !beginning.contains(&b'\n') && beginning.len() < LONGEST_HEADER {
        match file.read(&mut piece)? {
            0 => break,
            read => beginning.extend_from_slice(&piece[..read]),
        }
    }
    Ok(beginning)
}

fn header(line: &str, delimiter: u8) -> Vec<String> {
    let mut reader = ReaderBuilder::new().has_headers(false).delimiter(delimiter).from_reader(line.as_bytes());
    let first = reader.records().next().and_then(Result::ok).unwrap_or_default();
    first.iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod foreign;

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: OffsetDateTime = time::macros::datetime!(2026-11-21 10:00 UTC);

    /// Rows and titles (or the first bad field).
    fn rows(file: &[u8], settings: &ImportSettings) -> Result<Vec<(i32, String)>, FileError> {
        let (sender, mut receiver) = mpsc::channel(1000);
        parse(file, settings, NOW, &sender)?;
        drop(sender);
        let mut all = Vec::new();
        while let Some(batch) = receiver.blocking_recv() {
            all.extend(batch.into_iter().map(|parsed| {
                let text = match parsed.book {
                    Ok(book) => book.title.into_string(),
                    Err(bad) => format!("!{}", bad.wrong[0].field),
                };
                (parsed.row, text)
            }));
        }
        Ok(all)
    }

    fn titles(file: &[u8]) -> Result<Vec<(i32, String)>, FileError> {
        rows(file, &ImportSettings::default())
    }

    fn row(number: i32, title: &str) -> (i32, String) {
        (number, title.to_owned())
    }

    #[test]
    fn a_byte_order_mark_and_any_delimiter_are_taken() {
        assert_eq!(titles(b"\xef\xbb\xbftitle;author\r\nEmma;Jane Austen\r\n").unwrap(), [row(2, "Emma")]);
        assert_eq!(titles(b"title\tauthor\nEmma\tJane Austen").unwrap(), [row(2, "Emma")]);
    }

    #[test]
    fn empty_rows_count_in_the_numbering_alone() {
        let file = b"title,author\n,\nEmma,Jane Austen\n,Ann\n";
        assert_eq!(titles(file).unwrap(), [row(3, "Emma"), row(4, "!title")]);
    }

    #[test]
    fn a_quoted_cell_may_hold_line_breaks() {
        assert_eq!(
            titles(b"title,author\n\"Emma\nor not\",Ann\nB,Ann\n").unwrap(),
            [row(2, "Emma or not"), row(3, "B")]
        );
    }

    #[test]
    fn a_quotation_mark_at_the_start_of_a_librarything_title_swallows_nothing() {
        let file = b"Title\tPrimary Author\tISBN\n\"Surely\" you joke\tFeynman, Richard\t[]\n\"B\tAnn\t\nC\tAnn\t\n";
        assert_eq!(titles(file).unwrap(), [row(2, "\"Surely\" you joke"), row(3, "\"B"), row(4, "C")]);
    }

    #[test]
    fn files_that_are_none_are_refused() {
        assert!(matches!(titles(b""), Err(FileError::Layout(LayoutError::Empty))));
        assert!(matches!(titles(b"\x89PNG\r\n\x1a\n\0\0"), Err(FileError::NotText)));
        assert!(matches!(titles(b"a,b\n1,2\n"), Err(FileError::Layout(LayoutError::NoTitle))));
    }

    #[test]
    fn the_bounds_hold() {
        let settings = ImportSettings { max_rows: 2, max_bytes: 60, ..ImportSettings::default() };
        let file = b"title,author\na,b\na,b\na,b\n";
        assert!(matches!(rows(file, &settings), Err(FileError::TooManyRows { max: 2 })));
        let file = [b"title,author\n".to_vec(), vec![b'x'; 100]].concat();
        assert!(matches!(rows(&file, &settings), Err(FileError::TooLarge { max: 60 })));
        let file = [b"title,author\na,b\n\"".to_vec(), vec![b'x'; 400 * 1024]].concat();
        assert!(matches!(titles(&file), Err(FileError::RowTooLong { row: 2 })));
    }
}
