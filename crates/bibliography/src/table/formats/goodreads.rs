//! The export of Goodreads (My Books, Import and export). ISBNs stand in `="…"`, names have doubled spaces, `Owned Copies` is
//! 0 for nearly everybody.

use crate::table::field::Field;
use crate::table::format::{Format, Spec};
use crate::table::names::Names;

pub const SPEC: Spec = Spec {
    format: Format::Goodreads,
    marks: &[&["exclusive shelf"], &["author l-f"]],
    columns: &[
        ("title", Field::Title),
        ("author", Field::Authors),
        ("additional authors", Field::MoreAuthors),
        ("isbn13", Field::Isbn),
        ("isbn", Field::OtherIsbn),
        ("original publication year", Field::PublishedYear),
        ("year published", Field::OtherYear),
        ("bookshelves", Field::Categories),
        ("exclusive shelf", Field::Shelf),
        ("private notes", Field::Notes),
        ("owned copies", Field::Copies),
        ("condition", Field::Condition),
    ],
    authors: Names::One,
    tags: &[","],
    zero_copies_unknown: true,
    ..Spec::BASE
};
