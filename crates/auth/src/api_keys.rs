//! The check that every request with an API key passes.
//!
//! A key is looked up where auth runs, in PostgreSQL, and kept in memory until it or its member's role changes. Redis does not say what a
//! key permits: it only tells every host of the change, as it does for sessions. While it cannot, nothing is kept.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use kernel::Clock;
use read_store::Local;
use time::OffsetDateTime;

use crate::credentials::StoredKey;
use crate::domain::{ApiKey, Scopes, TokenHash};
use crate::key_uses::KeyUses;
use crate::ports::CredentialSource;
use crate::sessions::AuthenticateError;
use crate::view::{KeyHolder, Shown};

/// Room for some 10,000 keys in use.
const KEPT_BYTES: u64 = 4 * 1024 * 1024;
/// A use is noted when the last one is this old, in seconds.
const NOTED_EVERY: i64 = 60;

/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct ApiKeys {
    source: Arc<dyn CredentialSource>,
    shown: Shown,
    clock: Arc<dyn Clock>,
    kept: Local<Known>,
    uses: KeyUses,
}

/// What auth said about a key. Kept until the key or its owner changes.
#[derive(Clone)]
struct Known {
    who: Arc<KeyHolder>,
    until: Option<OffsetDateTime>,
    /// The last use that was noted, in seconds since 1970.
    noted: Arc<AtomicI64>,
}

impl StoredKey {
    fn known(self) -> Known {
        let who = KeyHolder {
            user_id: self.user_id.into(),
            key_id: self.id.into(),
            role: self.role,
            scopes: Scopes::of_names(&self.scopes),
        };
        let noted = self.last_used_at.map_or(0, OffsetDateTime::unix_timestamp);
        Known { who: Arc::new(who), until: self.expires_at, noted: Arc::new(AtomicI64::new(noted)) }
    }
}

impl ApiKeys {
    pub(crate) fn new(source: Arc<dyn CredentialSource>, shown: Shown, clock: Arc<dyn Clock>, uses: KeyUses) -> Self {
        let kept = shown.local(KEPT_BYTES, |known: &Known| size_of::<KeyHolder>() + known.who.role.len());
        Self { source, shown, clock, kept, uses }
    }

    /// A text without the form and the checksum of a key is refused without asking auth.
    pub(crate) async fn authenticate(&self, text: &str) -> Result<Arc<KeyHolder>, AuthenticateError> {
        if let Some(known) = self.known(text) {
            return Ok(known);
        }
        let key = ApiKey::read(text).ok_or(AuthenticateError::Invalid)?;
        let hash = TokenHash::of(key.secret());
        let found = self.source.key(hash.clone()).await?.ok_or(AuthenticateError::Invalid)?;
        // The stamp needs the key's id, and must be older than what is kept: the row is read again behind it.
        let stamp = self.shown.stamp(found.id);
        let row = match stamp {
            Some(_) => self.source.key(hash.clone()).await?.ok_or(AuthenticateError::Invalid)?,
            None => found,
        };
        let now = self.clock.now();
        if !row.active || row.ended_at.is_some() || row.expires_at.is_some_and(|end| end <= now) {
            return Err(AuthenticateError::Invalid);
        }
        let known = row.known();
        self.note(&known, now);
        if let Some(stamp) = stamp {
            self.kept.keep(text, known.clone(), stamp);
        }
        Ok(known.who)
    }

    /// As [`Self::authenticate`], as far as this process knows the key from before and nothing has changed.
    pub(crate) fn known(&self, text: &str) -> Option<Arc<KeyHolder>> {
        let known = self.kept.get(text)?;
        let now = self.clock.now();
        if known.until.is_some_and(|end| end <= now) {
            return None;
        }
        self.note(&known, now);
        Some(known.who)
    }

    fn note(&self, known: &Known, now: OffsetDateTime) {
        let (last, second) = (known.noted.load(Ordering::Relaxed), now.unix_timestamp());
        let due = second - last >= NOTED_EVERY;
        if due && known.noted.compare_exchange(last, second, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            self.uses.note(known.who.key_id, now);
        }
    }
}
