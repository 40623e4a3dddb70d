//! How far subscriptions have come, and waiting for it. Our own runners report in memory; those of other processes are
//! seen in the table, and looked for only while somebody waits.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use kernel::Position;
use sqlx::PgPool;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;
use tokio::time::Instant;

/// How often the table is read while somebody waits for subscriptions of another process.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// How long the table is waited for at least.
const FIRST_LOOK: Duration = Duration::from_millis(500);

/// Whether every subscription that runs anywhere has handled an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    Yes,
    /// Not in time, or nobody runs any.
    NotYet,
    /// The database is away, and we have not seen it ourselves.
    Unknown,
}

/// Which subscriptions are waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    All,
    /// Those whose effect is in PostgreSQL.
    Appliers,
}

#[derive(Default)]
pub(crate) struct Progress {
    ours: Mutex<HashMap<&'static str, Position>>,
    /// How far each subscription had come when we last ran it: stays true when it runs elsewhere, or nowhere.
    seen: Mutex<HashMap<&'static str, Position>>,
    /// Subscriptions whose effect is elsewhere than in PostgreSQL.
    projecting: Mutex<HashSet<&'static str>>,
    moved: Notify,
}

impl Progress {
    /// The effect of this subscription is elsewhere than in PostgreSQL.
    pub fn projects(&self, name: &'static str) {
        self.projecting.lock().unwrap_or_else(PoisonError::into_inner).insert(name);
    }

    /// One of our runners handled everything up to `position`.
    pub fn reached(&self, name: &'static str, position: Position) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.entry(name).and_modify(|furthest| *furthest = position.max(*furthest)).or_insert(position);
        drop(seen);
        let before = self.ours.lock().unwrap_or_else(PoisonError::into_inner).insert(name, position);
        // A runner that reads its checkpoint again has not moved: it must not wake itself, nor the others, in a circle.
        if before != Some(position) {
            self.moved.notify_waiters();
        }
    }

    /// One of our subscriptions runs elsewhere now.
    pub fn forget(&self, name: &'static str) {
        if self.ours.lock().unwrap_or_else(PoisonError::into_inner).remove(name).is_some() {
            self.moved.notify_waiters();
        }
    }

    /// Resolves at the next move of any of our subscriptions, also one between this call and the first poll.
    pub fn moved(&self) -> Notified<'_> {
        self.moved.notified()
    }

    fn ours(&self, name: &str) -> Option<Position> {
        self.ours.lock().unwrap_or_else(PoisonError::into_inner).get(name).copied()
    }

    /// Whether this process has run subscriptions, and seen each of them handle the event at `position`.
    fn seen_past(&self, position: Position) -> bool {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        !seen.is_empty() && seen.values().all(|reached| *reached >= position)
    }

    /// Waits until the subscriptions that run anywhere have handled the event at `position`, at most `within`.
    pub async fn heard(&self, pool: &PgPool, who: Who, position: Position, within: Duration) -> Heard {
        let deadline = Instant::now() + within;
        // A short wait is for the subscriptions; a busy database is given longer to say how far they are.
        let Ok(Ok(mut behind)) = tokio::time::timeout(within.max(FIRST_LOOK), running(pool)).await else {
            // The database is away: what our own runners have handled, they have handled.
            return if self.seen_past(position) { Heard::Yes } else { Heard::Unknown };
        };
        if behind.is_empty() {
            return Heard::NotYet;
        }
        if who == Who::Appliers {
            let projecting = self.projecting.lock().unwrap_or_else(PoisonError::into_inner);
            behind.retain(|name, _| !projecting.contains(name.as_str()));
        }
        loop {
            let moved = self.moved.notified();
            tokio::pin!(moved);
            moved.as_mut().enable();
            behind.retain(|name, seen| self.ours(name).unwrap_or(*seen).max(*seen) < position);
            if behind.is_empty() {
                return Heard::Yes;
            }
            if Instant::now() >= deadline {
                return Heard::NotYet;
            }
            let elsewhere = behind.keys().any(|name| self.ours(name).is_none());
            let look_at = if elsewhere { deadline.min(Instant::now() + LOOK_EVERY) } else { deadline };
            if tokio::time::timeout_at(look_at, moved).await.is_err() && elsewhere {
                match tokio::time::timeout_at(deadline, running(pool)).await {
                    Ok(Ok(seen)) => behind.retain(|name, at| seen.get(name).inspect(|now| *at = **now).is_some()),
                    Ok(Err(_)) => return Heard::Unknown,
                    Err(_) => return Heard::NotYet,
                }
            }
        }
    }
}

/// Every subscription that some process has run within the last minute, with its checkpoint: one whose holder died or
/// was stopped for an upgrade is waited for, one that nobody has any more is not.
async fn running(pool: &PgPool) -> Result<HashMap<String, Position>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select name, transaction_id::text::bigint as "transaction_id!", position from event_bus.subscription
        where lease_until > now() - interval '1 minute'"#
    )
    .fetch_all(pool)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.name, Position { transaction: row.transaction_id, sequence: row.position }))
        .collect())
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn what_has_not_moved_wakes_nobody() {
        let progress = Progress::default();
        let position = Position { transaction: 7, sequence: 1 };
        let nothing_held = progress.moved();
        progress.forget("books.view");
        assert_eq!(nothing_held.now_or_never(), None);

        let first = progress.moved();
        progress.reached("books.view", position);
        assert_eq!(first.now_or_never(), Some(()));
        let again = progress.moved();
        progress.reached("books.view", position);
        assert_eq!(again.now_or_never(), None);
    }
}
