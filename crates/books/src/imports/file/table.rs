//! Lines of cells: CSV, TSV and their kin, and lists of numbers.

use std::cell::Cell;
use std::io::Read;

use bibliography::table::{Format, ISBN_COLUMN, Layout, delimiter, is_isbn};
use csv::{ByteRecord, Position, ReaderBuilder};

use super::blank_lines::BlankLines;
use super::{Closed, FileError, Recognised, Sink, fault, storable};

pub(super) fn read(
    beginning: &[u8],
    rest: impl Read,
    in_row: &Cell<usize>,
    encoding: &str,
    mut sink: Sink<'_>,
) -> Result<Recognised, FileError> {
    let (named, beginning) = named_delimiter(beginning);
    if beginning.contains(&0) {
        return Err(FileError::NotText);
    }
    let line = first_line(beginning);
    let delimiter = named.unwrap_or_else(|| delimiter(&line));
    let header = header(&line, delimiter);
    let list = is_list(&header);
    let mut layout = if list {
        Layout::new(Format::IsbnList, &columns_of_list(&header), encoding)
    } else {
        Layout::of_header(&header, encoding)
    };
    sink.accepts(&layout)?;

    let blank_lines = BlankLines::default();
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .quoting(layout.format.quotes(delimiter))
        .from_reader(blank_lines.watch(beginning.chain(rest)));
    let mut record = ByteRecord::new();
    let (mut row, mut in_header) = (0_i32, !list);
    in_row.set(0);
    while reader.read_byte_record(&mut record).map_err(|error| match error.into_kind() {
        csv::ErrorKind::Io(error) => fault(&error, row),
        _ => FileError::NotText,
    })? {
        in_row.set(0);
        let (start, end) = (record.position().map_or(0, Position::byte), reader.position().byte());
        let blank = i32::try_from(blank_lines.before(start, end)).unwrap_or(i32::MAX);
        row = row.saturating_add(blank).saturating_add(1);
        if std::mem::take(&mut in_header) {
            continue;
        }
        if let Err(Closed) = sink.take(row, record.iter().map(storable).collect(), &mut layout)? {
            break;
        }
    }
    Ok(sink.end(layout))
}

/// Takes away a first line such as `sep=;`, by which spreadsheets tell each other what parts the cells.
fn named_delimiter(beginning: &[u8]) -> (Option<u8>, &[u8]) {
    let end = beginning.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(beginning.len());
    let (line, after) = beginning.split_at(end);
    let bare = line.strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(line);
    let [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter] = bare else { return (None, beginning) };
    let line_end = if after.starts_with(b"\r\n") { 2 } else { after.len().min(1) };
    (delimiter.is_ascii().then_some(*delimiter), &after[line_end..])
}

/// The first line that has something in it, to its end outside quotation marks.
fn first_line(beginning: &[u8]) -> String {
    let text = String::from_utf8_lossy(beginning);
    let text = text.trim_start_matches(['\r', '\n']);
    let mut quoted = false;
    let end = text.find(|c| {
        quoted ^= c == '"';
        !quoted && matches!(c, '\r' | '\n')
    });
    text[..end.unwrap_or(text.len())].to_owned()
}

fn header(line: &str, delimiter: u8) -> Vec<String> {
    let mut reader = ReaderBuilder::new().has_headers(false).delimiter(delimiter).from_reader(line.as_bytes());
    let first = reader.records().next().and_then(Result::ok).unwrap_or_default();
    first.iter().map(str::to_owned).collect()
}

/// Numbers from the first line on: there is no header.
fn is_list(first_row: &[String]) -> bool {
    let mut filled = first_row.iter().filter(|cell| !cell.trim().is_empty()).peekable();
    filled.peek().is_some() && filled.all(|cell| is_isbn(cell))
}

/// Several numbers in a line are forms of one.
fn columns_of_list(first_row: &[String]) -> Vec<String> {
    let mut columns = vec![String::new(); first_row.len()];
    let first = first_row.iter().position(|cell| !cell.trim().is_empty());
    if let Some(column) = first.and_then(|first| columns.get_mut(first)) {
        *column = ISBN_COLUMN.to_owned();
    }
    columns
}
