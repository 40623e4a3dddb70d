//! Hashing and comparing passwords: off the async threads, a bounded number at a time.

use std::sync::Arc;
use std::time::Duration;

use kernel::{Detail, ErrorKind};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;
use tokio::task::JoinError;

use crate::domain::{Password, as_typed};
use crate::settings::Settings;

/// Salt and digest of no password at all; only the cost in front of it matters.
const DECOY: &str = "GsNKVUtDVZHr1mcvRVlUqOhC1WmAaECS9lJzYs6WeXRgwmQ9vsWGa";

#[derive(Debug, thiserror::Error)]
pub enum HashingError {
    /// Of a password that somebody chooses, before it is hashed.
    #[error("This password is too easy to guess. Choose a longer or a less common one.")]
    Guessable,
    #[error("too many passwords are being checked")]
    Busy,
    #[error("a password could not be hashed")]
    Failed(#[from] bcrypt::BcryptError),
    #[error("hashing a password was cut off")]
    CutOff(#[from] JoinError),
}

impl HashingError {
    pub(crate) fn kind(&self) -> ErrorKind {
        match self {
            Self::Guessable => ErrorKind::Invalid,
            Self::Busy => ErrorKind::Unavailable,
            Self::Failed(_) | Self::CutOff(_) => ErrorKind::Internal,
        }
    }

    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Guessable => "PASSWORD_TOO_COMMON",
            Self::Busy => "UNAVAILABLE",
            Self::Failed(_) | Self::CutOff(_) => "INTERNAL",
        }
    }

    /// `field` held the password.
    pub(crate) fn details(&self, field: &str) -> Vec<Detail> {
        match self {
            Self::Guessable => vec![Detail::new(field, "is too easy to guess")],
            Self::Busy | Self::Failed(_) | Self::CutOff(_) => Vec::new(),
        }
    }
}

#[derive(Clone)]
pub(crate) struct Passwords {
    cost: u32,
    decoy: Arc<str>,
    turns: Arc<Semaphore>,
    patience: Duration,
    #[cfg(test)]
    pub(crate) compared: Arc<std::sync::atomic::AtomicU64>,
}

impl Passwords {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            cost: settings.bcrypt_cost,
            decoy: format!("$2b${:02}${DECOY}", settings.bcrypt_cost).into(),
            turns: Arc::new(Semaphore::new(settings.hashing_threads)),
            patience: settings.hashing_patience,
            #[cfg(test)]
            compared: Arc::default(),
        }
    }

    /// Of a password that its member chooses. `about` is what is known of them; it must not be guessed from that.
    pub(crate) async fn choose(&self, password: &Password, about: [&str; 2]) -> Result<String, HashingError> {
        let (chosen, about) = (password.clone(), about.map(str::to_owned));
        // Beside the requests as well: a hostile text may take milliseconds.
        let guessable =
            tokio::task::spawn_blocking(move || chosen.is_guessable(&about.each_ref().map(String::as_str))).await?;
        if guessable { Err(HashingError::Guessable) } else { self.hash(password).await }
    }

    pub(crate) async fn hash(&self, password: &Password) -> Result<String, HashingError> {
        let (password, cost) = (password.clone(), self.cost);
        self.in_turn(move || bcrypt::non_truncating_hash(password.expose(), cost)).await
    }

    /// Whether `candidate` is the password of `hash`. Without a hash the answer is no, and takes as long.
    pub(crate) async fn matches(&self, candidate: &SecretString, hash: Option<&str>) -> Result<bool, HashingError> {
        let candidate: SecretString = as_typed(candidate.expose_secret()).into();
        // bcrypt would refuse these at once: nobody can have chosen them, and the answer must not come sooner.
        let possible =
            candidate.expose_secret().len() <= Password::MAX_BYTES && !candidate.expose_secret().contains('\0');
        let (candidate, hash) = match hash.filter(|_| possible) {
            Some(hash) => (candidate, Arc::from(hash)),
            None => (SecretString::from("nobody's"), Arc::clone(&self.decoy)),
        };
        #[cfg(test)]
        self.compared.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        self.in_turn(move || bcrypt::non_truncating_verify(candidate.expose_secret(), &hash)).await
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, bcrypt::BcryptError> + Send + 'static,
    ) -> Result<T, HashingError> {
        let turn = tokio::time::timeout(self.patience, Arc::clone(&self.turns).acquire_owned()).await;
        let Ok(Ok(turn)) = turn else {
            return Err(HashingError::Busy);
        };
        // The turn goes into the thread: a caller who gives up does not make room while bcrypt still runs.
        let worked = tokio::task::spawn_blocking(move || {
            let outcome = work();
            drop(turn);
            outcome
        });
        Ok(worked.await??)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passwords(threads: usize, patience: Duration) -> Passwords {
        Passwords::new(&Settings {
            bcrypt_cost: 4,
            hashing_threads: threads,
            hashing_patience: patience,
            ..Settings::new("s".repeat(32).into(), "http://localhost")
        })
    }

    #[tokio::test]
    async fn a_password_matches_its_own_hash_and_no_other() {
        let passwords = passwords(1, Duration::from_secs(5));
        let hash = passwords.hash(&Password::new("correct horse").unwrap()).await.unwrap();
        let answers = |text: &'static str| {
            let (passwords, hash) = (&passwords, hash.as_str());
            async move { passwords.matches(&text.into(), Some(hash)).await.unwrap() }
        };
        assert!(answers("correct horse").await);
        assert!(!answers("correct house").await);
    }

    #[tokio::test]
    async fn nobody_has_the_decoys_password() {
        let passwords = passwords(1, Duration::from_secs(5));
        for candidate in ["", "nobody's", "correct horse"] {
            assert!(!passwords.matches(&candidate.into(), None).await.unwrap());
        }
        let long: SecretString = "x".repeat(200).into();
        assert!(!passwords.matches(&long, Some(&passwords.decoy)).await.unwrap());
    }

    #[tokio::test]
    async fn who_cannot_get_a_turn_is_told_to_come_back() {
        let passwords = passwords(1, Duration::from_millis(1));
        let _taken = Arc::clone(&passwords.turns).acquire_owned().await.unwrap();
        let outcome = passwords.matches(&"correct horse".into(), None).await;
        assert!(matches!(outcome, Err(HashingError::Busy)));
    }
}
