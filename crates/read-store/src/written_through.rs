//! Documents that a command shows as soon as it has committed, instead of an event making somebody read them again.
//!
//! The event is there as soon as the commit, and may be heard before Redis has the document. So a command says before it
//! commits that it will write, and whoever hears the event waits for the outcome.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use uuid::Uuid;

use crate::document::Document;
use crate::projection::Projection;

/// How long an event may be on its way. A replay, which is there to show things anew, meets nothing older.
const REMEMBERED_FOR: Duration = Duration::from_secs(5);
/// In a process that does not run the subscription nobody takes what is remembered.
const REMEMBERED: usize = 10_000;
/// Beyond what Redis is given: how long a command takes from its commit until it has written.
const AND_COMMIT: Duration = Duration::from_millis(50);
/// After a wait in vain nobody else waits for so long: a batch of events must not add up such waits.
const IMPATIENT_FOR: Duration = Duration::from_secs(1);

/// What this process writes through. The subscription that would show the same looks here first. Cheap to clone.
#[derive(Clone)]
pub struct WrittenThrough {
    projection: Projection,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    known: HashMap<Uuid, Known>,
    impatient_until: Option<Instant>,
}

/// The version of a thing that a command writes through. `shown` is when that was done, and `None` while it is not.
struct Known {
    version: i64,
    shown: watch::Receiver<Option<Instant>>,
}

/// A command is about to commit and to show what it did. Dropped before [`Self::write`] has succeeded, it leaves that to the
/// event.
pub struct Coming {
    projection: Projection,
    shown: watch::Sender<Option<Instant>>,
}

impl Coming {
    /// Shows it. To be called after the commit. What fails here the subscription does.
    pub async fn write(self, document: Document) {
        match self.projection.write_through(&document).await {
            Ok(()) => drop(self.shown.send_replace(Some(Instant::now()))),
            Err(error) => tracing::debug!(%error, "a document is shown in Redis a little later"),
        }
    }
}

impl WrittenThrough {
    pub fn new(projection: Projection) -> Self {
        Self { projection, state: Arc::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A thing will be shown as it is since its event of this version. To be called before the commit.
    pub fn coming(&self, id: Uuid, version: i64) -> Coming {
        let shown = watch::Sender::new(None);
        self.know(id, version, shown.subscribe());
        Coming { projection: self.projection.clone(), shown }
    }

    /// The thing is shown as it is since its event of this version.
    pub fn remember(&self, id: Uuid, version: i64) {
        self.know(id, version, watch::Sender::new(Some(Instant::now())).subscribe());
    }

    fn know(&self, id: Uuid, version: i64, shown: watch::Receiver<Option<Instant>>) {
        let known = &mut self.state().known;
        if known.len() >= REMEMBERED {
            known.clear();
        }
        if known.get(&id).is_none_or(|before| before.version <= version) {
            known.insert(id, Known { version, shown });
        }
    }

    /// Whether what an event of this version changed in the thing is shown. While its command is still writing, waits for the
    /// outcome. After the last event that is covered, no more is: a replay shows all of them.
    pub async fn covers(&self, id: Uuid, version: i64) -> bool {
        let (last, mut shown, patient) = {
            let state = self.state();
            let Some(known) = state.known.get(&id) else { return false };
            let patient = state.impatient_until.is_none_or(|until| until <= Instant::now());
            (known.version, known.shown.clone(), patient)
        };
        let at = if version > last { None } else { self.shown_at(&mut shown, patient).await };
        let covers = at.is_some_and(|at| at.elapsed() < REMEMBERED_FOR);
        if !covers || version == last {
            let known = &mut self.state().known;
            if known.get(&id).is_some_and(|now| now.shown.same_channel(&shown)) {
                known.remove(&id);
            }
        }
        covers
    }

    async fn shown_at(&self, shown: &mut watch::Receiver<Option<Instant>>, patient: bool) -> Option<Instant> {
        if !patient {
            return *shown.borrow();
        }
        let within = self.projection.through_timeout() + AND_COMMIT;
        match timeout(within, shown.wait_for(Option::is_some)).await {
            Ok(decided) => decided.ok().and_then(|at| *at),
            Err(_) => {
                self.state().impatient_until = Some(Instant::now() + IMPATIENT_FOR);
                None
            }
        }
    }
}
