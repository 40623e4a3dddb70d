//! What was recognised of a file: who wrote it, what its columns hold, which shelves it names. It can be stored as JSON, so that
//! rows can be read long after the file is gone.

use std::collections::HashSet;

use kernel::Detail;
use serde::{Deserialize, Serialize};

use super::field::Field;
use super::format::{Format, Spec};
use super::reading;

/// Columns of one file.
pub const MOST_COLUMNS: usize = 300;
/// Shelves that a layout lists. What stands on others is owned or not as their names suggest.
pub const MOST_SHELVES: usize = 200;
/// Cells of a column that are shown.
const SAMPLES: usize = 3;
/// Characters of a name or a sample that are kept.
const LONGEST_SAMPLE: usize = 120;

/// Why a table cannot be read as books.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    /// The first row is empty.
    #[error("has no rows")]
    Empty,
    /// No column holds titles, and none ISBNs.
    #[error("has no column named title in its first row")]
    NoTitle,
    /// Titles alone do not tell books apart.
    #[error("has no column named authors in its first row")]
    NoAuthors,
    /// More than [`MOST_COLUMNS`].
    #[error("has more than {MOST_COLUMNS} columns")]
    TooManyColumns,
}

/// One column of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Column {
    /// As the first row has it.
    pub name: String,
    /// What it is taken for; `None`: it is not read.
    pub field: Option<Field>,
    /// Rows that have something in it.
    pub filled: u32,
    /// Its first cells.
    pub samples: Vec<String>,
}

/// A shelf, list or reading status by which another program sorts books.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Shelf {
    /// As the rows have it.
    pub name: String,
    /// Rows on it.
    pub count: u32,
    /// Whether its books are the member's own.
    pub owned: bool,
}

/// How to read the rows of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Layout {
    /// The program that wrote the file.
    pub format: Format,
    /// As the WHATWG names it, in lower case.
    pub encoding: String,
    /// In the order of the file.
    pub columns: Vec<Column>,
    /// In the order in which rows name them, at most [`MOST_SHELVES`].
    pub shelves: Vec<Shelf>,
}

/// The columns that say on which shelf a row stands, by their index; `None`: no column says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ShelfColumns {
    /// The column of [`Field::Shelf`].
    pub shelf: Option<usize>,
    /// The column of [`Field::Owned`].
    pub owned: Option<usize>,
    /// The column of [`Field::Copies`].
    pub copies: Option<usize>,
}

const SHELF_FIELDS: [Field; 3] = [Field::Shelf, Field::Owned, Field::Copies];
const NO_COLUMN: &str = "is not a column of this file";

impl Layout {
    /// Recognises the program and the columns from the first row. `encoding` is kept as it is.
    pub fn of_header(header: &[String], encoding: &str) -> Self {
        let format = Format::of_header(header);
        let mut layout = Self::new(format, header, encoding);
        if format == Format::Table && layout.place(Field::Title).is_none() && layout.isbn_place().is_some() {
            layout.format = Format::IsbnList;
        }
        layout
    }

    /// The layout of a file that `format` is known to have written.
    pub fn new(format: Format, header: &[String], encoding: &str) -> Self {
        let fields = Spec::of(format).fields(header);
        let columns = header.iter().zip(fields).map(|(name, field)| Column {
            name: beginning(name.trim()),
            field,
            filled: 0,
            samples: Vec::new(),
        });
        Self { format, encoding: encoding.to_owned(), columns: columns.collect(), shelves: Vec::new() }
    }

    /// Whether rows can be read as books: there are titles and authors, or ISBNs.
    pub fn check(&self) -> Result<(), LayoutError> {
        if self.columns.len() > MOST_COLUMNS {
            return Err(LayoutError::TooManyColumns);
        }
        if self.columns.iter().all(|column| column.name.is_empty() && column.field.is_none()) {
            return Err(LayoutError::Empty);
        }
        let has = |fields: &[Field]| fields.iter().any(|field| self.place(*field).is_some());
        if !has(&[Field::Title, Field::OtherTitle]) {
            return if self.isbn_place().is_some() { Ok(()) } else { Err(LayoutError::NoTitle) };
        }
        if has(&[Field::Authors, Field::MoreAuthors]) { Ok(()) } else { Err(LayoutError::NoAuthors) }
    }

    /// Where the field stands in a row.
    pub fn place(&self, field: Field) -> Option<usize> {
        self.columns.iter().position(|column| column.field == Some(field))
    }

    fn isbn_place(&self) -> Option<usize> {
        self.place(Field::Isbn).or_else(|| self.place(Field::OtherIsbn))
    }

    /// Whether the books of a shelf are owned; `None`: nobody chose.
    pub fn owns(&self, shelf: &str) -> Option<bool> {
        self.shelves.iter().find(|known| known.name == shelf).map(|known| known.owned)
    }

    /// Counts filled columns and shelves of one row.
    pub fn survey(&mut self, cells: &[String]) {
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            let cell = cell.trim();
            if cell.is_empty() {
                continue;
            }
            column.filled = column.filled.saturating_add(1);
            if column.samples.len() < SAMPLES {
                column.samples.push(beginning(cell));
            }
        }
        self.count_shelves(cells, 1);
    }

    /// Takes columns (by their index) for what a person says; other columns stay as they are. Then shelves may have to be counted
    /// anew: see [`Self::shelf_columns`]. Refused with the path of each bad argument, as in `columns[1].index`.
    pub fn take_columns(&mut self, columns: &[(usize, Option<Field>)]) -> Result<(), Vec<Detail>> {
        let mut wrong = Vec::new();
        let mut named = HashSet::new();
        for (nth, (index, field)) in columns.iter().enumerate() {
            match self.columns.get_mut(*index) {
                _ if !named.insert(index) => {
                    wrong.push(Detail::new(format!("columns[{nth}].index"), "is named twice"));
                }
                None => wrong.push(Detail::new(format!("columns[{nth}].index"), NO_COLUMN)),
                Some(column) => column.field = *field,
            }
        }
        for (nth, (_, field)) in columns.iter().enumerate() {
            if let Some(field) = field
                && self.columns.iter().filter(|column| column.field == Some(*field)).count() > 1
            {
                let message = format!("two columns cannot both be {}", field.as_str());
                wrong.push(Detail::new(format!("columns[{nth}].field"), message));
            }
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }

    /// Owns the shelves of these names and no others (`None`: as recognised), and checks whether books can be read so. Refused
    /// with the path of each bad argument.
    pub fn own(&mut self, shelves: Option<&[String]>) -> Result<(), Vec<Detail>> {
        let mut wrong = Vec::new();
        if let Some(owned) = shelves {
            for (nth, name) in owned.iter().enumerate() {
                if !self.shelves.iter().any(|shelf| shelf.name == *name) {
                    wrong.push(Detail::new(format!("shelves[{nth}]"), "is not a shelf of this file"));
                }
            }
            for shelf in &mut self.shelves {
                shelf.owned = owned.contains(&shelf.name);
            }
        }
        if wrong.is_empty()
            && let Err(error) = self.check()
        {
            let message = match error {
                LayoutError::NoAuthors => "one column must be authors",
                _ => "one column must be title",
            };
            wrong.push(Detail::new("columns", message));
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }

    /// The columns that say on which shelf a row stands.
    pub fn shelf_columns(&self) -> ShelfColumns {
        let [shelf, owned, copies] = SHELF_FIELDS.map(|field| self.place(field));
        ShelfColumns { shelf, owned, copies }
    }

    /// Takes other columns for these three fields, and changes nothing else.
    pub fn take_shelf_columns(&mut self, taken: ShelfColumns) -> Result<(), Vec<Detail>> {
        for column in &mut self.columns {
            column.field = column.field.filter(|field| !SHELF_FIELDS.contains(field));
        }
        let mut wrong = Vec::new();
        for (field, index) in SHELF_FIELDS.into_iter().zip([taken.shelf, taken.owned, taken.copies]) {
            let Some(index) = index else { continue };
            match self.columns.get_mut(index) {
                None => wrong.push(Detail::new(field.as_str(), NO_COLUMN)),
                Some(column) if column.field.is_some_and(|other| SHELF_FIELDS.contains(&other)) => {
                    wrong.push(Detail::new(field.as_str(), "is a column that is named twice"));
                }
                Some(column) => column.field = Some(field),
            }
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }

    /// Adds so many rows to the shelves on which a row with these cells stands.
    pub fn count_shelves(&mut self, cells: &[String], rows: u32) {
        for (name, owned) in reading::shelves(self, cells) {
            if let Some(shelf) = self.shelves.iter_mut().find(|shelf| shelf.name == name) {
                shelf.count = shelf.count.saturating_add(rows);
            } else if self.shelves.len() < MOST_SHELVES && name.chars().count() <= LONGEST_SAMPLE {
                self.shelves.push(Shelf { name, count: rows, owned });
            }
        }
    }
}

fn beginning(text: &str) -> String {
    text.chars().take(LONGEST_SAMPLE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(header: &[&str]) -> Layout {
        Layout::of_header(&header.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>(), "utf-8")
    }

    fn choose(
        layout: &mut Layout,
        columns: &[(usize, Option<Field>)],
        shelves: Option<&[&str]>,
    ) -> Result<(), Vec<String>> {
        let shelves = shelves.map(|names| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        let chosen = layout.take_columns(columns).and_then(|()| layout.own(shelves.as_deref()));
        chosen.map_err(|wrong| wrong.into_iter().map(|detail| detail.field).collect())
    }

    #[test]
    fn a_table_without_titles_or_authors_is_not_understood() {
        for (header, expected) in [
            (&[""][..], Err(LayoutError::Empty)),
            (&["colour", "size"], Err(LayoutError::NoTitle)),
            (&["title"], Err(LayoutError::NoAuthors)),
            (&["title", "author"], Ok(())),
            (&["isbn"], Ok(())),
            (&["Titel", "Verfasser", "Erscheinungsjahr"], Ok(())),
            (&["Título", "Autor", "Año de publicación"], Ok(())),
        ] {
            assert_eq!(layout(header).check(), expected, "{header:?}");
        }
        assert_eq!(layout(&["title"; 301]).check(), Err(LayoutError::TooManyColumns));
    }

    #[test]
    fn a_person_says_what_columns_hold() {
        let mut table = layout(&["what", "who", "title"]);
        choose(&mut table, &[(0, Some(Field::Title)), (1, Some(Field::Authors)), (2, None)], None).unwrap();
        assert_eq!((table.place(Field::Title), table.place(Field::Authors)), (Some(0), Some(1)));
    }

    #[test]
    fn every_bad_choice_is_named() {
        let table = layout(&["title", "author", "status"]);
        for (columns, shelves, fields) in [
            (&[(3, None)][..], None, ["columns[0].index"]),
            (&[(0, None), (0, None)], None, ["columns[1].index"]),
            (&[(1, Some(Field::Title))], None, ["columns[0].field"]),
            (&[(0, None)], None, ["columns"]),
            (&[], Some(&["read"][..]), ["shelves[0]"]),
        ] {
            assert_eq!(choose(&mut table.clone(), columns, shelves).unwrap_err(), fields);
        }
    }

    #[test]
    fn shelves_are_counted_and_wishes_not_owned() {
        let mut table = layout(&["title", "author", "status"]);
        for status in ["read", "to-read", "read", ""] {
            table.survey(&["Emma".to_owned(), "Jane Austen".to_owned(), status.to_owned()]);
        }
        let shelves: Vec<(&str, u32, bool)> =
            table.shelves.iter().map(|shelf| (shelf.name.as_str(), shelf.count, shelf.owned)).collect();
        assert_eq!(shelves, [("read", 2, true), ("to-read", 1, false)]);
        assert_eq!((table.columns[2].filled, table.columns[0].samples.len()), (3, 3));
        choose(&mut table, &[], Some(&["to-read"])).unwrap();
        assert_eq!((table.owns("read"), table.owns("to-read"), table.owns("other")), (Some(false), Some(true), None));
    }

    #[test]
    fn other_columns_say_on_which_shelf_a_row_stands() {
        let mut table = layout(&["title", "author", "status", "place", "copies"]);
        let columns = |shelf, owned, copies| ShelfColumns { shelf, owned, copies };
        assert_eq!(table.shelf_columns(), columns(Some(2), None, Some(4)));
        table.take_shelf_columns(columns(Some(3), Some(2), None)).unwrap();
        assert_eq!(table.shelf_columns(), columns(Some(3), Some(2), None));
        assert_eq!(table.place(Field::Title), Some(0));
        let wrong = table.take_shelf_columns(columns(Some(3), Some(3), Some(5))).unwrap_err();
        assert_eq!(wrong.iter().map(|detail| detail.field.as_str()).collect::<Vec<_>>(), ["owned", "copies"]);
    }
}
