//! The log in the order of what its events are about.

use kernel::Position;
use sqlx::PgPool;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::log::{Recorded, Row, recorded};

/// Up to `limit` events of these names behind a place, by aggregate and then in their order; of these aggregates, or of all.
pub(super) async fn by_aggregate(
    pool: &PgPool,
    names: &[String],
    ids: Option<&[Uuid]>,
    (aggregate, position): (Uuid, Position),
    limit: i64,
) -> Result<Vec<Recorded>, sqlx::Error> {
    let rows = match ids {
        None => sqlx::query_as!(
            Row,
            r#"select transaction_id::text::bigint as "transaction_id!", position, id, name, version, aggregate_type,
                    aggregate_id, aggregate_version, actor, trace, occurred_at,
                    case when personal then payload || coalesce((select fields from event_bus.personal_field
                        where event_id = log.id), '{}') else payload end as "payload!"
                from event_bus.log
                where (aggregate_id, transaction_id, position) > ($2, $3::bigint::text::xid8, $4::bigint)
                    and name = any($1)
                order by log.aggregate_id, log.transaction_id, log.position limit $5"#,
            names,
            aggregate,
            position.transaction,
            position.sequence,
            limit,
        )
        .fetch_all(pool)
        .await?,
        Some(ids) => sqlx::query_as!(
            Row,
            r#"select transaction_id::text::bigint as "transaction_id!", position, id, name, version, aggregate_type,
                    aggregate_id, aggregate_version, actor, trace, occurred_at,
                    case when personal then payload || coalesce((select fields from event_bus.personal_field
                        where event_id = log.id), '{}') else payload end as "payload!"
                from event_bus.log
                where aggregate_id = any($6)
                    and (aggregate_id, transaction_id, position) > ($2, $3::bigint::text::xid8, $4::bigint)
                    and name = any($1)
                order by log.aggregate_id, log.transaction_id, log.position limit $5"#,
            names,
            aggregate,
            position.transaction,
            position.sequence,
            limit,
            ids,
        )
        .fetch_all(pool)
        .await?,
    };
    Ok(recorded(rows))
}

/// Up to `limit` aggregates behind `after`, in order, that have an event of these names at `since` or later.
pub(super) async fn aggregates_since(
    pool: &PgPool,
    names: &[String],
    since: OffsetDateTime,
    after: Uuid,
    limit: i64,
) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        "select distinct aggregate_id from event_bus.log
        where name = any($1) and occurred_at >= $2 and aggregate_id > $3
        order by aggregate_id limit $4",
        names,
        since,
        after,
        limit,
    )
    .fetch_all(pool)
    .await
}
