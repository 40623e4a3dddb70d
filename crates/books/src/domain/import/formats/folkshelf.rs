//! Our own export. See `domain/export.rs`, which writes it.

use crate::domain::export;
use crate::domain::import::field::Field;
use crate::domain::import::format::{Format, Spec};

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
