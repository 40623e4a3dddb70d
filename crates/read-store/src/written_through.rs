//! Documents that a command shows as soon as it has committed, instead of an event making somebody read them again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

use crate::document::Document;
use crate::projection::Projection;

/// How long an event may be on its way. A replay, which is there to show things anew, meets nothing older.
const REMEMBERED_FOR: Duration = Duration::from_secs(5);
/// In a process that does not run the subscription nobody takes what is remembered.
const REMEMBERED: usize = 10_000;

/// What this process has written through. The subscription that would show the same looks here first. Cheap to clone.
#[derive(Clone)]
pub struct WrittenThrough {
    projection: Projection,
    shown: Arc<Mutex<HashMap<Uuid, Shown>>>,
}

struct Shown {
    version: i64,
    at: Instant,
}

impl WrittenThrough {
    pub fn new(projection: Projection) -> Self {
        Self { projection, shown: Arc::default() }
    }

    fn shown(&self) -> MutexGuard<'_, HashMap<Uuid, Shown>> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows a thing as it is since its event of this version, which is committed. What fails here the subscription does.
    pub async fn write(&self, id: Uuid, version: i64, document: Document) {
        match self.projection.write_through(&document).await {
            Ok(()) => self.remember(id, version),
            Err(error) => tracing::debug!(%error, "a document is shown in Redis a little later"),
        }
    }

    /// The thing is shown as it is since its event of this version.
    pub fn remember(&self, id: Uuid, version: i64) {
        let mut shown = self.shown();
        if shown.len() >= REMEMBERED {
            shown.clear();
        }
        let at = Instant::now();
        let known = shown.entry(id).or_insert(Shown { version, at });
        *known = Shown { version: version.max(known.version), at };
    }

    /// Whether what an event of this version changed in the thing is shown already. After the last event that is, no more: a
    /// replay shows all of them.
    pub fn covers(&self, id: Uuid, version: i64) -> bool {
        let mut shown = self.shown();
        let Some(known) = shown.get(&id) else { return false };
        let covers = version <= known.version && known.at.elapsed() < REMEMBERED_FOR;
        if !covers || version == known.version {
            shown.remove(&id);
        }
        covers
    }
}
