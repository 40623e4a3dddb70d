//! The refresh tokens of a session form one chain: each token determines the next.
//!
//! Two tabs without a shared lock, or a client whose answer got lost, send the same token twice. Both must get a token
//! that works, and it must be the same one: with two different successors the session would have two chains, and the use
//! of one would look like the theft of the other. The table holds hashes alone, so the answer cannot be repeated from
//! there. It is computed again: the next token is a keyed hash of the one before. Whoever lacks the key learns nothing
//! from an old token, and whoever has it can forge access tokens anyway.

use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use crate::domain::token_of;
use crate::keyed::keyed;

/// Keeps this use of the secret apart from the signatures of access tokens.
const PURPOSE: &[u8] = b"folkshelf refresh chain 1\0";

/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct RefreshChain {
    current: Hmac<Sha256>,
    /// Of the other secrets: while the secret is changed, another host may have made the successor.
    others: Vec<Hmac<Sha256>>,
}

impl RefreshChain {
    pub(crate) fn new(secret: &SecretString, others: &[SecretString]) -> Self {
        let others = others.iter().map(|secret| keyed(secret, PURPOSE)).collect();
        Self { current: keyed(secret, PURPOSE), others }
    }

    /// The token that `token` is exchanged for, the same each time.
    pub(crate) fn after(&self, token: &SecretString) -> SecretString {
        successor(&self.current, token)
    }

    /// What `token` may have been exchanged for, by any of the secrets.
    pub(crate) fn successors(&self, token: &SecretString) -> Vec<SecretString> {
        [&self.current].into_iter().chain(&self.others).map(|mac| successor(mac, token)).collect()
    }
}

fn successor(mac: &Hmac<Sha256>, token: &SecretString) -> SecretString {
    let mut mac = mac.clone();
    mac.update(token.expose_secret().as_bytes());
    token_of(&mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::new_token;

    #[test]
    fn a_token_has_one_successor_that_depends_on_the_secret() {
        let chain = |secret: &str| RefreshChain::new(&secret.to_owned().into(), &[]);
        let (one, other) = (chain("a secret of at least 32 characters"), chain("another secret of 32 characters!!"));
        let token = new_token();
        let next = one.after(&token);
        assert_eq!(next.expose_secret(), one.after(&token).expose_secret());
        assert_eq!(next.expose_secret().len(), token.expose_secret().len());
        assert_ne!(next.expose_secret(), other.after(&token).expose_secret());
        assert_ne!(next.expose_secret(), one.after(&next).expose_secret());
    }
}
