use std::fmt;
use std::hash::{Hash, Hasher};

use kernel::text::{composed, has_control_characters, is_invisible, is_mark, is_noncharacter, trim};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A mail address: as it was typed, trimmed and in small letters, and the key by which it is compared. Two addresses are
/// the same if their keys are: NFC in front of the @, the ASCII form of IDNA (UTS 46) behind it. Characters that merely
/// look alike stay different. Not shown by `Debug`, so it is in no log.
#[derive(Clone)]
pub struct Email {
    typed: String,
    key: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    #[error("must not be empty")]
    Empty,
    #[error("must be at most {} characters", Email::MAX)]
    TooLong,
    #[error("must be a mail address, as in ada@example.org")]
    Malformed,
    #[error("must not contain invisible characters in front of the @")]
    Invisible,
}

impl Email {
    pub const MAX: usize = 254;
    const MAX_LOCAL: usize = 64;

    /// For a new account. As [`Self::new`], but refuses what nobody sees in front of the @: it makes another account of an
    /// address that reads the same, and mail programs refuse it. A mark needs a letter before it for the same reason.
    /// Letters of every script stay, composed or not. At either end such characters were pasted along and go.
    pub fn chosen(text: &str) -> Result<Self, EmailError> {
        let email = Self::new(trim(text))?;
        let local = email.key.rsplit_once('@').map_or("", |(local, _)| local);
        if local.contains(is_invisible) || local.contains(is_noncharacter) {
            return Err(EmailError::Invisible);
        }
        if local.starts_with(is_mark) {
            return Err(EmailError::Malformed);
        }
        Ok(email)
    }

    /// Checks the form and no more: that the address is the member's own shows when they follow the link in the mail. Of an
    /// account that exists: whoever chose an address under older rules still signs in with it.
    pub fn new(text: &str) -> Result<Self, EmailError> {
        let typed = text.trim().to_lowercase();
        let text = composed(&typed);
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
                && !has_control_characters(part)
                && !part.chars().any(|c| c.is_whitespace() || "@<>()[],;:\\\"".contains(c))
        };
        let labels = |domain: &str| {
            domain.split('.').all(|label| {
                !label.is_empty()
                    && !label.starts_with('-')
                    && !label.ends_with('-')
                    && label.chars().all(|c| c.is_alphanumeric() || c == '-')
            })
        };
        if !clean(local) || local.len() > Self::MAX_LOCAL || !clean(domain) {
            return Err(EmailError::Malformed);
        }
        // A domain that IDNA refuses gets no mail. Accounts with one exist: as long as it looks like a domain, it stays.
        let domain = match idna::domain_to_ascii(domain) {
            Ok(ascii) if labels(&ascii) => ascii,
            _ if labels(domain) => domain.to_owned(),
            _ => return Err(EmailError::Malformed),
        };
        Ok(Self { key: format!("{local}@{domain}"), typed })
    }

    /// As it was typed, in small letters: where mails go.
    pub fn as_str(&self) -> &str {
        &self.typed
    }

    /// By which it is compared: all spellings of one account's address have the same.
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl PartialEq for Email {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Email {}

impl Hash for Email {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

impl Serialize for Email {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.typed.serialize(serializer)
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
    fn composed_and_decomposed_letters_and_both_forms_of_a_domain_are_one_address() {
        for (one, other) in [
            ("zoë@example.org", "zoe\u{308}@example.org"),
            ("ZOË@example.org", "zoE\u{308}@EXAMPLE.org"),
            ("ada@bücher.example", "ada@xn--bcher-kva.example"),
            ("ada@bu\u{308}cher.example", "ada@XN--bcher-KVA.example"),
            ("ada@straße.example", "ada@xn--strae-oqa.example"),
            ("ada@食狮。公司", "ada@xn--85x722f.xn--55qx5d"),
            ("ada@उदाहरण.परीक्षा", "ada@xn--p1b6ci4b4b3a.xn--11b5bs3a9aj6g"),
        ] {
            assert_eq!(Email::new(one).map_err(|_| one), Email::new(other).map_err(|_| other));
        }
        let (typed, key) = ("zoe\u{308}@bücher.example", "zoë@xn--bcher-kva.example");
        let email = Email::new(typed).unwrap();
        assert_eq!((email.as_str(), email.key()), (typed, key), "mails go to the address as it was typed");
    }

    #[test]
    fn what_merely_looks_alike_is_another_address() {
        for (one, other) in [
            ("ada@example.org", "\u{430}da@example.org"),
            ("ada@example.org", "ada@ex\u{430}mple.org"),
            ("zoe@example.org", "zoë@example.org"),
            ("strasse@example.org", "straße@example.org"),
            ("ada@strasse.example", "ada@straße.example"),
            ("a.da@example.org", "ada@example.org"),
            ("ada+books@example.org", "ada@example.org"),
        ] {
            assert_ne!(Email::new(one).unwrap(), Email::new(other).unwrap(), "{one} {other}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_key_of_a_foreign_address_is_its_own_key(text in "\\PC{1,12}@\\PC{1,12}(\\.\\PC{1,5})?") {
            if let Ok(email) = Email::new(&text) {
                let again = Email::new(email.key()).map(|email| email.key().to_owned());
                proptest::prop_assert_eq!(again.as_deref(), Ok(email.key()));
                proptest::prop_assert_eq!(Email::new(email.as_str()), Ok(email));
            }
        }
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
    fn a_new_account_has_nothing_invisible_in_its_address() {
        for hidden in [
            "\u{200b}",
            "\u{200d}",
            "\u{200c}",
            "\u{ad}",
            "\u{2060}",
            "\u{feff}",
            "\u{200e}",
            "\u{202e}",
            "\u{2066}",
            "\u{3164}",
            "\u{115f}",
            "\u{34f}",
            "\u{fe0f}",
            "\u{2800}",
            "\u{e0041}",
            "\u{fffe}",
        ] {
            let address = format!("a{hidden}da@example.org");
            assert_eq!(Email::chosen(&address), Err(EmailError::Invisible), "{hidden:?}");
            // Who has chosen such an address before still signs in.
            assert!(Email::new(&address).is_ok(), "{hidden:?}");
        }
        assert_eq!(Email::chosen("\u{301}da@example.org"), Err(EmailError::Malformed));
        assert_eq!(Email::chosen("\u{200e}ada@example.org\u{200b}"), Email::new("ada@example.org"));
        assert_eq!(Email::chosen("ada"), Err(EmailError::Malformed));
        for right in [
            "ada@localhost",
            "zoë@exämple.org",
            "zoe\u{308}@example.org",
            "राहुल@example.org",
            "สมชาย@example.org",
            "ngườidùng@example.org",
            "张伟@example.org",
            "علي@example.org",
            "a.l+b_'x@example.org",
        ] {
            assert_eq!(Email::chosen(right), Email::new(right), "{right}");
            assert!(Email::chosen(right).is_ok(), "{right}");
        }
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
