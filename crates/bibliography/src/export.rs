//! A shelf as a table that reads back unchanged: what is written here, [`crate::table::read`] reads.
//!
//! Two things are kept from doing harm. A spreadsheet runs a cell that begins with `=`, `+`, `-` or `@` as a formula, and where
//! its cells begin depends on its country: a German one splits our lines at `;`, knows no quotation mark within them, and so
//! begins a cell after every semicolon, tab and line break of a text. At each such place a formula gets an apostrophe before
//! it, as does a text that has an apostrophe there, so that taking one away is always right. Several authors or categories in
//! one cell are parted by `; `, and a semicolon or backslash within a name has a backslash before it.

/// The column that only our files have. Its cells say how the row is written.
pub const MARK: &str = "folkshelf";

/// How rows are written now. Older files have an empty cell: an apostrophe at the beginning of a cell alone.
const VERSION: &str = "2";

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
    /// The title.
    pub title: String,
    /// The authors, in the order of the book.
    pub authors: Vec<String>,
    /// The ISBN in thirteen digits.
    pub isbn13: Option<String>,
    /// The year; negative: before our era.
    pub published_year: Option<i16>,
    /// The tag of the language.
    pub language: Option<String>,
    /// The categories.
    pub categories: Vec<String>,
    /// The description.
    pub description: Option<String>,
    /// The name of the condition.
    pub condition: Option<String>,
    /// The owner's private notes.
    pub notes: Option<String>,
    /// `lend`, `give` or `off`.
    pub lending: String,
}

impl ShelfRow {
    /// Its cells, in the order of [`HEADER`].
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
            VERSION.to_owned(),
        ]
    }
}

/// Whether a spreadsheet that begins a cell here would run it. It passes over spaces, marks and quotation marks first: these
/// and no others, so what our text counts as invisible is not asked.
fn runs(text: &str) -> bool {
    let passed_over = |c: &char| {
        (c.is_whitespace() || c.is_control() || matches!(c, '"' | '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2060}'))
            && !begins_a_cell(*c)
    };
    let first = text.chars().find(|c| !passed_over(c));
    matches!(first, Some('=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠'))
}

/// After these a spreadsheet may begin a new cell.
fn begins_a_cell(c: char) -> bool {
    matches!(c, ';' | '\t' | '\n' | '\r')
}

/// The text of a cell that no spreadsheet runs.
pub fn harmless(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 1);
    let mut rest = text;
    loop {
        if rest.starts_with('\'') || runs(rest) {
            safe.push('\'');
        }
        let Some(end) = rest.find(begins_a_cell) else { break };
        // All of them are one byte long.
        let (cell, more) = rest.split_at(end + 1);
        safe.push_str(cell);
        rest = more;
    }
    safe.push_str(rest);
    safe
}

/// The text of a cell, as the row's version wrote it.
pub(crate) fn bare(cell: &str, version: &str) -> String {
    if version != VERSION {
        return cell.strip_prefix('\'').unwrap_or(cell).to_owned();
    }
    let mut text = String::with_capacity(cell.len());
    let mut begins = true;
    for c in cell.chars() {
        if !(begins && c == '\'') {
            text.push(c);
        }
        begins = begins_a_cell(c);
    }
    text
}

fn joined(parts: &[String]) -> String {
    let escaped = |part: &String| part.replace('\\', "\\\\").replace(';', "\\;");
    parts.iter().map(escaped).collect::<Vec<_>>().join("; ")
}

/// The parts of a cell, without the space around each.
pub(crate) fn parts(cell: &str) -> Vec<String> {
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
#[path = "export_tests.rs"]
mod tests;
