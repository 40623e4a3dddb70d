use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

/// A mail address as it is stored and compared: trimmed, in small letters. Not shown by `Debug`, so it is in no log.
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Email(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    #[error("must not be empty")]
    Empty,
    #[error("must be at most {} characters", Email::MAX)]
    TooLong,
    #[error("must be a mail address, as in ada@example.org")]
    Malformed,
}

impl Email {
    pub const MAX: usize = 254;
    const MAX_LOCAL: usize = 64;

    /// Checks the form and no more: that the address is the member's own shows when they follow the link in the mail.
    pub fn new(text: &str) -> Result<Self, EmailError> {
        let text = text.trim().to_lowercase();
        if text.is_empty() {
            return Err(EmailError::Empty);
        }
        if text.chars().count() > Self::MAX {
            return Err(EmailError::TooLong);
        }
        let (local, domain) = text.rsplit_once('@').ok_or(EmailError::Malformed)?;
        let clean = |part: &str| {
            !part.is_empty()
                && !part.starts_with('.')
                && !part.ends_with('.')
                && !part.contains("..")
                && !part.chars().any(|c| c.is_whitespace() || c.is_control() || "@<>()[],;:\\\"".contains(c))
        };
        let labels = domain.split('.').all(|label| {
            !label.starts_with('-') && !label.ends_with('-') && label.chars().all(|c| c.is_alphanumeric() || c == '-')
        });
        if clean(local) && local.len() <= Self::MAX_LOCAL && clean(domain) && labels {
            Ok(Self(text))
        } else {
            Err(EmailError::Malformed)
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

impl TryFrom<String> for Email {
    type Error = EmailError;

    fn try_from(text: String) -> Result<Self, EmailError> {
        Self::new(&text)
    }
}

impl<'de> Deserialize<'de> for Email {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_compared_in_small_letters_and_without_spaces_around() {
        assert_eq!(Email::new("  Ada@Example.ORG "), Email::new("ada@example.org"));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for wrong in [
            "ada",
            "ada@",
            "@example.org",
            "a da@example.org",
            "ada@exa mple.org",
            "a@b@c",
            "ada@.org",
            "ada@example..org",
            "ada\0@example.org",
            "ada\r\nBcc: eve@example.org",
            "<ada@example.org>",
            "ada@-example.org",
        ] {
            assert_eq!(Email::new(wrong), Err(EmailError::Malformed), "{wrong:?}");
        }
        assert_eq!(Email::new(" "), Err(EmailError::Empty));
        let long = format!("{}@{}.org", "a".repeat(60), "b".repeat(250));
        assert_eq!(Email::new(&long), Err(EmailError::TooLong));
    }

    #[test]
    fn usual_addresses_are_taken() {
        for right in ["ada@localhost", "ada.lovelace+books@mail.example.org", "zoë@exämple.org"] {
            assert!(Email::new(right).is_ok(), "{right}");
        }
    }

    #[test]
    fn an_address_is_in_no_log() {
        let email = Email::new("ada@example.org").unwrap();
        assert!(!format!("{email:?}").contains("ada"));
    }
}
