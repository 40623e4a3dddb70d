//! Numbers alone, one a line. Titles come from books that members have shown already; a number that none of them has waits
//! for its title among the rows to repair.

use crate::domain::import::field::Field;
use crate::domain::import::format::{Format, Spec};

/// The name of the only column, which has no header.
pub const COLUMN: &str = "ISBN";

pub const SPEC: Spec = Spec { format: Format::IsbnList, columns: &[(COLUMN, Field::Isbn)], ..Spec::BASE };
