//! The log as this process has read it lately: one reader for all subscriptions and the tail.
//!
//! What lies below the horizon never changes, so what was read once needs no invalidation. Whoever is further behind than
//! what is kept reads the table.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kernel::{EventId, Position};
use sqlx::PgPool;

use crate::bus::Inner;
use crate::log::{self, Recorded};

/// So many events are kept at most.
const KEPT: usize = 1_000;
/// So many are read at once.
const AT_ONCE: i64 = 500;
/// A read that has no answer by then is tried again on another connection.
const READ_WITHIN: Duration = Duration::from_secs(5);
/// Without a wake, the log is looked at this often: a lost NOTIFY costs no more.
const POLL: Duration = Duration::from_millis(500);
/// Events are committed but still hidden by the horizon: look again this soon, then ever less often …
const HIDDEN_POLL: Duration = Duration::from_millis(2);
/// … doubling this many times: whoever keeps a transaction open must not keep the reader busy.
const HIDDEN_DOUBLINGS: u32 = 4;
/// So many events in one read, and in the one after it, mean that many people write: then the next read lets some more
/// come, at the price of this delay, as a read costs the same for one event as for ten. Once is not enough: what one
/// command and those who hear of it write is sometimes read together, and then one member alone would wait.
const MANY: usize = 3;
const GATHERING: Duration = Duration::from_millis(8);
/// How long to wait when the database is away, at most.
const MAX_AWAY: Duration = Duration::from_secs(1);

/// Where an event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub position: Position,
    pub id: EventId,
}

impl Place {
    pub fn of(event: &Recorded) -> Self {
        Self { position: event.position, id: event.id }
    }
}

/// Events after `from` and up to `to`, all of them, in order.
#[derive(Default)]
pub(crate) struct Kept {
    /// Where the reader began; `None`: it does not run.
    pub begun: Option<Position>,
    pub from: Position,
    to: Position,
    events: VecDeque<Arc<Recorded>>,
    /// The last event of each name among those that were kept and are no longer.
    pub dropped: HashMap<String, Place>,
}

impl Kept {
    /// Those that are kept and come after `from`.
    pub fn behind(&self, from: Position) -> impl Iterator<Item = &Arc<Recorded>> {
        let first = self.events.partition_point(|event| event.position <= from);
        self.events.range(first..)
    }

    /// `None`: what comes after `from` is not kept any more.
    fn after(&self, from: Position, limit: usize) -> Option<Vec<Arc<Recorded>>> {
        (from >= self.from).then(|| self.behind(from).take(limit).cloned().collect())
    }

    fn add(&mut self, event: Arc<Recorded>) {
        self.to = event.position;
        self.events.push_back(event);
        if self.events.len() > KEPT
            && let Some(oldest) = self.events.pop_front()
        {
            self.from = oldest.position;
            let place = Place::of(&oldest);
            match self.dropped.get_mut(&oldest.name) {
                Some(last) => *last = place,
                None => drop(self.dropped.insert(oldest.name.clone(), place)),
            }
        }
    }
}

#[derive(Default)]
pub(crate) struct Window(Mutex<Kept>);

impl Window {
    /// What comes after `from` is kept from now on.
    pub fn begin(&self, from: Position) {
        *self.kept() = Kept { begun: Some(from), from, to: from, ..Kept::default() };
    }

    pub fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How far the reader has come.
    pub fn read_to(&self) -> Position {
        self.kept().to
    }

    /// Up to `limit` events after `from` and below the horizon, as far as the reader has come.
    pub async fn after(&self, pool: &PgPool, from: Position, limit: i64) -> Result<Vec<Arc<Recorded>>, sqlx::Error> {
        let kept = self.kept().after(from, usize::try_from(limit).unwrap_or(usize::MAX));
        match kept {
            Some(events) => Ok(events),
            None => Ok(log::read(pool, from, limit).await?.into_iter().map(Arc::new).collect()),
        }
    }
}

/// Why the reader pauses.
enum Pause {
    /// It has come to the end of the log.
    Level,
    /// Something is committed that the horizon hides, or hid a moment ago. No wake will tell when it no longer does.
    Hidden,
    /// Many write: what is hidden or comes meanwhile is seen by the next read.
    Busy,
    /// The database is away.
    Away,
}

/// Reads the log for everybody in this process, and shows what is new to whoever listens to the tail. Never ends.
pub(crate) async fn read(bus: Arc<Inner>) {
    let mut wake = bus.wake.subscribe();
    let (mut hidden, mut away, mut were_many) = (0, 0, false);
    loop {
        wake.borrow_and_update();
        let pause = match read_to_end(&bus, were_many).await {
            Ok(Read { pause, any, many }) => {
                hidden = if any { 0 } else { hidden };
                were_many = many;
                pause
            }
            Err(error) => {
                if away == 0 {
                    tracing::warn!(%error, "the log cannot be read for now");
                }
                Pause::Away
            }
        };
        hidden = if matches!(pause, Pause::Hidden) { hidden + 1 } else { 0 };
        away = if matches!(pause, Pause::Away) { away + 1 } else { 0 };
        let (pause, may_be_woken) = match pause {
            Pause::Level => (POLL, true),
            Pause::Hidden => (HIDDEN_POLL * (1 << (hidden - 1).min(HIDDEN_DOUBLINGS)), true),
            Pause::Busy => (GATHERING, false),
            Pause::Away => (HIDDEN_POLL.saturating_mul(1 << away.min(20)).min(MAX_AWAY), false),
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = wake.changed(), if may_be_woken => {}
        }
    }
}

/// What the last read to the end came to.
struct Read {
    pause: Pause,
    any: bool,
    many: bool,
}

/// To the end of what lies below the horizon.
async fn read_to_end(bus: &Inner, were_many: bool) -> Result<Read, sqlx::Error> {
    let begun_at = bus.window.read_to();
    loop {
        let last = bus.window.kept().to;
        let events = in_time(log::read(&bus.pool, last, AT_ONCE)).await?;
        let count = events.len();
        let is_all = i64::try_from(count).is_ok_and(|read| read < AT_ONCE);
        let last = events.last().map_or(last, |event| event.position);
        if !events.is_empty() {
            let events: Vec<Arc<Recorded>> = events.into_iter().map(Arc::new).collect();
            {
                let mut kept = bus.window.kept();
                events.iter().for_each(|event| kept.add(Arc::clone(event)));
            }
            bus.stir();
            for event in events {
                // Nobody listening is no error.
                drop(bus.tail.send(event));
            }
        }
        if is_all {
            let (any, many) = (last != begun_at, count >= MANY);
            let pause = if many && were_many {
                Pause::Busy
            } else if in_time(log::goes_on_after(&bus.pool, last)).await? {
                Pause::Hidden
            } else {
                Pause::Level
            };
            return Ok(Read { pause, any, many });
        }
    }
}

/// One connection that hangs must not hold up everybody.
async fn in_time<T>(reading: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    tokio::time::timeout(READ_WITHIN, reading).await.unwrap_or(Err(sqlx::Error::PoolTimedOut))
}

#[cfg(test)]
mod tests {
    use kernel::actor::RecordedActor;
    use time::OffsetDateTime;
    use uuid::Uuid;

    use super::*;

    fn at(sequence: i64) -> Position {
        Position { transaction: 7, sequence }
    }

    fn event(sequence: i64) -> Recorded {
        Recorded {
            position: at(sequence),
            id: Uuid::nil().into(),
            name: String::new(),
            version: 1,
            aggregate_type: String::new(),
            aggregate_id: Uuid::nil(),
            aggregate_version: 1,
            payload: serde_json::Value::Null,
            actor: RecordedActor::Anonymous,
            trace: None,
            occurred_at: OffsetDateTime::UNIX_EPOCH,
        }
    }

    fn sequences(found: Option<Vec<Arc<Recorded>>>) -> Option<Vec<i64>> {
        found.map(|events| events.iter().map(|event| event.position.sequence).collect())
    }

    #[test]
    fn what_is_kept_is_given_from_any_place_in_it() {
        let mut kept = Kept { from: at(10), to: at(10), ..Kept::default() };
        [11, 13, 14].into_iter().for_each(|n| kept.add(Arc::new(event(n))));
        assert_eq!(sequences(kept.after(at(10), 10)), Some(vec![11, 13, 14]));
        assert_eq!(sequences(kept.after(at(10), 2)), Some(vec![11, 13]));
        assert_eq!(sequences(kept.after(at(12), 10)), Some(vec![13, 14]));
        assert_eq!(sequences(kept.after(at(14), 10)), Some(Vec::new()));
        assert_eq!(sequences(kept.after(at(9), 10)), None, "who is behind reads the table");
    }

    #[test]
    fn what_is_kept_has_a_bound_and_no_hole() {
        let mut kept = Kept::default();
        let many = i64::try_from(KEPT).unwrap() + 300;
        (1..=many).for_each(|n| kept.add(Arc::new(event(n))));
        assert_eq!((kept.events.len(), kept.from, kept.to), (KEPT, at(300), at(many)));
        assert_eq!(sequences(kept.after(at(299), 1)), None);
        assert_eq!(sequences(kept.after(at(300), 1)), Some(vec![301]));
    }
}
