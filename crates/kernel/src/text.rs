//! Text from people: trimmed, NFC, without control characters, within its limit. A value of these types is valid by
//! construction, so a command that holds one needs no further check.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use unicode_normalization::UnicodeNormalization;

/// Why a text was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    #[error("must not be empty")]
    Empty,
    #[error("must be at most {max} characters, not {actual}")]
    TooLong { max: usize, actual: usize },
    #[error("must not contain control characters")]
    ControlCharacter,
}

/// One line: a name, a title. Not empty.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Line<const MAX: usize>(String);

/// Text with line breaks: a description, a message. Not empty; where there may be none, it is an `Option`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Prose<const MAX: usize>(String);

/// `keep` says which control characters the text may hold; a carriage return before a line feed is dropped.
fn clean(text: &str, max: usize, keep: fn(char) -> bool) -> Result<String, TextError> {
    let text: String = text.replace("\r\n", "\n").trim().nfc().collect();
    if text.is_empty() {
        return Err(TextError::Empty);
    }
    if text.chars().any(|c| c.is_control() && !keep(c)) {
        return Err(TextError::ControlCharacter);
    }
    let actual = text.chars().count();
    if actual > max {
        return Err(TextError::TooLong { max, actual });
    }
    Ok(text)
}

macro_rules! text_type {
    ($name:ident, $keep:expr) => {
        impl<const MAX: usize> $name<MAX> {
            /// Trims and normalises `text`; refuses it when it is empty, longer than `MAX` characters or holds control
            /// characters.
            pub fn new(text: &str) -> Result<Self, TextError> {
                clean(text, MAX, $keep).map(Self)
            }

            /// As [`Self::new`], but nothing remains of an empty text.
            pub fn optional(text: &str) -> Result<Option<Self>, TextError> {
                match Self::new(text) {
                    Ok(text) => Ok(Some(text)),
                    Err(TextError::Empty) => Ok(None),
                    Err(error) => Err(error),
                }
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }

            pub fn into_string(self) -> String {
                self.0
            }
        }

        impl<const MAX: usize> fmt::Display for $name<MAX> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl<const MAX: usize> TryFrom<String> for $name<MAX> {
            type Error = TextError;

            fn try_from(text: String) -> Result<Self, TextError> {
                Self::new(&text)
            }
        }

        impl<'de, const MAX: usize> Deserialize<'de> for $name<MAX> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::new(&String::deserialize(deserializer)?).map_err(D::Error::custom)
            }
        }
    };
}

text_type!(Line, |_| false);
text_type!(Prose, |c| c == '\n' || c == '\t');

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_is_trimmed_and_composed() {
        assert_eq!(Line::<10>::new("  Zoe\u{308} ").map(Line::into_string), Ok("Zoë".to_owned()));
    }

    #[test]
    fn nul_and_other_control_characters_are_refused() {
        assert_eq!(Line::<10>::new("a\0b"), Err(TextError::ControlCharacter));
        assert_eq!(Line::<10>::new("a\nb"), Err(TextError::ControlCharacter));
        assert_eq!(Prose::<10>::new("a\u{7f}b"), Err(TextError::ControlCharacter));
        assert_eq!(Prose::<10>::new("a\r\nb").map(Prose::into_string), Ok("a\nb".to_owned()));
    }

    #[test]
    fn the_limit_counts_characters_and_not_bytes() {
        assert!(Line::<3>::new("äöü").is_ok());
        assert_eq!(Line::<3>::new("äöüß"), Err(TextError::TooLong { max: 3, actual: 4 }));
        assert_eq!(Line::<3>::new("   "), Err(TextError::Empty));
        assert_eq!(Line::<3>::optional("   "), Ok(None));
    }

    proptest! {
        #[test]
        fn what_was_taken_once_is_taken_again_unchanged(text in "\\PC{0,40}") {
            if let Ok(line) = Line::<40>::new(&text) {
                prop_assert_eq!(Line::<40>::new(line.as_str()), Ok(line.clone()));
            }
        }
    }
}
