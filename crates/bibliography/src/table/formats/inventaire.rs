//! The exports of inventaire.io: CSV, and the items of its API as JSON. Everything in them is owned.

use crate::table::field::Field;
use crate::table::format::{Format, Spec};
use crate::table::names::Names;

pub const SPEC: Spec = Spec {
    format: Format::Inventaire,
    marks: &[&["edition isbn-13"], &["item url", "authors labels"], &["snapshot.entity:title"]],
    columns: &[
        ("edition title", Field::Title),
        ("snapshot.entity:title", Field::Title),
        ("works labels", Field::OtherTitle),
        ("authors labels", Field::Authors),
        ("snapshot.entity:authors", Field::Authors),
        ("edition isbn-13", Field::Isbn),
        ("entity", Field::Isbn),
        ("edition isbn-10", Field::OtherIsbn),
        ("edition publication date", Field::PublishedYear),
        ("edition language", Field::Language),
        ("snapshot.entity:lang", Field::Language),
        ("shelves", Field::Categories),
        ("genres labels", Field::MoreCategories),
        ("item details", Field::Description),
        ("details", Field::Description),
        ("item notes", Field::Notes),
        ("notes", Field::Notes),
        ("item transaction", Field::Lending),
        ("transaction", Field::Lending),
    ],
    authors: Names::Commas,
    tags: &[",", "|"],
    ..Spec::BASE
};
