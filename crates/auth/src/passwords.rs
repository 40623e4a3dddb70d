//! Hashing and comparing passwords: off the async threads, a bounded number at a time, and in a fair order (`asker.rs`).
//! Whoever registers waits apart first: new accounts take no more than half of the turns, one at least.

use std::sync::Arc;
use std::time::Duration;

use kernel::{Detail, ErrorKind};
use secrecy::{ExposeSecret, SecretString};
use tokio::task::JoinError;

use crate::asker::{Asker, Turn, Turns};
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
    turns: Turns,
    /// Before a turn is asked for.
    registering: Turns,
    patience: Duration,
    #[cfg(test)]
    pub(crate) compared: Arc<std::sync::atomic::AtomicU64>,
}

impl Passwords {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            cost: settings.bcrypt_cost,
            decoy: format!("$2b${:02}${DECOY}", settings.bcrypt_cost).into(),
            turns: Turns::new(settings.hashing_threads, usize::MAX),
            registering: Turns::new((settings.hashing_threads / 2).max(1), usize::MAX),
            patience: settings.hashing_patience,
            #[cfg(test)]
            compared: Arc::default(),
        }
    }

    /// Of a password that its member chooses. `about` is what is known of them; it must not be guessed from that.
    pub(crate) async fn choose(
        &self,
        password: &Password,
        about: [&str; 2],
        asker: &Asker,
    ) -> Result<String, HashingError> {
        self.hash_unless_guessable(password, about, asker, None).await
    }

    /// As [`Self::choose`], for a new account.
    pub(crate) async fn register(
        &self,
        password: &Password,
        about: [&str; 2],
        asker: &Asker,
    ) -> Result<String, HashingError> {
        let begun = tokio::time::Instant::now();
        let place = asker.turn(&self.registering, self.patience).await.ok_or(HashingError::Busy)?;
        // The caller has waited once by rank. A second time, a guessing network would hold this place while others need it.
        let rest = Self { patience: self.patience.saturating_sub(begun.elapsed()), ..self.clone() };
        rest.hash_unless_guessable(password, about, &Asker::default(), Some(place)).await
    }

    async fn hash_unless_guessable(
        &self,
        password: &Password,
        about: [&str; 2],
        asker: &Asker,
        place: Option<Turn>,
    ) -> Result<String, HashingError> {
        let (password, about, cost) = (password.clone(), about.map(str::to_owned), self.cost);
        let hashed = self.in_turn(asker, move || {
            // Held as long as bcrypt runs, also for a caller who has given up.
            let _place = place;
            if password.is_guessable(&about.each_ref().map(String::as_str)) {
                return Ok(None);
            }
            bcrypt::non_truncating_hash(password.expose(), cost).map(Some)
        });
        hashed.await?.ok_or(HashingError::Guessable)
    }

    pub(crate) async fn hash(&self, password: &Password, asker: &Asker) -> Result<String, HashingError> {
        let (password, cost) = (password.clone(), self.cost);
        self.in_turn(asker, move || bcrypt::non_truncating_hash(password.expose(), cost)).await
    }

    /// Whether `candidate` is the password of `hash`. Without a hash the answer is no, and takes as long.
    pub(crate) async fn matches(
        &self,
        candidate: &SecretString,
        hash: Option<&str>,
        asker: &Asker,
    ) -> Result<bool, HashingError> {
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
        self.in_turn(asker, move || bcrypt::non_truncating_verify(candidate.expose_secret(), &hash)).await
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        asker: &Asker,
        work: impl FnOnce() -> Result<T, bcrypt::BcryptError> + Send + 'static,
    ) -> Result<T, HashingError> {
        let turn = asker.turn(&self.turns, self.patience).await.ok_or(HashingError::Busy)?;
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
        let hash = passwords.hash(&Password::new("correct horse").unwrap(), &Asker::default()).await.unwrap();
        let answers = |text: &'static str| {
            let (passwords, hash) = (&passwords, hash.as_str());
            async move { passwords.matches(&text.into(), Some(hash), &Asker::default()).await.unwrap() }
        };
        assert!(answers("correct horse").await);
        assert!(!answers("correct house").await);
    }

    #[tokio::test]
    async fn nobody_has_the_decoys_password() {
        let passwords = passwords(1, Duration::from_secs(5));
        for candidate in ["", "nobody's", "correct horse"] {
            assert!(!passwords.matches(&candidate.into(), None, &Asker::default()).await.unwrap());
        }
        let long: SecretString = "x".repeat(200).into();
        assert!(!passwords.matches(&long, Some(&passwords.decoy), &Asker::default()).await.unwrap());
    }

    #[tokio::test]
    async fn who_cannot_get_a_turn_is_told_to_come_back() {
        let passwords = passwords(1, Duration::from_millis(1));
        let _taken = Asker::default().turn(&passwords.turns, Duration::from_secs(5)).await;
        let outcome = passwords.matches(&"correct horse".into(), None, &Asker::default()).await;
        assert!(matches!(outcome, Err(HashingError::Busy)));
    }

    #[tokio::test]
    async fn sixteen_guesses_at_once_hold_another_log_in_up_for_one() {
        let passwords = passwords(1, Duration::from_secs(60));
        let held = Asker::default().turn(&passwords.turns, Duration::from_secs(60)).await.unwrap();
        let asker = |account: &str, network| Asker {
            account: Some(account.to_owned()),
            network: Some(network),
            at_home: false,
        };
        let (order, mut all) = (Arc::new(std::sync::Mutex::new(Vec::new())), tokio::task::JoinSet::new());
        for nth in 0..17 {
            let who = if nth < 16 { asker("ada", 1) } else { asker("finn", 2) };
            let (passwords, order) = (passwords.clone(), Arc::clone(&order));
            all.spawn(async move {
                assert!(!passwords.matches(&"incorrect horse".into(), None, &who).await.unwrap());
                order.lock().unwrap().push(nth);
            });
        }
        while passwords.turns.waiting() < 17 {
            tokio::task::yield_now().await;
        }
        drop(held);
        all.join_all().await;
        let order = order.lock().unwrap();
        // The task that has been told that its turn is over may be a moment behind the next one.
        assert!(order.iter().position(|nth| *nth == 16).unwrap() <= 2, "{order:?}");
    }

    #[tokio::test]
    async fn who_registers_from_a_network_that_guesses_does_not_hold_the_place_that_others_need() {
        let passwords = passwords(2, Duration::from_secs(60));
        let guesser = Asker { account: None, network: Some(1), at_home: false };
        let (first, _second) = tokio::join!(
            guesser.turn(&passwords.turns, Duration::from_secs(60)),
            guesser.turn(&passwords.turns, Duration::from_secs(60))
        );
        let new = Password::new("correct horse").unwrap();
        let about = ["Ada", "ada@example.org"];
        let registers = passwords.register(&new, about, &guesser);
        let log_in = async {
            while passwords.turns.waiting() < 1 {
                tokio::task::yield_now().await;
            }
            let rank = passwords.turns.next_rank();
            drop(first);
            rank
        };
        let (registered, rank) = tokio::join!(registers, log_in);
        registered.unwrap();
        assert_eq!(rank, Some(0), "guesses of the same network do not count again");
    }

    #[tokio::test]
    async fn new_accounts_leave_half_of_the_turns_to_those_who_log_in() {
        let passwords = passwords(2, Duration::from_secs(60));
        let _registers = Asker::default().turn(&passwords.registering, Duration::from_secs(1)).await.unwrap();
        let impatient = Passwords { patience: Duration::from_millis(20), ..passwords.clone() };
        let new = Password::new("correct horse").unwrap();
        let refused = impatient.register(&new, ["Ada", "ada@example.org"], &Asker::default()).await;
        assert!(matches!(refused, Err(HashingError::Busy)), "the second one waits apart");
        assert!(passwords.matches(&"correct horse".into(), None, &Asker::default()).await.is_ok());
    }
}
