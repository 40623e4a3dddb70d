//! The exports of LibraryThing: tab-separated with nothing quoted, CSV, and JSON (`imports/file/json.rs` makes columns of its
//! keys). ISBNs stand in brackets, last names come first.

use crate::table::field::Field;
use crate::table::format::{Format, Spec};
use crate::table::names::Names;

pub const SPEC: Spec = Spec {
    format: Format::Librarything,
    marks: &[&["primary author"]],
    columns: &[
        ("title", Field::Title),
        ("primary author", Field::Authors),
        ("secondary author", Field::MoreAuthors),
        // JSON: every author, the primary one among them.
        ("authors", Field::MoreAuthors),
        ("isbn", Field::Isbn),
        ("isbns", Field::OtherIsbn),
        ("originalisbn", Field::OtherIsbn),
        ("date", Field::PublishedYear),
        ("languages", Field::Language),
        ("language", Field::Language),
        ("tags", Field::Categories),
        ("private comment", Field::Notes),
        ("collections", Field::Shelf),
        ("copies", Field::Copies),
    ],
    authors: Names::LastFirst,
    more_authors: Names::LastFirst,
    tags: &[",", "|"],
    collections: true,
    ..Spec::BASE
};
