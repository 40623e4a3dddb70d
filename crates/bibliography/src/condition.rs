//! How well a copy is kept: five grades, each with a name.

use serde::{Deserialize, Serialize};

/// How well the copy is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// As it came from the shop.
    New,
    /// Read, and it does not show.
    LikeNew,
    /// It shows that it was read.
    Good,
    /// Worn and complete.
    Fair,
    /// Damaged; it can still be read.
    Poor,
}

impl Condition {
    /// From the best to the worst.
    pub const ALL: [Condition; 5] =
        [Condition::New, Condition::LikeNew, Condition::Good, Condition::Fair, Condition::Poor];

    /// The name of the grade: `like_new`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Condition::New => "new",
            Condition::LikeNew => "like_new",
            Condition::Good => "good",
            Condition::Fair => "fair",
            Condition::Poor => "poor",
        }
    }

    /// Reads a name as [`Self::as_str`] writes it.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|condition| condition.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_grade_is_written_as_it_is_named() {
        for grade in Condition::ALL {
            assert_eq!(serde_json::to_value(grade).unwrap(), grade.as_str());
            assert_eq!(Condition::from_name(grade.as_str()), Some(grade));
        }
        assert_eq!(Condition::from_name("mint"), None);
    }
}
