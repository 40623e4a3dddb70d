//! The export of StoryGraph. `ISBN/UID` holds an ISBN of 13 or 10 digits, an ASIN or an inner id.

use crate::table::field::Field;
use crate::table::format::{Format, Spec};
use crate::table::names::Names;

pub const SPEC: Spec = Spec {
    format: Format::Storygraph,
    marks: &[&["isbn/uid"]],
    columns: &[
        ("title", Field::Title),
        ("authors", Field::Authors),
        ("isbn/uid", Field::Isbn),
        ("tags", Field::Categories),
        ("read status", Field::Shelf),
        ("owned?", Field::Owned),
    ],
    authors: Names::Commas,
    tags: &[","],
    ..Spec::BASE
};
