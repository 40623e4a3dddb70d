//! The export of Libib, which keeps films, music and games beside books.

use crate::table::field::Field;
use crate::table::format::{Format, Spec};
use crate::table::names::Names;

pub const SPEC: Spec = Spec {
    format: Format::Libib,
    marks: &[&["ean_isbn13"], &["upc_isbn10"]],
    columns: &[
        ("title", Field::Title),
        ("creators", Field::Authors),
        ("ean_isbn13", Field::Isbn),
        ("upc_isbn10", Field::OtherIsbn),
        ("publish_date", Field::PublishedYear),
        ("description", Field::Description),
        ("tags", Field::Categories),
        ("group", Field::MoreCategories),
        ("notes", Field::Notes),
        ("collection", Field::Shelf),
        ("copies", Field::Copies),
        ("item_type", Field::Kind),
    ],
    authors: Names::Commas,
    tags: &[","],
    ..Spec::BASE
};
