//! Our own export. See `export.rs`, which writes it.

use crate::export;
use crate::table::field::Field;
use crate::table::format::{Format, Spec};

pub const SPEC: Spec = Spec {
    format: Format::Folkshelf,
    marks: &[&[export::MARK]],
    columns: &[
        ("title", Field::Title),
        ("authors", Field::Authors),
        ("isbn", Field::Isbn),
        ("published year", Field::PublishedYear),
        ("language", Field::Language),
        ("categories", Field::Categories),
        ("description", Field::Description),
        ("condition", Field::Condition),
        ("notes", Field::Notes),
        ("lending", Field::Lending),
        (export::MARK, Field::Version),
    ],
    exact: true,
    row_is_a_copy: true,
    ..Spec::BASE
};
