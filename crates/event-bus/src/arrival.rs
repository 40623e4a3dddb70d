//! Waiting for events of another database: until they are here, then until the subscriptions of this one have handled them.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use kernel::Position;
use sqlx::PgPool;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use crate::bus::EventBus;
use crate::progress::Heard;
use crate::scope::Scope;
use crate::source::{self, Arrival};

/// What was not told is found in the table this soon.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How long a busy database is given at least.
const FIRST_LOOK: Duration = Duration::from_millis(500);

/// How far the sources are, as this process has imported them or was told.
#[derive(Default)]
pub(crate) struct Arrivals {
    known: Mutex<HashMap<String, Arrival>>,
    /// All contexts that this database imports; `None`: this process has not been told.
    imported: OnceLock<HashSet<String>>,
    moved: Notify,
}

/// What came of a wait for an event to be here.
enum Here {
    /// Everything up to it is at or before this place.
    At(Position),
    /// It was not imported in time, or is not being imported.
    NotYet,
    /// The database is away.
    Unknown,
}

impl Arrivals {
    fn known(&self) -> MutexGuard<'_, HashMap<String, Arrival>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The database imports these contexts and no others.
    pub fn declare(&self, contexts: &[String]) {
        // Once it is said, it holds for as long as the process.
        drop(self.imported.set(contexts.iter().cloned().collect()));
    }

    fn is_own(&self, context: &str) -> bool {
        self.imported.get().is_some_and(|imported| !imported.contains(context))
    }

    pub fn set(&self, context: &str, arrival: Arrival) {
        self.known().insert(context.to_owned(), arrival);
        self.moved.notify_waiters();
    }

    fn here(&self, context: &str, position: Position) -> Option<Position> {
        let known = self.known().get(context).copied();
        known.filter(|arrival| arrival.there >= position).map(|arrival| arrival.here)
    }

    async fn wait(&self, pool: &PgPool, context: &str, position: Position, deadline: Instant) -> Here {
        let mut look_until = deadline.max(Instant::now() + FIRST_LOOK);
        loop {
            let moved = self.moved.notified();
            tokio::pin!(moved);
            moved.as_mut().enable();
            if let Some(here) = self.here(context, position) {
                return Here::At(here);
            }
            let asked_at = Instant::now();
            match timeout_at(look_until, source::arrival(pool, context)).await {
                Ok(Ok(None)) => return Here::At(position),
                Ok(Ok(Some((arrival, _)))) if arrival.there >= position => return Here::At(arrival.here),
                // This import fails at present: waiting would be in vain.
                Ok(Ok(Some((_, true)))) => return Here::NotYet,
                Ok(Ok(Some((_, false)))) => {}
                Ok(Err(_)) | Err(_) => return Here::Unknown,
            }
            look_until = deadline;
            loop {
                let told = timeout_at(deadline.min(asked_at + LOOK_EVERY), moved.as_mut()).await.is_ok();
                if let Some(here) = self.here(context, position) {
                    return Here::At(here);
                }
                if Instant::now() >= deadline {
                    return Here::NotYet;
                }
                if !told {
                    break;
                }
                moved.set(self.moved.notified());
                moved.as_mut().enable();
            }
        }
    }
}

impl EventBus {
    /// Waits until the event of `context` at `position` of its owner's log is here, and the subscriptions of `scope` have
    /// handled it, at most `within`. For a context of this database the same as [`Self::wait_for`]. An import that has
    /// failed for more than a second is not waited for.
    pub async fn wait_for_source(
        &self,
        context: &str,
        position: Position,
        scope: Scope<'_>,
        within: Duration,
    ) -> Heard {
        let (inner, deadline) = (&self.inner, Instant::now() + within);
        let here = if inner.arrivals.is_own(context) {
            Here::At(position)
        } else if self.is_away() {
            inner.arrivals.here(context, position).map_or(Here::Unknown, Here::At)
        } else {
            self.carry(inner.arrivals.wait(&inner.pool, context, position, deadline)).await
        };
        match here {
            Here::At(here) => self.wait_for(here, scope, deadline.saturating_duration_since(Instant::now())).await,
            Here::NotYet => Heard::NotYet,
            Here::Unknown => Heard::Unknown,
        }
    }
}
