//! One row of cells: what it says of its book, what of it could not be read, and whether its book belongs on the shelf.

use kernel::Detail;

use super::field::Field;
use super::fields::Fields;
use super::format::{Spec, plain};
use super::layout::Layout;
use super::names::{one_line, split};
use super::{cells, ownership};

/// Why the book of a row is not one to take, whatever else the row says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeftOut {
    /// It stands on a shelf, list or status whose books the reader does not own.
    NotOwned,
    /// The other program keeps it as deleted.
    Deleted,
    /// It is a film, a record or a game.
    NotABook,
}

/// A cell that was not taken as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misread {
    /// The name of the book's field, as in [`BookText`] and in camel case.
    pub field: &'static str,
    /// The text of the cell; `None` where the book holds all that fits.
    pub cell: Option<String>,
    /// What is wrong with it: `must be a year, as in 1999 or -720`.
    pub message: String,
}

/// What a row says of its book, as somebody would type it in: within the [limits](crate::limits), and otherwise unchecked. A field
/// that the row does not say is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BookText {
    /// The title, with its subtitle.
    pub title: Option<String>,
    /// The authors, first name first where the program's way of writing tells.
    pub authors: Option<Vec<String>>,
    /// A valid ISBN in thirteen digits; in a file of our own whatever the cell holds.
    pub isbn: Option<String>,
    /// The year; negative: before our era.
    pub published_year: Option<i32>,
    /// A language tag; in a file of our own whatever the cell holds.
    pub language: Option<String>,
    /// The categories, each once.
    pub categories: Option<Vec<String>>,
    /// The description, without HTML.
    pub description: Option<String>,
    /// The name of a [`Condition`](crate::Condition); in a file of our own whatever the cell holds.
    pub condition: Option<String>,
    /// Private notes.
    pub notes: Option<String>,
    /// `lend`, `give` or `off`; in a file of our own whatever the cell holds. `lend` where the row does not say.
    pub lending: Option<String>,
}

/// What was read of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// What it says of its book.
    pub text: BookText,
    /// What could not be read.
    pub misread: Vec<Misread>,
    /// What is wrong with the row as a whole: its cells are not in the columns they belong to.
    pub fault: Option<Detail>,
    /// How many copies the row stands for, where the file counts them.
    pub copies: Option<u32>,
    /// Why its book is not one to take.
    pub left_out: Option<LeftOut>,
}

impl Reading {
    /// The ISBN of a row that does not say a title.
    pub fn isbn_alone(&self) -> Option<&str> {
        (self.text.title.is_none() && self.fault.is_none()).then_some(self.text.isbn.as_deref()).flatten()
    }
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

/// Reads one row of a file with this layout. A row always reads: what cannot be taken as it stands is in the [`Reading`].
pub fn read(layout: &Layout, cells: &[String]) -> Reading {
    let spec = Spec::of(layout.format);
    let row = Row { layout, cells };
    let mut fields = Fields::new(&row, spec);
    let text = if spec.exact { fields.exact() } else { fields.guessed() };
    let copies = if spec.row_is_a_copy { Some(1) } else { fields.copies() };
    let misread = fields.misread;
    Reading { text, misread, fault: fault(layout, cells), copies, left_out: left_out(&row, spec) }
}

/// Most often a comma that nobody quoted: every cell behind it is in the wrong column.
fn fault(layout: &Layout, cells: &[String]) -> Option<Detail> {
    let more = cells.iter().skip(layout.columns.len()).any(|cell| !cell.trim().is_empty());
    more.then(|| Detail::new("row", format!("has {} cells where the header has {}", cells.len(), layout.columns.len())))
}

fn left_out(row: &Row<'_>, spec: &Spec) -> Option<LeftOut> {
    if row.text(Field::Deleted).and_then(cells::yes_or_no) == Some(true) {
        return Some(LeftOut::Deleted);
    }
    let books = ["book", "livre", "buch", "libro", "livro", "boek"];
    if row.text(Field::Kind).map(plain).is_some_and(|kind| !books.iter().any(|book| kind.contains(book))) {
        return Some(LeftOut::NotABook);
    }
    let none = row.text(Field::Copies).and_then(cells::copies) == Some(0) && !spec.zero_copies_unknown;
    let shelves = shelves(row.layout, row.cells);
    let chosen = |(name, owned): &(String, bool)| row.layout.owns(name).unwrap_or(*owned);
    (none || (!shelves.is_empty() && !shelves.iter().any(chosen))).then_some(LeftOut::NotOwned)
}
