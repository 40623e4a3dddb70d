//! When each key was last used: noted in memory by requests, written by a worker every few seconds. A request never waits
//! for it, and a key costs one small write a minute however often and on however many hosts it is used.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kernel::ApiKeyId;
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::credentials::KeyUse;
use crate::ports::{CredentialSource, CredentialsUnavailable};

const EVERY: Duration = Duration::from_secs(10);
/// Keys whose use waits to be written. Of more than that the use is noted a minute later.
const MOST: usize = 10_000;

/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct KeyUses {
    source: Arc<dyn CredentialSource>,
    waiting: Arc<Mutex<HashMap<Uuid, OffsetDateTime>>>,
}

impl KeyUses {
    pub(crate) fn new(source: Arc<dyn CredentialSource>) -> Self {
        Self { source, waiting: Arc::default() }
    }

    pub(crate) fn note(&self, key: ApiKeyId, at: OffsetDateTime) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < MOST || waiting.contains_key(&key.uuid()) {
            waiting.insert(key.uuid(), at);
        }
    }

    pub(crate) async fn run(&self, shutdown: CancellationToken) {
        loop {
            let stops = tokio::select! {
                () = shutdown.cancelled() => true,
                () = tokio::time::sleep(EVERY) => false,
            };
            if let Err(error) = self.write().await {
                tracing::warn!(%error, "last uses of API keys not written");
            }
            if stops {
                return;
            }
        }
    }

    /// Writes what waits; returns how many keys' last use has moved.
    pub(crate) async fn write(&self) -> Result<u64, CredentialsUnavailable> {
        let noted = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        if noted.is_empty() {
            return Ok(0);
        }
        self.source.note_uses(noted.into_iter().map(|(key, at)| KeyUse { key, at }).collect()).await
    }
}
