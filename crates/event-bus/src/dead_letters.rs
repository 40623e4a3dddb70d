//! Events that a subscription could not handle after all its tries. The subscription went on; what is parked waits for
//! somebody to retry it, after a mend, or to drop it.

mod groups;

pub use groups::{DeadLetterGroup, GroupChange};
use kernel::EventId;
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::log::{Recorded, Row};
use crate::told::ASK;

/// An event that was parked.
#[derive(Debug, Clone)]
pub struct DeadLetter {
    pub id: Uuid,
    pub subscription: String,
    pub event_id: EventId,
    pub event_name: String,
    pub aggregate_type: String,
    pub aggregate_id: Uuid,
    /// The last try's error with its causes. For operators only.
    pub error: String,
    pub attempts: i32,
    pub parked_at: OffsetDateTime,
    pub retry_requested: bool,
}

pub(crate) async fn park(
    connection: &mut PgConnection,
    subscription: &str,
    event: &Recorded,
    error: &str,
    attempts: i32,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into event_bus.dead_letter (id, subscription, event_id, error, attempts, parked_at)
        values ($1, $2, $3, $4, $5, now())
        on conflict (subscription, event_id) do update
            set error = excluded.error, attempts = dead_letter.attempts + excluded.attempts,
                parked_at = now(), retry_requested_at = null",
        EventId::new(event.occurred_at).uuid(),
        subscription,
        event.id.uuid(),
        error,
        attempts,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The newest `limit` dead letters after skipping `offset`, and how many there are.
pub(crate) async fn list(pool: &PgPool, offset: i64, limit: i64) -> Result<(Vec<DeadLetter>, u64), sqlx::Error> {
    let rows = sqlx::query!(
        r#"select d.id, d.subscription, d.event_id, l.name, l.aggregate_type, l.aggregate_id, d.error, d.attempts,
            d.parked_at, d.retry_requested_at is not null as "retry_requested!"
        from event_bus.dead_letter d join event_bus.log l on l.id = d.event_id
        order by d.parked_at desc, d.id desc offset $1 limit $2"#,
        offset,
        limit,
    )
    .fetch_all(pool)
    .await?;
    let total =
        sqlx::query_scalar!(r#"select count(*) as "count!" from event_bus.dead_letter"#).fetch_one(pool).await?;
    let letters = rows
        .into_iter()
        .map(|row| DeadLetter {
            id: row.id,
            subscription: row.subscription,
            event_id: row.event_id.into(),
            event_name: row.name,
            aggregate_type: row.aggregate_type,
            aggregate_id: row.aggregate_id,
            error: row.error,
            attempts: row.attempts,
            parked_at: row.parked_at,
            retry_requested: row.retry_requested,
        })
        .collect();
    Ok((letters, u64::try_from(total).unwrap_or(0)))
}

/// Asks the subscription's runner, wherever it is, to try the event again. `false`: there is no such dead letter.
pub(crate) async fn request_retry(pool: &PgPool, id: Uuid) -> Result<bool, sqlx::Error> {
    let updated = sqlx::query!(
        "with asked as (
            update event_bus.dead_letter set retry_requested_at = now() where id = $1 returning id
        )
        select pg_notify('event_bus_log', $2) from asked",
        id,
        ASK,
    )
    .fetch_optional(pool)
    .await?;
    Ok(updated.is_some())
}

/// Forgets a dead letter: its event stays unhandled for that subscription. `false`: there is no such dead letter.
pub(crate) async fn drop_letter(pool: &PgPool, id: Uuid) -> Result<bool, sqlx::Error> {
    let deleted = sqlx::query!("delete from event_bus.dead_letter where id = $1", id).execute(pool).await?;
    Ok(deleted.rows_affected() == 1)
}

/// Forgets a dead letter in the transaction of the retry that succeeded, so that its effect happens once. `false`: it is
/// gone, or `holder` does not run the subscription any more; the retry must be undone.
pub(crate) async fn settle(connection: &mut PgConnection, id: Uuid, holder: Uuid) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(r#"select event_bus.settle_dead_letter($1, $2) as "settled!""#, id, holder,)
        .fetch_one(connection)
        .await
}

/// The oldest event of a subscription that somebody asked to retry.
pub(crate) async fn next_to_retry(pool: &PgPool, subscription: &str) -> Result<Option<(Uuid, Recorded)>, sqlx::Error> {
    let letter = sqlx::query!(
        "select id, event_id from event_bus.dead_letter
        where subscription = $1 and retry_requested_at is not null order by retry_requested_at, id limit 1",
        subscription,
    )
    .fetch_optional(pool)
    .await?;
    let Some(letter) = letter else {
        return Ok(None);
    };
    let row = sqlx::query_as!(
        Row,
        r#"select transaction_id::text::bigint as "transaction_id!", position, id, name, version, aggregate_type,
            aggregate_id, aggregate_version, actor, trace, occurred_at,
            case when personal then payload || coalesce((select fields from event_bus.personal_field
                where event_id = log.id), '{}') else payload end as "payload!"
        from event_bus.log where id = $1"#,
        letter.event_id,
    )
    .fetch_one(pool)
    .await?;
    Ok(Some((letter.id, row.into())))
}
