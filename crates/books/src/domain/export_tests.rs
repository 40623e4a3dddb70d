use proptest::prelude::*;
use time::macros::datetime;

use super::*;
use crate::domain::import::{BadRow, Layout, read};
use crate::domain::{BookDetails, BookInput};

const NOW: time::OffsetDateTime = datetime!(2026-11-21 10:00 UTC);

fn row(book: &BookDetails) -> ShelfRow {
    ShelfRow {
        title: book.title.to_string(),
        authors: book.authors.iter().map(ToString::to_string).collect(),
        isbn13: book.isbn.as_ref().map(ToString::to_string),
        published_year: book.published_year,
        language: book.language.map(|language| language.tag().to_owned()),
        categories: book.categories.iter().map(ToString::to_string).collect(),
        description: book.description.as_ref().map(ToString::to_string),
        condition: book.condition.map(|condition| condition.as_str().to_owned()),
        notes: book.notes.as_ref().map(ToString::to_string),
        lending: book.lending.as_str().to_owned(),
    }
}

fn read_back(cells: &[String]) -> Result<BookDetails, BadRow> {
    let layout = Layout::of_header(&HEADER.map(str::to_owned), "utf-8");
    let good = read(&layout, cells).settle(NOW)?;
    assert_eq!(good.notes, []);
    Ok(good.book)
}

fn input(title: String, authors: Vec<String>, description: String) -> BookInput {
    BookInput {
        title: Some(title),
        authors: Some(authors),
        description: Some(description),
        isbn: Some("0439023483".to_owned()),
        language: Some("pt-BR".to_owned()),
        condition: Some("like_new".to_owned()),
        notes: Some("-1".to_owned()),
        lending: Some("give".to_owned()),
        ..BookInput::default()
    }
}

/// The cells that a spreadsheet makes of the file when it splits lines at `delimiter`.
fn as_opened(file: &[u8], delimiter: u8, quoting: bool) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .quoting(quoting)
        .from_reader(file);
    let records = reader.byte_records().map(|record| record.expect("any bytes are records"));
    records
        .flat_map(|record| record.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect::<Vec<_>>())
        .collect()
}

proptest! {
    #[test]
    fn whatever_was_taken_once_reads_back_unchanged(
        title in "[=+@'-]?\\PC{1,60}",
        authors in proptest::collection::vec("[=,;|\\\\\"' \\PC]{1,30}", 1..4),
        categories in proptest::collection::vec("[=,;|\\\\\"' a-z]{1,30}", 0..4),
        description in "[=+@';\t \\PC\n]{0,60}",
        year in proptest::option::of(-5000i32..2000),
    ) {
        let input = BookInput { categories: Some(categories), published_year: year, ..input(title, authors, description) };
        if let Ok(book) = input.check(NOW) {
            prop_assert_eq!(read_back(&row(&book).cells()), Ok(book));
        }
    }

    #[test]
    fn no_spreadsheet_runs_a_cell_wherever_it_splits(
        title in "[=+@';\" a-zé＝-]{1,30}",
        authors in proptest::collection::vec("[=+@',;\"\\\\ a-z-]{1,20}", 1..3),
        description in "[=+@';\t \"a-z\n-]{0,40}",
    ) {
        let Ok(book) = input(title, authors, description).check(NOW) else { return Ok(()) };
        let mut file = csv::Writer::from_writer(Vec::new());
        file.write_record(HEADER).unwrap();
        file.write_record(row(&book).cells()).unwrap();
        let file = file.into_inner().unwrap();
        for delimiter in [b',', b';', b'\t'] {
            for quoting in [true, false] {
                for cell in as_opened(&file, delimiter, quoting && delimiter != b'\t') {
                    let begins = cell.trim_start_matches(|c: char| c.is_whitespace() || c == '"');
                    // Without quotation marks a comma parts the rest of a text, too: no spreadsheet reads our file so.
                    if quoting || delimiter != b',' {
                        prop_assert!(!begins.starts_with(['=', '+', '-', '@', '＝']), "{cell:?} of {file:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn no_cell_runs_as_a_formula() {
    let row = ShelfRow {
        title: "=HYPERLINK(\"http://x\")".to_owned(),
        authors: vec!["@a".to_owned(), "=b".to_owned()],
        published_year: Some(-720),
        notes: Some("'quoted'".to_owned()),
        description: Some("Fine; =cmd|'/c calc'!A1\n-1\n＝1; 'so'".to_owned()),
        ..ShelfRow::default()
    };
    let cells = row.cells();
    assert_eq!(cells[0], "'=HYPERLINK(\"http://x\")");
    assert_eq!((cells[1].as_str(), cells[3].as_str(), cells[8].as_str()), ("'@a;' =b", "'-720", "''quoted'"));
    assert_eq!(cells[6], "Fine;' =cmd|'/c calc'!A1\n'-1\n'＝1; 'so'");
}

#[test]
fn a_file_of_before_versions_reads_back_as_it_was_written() {
    let text = |text: &str| text.to_owned();
    let mut cells = HEADER.map(|_| String::new());
    (cells[0], cells[1], cells[6]) = (text("'=1"), text("Ann"), text("Lines\n'Tis so; 'tis"));
    cells[9] = text("lend");
    let book = read_back(&cells).unwrap();
    assert_eq!(book.title.as_str(), "=1");
    assert_eq!(book.description.map(|text| text.to_string()).as_deref(), Some("Lines\n'Tis so; 'tis"));
}

#[test]
fn separators_within_a_name_part_nothing() {
    let names = ["Tolkien, J. R. R.", "a; b", "c\\", "d | e"].map(str::to_owned);
    assert_eq!(parts(&joined(&names)), names);
    assert_eq!(parts("Ann ;; Bob"), ["Ann", "Bob"]);
}
