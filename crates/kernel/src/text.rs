//! What text is, for the whole product: what is empty, what is allowed, and what is the same ([`fold`]). Made of Unicode's
//! own data.
//!
//! Text from people is trimmed, NFC, has something to read and is within its limit. A value of these types is valid by
//! construction, so a command that holds one needs no further check.
//!
//! What is kept as it was written: joiners between letters and emoji, variation selectors, soft hyphens and zero-width
//! spaces inside a text; letters for private use and letters younger than our data. Nobody sees a difference, or it is the
//! writer's own.

mod character;
mod fold;

use std::borrow::Cow;
use std::fmt;

use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

pub use fold::{ELISION, fold, fold_marking_elisions};

/// Why a text was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    #[error("must not be empty")]
    Empty,
    #[error("must be at most {max} characters, not {actual}")]
    TooLong { max: usize, actual: usize },
    #[error("must not contain control characters")]
    ControlCharacter,
    #[error("must be a single line")]
    LineBreak,
    #[error("must not contain invisible characters that change the direction of writing")]
    Direction,
    #[error("must not contain code points that Unicode reserves for no character")]
    Noncharacter,
}

/// One line: a name, a title. Not empty.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Line<const MAX: usize>(String);

/// Text with line breaks: a description, a message. Not empty; where there may be none, it is an `Option`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Prose<const MAX: usize>(String);

/// Whether there is nothing to read in a text: it is empty, or all of its characters are spaces or invisible.
pub fn is_blank(text: &str) -> bool {
    !text.chars().any(character::is_readable)
}

/// Composed: one form of what looks the same and is the same, `é` in one code point and in two.
pub fn composed(text: &str) -> Cow<'_, str> {
    ComposingNormalizerBorrowed::new_nfc().normalize(text)
}

/// Without what nobody sees at either end: spaces of every kind, direction marks, a byte order mark, fillers.
pub fn trim(text: &str) -> &str {
    text.trim_start_matches(character::is_trimmed_at_start).trim_end_matches(character::is_trimmed_at_end)
}

/// A number as an ASCII keyboard would have typed it: digits of any script, hyphens, spaces and quotation marks of any kind,
/// and nothing that is not seen. Letters stay as they are.
pub fn as_typed(number: &str) -> String {
    let plain = DecomposingNormalizerBorrowed::new_nfkd().normalize_iter(number.chars());
    plain.filter(|c| c.is_ascii() || !character::is_ignorable(*c)).map(character::as_typed).collect()
}

/// Whether the script of this letter does not part words, so that each of its characters is found by itself.
pub fn stands_alone(c: char) -> bool {
    character::stands_alone(c)
}

/// Whether a character draws nothing: a space, a control or format character, a filler, a variation selector.
pub fn is_invisible(c: char) -> bool {
    character::is_invisible(c)
}

/// Whether Unicode reserves the code point for no character.
pub fn is_noncharacter(c: char) -> bool {
    character::is_noncharacter(c)
}

/// Tabs and line breaks are control characters, too.
pub fn has_control_characters(text: &str) -> bool {
    text.chars().any(char::is_control)
}

/// A text from a file as a field can take it: every kind of line break is a line feed, other control characters are spaces,
/// and without what turns the direction of writing or is no character. What is empty or too long stays so.
pub fn mended(text: &str) -> String {
    let mend = |c| match refused_in_line(c) {
        None | Some(TextError::LineBreak) => Some(c),
        Some(TextError::ControlCharacter) => Some(if c == '\t' { c } else { ' ' }),
        Some(_) => None,
    };
    lines(text).chars().filter_map(mend).collect()
}

/// Whether it belongs to the letter before it.
pub fn is_mark(c: char) -> bool {
    character::is_mark(character::category(c))
}

/// A name stands within a line of others' text, where a direction that is turned and not turned back would carry on.
fn refused_in_line(c: char) -> Option<TextError> {
    match c {
        '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some(TextError::LineBreak),
        c if c.is_control() => Some(TextError::ControlCharacter),
        c if character::turns_direction(c) => Some(TextError::Direction),
        c if character::is_noncharacter(c) => Some(TextError::Noncharacter),
        _ => None,
    }
}

/// Prose stands by itself, and a direction ends with its paragraph. Messengers and word processors put embeddings and
/// isolates around numbers and names in Arabic and Hebrew, and what is pasted from there is taken. An override alone is
/// refused: it shows letters in another order than they have, which no language needs.
fn refused_in_prose(c: char) -> Option<TextError> {
    match c {
        '\n' | '\t' => None,
        c if c.is_control() => Some(TextError::ControlCharacter),
        c if character::overrides_direction(c) => Some(TextError::Direction),
        c if character::is_noncharacter(c) => Some(TextError::Noncharacter),
        _ => None,
    }
}

fn line(text: &str) -> Cow<'_, str> {
    Cow::Borrowed(text)
}

/// Every kind of line break is a line feed.
fn lines(text: &str) -> Cow<'_, str> {
    if !text.contains(['\r', '\u{85}', '\u{2028}', '\u{2029}']) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace("\r\n", "\n").replace(['\r', '\u{85}', '\u{2028}', '\u{2029}'], "\n"))
}

fn clean(text: &str, max: usize, refused: fn(char) -> Option<TextError>) -> Result<String, TextError> {
    let text = composed(text);
    let text = trim(&text);
    if let Some(error) = text.chars().find_map(refused) {
        return Err(error);
    }
    if is_blank(text) {
        return Err(TextError::Empty);
    }
    let actual = text.chars().count();
    if actual > max {
        return Err(TextError::TooLong { max, actual });
    }
    Ok(text.to_owned())
}

macro_rules! text_type {
    ($name:ident, $breaks:ident, $refused:ident) => {
        impl<const MAX: usize> $name<MAX> {
            /// Trims and normalises `text`. Refuses it when there is nothing to read, when it is longer than `MAX`
            /// characters or holds what [`TextError`] names.
            pub fn new(text: &str) -> Result<Self, TextError> {
                clean(&$breaks(text), MAX, $refused).map(Self)
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

text_type!(Line, line, refused_in_line);
text_type!(Prose, lines, refused_in_prose);

#[cfg(test)]
mod tests;
