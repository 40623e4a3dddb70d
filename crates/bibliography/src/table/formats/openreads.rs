//! The CSV export of Openreads. Tags are parted by five bars; a deleted book stays in the file.

use crate::table::field::Field;
use crate::table::format::{Format, Spec};
use crate::table::names::Names;

pub const SPEC: Spec = Spec {
    format: Format::Openreads,
    marks: &[&["olid", "my_review"], &["deleted", "favourite"], &["readings", "publication_year"]],
    columns: &[
        ("title", Field::Title),
        ("author", Field::Authors),
        ("isbn", Field::Isbn),
        ("publication_year", Field::PublishedYear),
        ("tags", Field::Categories),
        ("description", Field::Description),
        ("notes", Field::Notes),
        ("status", Field::Shelf),
        ("deleted", Field::Deleted),
    ],
    authors: Names::CommasOrLastFirst,
    tags: &["|||||"],
    ..Spec::BASE
};
