//! One row of cells as a book: what it says, what of it could not be read, and whether it belongs on the shelf.

use kernel::Detail;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::field::Field;
use super::fields::Fields;
use super::format::{Spec, plain};
use super::layout::Layout;
use super::names::{one_line, split};
use super::values::RowValues;
use super::{cells, ownership};
use crate::domain::book::{BookDetails, BookInput};

/// Why a row is not on the shelf although nothing is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LeftOutReason {
    /// The shelf held the book before.
    AlreadyOnShelf,
    /// An earlier row of the file is the same book.
    TwiceInFile,
    /// It stands on a shelf, list or status whose books the member does not own.
    NotOwned,
    /// The other program keeps it as deleted.
    Deleted,
    /// It is a film, a record or a game.
    NotABook,
}

/// A cell that was not taken as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misread {
    pub field: &'static str,
    /// What the row said; `None` where the book holds all that fits.
    pub cell: Option<String>,
    pub message: String,
}

/// A row that is no book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRow {
    /// What is wrong with each bad field.
    pub wrong: Vec<Detail>,
    pub values: Box<RowValues>,
}

/// A row that is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoodRow {
    pub book: BookDetails,
    /// What was left out of it.
    pub notes: Vec<Detail>,
    /// What it said, where there are notes.
    pub values: Option<Box<RowValues>>,
}

/// What one row says.
#[derive(Debug, Clone)]
pub struct Reading {
    pub input: BookInput,
    misread: Vec<Misread>,
    /// The cells are not in the columns they belong to.
    fault: Option<Detail>,
    /// How many copies the row stands for, where the file counts them.
    pub copies: Option<u32>,
    /// Why it is left out whatever the shelf holds.
    pub left_out: Option<LeftOutReason>,
}

/// The cells of one row by what their columns are taken for.
pub(super) struct Row<'a> {
    pub layout: &'a Layout,
    cells: &'a [String],
}

impl<'a> Row<'a> {
    /// Trimmed; `None` when it is empty or there is no such column.
    pub fn text(&self, field: Field) -> Option<&'a str> {
        let text = self.cells.get(self.layout.place(field)?)?.trim();
        (!text.is_empty()).then_some(text)
    }

    /// The name of the field's column.
    pub fn column(&self, field: Field) -> &'a str {
        self.layout.place(field).and_then(|place| self.layout.columns.get(place)).map_or("", |column| &column.name)
    }
}

/// The shelves a row stands on, and whether books on each are taken for owned. More than one: it is enough to own one of them.
pub fn shelves(layout: &Layout, cells: &[String]) -> Vec<(String, bool)> {
    let row = Row { layout, cells };
    let spec = Spec::of(layout.format);
    let named = match row.text(Field::Shelf) {
        Some(cell) if spec.collections => ownership::telling(split(cell, &[",", "|"])),
        Some(cell) => vec![one_line(cell)],
        None => Vec::new(),
    };
    // The row's own word outweighs what its shelf suggests.
    let counted =
        row.text(Field::Copies).and_then(cells::copies).filter(|copies| spec.zero_copies_unknown && *copies > 0);
    let word = if counted.is_some() {
        Some((row.column(Field::Copies).to_owned(), true))
    } else {
        let owned = row.text(Field::Owned).and_then(|cell| Some((cell, cells::yes_or_no(cell)?)));
        owned.map(|(cell, owned)| (format!("{} {}", row.column(Field::Owned), one_line(cell)), owned))
    };
    let Some((word, owned)) = word else {
        return named
            .into_iter()
            .map(|shelf| {
                let owned = ownership::is_owned_by_default(&shelf);
                (shelf, owned)
            })
            .collect();
    };
    if named.is_empty() {
        return vec![(word, owned)];
    }
    named
        .into_iter()
        .map(|shelf| {
            let agrees = ownership::is_owned_by_default(&shelf) == owned;
            (if agrees { shelf } else { format!("{shelf} · {word}") }, owned)
        })
        .collect()
}

/// Reads one row.
pub fn read(layout: &Layout, cells: &[String]) -> Reading {
    let spec = Spec::of(layout.format);
    let row = Row { layout, cells };
    let mut fields = Fields::new(&row, spec);
    let input = if spec.exact { fields.exact() } else { fields.guessed() };
    let copies = if spec.row_is_a_copy { Some(1) } else { fields.copies() };
    let misread = fields.misread;
    Reading { input, misread, fault: fault(layout, cells), copies, left_out: left_out(&row, spec) }
}

/// Most often a comma that nobody quoted: every cell behind it is in the wrong column.
fn fault(layout: &Layout, cells: &[String]) -> Option<Detail> {
    let more = cells.iter().skip(layout.columns.len()).any(|cell| !cell.trim().is_empty());
    more.then(|| Detail::new("row", format!("has {} cells where the header has {}", cells.len(), layout.columns.len())))
}

fn left_out(row: &Row<'_>, spec: &Spec) -> Option<LeftOutReason> {
    if row.text(Field::Deleted).and_then(cells::yes_or_no) == Some(true) {
        return Some(LeftOutReason::Deleted);
    }
    let books = ["book", "livre", "buch", "libro", "livro", "boek"];
    if row.text(Field::Kind).map(plain).is_some_and(|kind| !books.iter().any(|book| kind.contains(book))) {
        return Some(LeftOutReason::NotABook);
    }
    let none = row.text(Field::Copies).and_then(cells::copies) == Some(0) && !spec.zero_copies_unknown;
    let shelves = shelves(row.layout, row.cells);
    let chosen = |(name, owned): &(String, bool)| row.layout.owns(name).unwrap_or(*owned);
    (none || (!shelves.is_empty() && !shelves.iter().any(chosen))).then_some(LeftOutReason::NotOwned)
}

impl Reading {
    /// The ISBN of a row that says neither who wrote what.
    pub fn isbn_alone(&self) -> Option<&str> {
        (self.input.title.is_none() && self.fault.is_none()).then_some(self.input.isbn.as_deref()).flatten()
    }

    /// The book, where title and authors can be read. What is wrong with any other field is left out and noted.
    pub fn settle(self, now: OffsetDateTime) -> Result<GoodRow, BadRow> {
        let Reading { mut input, mut misread, fault, .. } = self;
        let said = input.clone();
        if let Some(fault) = fault {
            return Err(BadRow { wrong: vec![fault], values: Box::new(RowValues::of(&said, &misread)) });
        }
        // A field that breaks a rule goes; a second look sees what is left.
        let mut checked = input.check(now);
        if let Err(wrong) = &checked {
            for detail in wrong {
                drop_field(&mut input, &mut misread, detail);
            }
            checked = input.check(now);
        }
        match checked {
            Ok(book) => {
                let values = (!misread.is_empty()).then(|| Box::new(RowValues::of(&said, &misread)));
                let notes = misread.into_iter().map(|misread| Detail::new(misread.field, misread.message)).collect();
                Ok(GoodRow { book, notes, values })
            }
            Err(wrong) => Err(BadRow { wrong, values: Box::new(RowValues::of(&said, &misread)) }),
        }
    }
}

/// Takes an optional field out of the input and notes why.
fn drop_field(input: &mut BookInput, misread: &mut Vec<Misread>, wrong: &Detail) {
    let (field, cell) = match wrong.field.split('[').next().unwrap_or_default() {
        "isbn" => ("isbn", input.isbn.take()),
        "publishedYear" => ("publishedYear", input.published_year.take().map(|year| year.to_string())),
        "language" => ("language", input.language.take()),
        "categories" => {
            input.categories = None;
            ("categories", None)
        }
        "description" => {
            input.description = None;
            ("description", None)
        }
        "condition" => ("condition", input.condition.take()),
        "notes" => {
            input.notes = None;
            ("notes", None)
        }
        "lending" => ("lending", input.lending.replace("off".to_owned())),
        _ => return,
    };
    if !misread.iter().any(|known| known.field == field) {
        misread.push(Misread { field, cell, message: wrong.message.clone() });
    }
}
