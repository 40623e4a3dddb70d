//! The language a book is in, as a short tag: `en`, `ar`, `fil`.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::language_table::LANGUAGES;

/// A language tag of ISO 639, two letters where there are two. Region and script are dropped, so that `eng`, `en-US` and
/// `en-GB` are one entry in a list of languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Language(&'static str);

/// A text that names no single language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a language code such as en, fra or pt-BR")]
pub struct LanguageError;

impl Language {
    /// Reads a code of two or three letters, with or without region (`en`, `eng`, `ger`, `pt_BR`), or an English name.
    pub fn parse(text: &str) -> Result<Self, LanguageError> {
        let text = text.trim().to_lowercase();
        Self::find(&text)
            .or_else(|| {
                // A region or script follows a code, never a name.
                let (primary, _) = text.split_once(['-', '_'])?;
                (primary.len() <= 3).then(|| Self::find(primary)).flatten()
            })
            .ok_or(LanguageError)
    }

    fn find(word: &str) -> Option<Self> {
        LANGUAGES.iter().find(|(tag, others)| *tag == word || others.contains(&word)).map(|(tag, _)| Self(tag))
    }

    /// The tag in lower case: `en`.
    pub const fn tag(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Serialize for Language {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

impl<'de> Deserialize<'de> for Language {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_regions_and_names_lead_to_one_tag() {
        for (text, tag) in [
            ("eng", "en"),
            ("en-US", "en"),
            ("en_GB", "en"),
            ("English", "en"),
            ("ara", "ar"),
            ("ger", "de"),
            ("deu", "de"),
            ("zh-Hant-TW", "zh"),
            ("fil", "fil"),
            (" Spanish ", "es"),
            ("per", "fa"),
        ] {
            assert_eq!(Language::parse(text).map(Language::tag), Ok(tag), "{text}");
        }
    }

    #[test]
    fn what_is_no_single_language_is_refused() {
        for text in ["", "mul", "und", "klingon", "x-klingon", "-en"] {
            assert_eq!(Language::parse(text), Err(LanguageError), "{text}");
        }
    }

    #[test]
    fn no_word_stands_for_two_languages() {
        let mut words: Vec<&str> = LANGUAGES
            .iter()
            .flat_map(|(tag, others)| std::iter::once(*tag).chain(others.iter().copied().filter(move |o| o != tag)))
            .collect();
        let all = words.len();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), all);
    }
}
