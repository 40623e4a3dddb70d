//! Noticing that events are hidden, and naming the session that hides them.
//!
//! A transaction that stays open in Folkshelf's own database, once it has written, holds the horizon back (`log.rs`):
//! what is committed after it reaches nobody until it ends. Time-outs end it sooner or later; until then an operator
//! wants to know which session it is.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sqlx::PgPool;
use tokio::time::{Instant, MissedTickBehavior};

use crate::metrics;

/// How often the horizon is compared with what is committed.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Events hidden for so long are worth an operator's look.
const LONG: Duration = Duration::from_secs(5);
/// How often the log repeats who hides them.
const REPEAT: Duration = Duration::from_secs(60);
/// So many sessions are named at most.
const NAMED: i64 = 5;

/// Events are committed, and an open transaction has hidden them from every subscription for more than 5 s.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hidden {
    pub duration: Duration,
    /// The sessions whose transactions began before the oldest hidden event; empty where the server shows none.
    pub by: Vec<Holder>,
}

/// A session with an open transaction, as `pg_stat_activity` shows it to every role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    pub pid: i32,
    pub role: String,
    pub application: String,
    pub database: String,
    /// The transaction's id, as PostgreSQL's views show it.
    pub transaction: String,
}

#[derive(Default)]
pub(crate) struct Watch(Mutex<Seen>);

#[derive(Default)]
struct Seen {
    /// The transaction of an event that was hidden when we first looked, and when that was.
    oldest: Option<(i64, Instant)>,
    by: Vec<Holder>,
}

impl Seen {
    /// `hidden` is the transaction of the oldest event at or above the horizon.
    fn look(&mut self, horizon: i64, hidden: Option<i64>, now: Instant) {
        match (self.oldest, hidden) {
            // An event of an older transaction may have been committed since; ours is still hidden.
            (Some((transaction, _)), Some(_)) if transaction >= horizon => {}
            (_, hidden) => *self = Self { oldest: hidden.map(|transaction| (transaction, now)), by: Vec::new() },
        }
    }
}

impl Watch {
    /// `None` while nothing has been hidden for long.
    pub fn hidden(&self) -> Option<Hidden> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let duration = seen.oldest?.1.elapsed();
        (duration >= LONG).then(|| Hidden { duration, by: seen.by.clone() })
    }

    /// Looks for hidden events. Never ends.
    pub async fn run(&self, pool: &PgPool) {
        let mut every = tokio::time::interval(LOOK_EVERY);
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut told: Option<Instant> = None;
        loop {
            every.tick().await;
            if let Err(error) = self.look(pool).await {
                tracing::debug!(%error, "the horizon was not looked at");
                continue;
            }
            let Some(hidden) = self.hidden() else {
                if told.take().is_some() {
                    tracing::info!("events visible again");
                }
                continue;
            };
            if told.is_none_or(|at| at.elapsed() >= REPEAT) {
                told = Some(Instant::now());
                tell(&hidden);
            }
        }
    }

    async fn look(&self, pool: &PgPool) -> Result<(), sqlx::Error> {
        let now = sqlx::query!(
            r#"with now as materialized (select event_bus.horizon() as horizon)
            select horizon::text::bigint as "horizon!", (
                select transaction_id::text::bigint from event_bus.log
                where transaction_id >= now.horizon
                order by log.transaction_id, log.position limit 1
            ) as hidden
            from now"#
        )
        .fetch_one(pool)
        .await?;
        let oldest = {
            let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            seen.look(now.horizon, now.hidden, Instant::now());
            seen.oldest
        };
        let duration = oldest.map_or(Duration::ZERO, |(_, since)| since.elapsed());
        metrics::HIDDEN_SECONDS.set(duration.as_secs_f64());
        if let Some((transaction, _)) = oldest
            && duration >= LONG
        {
            let by = holders(pool, transaction).await?;
            self.0.lock().unwrap_or_else(PoisonError::into_inner).by = by;
        }
        Ok(())
    }
}

/// The sessions of this database whose transactions are older than `transaction`.
async fn holders(pool: &PgPool, transaction: i64) -> Result<Vec<Holder>, sqlx::Error> {
    sqlx::query_as!(
        Holder,
        r#"select pid as "pid!", coalesce(usename, '') as "role!", coalesce(application_name, '') as "application!",
            coalesce(datname, '') as "database!", backend_xid::text as "transaction!"
        from pg_stat_activity
        where backend_xid is not null and (datname is null or datname = current_database())
            and age(backend_xid) > age($1::bigint::text::xid8::xid)
        order by age(backend_xid) desc limit $2"#,
        transaction,
        NAMED,
    )
    .fetch_all(pool)
    .await
}

fn tell(hidden: &Hidden) {
    let seconds = hidden.duration.as_secs();
    if hidden.by.is_empty() {
        tracing::warn!(seconds, "events hidden by an open transaction of a session that this role may not see");
    }
    for Holder { pid, role, application, database, transaction } in &hidden.by {
        tracing::warn!(
            seconds,
            pid,
            role,
            application,
            database,
            transaction,
            "events hidden by an open transaction; end it, or this session with pg_terminate_backend(pid)"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_hidden_from_when_it_was_first_seen_until_the_horizon_passes_it() {
        let begun = Instant::now();
        let after = |seconds| begun + Duration::from_secs(seconds);
        let mut seen = Seen::default();
        seen.look(5, None, begun);
        assert_eq!(seen.oldest, None);
        seen.look(5, Some(7), after(1));
        // A transaction that began before it has committed after it.
        seen.look(5, Some(6), after(2));
        seen.look(6, Some(6), after(3));
        assert_eq!(seen.oldest, Some((7, after(1))));
        // The horizon moves: another event is hidden now, and not for long.
        seen.look(8, Some(9), after(4));
        assert_eq!(seen.oldest, Some((9, after(4))));
        seen.look(12, None, after(5));
        assert_eq!(seen.oldest, None);
    }
}
