//! The catalogue that Calibre writes as CSV. Authors are parted by ` & `, `comments` is HTML, a book without a date has the
//! year 101.

use crate::table::field::Field;
use crate::table::format::{Format, Spec};
use crate::table::names::Names;

pub const SPEC: Spec = Spec {
    format: Format::Calibre,
    marks: &[&["author_sort", "title_sort"], &["pubdate", "library_name"], &["authors", "pubdate", "uuid"]],
    columns: &[
        ("title", Field::Title),
        ("authors", Field::Authors),
        ("isbn", Field::Isbn),
        ("identifiers", Field::OtherIsbn),
        ("pubdate", Field::PublishedYear),
        ("languages", Field::Language),
        ("tags", Field::Categories),
        ("comments", Field::Description),
    ],
    authors: Names::Ampersands,
    tags: &[","],
    ..Spec::BASE
};
