use kernel::text::{composed, has_control_characters};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A password that a member chooses. Neither `Debug` nor serialisation shows it.
#[derive(Debug, Clone)]
pub struct Password(SecretString);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    #[error("must be at least {} characters", Password::MIN_CHARACTERS)]
    TooShort,
    /// bcrypt reads no more; cutting silently would make two passwords the same.
    #[error("must be at most {} bytes", Password::MAX_BYTES)]
    TooLong,
    #[error("must not contain control characters")]
    ControlCharacter,
}

/// So many characters are looked at for whether they can be guessed.
const SCORED: usize = 32;

impl Password {
    pub const MIN_CHARACTERS: usize = 10;
    pub const MAX_BYTES: usize = 71;

    /// Neither trimmed nor cleaned: only what no keyboard types is refused. Invisible characters may be part of it.
    pub fn new(text: &str) -> Result<Self, PasswordError> {
        let text = as_typed(text);
        if has_control_characters(&text) {
            return Err(PasswordError::ControlCharacter);
        }
        if text.chars().count() < Self::MIN_CHARACTERS {
            return Err(PasswordError::TooShort);
        }
        if text.len() > Self::MAX_BYTES {
            return Err(PasswordError::TooLong);
        }
        Ok(Self(text.into()))
    }

    /// Whether somebody soon has it who tries common passwords first (zxcvbn's score 0 or 1, less than a million guesses).
    /// `about` is what is known of its member.
    pub(crate) fn is_guessable(&self, about: &[&str]) -> bool {
        let parts = |text: &&str| text.split(|c: char| !c.is_alphanumeric()).map(str::to_owned).collect::<Vec<_>>();
        let mut known: Vec<String> = about.iter().flat_map(parts).filter(|part| part.chars().count() > 2).collect();
        known.extend(about.iter().flat_map(|text| text.split('@')).chain(about.iter().copied()).map(str::to_owned));
        known.push("folkshelf".to_owned());
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        // Strangers send passwords, and zxcvbn tries a table for every way in which letters may stand for others: its time
        // grows with the length. One that begins like this is refused although its end may be better.
        let scored: String = self.expose().chars().take(SCORED).collect();
        zxcvbn::zxcvbn(&scored, &known).score() < zxcvbn::Score::Two
    }

    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

/// The same for every keyboard: an accented letter may come as one character or as two.
pub(crate) fn as_typed(text: &str) -> String {
    composed(text).into_owned()
}

/// A command is hashed under its idempotency key; a password must not be guessable from that hash.
impl Serialize for Password {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_counts_characters_and_the_most_counts_bytes() {
        assert_eq!(Password::new("ninechars").err(), Some(PasswordError::TooShort));
        assert!(Password::new("tencharact").is_ok());
        assert!(Password::new(&"a".repeat(71)).is_ok());
        assert_eq!(Password::new(&"a".repeat(72)).err(), Some(PasswordError::TooLong));
        assert_eq!(Password::new(&"ä".repeat(36)).err(), Some(PasswordError::TooLong));
        assert_eq!(Password::new("with a \0 inside").err(), Some(PasswordError::ControlCharacter));
    }

    #[test]
    fn common_passwords_and_what_is_known_of_a_member_are_guessable() {
        let about = ["Ada Lovelace", "ada.lovelace@shelf.example"];
        for common in [
            "1234567890",
            "0987654321",
            "qwertyuiop",
            "password123",
            "Password1234",
            "P@ssw0rd123",
            "iloveyou123",
            "aaaaaaaaaaaa",
            "abcabcabcabc",
            "abcdefghijkl",
            "basketball1",
            "folkshelf1",
            "AdaLovelace",
            "lovelace1815",
            "ada.lovelace",
            "ada.lovelace@shelf.example",
        ] {
            assert!(Password::new(common).unwrap().is_guessable(&about), "{common}");
        }
        for good in [
            "correct horse",
            "battery staple",
            "la lune dans un bol",
            "kT9#vexing",
            "我的书架在阳台旁边的柜子",
            "folkshelf-demo lent by heart",
        ] {
            assert!(!Password::new(good).unwrap().is_guessable(&about), "{good}");
        }
    }

    #[test]
    fn a_password_is_neither_printed_nor_serialised() {
        let password = Password::new("correct horse").unwrap();
        assert!(!format!("{password:?}").contains("horse"));
        assert_eq!(serde_json::to_string(&password).unwrap(), "null");
    }
}
