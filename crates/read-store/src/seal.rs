//! Documents lie in Redis sealed: whoever reads Redis learns nothing of members, and whoever writes to it cannot say
//! anything in our name. XChaCha20-Poly1305, with a nonce that is drawn for each body, under a key made of the host's secret.
//!
//! A body opens only as the document that it was sealed as. What a seal does not prevent is that an older version of the
//! same document is put back. So Redis alone gives no rights (auth reads sessions from PostgreSQL).
//!
//! The names of lists, ids, versions and scores are not sealed: Redis orders by them.

use chacha20poly1305::aead::{Aead, Generate, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;

const NONCE_BYTES: usize = 24;

pub(crate) struct Seal {
    ours: XChaCha20Poly1305,
    /// Of secrets that are on their way in or out: what was sealed with them opens too.
    others: Vec<XChaCha20Poly1305>,
}

/// Of what a body is the body.
#[derive(Clone, Copy)]
pub(crate) struct About<'a> {
    pub projection: &'a str,
    pub id: &'a str,
}

impl About<'_> {
    /// No projection has a line break in its name.
    fn bytes(self) -> Vec<u8> {
        [self.projection.as_bytes(), b"\n", self.id.as_bytes()].concat()
    }
}

fn cipher(secret: &[u8]) -> XChaCha20Poly1305 {
    let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(secret).expect("HMAC takes a key of any length");
    mac.update(b"documents in redis");
    let key: [u8; 32] = mac.finalize().into_bytes().into();
    XChaCha20Poly1305::new(&Key::from(key))
}

impl Seal {
    pub fn new(secret: &[u8], others: &[Vec<u8>]) -> Self {
        Self { ours: cipher(secret), others: others.iter().map(|other| cipher(other)).collect() }
    }

    /// `None`: the body is longer than the cipher can take, 256 GiB.
    pub fn close(&self, about: About<'_>, body: &[u8]) -> Option<Vec<u8>> {
        let nonce = XNonce::generate();
        let sealed = self.ours.encrypt(&nonce, Payload { msg: body, aad: &about.bytes() }).ok()?;
        Some([nonce.as_slice(), &sealed].concat())
    }

    /// `None`: it was not sealed as this document, or not with our secret.
    pub fn open(&self, about: About<'_>, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, body) = sealed.split_first_chunk::<NONCE_BYTES>()?;
        let (nonce, about) = (XNonce::from(*nonce), about.bytes());
        let mut ciphers = std::iter::once(&self.ours).chain(&self.others);
        ciphers.find_map(|cipher| cipher.decrypt(&nonce, Payload { msg: body, aad: &about }).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_opens_only_as_what_it_was_sealed_as_and_only_with_the_secret() {
        let seal = Seal::new(b"the secret of the host", &[]);
        let about = About { projection: "auth", id: "one" };
        let sealed = seal.close(about, b"member").unwrap();
        assert_eq!(seal.open(about, &sealed).as_deref(), Some(&b"member"[..]));
        assert!(!sealed.windows(6).any(|part| part == b"member"));
        assert_eq!(seal.open(About { id: "two", ..about }, &sealed), None);
        assert_eq!(seal.open(About { projection: "users", ..about }, &sealed), None);
        assert_eq!(Seal::new(b"another secret", &[]).open(about, &sealed), None);
        let exchanged = Seal::new(b"another secret", &[b"the secret of the host".to_vec()]);
        assert_eq!(exchanged.open(about, &sealed).as_deref(), Some(&b"member"[..]));
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(seal.open(about, &changed), None, "byte {at}");
        }
        assert_eq!(seal.open(about, b"member"), None);
        assert_eq!(seal.open(about, b""), None);
    }

    #[test]
    fn the_same_body_is_never_sealed_alike_and_an_empty_one_is_sealed_too() {
        let (seal, about) = (Seal::new(b"secret", &[]), About { projection: "books", id: "one" });
        let [one, other] = [seal.close(about, b"").unwrap(), seal.close(about, b"").unwrap()];
        assert_ne!(one, other);
        assert_eq!(seal.open(about, &one).as_deref(), Some(&b""[..]));
    }
}
