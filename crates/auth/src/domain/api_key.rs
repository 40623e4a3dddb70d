//! What an API key looks like: `fsk_`, 43 characters drawn at random, and 6 that are their checksum.
//!
//! The form is that of GitHub's tokens. The beginning tells people and programs that look for leaked secrets whose key it
//! is. The checksum (CRC-32, in base 62) lets them and us tell a key from a typing error without asking the database. It
//! is no protection: whoever reads this can compute it.

use rand::distr::{Alphanumeric, SampleString};
use secrecy::{ExposeSecret, SecretString};

const PREFIX: &str = "fsk_";
/// In base 62 they have 256 bits.
const DRAWN: usize = 43;
/// In base 62 they hold every CRC-32.
const CHECKSUM: usize = 6;
/// Digits, capitals, small letters.
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A key of the right form. `Debug` does not show it.
#[derive(Debug, Clone)]
pub(crate) struct ApiKey(SecretString);

impl ApiKey {
    pub(crate) fn draw() -> Self {
        let drawn = Alphanumeric.sample_string(&mut rand::rng(), DRAWN);
        Self(format!("{PREFIX}{drawn}{}", checksum(&drawn)).into())
    }

    /// `None`: no key has this form, so there is nothing to look up.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(PREFIX)?;
        if rest.len() != DRAWN + CHECKSUM || !rest.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        let (drawn, sum) = rest.split_at(DRAWN);
        (checksum(drawn) == sum).then(|| Self(text.into()))
    }

    /// For its member to know it again: `fsk_` and 4 of the 43 characters.
    pub(crate) fn beginning(&self) -> &str {
        &self.0.expose_secret()[..PREFIX.len() + 4]
    }

    pub(crate) fn secret(&self) -> &SecretString {
        &self.0
    }
}

fn checksum(drawn: &str) -> String {
    let mut rest = crc32fast::hash(drawn.as_bytes());
    let mut digits = [DIGITS[0]; CHECKSUM];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(rest % 62) as usize];
        rest /= 62;
    }
    digits.into_iter().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_key_that_was_drawn_is_read_and_shown_by_its_beginning_alone() {
        let (one, other) = (ApiKey::draw(), ApiKey::draw());
        let text = one.secret().expose_secret();
        assert_ne!(text, other.secret().expose_secret());
        assert_eq!((text.len(), one.beginning().len()), (53, 8));
        assert!(text.starts_with(one.beginning()) && ApiKey::read(text).is_some());
        assert!(!format!("{one:?}").contains("fsk_"));
    }

    /// Programs that look for leaked keys compute it too: it must not change.
    #[test]
    fn the_checksum_is_the_crc_32_in_base_62() {
        // The check value of CRC-32 is 0xCBF43926 = 3421780262.
        assert_eq!(crc32fast::hash(b"123456789"), 3_421_780_262);
        assert_eq!(checksum("123456789"), "3jZRME");
    }

    proptest! {
        #[test]
        fn a_key_with_any_one_character_changed_is_none(
            place in any::<prop::sample::Index>(), other in "[0-9A-Za-z_ ]",
        ) {
            let key = ApiKey::draw();
            let text = key.secret().expose_secret();
            let place = place.index(text.len());
            let mut changed = text.to_owned();
            changed.replace_range(place..=place, &other);
            prop_assert_eq!(ApiKey::read(&changed).is_some(), changed == text);
        }

        #[test]
        fn no_foreign_text_is_a_key(text in prop_oneof!["\\PC{0,80}", "fsk_[0-9A-Za-z]{48,50}"]) {
            prop_assume!(!text.starts_with("fsk_") || text.len() != 53);
            prop_assert!(ApiKey::read(&text).is_none());
        }
    }
}
