use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

/// What is kept of a token: its SHA-256. Enough to know it again, useless to whoever reads the table. A token is 32
/// random bytes, so unlike a password it needs no slow hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TokenHash([u8; 32]);

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
    }
}
