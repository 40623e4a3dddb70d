use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What is kept of a token: its SHA-256. Enough to know it again, useless to whoever reads the table. A token is 32
/// random bytes, so unlike a password it needs no slow hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct TokenHash([u8; 32]);

/// In hexadecimal.
impl From<TokenHash> for String {
    fn from(hash: TokenHash) -> Self {
        token_of(&hash.0).expose_secret().to_owned()
    }
}

impl TryFrom<String> for TokenHash {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let mut hash = [0; 32];
        if text.len() != 2 * hash.len() || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err("no SHA-256 in hexadecimal");
        }
        for (nth, byte) in hash.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * nth..2 * nth + 2], 16).map_err(|_| "no SHA-256 in hexadecimal")?;
        }
        Ok(Self(hash))
    }
}

impl TokenHash {
    pub(crate) fn of(token: &SecretString) -> Self {
        Self(Sha256::digest(token.expose_secret().as_bytes()).into())
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// 32 random bytes in hexadecimal.
pub(crate) fn new_token() -> SecretString {
    token_of(&rand::random::<[u8; 32]>())
}

/// In hexadecimal.
pub(crate) fn token_of(bytes: &[u8]) -> SecretString {
    let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_differ_and_are_known_by_their_hash() {
        let (one, other) = (new_token(), new_token());
        assert_eq!(one.expose_secret().len(), 64);
        assert_eq!(TokenHash::of(&one), TokenHash::of(&one.clone()));
        assert_ne!(TokenHash::of(&one), TokenHash::of(&other));
        let text = String::from(TokenHash::of(&one));
        assert_eq!(TokenHash::try_from(text.clone()), Ok(TokenHash::of(&one)));
        for wrong in [text.replace('0', "x") + "0", text[1..].to_owned(), "é".repeat(32)] {
            assert!(TokenHash::try_from(wrong).is_err());
        }
    }
}
