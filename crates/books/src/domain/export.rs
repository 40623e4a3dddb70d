//! A shelf as a CSV file that reads back unchanged: what is written here, `import/sources.rs` reads.
//!
//! Two things are kept from doing harm. A cell that a spreadsheet would run as a formula gets an apostrophe before it, as
//! does one that begins with an apostrophe, so that taking one away is always right. Several authors or categories in one
//! cell are parted by `; `, and a semicolon or backslash within a name has a backslash before it.

/// The column that only our files have; its cells are empty.
pub const MARK: &str = "folkshelf";

/// As they stand in the first row.
pub const HEADER: [&str; 11] = [
    "title",
    "authors",
    "isbn",
    "published year",
    "language",
    "categories",
    "description",
    "condition",
    "notes",
    "lending",
    MARK,
];

/// A book as its owner sees it.
#[derive(Debug, Clone, Default)]
pub struct ShelfRow {
    pub title: String,
    pub authors: Vec<String>,
    pub isbn13: Option<String>,
    pub published_year: Option<i16>,
    pub language: Option<String>,
    pub categories: Vec<String>,
    pub description: Option<String>,
    pub condition: Option<String>,
    pub notes: Option<String>,
    pub lending: String,
}

impl ShelfRow {
    /// In the order of [`HEADER`].
    pub fn cells(&self) -> [String; HEADER.len()] {
        let cell = |text: &Option<String>| harmless(text.as_deref().unwrap_or_default());
        [
            harmless(&self.title),
            harmless(&joined(&self.authors)),
            cell(&self.isbn13),
            harmless(&self.published_year.map(|year| year.to_string()).unwrap_or_default()),
            cell(&self.language),
            harmless(&joined(&self.categories)),
            cell(&self.description),
            cell(&self.condition),
            cell(&self.notes),
            harmless(&self.lending),
            String::new(),
        ]
    }
}

fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\'']) { format!("'{text}") } else { text.to_owned() }
}

/// The text of a cell.
pub fn bare(cell: &str) -> &str {
    cell.strip_prefix('\'').unwrap_or(cell)
}

fn joined(parts: &[String]) -> String {
    let escaped = |part: &String| part.replace('\\', "\\\\").replace(';', "\\;");
    parts.iter().map(escaped).collect::<Vec<_>>().join("; ")
}

/// The parts of a cell, without the space around each.
pub fn parts(cell: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut characters = cell.chars();
    while let Some(c) = characters.next() {
        match (c, parts.last_mut()) {
            (';', _) => parts.push(String::new()),
            ('\\', Some(part)) => part.extend(characters.next()),
            (c, Some(part)) => part.push(c),
            (_, None) => {}
        }
    }
    parts.into_iter().map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::datetime;

    use super::*;
    use crate::domain::import::{BadRow, Layout};
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

    fn read_back(book: &BookDetails) -> Result<BookDetails, BadRow> {
        let cells = row(book).cells();
        let cells: Vec<&[u8]> = cells.iter().map(|cell| cell.as_bytes()).collect();
        Layout::of_header(HEADER).unwrap().read(&cells, NOW)
    }

    proptest! {
        #[test]
        fn whatever_was_taken_once_reads_back_unchanged(
            title in "[=+@'-]?\\PC{1,60}",
            authors in proptest::collection::vec("[=,;|\\\\\"' \\PC]{1,30}", 1..4),
            categories in proptest::collection::vec("[=,;|\\\\\"' a-z]{1,30}", 0..4),
            description in "[=+@' \\PC\n]{0,60}",
            year in proptest::option::of(-5000i32..2000),
        ) {
            let input = BookInput {
                title: Some(title),
                authors: Some(authors),
                categories: Some(categories),
                description: Some(description),
                published_year: year,
                isbn: Some("0439023483".to_owned()),
                language: Some("pt-BR".to_owned()),
                condition: Some("like_new".to_owned()),
                notes: Some("-1".to_owned()),
                lending: Some("give".to_owned()),
            };
            if let Ok(book) = input.check(NOW) {
                prop_assert_eq!(read_back(&book), Ok(book));
            }
        }
    }

    #[test]
    fn no_cell_runs_as_a_formula() {
        let row = ShelfRow {
            title: "=HYPERLINK(\"http://x\")".to_owned(),
            authors: vec!["@a".to_owned(), "b".to_owned()],
            published_year: Some(-720),
            notes: Some("'quoted'".to_owned()),
            ..ShelfRow::default()
        };
        let cells = row.cells();
        assert_eq!(cells[0], "'=HYPERLINK(\"http://x\")");
        assert_eq!((cells[1].as_str(), cells[3].as_str(), cells[8].as_str()), ("'@a; b", "'-720", "''quoted'"));
    }

    #[test]
    fn separators_within_a_name_part_nothing() {
        let names = ["Tolkien, J. R. R.", "a; b", "c\\", "d | e"].map(str::to_owned);
        assert_eq!(parts(&joined(&names)), names);
        assert_eq!(parts("Ann ;; Bob"), ["Ann", "Bob"]);
    }
}
