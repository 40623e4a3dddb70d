//! A row's cells by the names of their columns.

use std::borrow::Cow;
use std::collections::HashMap;

use kernel::Detail;

/// The columns of a file, by name.
#[derive(Debug, Clone)]
pub struct Columns {
    places: HashMap<String, usize>,
    count: usize,
}

/// Letters and digits alone, so that `Published Year`, `published_year` and `publishedYear` are one.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

impl Columns {
    /// Where a name comes twice, the first column counts.
    pub fn new<'a>(header: impl IntoIterator<Item = &'a str>) -> Self {
        let mut places = HashMap::new();
        let mut count = 0;
        for (place, name) in header.into_iter().enumerate() {
            places.entry(plain(name)).or_insert(place);
            count = place + 1;
        }
        places.remove("");
        Self { places, count }
    }

    pub fn has(&self, name: &str) -> bool {
        self.places.contains_key(&plain(name))
    }

    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    pub fn len(&self) -> usize {
        self.count
    }
}

/// One row, as text.
pub struct Row<'a> {
    columns: &'a Columns,
    cells: Vec<Cow<'a, str>>,
}

impl<'a> Row<'a> {
    /// Bytes that are no text become U+FFFD.
    pub fn new(columns: &'a Columns, cells: &[&'a [u8]]) -> Self {
        Self { columns, cells: cells.iter().map(|cell| String::from_utf8_lossy(cell)).collect() }
    }

    /// Why its cells do not say what they were meant to say.
    pub fn fault(&self) -> Option<Detail> {
        let (cells, columns) = (self.cells.len(), self.columns.len());
        if cells > columns {
            // Most often a comma that nobody quoted: every cell behind it is in the wrong column.
            return Some(Detail::new("row", format!("has {cells} cells where the header has {columns}")));
        }
        // A borrowed cell is UTF-8 as it stands.
        let is_text = self.cells.iter().all(|cell| matches!(cell, Cow::Borrowed(_)));
        (!is_text).then(|| Detail::new("row", "must be UTF-8 text"))
    }

    /// The cell as it stands, trimmed; `None` when it is empty or there is no such column.
    pub fn text(&self, column: &str) -> Option<&str> {
        let place = *self.columns.places.get(&plain(column))?;
        let text = self.cells.get(place)?.trim();
        (!text.is_empty()).then_some(text)
    }

    /// The first of several columns that has something in it.
    pub fn first(&self, columns: &[&str]) -> Option<&str> {
        columns.iter().find_map(|column| self.text(column))
    }

    /// A cell that is meant to be one line: line breaks and runs of spaces become one space.
    pub fn line(&self, column: &str) -> Option<String> {
        self.text(column).map(one_line)
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
