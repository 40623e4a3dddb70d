//! What a profile may hold.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A time zone of the IANA database: `Europe/Vienna`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TimeZoneName(String);

impl TimeZoneName {
    pub fn new(name: &str) -> Option<Self> {
        let zone = jiff::tz::TimeZone::get(name).ok()?;
        Some(Self(zone.iana_name()?.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Settings of the member's programs, kept for them and not looked into.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Preferences(Map<String, Value>);

impl Preferences {
    /// Bytes of JSON at most.
    pub const MAX_BYTES: usize = 10_000;

    /// `Err` says what is wrong: it is too large, or holds NUL, which PostgreSQL does not keep.
    pub fn new(values: Map<String, Value>) -> Result<Self, String> {
        let text = Value::Object(values.clone()).to_string();
        if text.len() > Self::MAX_BYTES {
            return Err(format!("must be at most {} bytes of JSON", Self::MAX_BYTES));
        }
        if text.contains("\\u0000") {
            return Err("must not contain control characters".to_owned());
        }
        Ok(Self(values))
    }

    pub(crate) fn into_value(self) -> Value {
        Value::Object(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_zone_is_one_of_the_database() {
        assert!(TimeZoneName::new("Europe/Vienna").is_some());
        assert!(TimeZoneName::new("Europe/Atlantis").is_none());
        assert!(TimeZoneName::new("../../etc/passwd").is_none());
    }

    #[test]
    fn preferences_hold_neither_nul_nor_too_much() {
        let with = |value: Value| Preferences::new(Map::from_iter([("theme".to_owned(), value)]));
        assert!(with(Value::from("dark")).is_ok());
        assert!(with(Value::from("da\0rk")).is_err());
        assert!(with(Value::from("x".repeat(10_000))).is_err());
    }
}
