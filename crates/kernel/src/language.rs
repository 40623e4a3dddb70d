//! The language that somebody wants to be spoken to in.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

/// A language as BCP 47 writes it: `en`, `fr-CA`, `zh-Hant`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct LanguageTag(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a language tag, as in en or fr-CA")]
pub struct LanguageTagError;

impl LanguageTag {
    /// Checks the form: two or three letters, then parts of two to eight letters or digits.
    pub fn new(tag: &str) -> Result<Self, LanguageTagError> {
        let mut parts = tag.split('-');
        let language = parts.next().unwrap_or_default();
        let well_formed = (2..=3).contains(&language.len())
            && language.bytes().all(|b| b.is_ascii_alphabetic())
            && tag.len() <= 35
            && parts.all(|part| (2..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()));
        if !well_formed {
            return Err(LanguageTagError);
        }
        Ok(Self(format!("{}{}", language.to_ascii_lowercase(), &tag[language.len()..])))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LanguageTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for LanguageTag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_checked_by_its_form() {
        for good in ["en", "fr-CA", "zh-Hant", "sr-Latn-RS", "yue"] {
            assert!(LanguageTag::new(good).is_ok(), "{good}");
        }
        for bad in ["", "e", "english", "fr_CA", "fr-", "en-\0x", "é-CA"] {
            assert!(LanguageTag::new(bad).is_err(), "{bad}");
        }
        assert_eq!(LanguageTag::new("FR-CA").map(|tag| tag.to_string()), Ok("fr-CA".to_owned()));
    }
}
