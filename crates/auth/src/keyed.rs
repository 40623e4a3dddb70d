//! One secret, several uses: each use is given a function of its own, so that what one of them shows says nothing about
//! another.

use hmac::digest::Key;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

/// HMAC-SHA256 under the secret, begun with what it is for.
pub(crate) fn keyed(secret: &SecretString, purpose: &[u8]) -> Hmac<Sha256> {
    let mut key = Key::<Hmac<Sha256>>::default();
    // As HMAC itself shortens a long key; a block has room for it.
    let digest = Sha256::digest(secret.expose_secret().as_bytes());
    key.iter_mut().zip(digest).for_each(|(byte, of_digest)| *byte = of_digest);
    let mut mac = Hmac::new(&key);
    mac.update(purpose);
    mac
}
