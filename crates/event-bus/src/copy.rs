//! How far a standby's copy of the log is: asked all the time, so that a read knows at once whether it may look there.
//!
//! What counts is the newest event below the horizon of the standby's own snapshot (`log.rs`): everything before it is there
//! too, also what was committed late. A standby's horizon is its oldest running transaction, of any database of the server: a
//! long one sends those to the primary who need something newer.
//!
//! The copy is as late as the oldest event is old that this process has read on the primary and the copy lacks. A log in
//! which nothing happens is never late.

use std::collections::VecDeque;
use std::sync::LazyLock;
use std::time::Duration;

use database::Replica;
use kernel::Position;
use prometheus::{Gauge, IntGauge, register_gauge, register_int_gauge};
use sqlx::postgres::PgConnection;
use tokio::time::{Instant, MissedTickBehavior, timeout};

use crate::bus::EventBus;
use crate::log;

/// How often the standby is asked.
const EVERY: Duration = Duration::from_millis(100);
/// How long it may take to answer; then nobody reads there.
const WITHIN: Duration = Duration::from_millis(500);
/// How long until it is asked again when it did not answer.
const AGAIN_AFTER: Duration = Duration::from_secs(1);
/// A copy that is later than this is not read.
const LATEST: Duration = Duration::from_secs(5);
/// What was read on the primary is remembered so often at most.
const MOST_REMEMBERED: usize = 128;

static USED: LazyLock<IntGauge> = LazyLock::new(|| {
    register_int_gauge!("database_replica_used", "1 while reads may go to the replica, else 0.")
        .expect("registered once")
});
static LAG_SECONDS: LazyLock<Gauge> = LazyLock::new(|| {
    register_gauge!(
        "database_replica_lag_seconds",
        "Age of the oldest event that this host has read on the primary and the replica lacks; 0: none."
    )
    .expect("registered once")
});
static LAG_EVENTS: LazyLock<IntGauge> = LazyLock::new(|| {
    register_int_gauge!("database_replica_lag_events", "Positions of the log by which the replica is behind.")
        .expect("registered once")
});

/// How late the copy is.
#[derive(Default)]
struct Lateness {
    /// Up to where the primary's log was read, and when; oldest first.
    read: VecDeque<(Position, Instant)>,
}

impl Lateness {
    fn read_to(&mut self, position: Position, now: Instant) {
        // When it is full the newest can be missed: how late the copy is, the oldest tells.
        if self.read.len() < MOST_REMEMBERED && self.read.back().is_none_or(|(last, _)| *last < position) {
            self.read.push_back((position, now));
        }
    }

    fn of(&mut self, reached: Position, now: Instant) -> Duration {
        while self.read.front().is_some_and(|(position, _)| *position <= reached) {
            self.read.pop_front();
        }
        self.oldest(now)
    }

    fn oldest(&self, now: Instant) -> Duration {
        self.read.front().map_or(Duration::ZERO, |(_, read)| now.saturating_duration_since(*read))
    }
}

impl EventBus {
    /// Tells `replica` how far its copy of the log is, again and again. Never ends.
    pub async fn watch_replica(&self, replica: Replica) {
        let mut every = tokio::time::interval(EVERY);
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut lateness, mut held, mut used) = (Lateness::default(), None, true);
        loop {
            every.tick().await;
            let read_to = self.read_to();
            lateness.read_to(read_to, Instant::now());
            let outcome = timeout(WITHIN, look(&replica, &mut held)).await;
            let (reached, late, trouble) = match outcome.unwrap_or(Err(sqlx::Error::PoolTimedOut)) {
                Ok(Some(reached)) => {
                    (Some(reached), lateness.of(reached, Instant::now()), "it is too far behind".to_owned())
                }
                Ok(None) => (None, lateness.oldest(Instant::now()), "it is no standby".to_owned()),
                Err(error) => (None, lateness.oldest(Instant::now()), error.to_string()),
            };
            let usable = reached.filter(|_| late <= LATEST);
            replica.report(usable);
            LAG_SECONDS.set(late.as_secs_f64());
            if let Some(reached) = reached {
                LAG_EVENTS.set((read_to.sequence - reached.sequence).max(0));
            }
            USED.set(usable.is_some().into());
            match (used, usable) {
                (true, None) => tracing::warn!(trouble, "replica not used; the primary answers"),
                (false, Some(_)) => tracing::info!("replica used"),
                _ => {}
            }
            used = usable.is_some();
            if reached.is_none() {
                held = None;
                tokio::time::sleep(AGAIN_AFTER).await;
            }
        }
    }
}

/// The newest event of the copy; `None`: the server is no standby.
async fn look(replica: &Replica, held: &mut Option<PgConnection>) -> Result<Option<Position>, sqlx::Error> {
    // Taken: a connection that did not answer in time is not asked again.
    let mut connection = match held.take() {
        Some(connection) => connection,
        None => replica.connect().await?,
    };
    // It may have been promoted since.
    if !Replica::follows(&mut connection).await? {
        return Ok(None);
    }
    let reached = log::head(&mut connection).await?;
    *held = Some(connection);
    Ok(Some(reached))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_as_late_as_the_oldest_event_that_it_lacks() {
        let at = |transaction| Position { transaction, sequence: transaction };
        let begun = Instant::now();
        let after = |seconds| begun + Duration::from_secs(seconds);
        let mut lateness = Lateness::default();
        lateness.read_to(at(1), begun);
        lateness.read_to(at(1), after(1));
        lateness.read_to(at(5), after(2));
        assert_eq!(lateness.of(at(0), after(3)), Duration::from_secs(3));
        assert_eq!(lateness.of(at(4), after(3)), Duration::from_secs(1));
        assert_eq!(lateness.of(at(5), after(9)), Duration::ZERO);
        for transaction in 6..500 {
            lateness.read_to(at(transaction), after(10));
        }
        assert_eq!((lateness.read.len(), lateness.of(at(5), after(12))), (MOST_REMEMBERED, Duration::from_secs(2)));
    }
}
