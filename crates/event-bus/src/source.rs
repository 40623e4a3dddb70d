//! The row of each context whose events this log imports: its cursor, its lease, and what is wrong with it.

use std::collections::HashSet;

use kernel::{EventId, Position};
use sqlx::{PgPool, Postgres, Transaction};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::bus::EventBus;
use crate::log::Recorded;
use crate::told::Arrived;
use crate::{fault, lease};

/// How far the events of a context are here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Arrival {
    /// Where the last imported one stands in its owner's log …
    pub there: Position,
    /// … and in ours.
    pub here: Position,
}

/// An import as operators see it.
#[derive(Debug, Clone)]
pub struct SourceStatus {
    pub context: String,
    /// The last event that was imported.
    pub cursor: Option<EventId>,
    /// Seconds since everything that the owner had was here; 0 while it is.
    pub lag_seconds: f64,
    /// When the owner last answered.
    pub heard_at: Option<OffsetDateTime>,
    /// Whether some process runs the import now.
    pub running: bool,
    /// What is wrong now, and since when.
    pub last_error: Option<String>,
    pub last_error_at: Option<OffsetDateTime>,
}

/// How often a context is given up while somebody is appending for long.
const TRIES: u32 = 5;

/// From now on the events of `context` are another database's.
pub(crate) async fn declare(pool: &PgPool, context: &str) -> Result<(), sqlx::Error> {
    let mut tries = 1;
    loop {
        match sqlx::query!("select event_bus.import_from_elsewhere($1)", context).execute(pool).await {
            Ok(_) => return Ok(()),
            Err(error) if fault::unavailable(&error) && tries < TRIES => tries += 1,
            Err(error) => return Err(error),
        }
    }
}

/// Contexts that this database imports.
pub(crate) async fn contexts(pool: &PgPool) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!("select context from event_bus.source order by context").fetch_all(pool).await
}

/// The names of the events of a context.
pub(crate) async fn names(pool: &PgPool, context: &str) -> Result<HashSet<String>, sqlx::Error> {
    let names =
        sqlx::query_scalar!("select event from event_bus.published where role = 'folkshelf_' || $1::text", context);
    Ok(names.fetch_all(pool).await?.into_iter().collect())
}

/// Renews the imports that `holder` runs and takes over those that nobody runs.
pub(crate) async fn renew(pool: &PgPool, holder: Uuid, contexts: &[String]) -> Result<HashSet<String>, sqlx::Error> {
    let held = sqlx::query_scalar!(
        "with free as (
            select context from event_bus.source
            where context = any($2) and (lease_holder = $1 or lease_until is null or lease_until <= now())
            for update skip locked
        )
        update event_bus.source set lease_holder = $1, lease_until = now() + make_interval(secs => $3)
        from free where source.context = free.context returning source.context",
        holder,
        contexts,
        lease::SPAN.as_secs_f64(),
    );
    Ok(held.fetch_all(pool).await?.into_iter().collect())
}

pub(crate) async fn cursor(pool: &PgPool, context: &str) -> Result<Option<EventId>, sqlx::Error> {
    let cursor = sqlx::query_scalar!("select last_event from event_bus.source where context = $1", context);
    Ok(cursor.fetch_one(pool).await?.map(EventId::from))
}

/// Which of these events are in the log.
pub(crate) async fn known(pool: &PgPool, ids: &[Uuid]) -> Result<HashSet<EventId>, sqlx::Error> {
    let known = sqlx::query_scalar!("select id from event_bus.log where id = any($1)", ids);
    Ok(known.fetch_all(pool).await?.into_iter().map(EventId::from).collect())
}

/// Rows of events, as they come from elsewhere.
pub(crate) async fn insert(tx: &mut Transaction<'_, Postgres>, events: &[&Recorded]) -> Result<(), sqlx::Error> {
    let (mut ids, mut names, mut versions, mut types) = (vec![], vec![], vec![], vec![]);
    let (mut aggregates, mut aggregate_versions, mut payloads) = (vec![], vec![], vec![]);
    let (mut actors, mut traces, mut moments) = (vec![], vec![], vec![]);
    for event in events {
        ids.push(event.id.uuid());
        names.push(event.name.clone());
        versions.push(event.version);
        types.push(event.aggregate_type.clone());
        aggregates.push(event.aggregate_id);
        aggregate_versions.push(event.aggregate_version);
        payloads.push(event.payload.clone());
        actors.push(serde_json::to_value(&event.actor).map_err(|error| sqlx::Error::Encode(Box::new(error)))?);
        traces.push(event.trace.clone());
        moments.push(event.occurred_at);
    }
    sqlx::query!(
        "insert into event_bus.log
            (id, name, version, aggregate_type, aggregate_id, aggregate_version, payload, actor, trace, occurred_at)
        select e.id, e.name, e.version, e.aggregate_type, e.aggregate_id, e.aggregate_version, e.payload, e.actor,
            e.trace, e.occurred_at
        from unnest($1::uuid[], $2::text[], $3::smallint[], $4::text[], $5::uuid[], $6::bigint[], $7::jsonb[],
                $8::jsonb[], $9::text[], $10::timestamptz[])
            with ordinality as e
                (id, name, version, aggregate_type, aggregate_id, aggregate_version, payload, actor, trace, occurred_at, nth)
        order by e.nth
        on conflict (id) do nothing",
        &ids,
        &names,
        &versions,
        &types,
        &aggregates,
        &aggregate_versions,
        &payloads,
        &actors,
        &traces as &[Option<String>],
        &moments,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Moves the cursor in the transaction of the rows, and tells it with the commit. `None`: somebody else runs the import now,
/// or has moved the cursor; the rows must be undone.
pub(crate) async fn advance(
    tx: &mut Transaction<'_, Postgres>,
    holder: Uuid,
    context: &str,
    from: Option<EventId>,
    to: &Recorded,
    is_level: bool,
) -> Result<Option<Arrival>, sqlx::Error> {
    let moved = sqlx::query!(
        r#"update event_bus.source
        set last_event = $4, transaction_id = $5, position = $6,
            local_transaction = log.transaction_id, local_position = log.position,
            heard_at = now(), level_at = case when $7 then now() else level_at end,
            last_error = null, last_error_at = null
        from event_bus.log
        where log.id = $4 and source.context = $1 and lease_holder = $2 and last_event is not distinct from $3::uuid
        returning local_transaction::text::bigint as "transaction!", local_position as "position!""#,
        context,
        holder,
        from.map(EventId::uuid),
        to.id.uuid(),
        to.position.transaction,
        to.position.sequence,
        is_level,
    )
    .fetch_optional(&mut **tx)
    .await?;
    let Some(moved) = moved else { return Ok(None) };
    let here = Position { transaction: moved.transaction, sequence: moved.position };
    let arrival = Arrival { there: to.position, here };
    let told = Arrived::told(context, arrival);
    sqlx::query!("select pg_notify('event_bus_log', $1)", told).execute(&mut **tx).await?;
    Ok(Some(arrival))
}

/// The owner has answered, and has nothing more. `false`: as for [`advance`].
pub(crate) async fn level(
    pool: &PgPool,
    holder: Uuid,
    context: &str,
    at: Option<EventId>,
) -> Result<bool, sqlx::Error> {
    let written = sqlx::query!(
        "update event_bus.source set heard_at = now(), level_at = now(), last_error = null, last_error_at = null
        where context = $1 and lease_holder = $2 and last_event is not distinct from $3::uuid",
        context,
        holder,
        at.map(EventId::uuid),
    )
    .execute(pool)
    .await?;
    Ok(written.rows_affected() == 1)
}

pub(crate) async fn remember_error(pool: &PgPool, holder: Uuid, context: &str, error: &str) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update event_bus.source set last_error = $3, last_error_at = coalesce(last_error_at, now())
        where context = $1 and lease_holder = $2",
        context,
        holder,
        error,
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// How far the import of a context is, and whether it has failed for more than a second. `None`: the context is of this
/// database.
pub(crate) async fn arrival(pool: &PgPool, context: &str) -> Result<Option<(Arrival, bool)>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select coalesce(transaction_id, 0) as "there_transaction!", coalesce(position, 0) as "there_position!",
            coalesce(local_transaction::text::bigint, 0) as "here_transaction!",
            coalesce(local_position, 0) as "here_position!",
            coalesce(last_error_at < now() - interval '1 second', false) as "failing!"
        from event_bus.source where context = $1"#,
        context,
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(|row| {
        let there = Position { transaction: row.there_transaction, sequence: row.there_position };
        let here = Position { transaction: row.here_transaction, sequence: row.here_position };
        (Arrival { there, here }, row.failing)
    }))
}

impl EventBus {
    /// The contexts that this database imports.
    pub async fn sources(&self) -> Result<Vec<SourceStatus>, sqlx::Error> {
        // An owner without news answers every few seconds.
        let rows = sqlx::query!(
            r#"select context, last_event, heard_at,
                case when level_at >= heard_at and heard_at > now() - interval '8 seconds' then 0
                    else extract(epoch from now() - level_at)::float8 end as "lag_seconds!",
                coalesce(lease_until > now(), false) as "running!", last_error, last_error_at
            from event_bus.source order by context"#
        )
        .fetch_all(&self.inner.database)
        .await?;
        let statuses = rows.into_iter().map(|row| SourceStatus {
            context: row.context,
            cursor: row.last_event.map(EventId::from),
            lag_seconds: row.lag_seconds,
            heard_at: row.heard_at,
            running: row.running,
            last_error: row.last_error,
            last_error_at: row.last_error_at,
        });
        Ok(statuses.collect())
    }

    /// Has the events of a context imported from the beginning again: those that are here are passed over. For an operator,
    /// when the owner does not know the cursor any more. `false`: there is no such source.
    pub async fn reset_source(&self, context: &str) -> Result<bool, sqlx::Error> {
        let reset = sqlx::query!(
            "update event_bus.source
            set last_event = null, transaction_id = null, position = null, local_transaction = null,
                local_position = null, level_at = now(), last_error = null, last_error_at = null
            where context = $1",
            context,
        )
        .execute(&self.inner.database)
        .await?;
        Ok(reset.rows_affected() == 1)
    }
}
