//! How long a loan, or its extension, is to last.

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};

use crate::http::edge::input::FieldErrors;

/// Days, 1 to 90.
#[derive(Debug, Clone, Copy)]
pub(super) struct Days(pub u16);

impl Deserr<FieldErrors> for Days {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, at: ValuePointerRef) -> Result<Self, FieldErrors> {
        match value {
            Value::Integer(days @ 1..=90) => Ok(Self(days as u16)),
            // To JSON, 14.0 is as whole as 14.
            Value::Float(days) if (1.0..=90.0).contains(&days) && days.fract() == 0.0 => Ok(Self(days as u16)),
            _ => Err(FieldErrors::one(at, "must be a whole number from 1 to 90")),
        }
    }
}
