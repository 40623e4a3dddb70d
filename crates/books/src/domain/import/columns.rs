//! A row's cells by the names of their columns.

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
    cells: Vec<&'a str>,
}

impl<'a> Row<'a> {
    pub fn new(columns: &'a Columns, cells: &[&'a [u8]]) -> Result<Self, Vec<Detail>> {
        let cells: Result<Vec<&str>, _> = cells.iter().map(|cell| std::str::from_utf8(cell)).collect();
        match cells {
            Ok(cells) => Ok(Self { columns, cells }),
            Err(_) => Err(vec![Detail::new("row", "must be UTF-8 text")]),
        }
    }

    /// The cell as it stands, trimmed; `None` when it is empty or there is no such column.
    pub fn text(&self, column: &str) -> Option<&'a str> {
        let place = *self.columns.places.get(&plain(column))?;
        let text = self.cells.get(place)?.trim();
        (!text.is_empty()).then_some(text)
    }

    /// The first of several columns that has something in it.
    pub fn first(&self, columns: &[&str]) -> Option<&'a str> {
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
