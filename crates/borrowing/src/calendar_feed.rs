//! The secret address from which a member's calendar program fetches their days. Whoever has it reads them, so of its token
//! only the hash is kept, and a new address ends the one before.

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

/// 32 random bytes in hexadecimal: nobody guesses it, so its hash needs no salt.
pub(crate) fn new_token() -> SecretString {
    let text: String = rand::random::<[u8; 32]>().iter().map(|byte| format!("{byte:02x}")).collect();
    text.into()
}

pub(crate) fn token_hash(token: &SecretString) -> [u8; 32] {
    Sha256::digest(token.expose_secret().as_bytes()).into()
}
