//! The CSV export of BookWyrm.

use crate::table::field::Field;
use crate::table::format::{Format, Spec};
use crate::table::names::Names;

pub const SPEC: Spec = Spec {
    format: Format::Bookwyrm,
    marks: &[&["author_text"], &["openlibrary_key", "inventaire_id"]],
    columns: &[
        ("title", Field::Title),
        ("author_text", Field::Authors),
        ("isbn_13", Field::Isbn),
        ("isbn_10", Field::OtherIsbn),
        ("shelf", Field::Shelf),
    ],
    authors: Names::Commas,
    ..Spec::BASE
};
