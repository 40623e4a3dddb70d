//! The sessions of a process in PostgreSQL, and ending those of one that is frozen.
//!
//! A process that is stopped or cut off inside a transaction holds back the log's horizon, and its locks. PostgreSQL ends
//! an idle transaction by itself after 5 s (`provision` sets that on the roles). A session that waits for its client in the
//! middle of a message is not idle, so whoever takes over the leases of a process also ends its sessions that wait. The
//! name of a session says whose it is. A role may end its own sessions and no others, so each context's pool does.

use std::collections::HashMap;
use std::time::Duration;

use sqlx::PgPool;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};
use uuid::Uuid;

use crate::lease;
use crate::subscription::{Subscription, Work};

/// A session that has waited for its process for so long is ended.
const WAITED: Duration = lease::SPAN;
/// How long sessions are looked for after a lease ran out: one may have begun to wait just before.
const LOOK_FOR: Duration = Duration::from_secs(10);

/// How a session of `process` is named, by the context whose role it has: PostgreSQL keeps 63 bytes of it.
pub fn session_name(context: &str, process: Uuid) -> String {
    format!("folkshelf {context} {}", process.simple())
}

/// The pools through which this process can end sessions: one of each role.
pub(crate) fn pools(bus: &PgPool, subscriptions: &[Subscription]) -> Vec<PgPool> {
    let mut pools = HashMap::new();
    let own = subscriptions.iter().filter_map(|subscription| match &subscription.work {
        Work::Apply(pool, _) => Some(pool),
        Work::Project(_) => None,
    });
    for pool in own.chain([bus]) {
        pools.insert(pool.connect_options().get_username().to_owned(), pool.clone());
    }
    pools.into_values().collect()
}

/// Ends the sessions of processes whose leases ran out, as they are told. Ends with the sender.
pub(crate) async fn end_waiting(pools: Vec<PgPool>, mut expired: mpsc::Receiver<Vec<Uuid>>) {
    let mut due: HashMap<Uuid, Instant> = HashMap::new();
    loop {
        // With nothing to look for, until there is.
        let wait = if due.is_empty() { Duration::MAX } else { lease::EVERY };
        match timeout(wait, expired.recv()).await {
            Ok(Some(processes)) => {
                for process in processes {
                    due.entry(process).or_insert_with(Instant::now);
                }
            }
            Ok(None) => return,
            Err(_) => {}
        }
        due.retain(|_, since| since.elapsed() < LOOK_FOR);
        for process in due.keys() {
            for pool in &pools {
                match end_waiting_sessions(pool, *process).await {
                    Ok(ended) if ended.is_empty() => {}
                    Ok(ended) => {
                        tracing::warn!(%process, pids = ?ended, "sessions ended: their process no longer renews its leases");
                    }
                    Err(error) => tracing::debug!(%error, %process, "could not look for sessions to end"),
                }
            }
        }
    }
}

/// Those of the pool's role that have waited for their client inside a transaction.
async fn end_waiting_sessions(pool: &PgPool, process: Uuid) -> Result<Vec<i32>, sqlx::Error> {
    let ended = sqlx::query_scalar!(
        // Materialized: nothing is ended before it is known to be one of those.
        r#"with waiting as materialized (
            select pid from pg_stat_activity
            where usename = current_user and application_name like '%' || $1::text
                and xact_start is not null and wait_event_type = 'Client'
                and state_change <= clock_timestamp() - make_interval(secs => $2)
        )
        select pid as "pid!" from waiting where pg_terminate_backend(pid)"#,
        process.simple().to_string(),
        WAITED.as_secs_f64(),
    );
    ended.fetch_all(pool).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sessions_name_fits_into_what_postgresql_keeps() {
        assert!(session_name("notifications", Uuid::nil()).len() <= 63);
    }
}
