//! How late the views of each context are, by this process's own clock.
//!
//! Once a second the end of the log is noted. A context is as late as the oldest note that its subscriptions have not
//! passed. The end includes what the horizon hides: PostgreSQL shows that, and the views do not.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use kernel::Position;
use tokio::time::{Instant, MissedTickBehavior};

use crate::bus::{EventBus, Inner};
use crate::scope::Scope;
use crate::{log, metrics};

const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Views later than this are worth an operator's look, and reads do not rely on them.
const LATE: Duration = Duration::from_secs(5);
/// So many notes are kept; of more, the oldest and the newest.
const NOTES: usize = 300;

#[derive(Default)]
pub(crate) struct Lateness {
    any: AtomicBool,
    /// Since when each context has not passed something; only of those that are late.
    since: RwLock<BTreeMap<String, Instant>>,
}

/// What the end of the log was, and when.
#[derive(Default)]
struct Notes(VecDeque<(Instant, Position)>);

impl Notes {
    fn add(&mut self, now: Instant, end: Position) {
        if self.0.back().is_some_and(|(_, last)| end <= *last) {
            return;
        }
        if self.0.len() >= NOTES {
            self.0.remove(1);
        }
        self.0.push_back((now, end));
    }

    /// Since when `passed` is not true of something.
    fn behind_since(&self, passed: impl Fn(Position) -> bool) -> Option<Instant> {
        self.0.iter().find(|(_, end)| !passed(*end)).map(|(at, _)| *at)
    }

    fn forget(&mut self, passed: impl Fn(Position) -> bool) {
        while self.0.front().is_some_and(|(_, end)| passed(*end)) {
            self.0.pop_front();
        }
    }
}

impl Lateness {
    fn is_late(&self, context: &str) -> bool {
        self.any.load(Ordering::Acquire)
            && self.since.read().unwrap_or_else(PoisonError::into_inner).contains_key(context)
    }

    fn late(&self) -> BTreeMap<String, Duration> {
        let since = self.since.read().unwrap_or_else(PoisonError::into_inner);
        since.iter().map(|(context, since)| (context.clone(), since.elapsed())).collect()
    }

    fn set(&self, late: BTreeMap<String, Instant>) {
        let mut since = self.since.write().unwrap_or_else(PoisonError::into_inner);
        for (context, at) in late.iter().filter(|(context, _)| !since.contains_key(*context)) {
            let seconds = at.elapsed().as_secs();
            tracing::warn!(context, seconds, "views are late; reads ask PostgreSQL");
        }
        for context in since.keys().filter(|context| !late.contains_key(*context)) {
            tracing::info!(context, "views have caught up");
        }
        self.any.store(!late.is_empty(), Ordering::Release);
        *since = late;
    }
}

/// Looks how late the contexts of these subscriptions are. Never ends.
pub(crate) async fn watch(bus: &Inner, subscriptions: &[String]) {
    let contexts: BTreeSet<&str> = subscriptions.iter().filter_map(|name| name.split('.').next()).collect();
    let mut notes = Notes::default();
    let mut every = tokio::time::interval(LOOK_EVERY);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        let Ok(Ok(end)) = tokio::time::timeout(LOOK_EVERY, log::latest(&bus.pool)).await else { continue };
        let now = Instant::now();
        notes.add(now, end);
        let mut late = BTreeMap::new();
        for context in &contexts {
            let since = notes.behind_since(|end| bus.progress.has_passed(end, Scope::Context(context)));
            let duration = since.map_or(Duration::ZERO, |since| now - since);
            metrics::VIEWS_LATE_SECONDS.with_label_values(&[context]).set(duration.as_secs_f64());
            if let Some(since) = since.filter(|_| duration >= LATE) {
                late.insert((*context).to_owned(), since);
            }
        }
        notes.forget(|end| contexts.iter().all(|context| bus.progress.has_passed(end, Scope::Context(context))));
        bus.lateness.set(late);
    }
}

impl EventBus {
    /// Whether the views of `context` are more than 5 s late, as far as this process has looked.
    pub fn is_late(&self, context: &str) -> bool {
        self.inner.lateness.is_late(context)
    }

    /// The contexts whose views are more than 5 s late, and by how much.
    pub fn late_views(&self) -> BTreeMap<String, Duration> {
        self.inner.lateness.late()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(sequence: i64) -> Position {
        Position { transaction: 7, sequence }
    }

    #[test]
    fn a_context_is_as_late_as_the_oldest_end_that_it_has_not_passed() {
        let begun = Instant::now();
        let after = |seconds| begun + Duration::from_secs(seconds);
        let mut notes = Notes::default();
        for second in 0..5 {
            notes.add(after(second), at(if second < 2 { 1 } else { 2 }));
        }
        assert_eq!(notes.behind_since(|end| end < at(1)), Some(begun));
        assert_eq!(notes.behind_since(|end| end <= at(1)), Some(after(2)));
        assert_eq!(notes.behind_since(|end| end <= at(2)), None);
        notes.forget(|end| end <= at(1));
        assert_eq!(notes.0.len(), 1);
    }

    #[test]
    fn of_too_many_notes_the_oldest_and_the_newest_stay() {
        let begun = Instant::now();
        let mut notes = Notes::default();
        for n in 0..1_000_i64 {
            notes.add(begun + Duration::from_secs(n.unsigned_abs()), at(n));
        }
        assert_eq!((notes.0.len(), notes.0[0].1, notes.0[NOTES - 1].1), (NOTES, at(0), at(999)));
    }
}
