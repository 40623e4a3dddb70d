use std::time::Duration;

use secrecy::SecretString;
use wording::Language;

/// When somebody who registers proves that the mail address is theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// Before there is an account. Nobody whose address is not proved signs in.
    Required,
    /// When they like: the account acts at once.
    Later,
}

/// What the operator decides. The host has checked the values.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Signs access tokens; at least 32 characters.
    pub token_secret: SecretString,
    /// What they sign is taken too: the next secret, or the one before, while the secret is changed.
    pub other_token_secrets: Vec<SecretString>,
    pub access_token_lifetime: Duration,
    /// From signing in to the end of the session, however often it is refreshed.
    pub session_lifetime: Duration,
    /// bcrypt's: each step doubles the work. 4 to 31.
    pub bcrypt_cost: u32,
    /// Passwords hashed at the same time.
    pub hashing_threads: usize,
    /// How long a request waits for its turn to hash before it is told to come back later.
    pub hashing_patience: Duration,
    pub proof: Proof,
    /// How members reach Folkshelf; links in mails begin with it.
    pub public_url: String,
    /// Of mails to members whose language is not known, or is none that texts are written in.
    pub language: Language,
}

impl Settings {
    pub fn new(token_secret: SecretString, public_url: impl Into<String>) -> Self {
        Self {
            token_secret,
            other_token_secrets: Vec::new(),
            access_token_lifetime: Duration::from_secs(15 * 60),
            session_lifetime: Duration::from_secs(30 * 24 * 60 * 60),
            bcrypt_cost: 12,
            hashing_threads: 2,
            hashing_patience: Duration::from_secs(5),
            proof: Proof::Later,
            public_url: public_url.into(),
            language: Language::English,
        }
    }
}
