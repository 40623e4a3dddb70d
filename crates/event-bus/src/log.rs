//! The log: appending and reading.
//!
//! # Why the order is (transaction, position) and why readers stop at the horizon
//!
//! Positions are drawn from a sequence when a row is inserted, but rows become visible when their transaction commits,
//! and transactions do not commit in the order in which they drew. A reader that remembers "the last position I saw"
//! and asks for higher ones passes over an event whose transaction drew a low number and committed late: it is lost,
//! silently and for ever.
//!
//! So every row also carries the id of the transaction that wrote it, and a reader takes only rows whose transaction
//! lies below the horizon, the oldest transaction that may still append: nothing can appear below it any more.
//! Ordered by (transaction id, position), what lies below the horizon is a prefix that never changes, and a checkpoint
//! in that order loses nothing.
//!
//! The function `event_bus.horizon()` takes the running transactions from the reader's own snapshot and leaves out those
//! of other databases, which cannot append here (ADR 22). What it cannot prove to be foreign counts: in doubt readers
//! wait, they never skip. Hence two rules for every reader: call it as `(select event_bus.horizon())` in the statement
//! that reads the rows, so that both see one snapshot; never fetch it first and use it in a statement with an older one.
//!
//! The price: a transaction that stays open in Folkshelf's own database, once it has written, holds the horizon back.
//! Hence writers here are short, imports go in batches, handlers and idle transactions have time-outs, the lag is a
//! metric, and `horizon.rs` names the session that hides events for long.
//!
//! Transaction ids belong to the server: a physical copy and `pg_upgrade` keep them, a dump does not. A log restored from
//! a dump into a younger server is refused at start until `pg_resetwal` has raised that server's ids.
//!
//! Within one aggregate the order must also be that of its versions. A transaction that drew its id early and reached
//! the aggregate late would break it; a trigger refuses such an append as a serialization failure, and the command
//! starts over with a new transaction (`cqrs` does that).
//!
//! Personal fields stand in `personal_field` until their member leaves (ADR 50): the trigger that admits an event takes them
//! out of the payload, and every statement that reads payloads puts them back in.

use kernel::actor::RecordedActor;
use kernel::{Event, EventId, Position};
use serde_json::Value;
use sqlx::{PgExecutor, PgPool, Postgres, Transaction};
use time::OffsetDateTime;
use uuid::Uuid;

/// Who caused an event, under which trace, when.
#[derive(Debug, Clone)]
pub struct Meta {
    pub actor: RecordedActor,
    /// W3C trace context of what led to the event, for when the task has none: the trace at hand goes before it, and
    /// without either one a trace begins with the event.
    pub trace: Option<String>,
    pub occurred_at: OffsetDateTime,
}

/// An event as the log keeps it.
#[derive(Debug, Clone)]
pub struct Recorded {
    pub position: Position,
    pub id: EventId,
    pub name: String,
    pub version: i16,
    pub aggregate_type: String,
    pub aggregate_id: Uuid,
    pub aggregate_version: i64,
    pub payload: Value,
    pub actor: RecordedActor,
    pub trace: Option<String>,
    pub occurred_at: OffsetDateTime,
}

impl Recorded {
    /// `None`: the event belongs to another family.
    pub fn decode<E: Event>(&self) -> Result<Option<E>, kernel::DecodeError> {
        E::decode(&self.name, self.version, &self.payload)
    }
}

/// Appends one event in the writer's own transaction: what it tells and the change it tells of commit together or not
/// at all. `aggregate_version` is the version the aggregate's row has after the change.
pub async fn append<E: Event>(
    tx: &mut Transaction<'_, Postgres>,
    meta: &Meta,
    event: &E,
    aggregate_version: i64,
) -> Result<Position, sqlx::Error> {
    let name = event.name();
    let span = || tracing::debug_span!("append", otel.name = format!("append {name}"), events = 1);
    trace::within(meta.trace.as_deref(), span, append_here(tx, meta, event, aggregate_version)).await
}

/// What is appended carries the span it is appended in: whatever follows from it belongs under that.
fn trace_at_hand() -> Option<String> {
    trace::current().map(|context| context.to_string())
}

async fn append_here<E: Event>(
    tx: &mut Transaction<'_, Postgres>,
    meta: &Meta,
    event: &E,
    aggregate_version: i64,
) -> Result<Position, sqlx::Error> {
    let row = sqlx::query!(
        r#"insert into event_bus.log
            (id, name, version, aggregate_type, aggregate_id, aggregate_version, payload, actor, trace, occurred_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        returning position, transaction_id::text::bigint as "transaction_id!""#,
        EventId::new(meta.occurred_at).uuid(),
        event.name(),
        event.version(),
        event.aggregate_type(),
        event.aggregate_id(),
        aggregate_version,
        encoded(event)?,
        encoded_actor(meta)?,
        trace_at_hand(),
        meta.occurred_at,
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(Position { transaction: row.transaction_id, sequence: row.position })
}

/// Appends many events in one statement, in their order. `None` when there are none.
pub async fn append_all<E: Event>(
    tx: &mut Transaction<'_, Postgres>,
    meta: &Meta,
    events: &[(E, i64)],
) -> Result<Option<Position>, sqlx::Error> {
    let Some((first, _)) = events.first() else { return Ok(None) };
    let (name, events_in_all) = (first.name(), events.len());
    let span = || tracing::debug_span!("append", otel.name = format!("append {name}"), events = events_in_all);
    let appending = async {
        let trace = trace_at_hand();
        append_many(tx, meta, events.iter().map(|(event, version)| (trace.as_deref(), event, *version))).await
    };
    Ok(trace::within(meta.trace.as_deref(), span, appending).await?.into_iter().max())
}

/// As [`append_all`], each because of another event, whose trace it carries. Where they are, in the same order.
pub(crate) async fn append_each<E: Event>(
    tx: &mut Transaction<'_, Postgres>,
    meta: &Meta,
    events: &[(&Recorded, E, i64)],
) -> Result<Vec<Position>, sqlx::Error> {
    let Some((_, first, _)) = events.first() else { return Ok(Vec::new()) };
    let (name, events_in_all) = (first.name(), events.len());
    let span = || tracing::debug_span!("append", otel.name = format!("append {name}"), events = events_in_all);
    let appending = async {
        // The trace at hand is that of one of them.
        let at_hand = trace_at_hand();
        let id = |trace: &str| trace.split('-').nth(1).map(str::to_owned);
        let told = events.iter().map(|(cause, event, version)| {
            let theirs = cause.trace.as_deref();
            let ours = at_hand.as_deref().filter(|ours| theirs.is_none_or(|theirs| id(theirs) == id(ours)));
            (ours.or(theirs), event, *version)
        });
        append_many(tx, meta, told).await
    };
    trace::within(meta.trace.as_deref(), span, appending).await
}

/// Events with their traces and versions. Where they are, in the same order.
async fn append_many<'e, E: Event>(
    tx: &mut Transaction<'_, Postgres>,
    meta: &Meta,
    events: impl Iterator<Item = (Option<&'e str>, &'e E, i64)>,
) -> Result<Vec<Position>, sqlx::Error> {
    let (mut ids, mut names, mut versions, mut types) = (vec![], vec![], vec![], vec![]);
    let (mut aggregates, mut aggregate_versions, mut payloads, mut traces) = (vec![], vec![], vec![], vec![]);
    for (trace, event, aggregate_version) in events {
        ids.push(EventId::new(meta.occurred_at).uuid());
        names.push(event.name().to_owned());
        versions.push(event.version());
        types.push(event.aggregate_type().to_owned());
        aggregates.push(event.aggregate_id());
        aggregate_versions.push(aggregate_version);
        payloads.push(encoded(event)?);
        traces.push(trace.map(str::to_owned));
    }
    let rows = sqlx::query!(
        r#"insert into event_bus.log
            (id, name, version, aggregate_type, aggregate_id, aggregate_version, payload, actor, trace, occurred_at)
        select e.id, e.name, e.version, e.aggregate_type, e.aggregate_id, e.aggregate_version, e.payload, $9, e.trace, $10
        from unnest($1::uuid[], $2::text[], $3::smallint[], $4::text[], $5::uuid[], $6::bigint[], $7::jsonb[], $8::text[])
            with ordinality as e
                (id, name, version, aggregate_type, aggregate_id, aggregate_version, payload, trace, nth)
        order by e.nth
        returning position, transaction_id::text::bigint as "transaction_id!""#,
        &ids,
        &names,
        &versions,
        &types,
        &aggregates,
        &aggregate_versions,
        &payloads,
        &traces as &[Option<String>],
        encoded_actor(meta)?,
        meta.occurred_at,
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut positions: Vec<Position> =
        rows.iter().map(|row| Position { transaction: row.transaction_id, sequence: row.position }).collect();
    // Drawn in the order of insertion.
    positions.sort_unstable();
    Ok(positions)
}

fn encoded<E: Event>(event: &E) -> Result<Value, sqlx::Error> {
    event.payload().map_err(|error| sqlx::Error::Encode(Box::new(error)))
}

fn encoded_actor(meta: &Meta) -> Result<Value, sqlx::Error> {
    serde_json::to_value(&meta.actor).map_err(|error| sqlx::Error::Encode(Box::new(error)))
}

/// A row as the statements below select it.
pub(crate) struct Row {
    pub transaction_id: i64,
    pub position: i64,
    pub id: Uuid,
    pub name: String,
    pub version: i16,
    pub aggregate_type: String,
    pub aggregate_id: Uuid,
    pub aggregate_version: i64,
    pub payload: Value,
    pub actor: Value,
    pub trace: Option<String>,
    pub occurred_at: OffsetDateTime,
}

impl From<Row> for Recorded {
    fn from(row: Row) -> Self {
        Self {
            position: Position { transaction: row.transaction_id, sequence: row.position },
            id: row.id.into(),
            name: row.name,
            version: row.version,
            aggregate_type: row.aggregate_type,
            aggregate_id: row.aggregate_id,
            aggregate_version: row.aggregate_version,
            payload: row.payload,
            // One of a kind that only a newer program knows must not hold up whoever reads past it.
            actor: serde_json::from_value(row.actor).unwrap_or(RecordedActor::Anonymous),
            trace: row.trace,
            occurred_at: row.occurred_at,
        }
    }
}

pub(crate) fn recorded(rows: Vec<Row>) -> Vec<Recorded> {
    rows.into_iter().map(Recorded::from).collect()
}

/// Up to `limit` events after `from` and below the horizon, in order.
pub(crate) async fn read(pool: &PgPool, from: Position, limit: i64) -> Result<Vec<Recorded>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"select transaction_id::text::bigint as "transaction_id!", position, id, name, version, aggregate_type,
            aggregate_id, aggregate_version, actor, trace, occurred_at,
            case when personal then payload || coalesce((select fields from event_bus.personal_field
                where event_id = log.id), '{}') else payload end as "payload!"
        from event_bus.log
        where (transaction_id, position) > ($1::bigint::text::xid8, $2::bigint)
            and transaction_id < (select event_bus.horizon())
        order by log.transaction_id, log.position
        limit $3"#,
        from.transaction,
        from.sequence,
        limit,
    )
    .fetch_all(pool)
    .await?;
    Ok(recorded(rows))
}

/// As [`read`], but not beyond the checkpoint of the subscription `follows`.
pub(crate) async fn read_behind(
    pool: &PgPool,
    follows: &str,
    from: Position,
    limit: i64,
) -> Result<Vec<Recorded>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"select transaction_id::text::bigint as "transaction_id!", position, id, name, version, aggregate_type,
            aggregate_id, aggregate_version, actor, trace, occurred_at,
            case when personal then payload || coalesce((select fields from event_bus.personal_field
                where event_id = log.id), '{}') else payload end as "payload!"
        from event_bus.log
        where (transaction_id, position) > ($1::bigint::text::xid8, $2::bigint)
            and (transaction_id, position)
                <= (select s.transaction_id, s.position from event_bus.subscription s where s.name = $3)
        order by log.transaction_id, log.position
        limit $4"#,
        from.transaction,
        from.sequence,
        follows,
        limit,
    )
    .fetch_all(pool)
    .await?;
    Ok(recorded(rows))
}

/// Whether anything is committed after `from`, below the horizon or not. After a read that found nothing it means that
/// the horizon hides an event, or did a moment ago: worth another look soon, since no wake will tell of it.
pub(crate) async fn goes_on_after(pool: &PgPool, from: Position) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        // Not `exists`: from that PostgreSQL drops order and limit, believes a third of the log to match wherever `from`
        // is, and reads the whole of it from its beginning.
        "select true from event_bus.log
        where (transaction_id, position) > ($1::bigint::text::xid8, $2::bigint)
        order by log.transaction_id, log.position limit 1",
        from.transaction,
        from.sequence,
    )
    .fetch_optional(pool)
    .await
    .map(|found| found.is_some())
}

/// Whether the log holds transaction ids that this server has not given yet: its rows were carried over (`pg_dump`)
/// into a server that has done less. New events would then sort before old ones and be lost.
pub(crate) async fn is_ahead_of_its_server(pool: &PgPool) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select 1 from event_bus.log
            where transaction_id >= pg_snapshot_xmax(pg_current_snapshot())) as "ahead!""#
    )
    .fetch_one(pool)
    .await
}

/// The last event below the horizon.
pub async fn head(database: impl PgExecutor<'_>) -> Result<Position, sqlx::Error> {
    let row = sqlx::query!(
        r#"select transaction_id::text::bigint as "transaction_id!", position from event_bus.log
        where transaction_id < (select event_bus.horizon())
        order by log.transaction_id desc, log.position desc limit 1"#
    )
    .fetch_optional(database)
    .await?;
    Ok(row.map_or(Position::START, |row| Position { transaction: row.transaction_id, sequence: row.position }))
}

/// The last event that is committed, below the horizon or not.
pub(crate) async fn latest(pool: impl PgExecutor<'_>) -> Result<Position, sqlx::Error> {
    let row = sqlx::query!(
        r#"select transaction_id::text::bigint as "transaction_id!", position from event_bus.log
        order by log.transaction_id desc, log.position desc limit 1"#
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map_or(Position::START, |row| Position { transaction: row.transaction_id, sequence: row.position }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_actor_that_this_program_does_not_know_holds_up_nobody() {
        let row = Row {
            transaction_id: 1,
            position: 1,
            id: Uuid::nil(),
            name: "book.created".to_owned(),
            version: 1,
            aggregate_type: "book".to_owned(),
            aggregate_id: Uuid::nil(),
            aggregate_version: 1,
            payload: Value::Null,
            actor: serde_json::json!({"kind": "robot", "serial": 7}),
            trace: None,
            occurred_at: OffsetDateTime::UNIX_EPOCH,
        };
        assert_eq!(Recorded::from(row).actor, RecordedActor::Anonymous);
    }
}
