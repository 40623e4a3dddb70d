//! One active runner per subscription across processes.
//!
//! A lease is a row's `lease_holder` until `lease_until`, by the database's clock, renewed several times within its
//! span. When its holder dies it runs out and another process takes it. A lease alone cannot stop a holder that was
//! frozen and wakes up late: moving a checkpoint checks the holder again, in the handler's own transaction. A lease
//! rather than a session's advisory lock, because it also works behind a pooler that shares sessions.

use std::collections::HashSet;
use std::time::Duration;

use sqlx::{ConnectOptions, Connection, PgPool};
use tokio::time::timeout;
use uuid::Uuid;

use crate::subscription::Subscription;

/// How long a lease lasts without renewal.
pub(crate) const SPAN: Duration = Duration::from_secs(3);
/// How often leases are renewed and free ones looked for: a dead holder's work moves within SPAN + EVERY.
pub(crate) const EVERY: Duration = Duration::from_millis(750);
/// How long giving the leases back may take, each of two times: then they run out anyway.
const RELEASE_WITHIN: Duration = Duration::from_millis(1500);

/// Makes the subscription known. An existing one keeps its checkpoint, and the families that another program declared: while
/// both run, either may hold the lease.
pub(crate) async fn declare(pool: &PgPool, subscription: &Subscription) -> Result<(), sqlx::Error> {
    let consumes: Option<Vec<String>> =
        subscription.consumes().map(|families| families.iter().map(|family| family.name.to_owned()).collect());
    sqlx::query!(
        "insert into event_bus.subscription (name, follows, consumes, projects) values ($1, $2, $3, $4)
        on conflict (name) do update
            set follows = excluded.follows, projects = excluded.projects,
                consumes = case when excluded.consumes is not null then
                    (select array_agg(distinct family) from unnest(subscription.consumes || excluded.consumes) family)
                end
            where subscription.consumes is null or excluded.consumes is null
                or not subscription.consumes @> excluded.consumes
                or (subscription.follows, subscription.projects)
                    is distinct from (excluded.follows, excluded.projects)",
        subscription.name(),
        subscription.follows,
        consumes as Option<Vec<String>>,
        subscription.projects(),
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// What a look at the leases has found.
#[derive(Debug, Default)]
pub(crate) struct Leases {
    /// What the holder has now.
    pub held: HashSet<String>,
    /// Other processes that have not renewed what they had.
    pub expired: Vec<Uuid>,
}

/// Renews what `holder` has and takes what is free among `names`. A follower goes to whoever runs its leader, so that
/// the one can wake the other in memory. Rows of others that are locked are passed over: a holder frozen between
/// moving its checkpoint and its commit must not keep anybody from renewing the rest.
pub(crate) async fn renew(pool: &PgPool, holder: Uuid, names: &[String]) -> Result<Leases, sqlx::Error> {
    let rows = sqlx::query!(
        "with free as (
            select name from event_bus.subscription
            where name = any($2) and lease_holder is distinct from $1
                and (lease_until is null or lease_until <= now())
            for update skip locked
        ), leaders as (
            update event_bus.subscription
            set lease_holder = $1, lease_until = now() + make_interval(secs => $3)
            where name = any($2) and follows is null
                and (lease_holder = $1 or name in (select name from free))
            returning name
        ), followers as (
            update event_bus.subscription
            set lease_holder = $1, lease_until = now() + make_interval(secs => $3)
            where name = any($2) and follows in (select name from leaders)
                and (lease_holder = $1 or name in (select name from free))
            returning name
        )
        select name, null::uuid as expired from leaders
        union all select name, null from followers
        union all select distinct null, lease_holder from event_bus.subscription
            where name = any($2) and lease_holder <> $1 and lease_until <= now()",
        holder,
        names,
        SPAN.as_secs_f64(),
    )
    .fetch_all(pool)
    .await?;
    let mut leases = Leases::default();
    for row in rows {
        leases.held.extend(row.name);
        leases.expired.extend(row.expired);
    }
    Ok(leases)
}

/// Gives everything back at once, so that another process need not wait for the leases to run out. On a connection of its
/// own, and twice if need be: at a stop those of the pool may be in the hands of work that was cut short.
pub(crate) async fn release(pool: &PgPool, holder: Uuid) -> Result<(), sqlx::Error> {
    let mut outcome = Ok(());
    for _ in 0..2 {
        outcome = timeout(RELEASE_WITHIN, release_once(pool, holder)).await.unwrap_or(Err(sqlx::Error::PoolTimedOut));
        if outcome.is_ok() {
            break;
        }
    }
    outcome
}

async fn release_once(pool: &PgPool, holder: Uuid) -> Result<(), sqlx::Error> {
    let mut connection = pool.connect_options().connect().await?;
    sqlx::query!(
        "with imports as (
            update event_bus.source set lease_holder = null, lease_until = now() where lease_holder = $1
        )
        update event_bus.subscription set lease_holder = null, lease_until = now() where lease_holder = $1",
        holder,
    )
    .execute(&mut connection)
    .await?;
    connection.close().await
}
