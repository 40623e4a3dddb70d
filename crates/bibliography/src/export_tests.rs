use kernel::Prose;
use proptest::prelude::*;

use super::*;
use crate::limits::{Author, Category, LONGEST_DESCRIPTION, Title};
use crate::table::{BookText, Layout, read};

/// A row of texts that keep the rules of text; `None` where one does not.
fn row(title: &str, authors: &[String], categories: &[String], description: &str) -> Option<ShelfRow> {
    let author = |name: &String| Author::new(name).ok().map(|name| name.to_string());
    let category = |name: &String| Category::new(name).ok().map(|name| name.to_string());
    Some(ShelfRow {
        title: Title::new(title).ok()?.to_string(),
        authors: authors.iter().map(author).collect::<Option<_>>()?,
        isbn13: Some("9780439023481".to_owned()),
        published_year: None,
        language: Some("pt".to_owned()),
        categories: categories.iter().map(category).collect::<Option<_>>()?,
        description: Prose::<LONGEST_DESCRIPTION>::new(description).ok().map(|text| text.to_string()),
        condition: Some("like_new".to_owned()),
        notes: Some("-1".to_owned()),
        lending: "give".to_owned(),
    })
}

fn text(row: ShelfRow) -> BookText {
    BookText {
        title: Some(row.title),
        authors: Some(row.authors),
        isbn: row.isbn13,
        published_year: row.published_year.map(i32::from),
        language: row.language,
        categories: (!row.categories.is_empty()).then_some(row.categories),
        description: row.description,
        condition: row.condition,
        notes: row.notes,
        lending: Some(row.lending),
    }
}

fn read_back(cells: &[String]) -> BookText {
    let layout = Layout::of_header(&HEADER.map(str::to_owned), "utf-8");
    let reading = read(&layout, cells);
    assert_eq!((reading.misread, reading.fault, reading.left_out), (Vec::new(), None, None));
    reading.text
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
    fn what_was_written_reads_back_unchanged(
        title in "[=+@'-]?\\PC{1,60}",
        authors in proptest::collection::vec("[=,;|\\\\\"' \\PC]{1,30}", 1..4),
        categories in proptest::collection::vec("[=,;|\\\\\"' a-z]{1,30}", 0..4),
        description in "[=+@';\t \\PC\n]{0,60}",
        published_year in proptest::option::of((-5000i16..2000).prop_filter("there was no year 0", |year| *year != 0)),
    ) {
        if let Some(row) = row(&title, &authors, &categories, &description) {
            let row = ShelfRow { published_year, ..row };
            prop_assert_eq!(read_back(&row.cells()), text(row));
        }
    }

    #[test]
    fn no_spreadsheet_runs_a_cell_wherever_it_splits(
        title in "[=+@';\" a-zé＝-]{1,30}",
        authors in proptest::collection::vec("[=+@',;\"\\\\ a-z-]{1,20}", 1..3),
        description in "[=+@';\t \"a-z\n-]{0,40}",
    ) {
        let Some(row) = row(&title, &authors, &[], &description) else { return Ok(()) };
        let mut file = csv::Writer::from_writer(Vec::new());
        file.write_record(HEADER).unwrap();
        file.write_record(row.cells()).unwrap();
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
    let book = read_back(&cells);
    assert_eq!(book.title.as_deref(), Some("=1"));
    assert_eq!(book.description.as_deref(), Some("Lines\n'Tis so; 'tis"));
}

#[test]
fn separators_within_a_name_part_nothing() {
    let names = ["Tolkien, J. R. R.", "a; b", "c\\", "d | e"].map(str::to_owned);
    assert_eq!(parts(&joined(&names)), names);
    assert_eq!(parts("Ann ;; Bob"), ["Ann", "Bob"]);
}
