//! ISBNs alone, one a line. The file has no titles: they must be looked up elsewhere.

use crate::table::field::Field;
use crate::table::format::{Format, Spec};

/// The name of the only column, which has no header in the file.
pub const COLUMN: &str = "ISBN";

pub const SPEC: Spec = Spec { format: Format::IsbnList, columns: &[(COLUMN, Field::Isbn)], ..Spec::BASE };
