//! The table of goodbooks-10k. It passed through a spreadsheet: `isbn` has lost its leading zeros and sometimes more,
//! `isbn13` is a rounded number and is not read.

use crate::table::field::Field;
use crate::table::format::{Format, Spec};
use crate::table::names::Names;

pub const SPEC: Spec = Spec {
    format: Format::Goodbooks,
    marks: &[&["goodreads_book_id"]],
    columns: &[
        ("title", Field::Title),
        ("original_title", Field::OtherTitle),
        ("authors", Field::Authors),
        ("isbn", Field::Isbn),
        ("original_publication_year", Field::PublishedYear),
        ("language_code", Field::Language),
    ],
    authors: Names::Commas,
    ..Spec::BASE
};
