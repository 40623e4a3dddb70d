//! Looking events up, for administrators: newest first, page by page.
//!
//! A page begins behind the last event of the page before, so each event is seen once however many are appended meanwhile:
//! they come before the first page. One statement for each way of looking, so that each has the plan of its index.

use std::fmt;
use std::str::FromStr;

use database::Reading;
use kernel::Position;
use sqlx::PgConnection;
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::Uuid;

use crate::log::{Recorded, Row, recorded};

/// How many events are counted at most.
const COUNTED: i64 = 10_000;

/// After every moment that an event can have.
const END: OffsetDateTime = datetime!(9999-12-31 23:59:59 UTC);

/// Which events; all of them by default.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    /// `borrow.created`.
    pub name: Option<String>,
    pub aggregate_type: Option<String>,
    /// Together with the type, or alone.
    pub aggregate_id: Option<Uuid>,
    /// At this moment or later.
    pub from: Option<OffsetDateTime>,
    /// Before this moment.
    pub to: Option<OffsetDateTime>,
}

/// The last event of a page: the next one begins behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventCursor {
    occurred_at: OffsetDateTime,
    position: Position,
}

impl fmt::Display for EventCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.occurred_at.unix_timestamp_nanos() / 1_000, self.position)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no page of events ended so")]
pub struct EventCursorError;

impl FromStr for EventCursor {
    type Err = EventCursorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (micros, position) = text.split_once('-').ok_or(EventCursorError)?;
        let digits = micros.bytes().all(|b| b.is_ascii_digit());
        let micros: i64 = micros.parse().ok().filter(|_| digits).ok_or(EventCursorError)?;
        let occurred_at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000)
            .ok()
            .filter(|at| *at < END)
            .ok_or(EventCursorError)?;
        Ok(Self { occurred_at, position: position.parse().map_err(|_| EventCursorError)? })
    }
}

/// Some events, and where the next ones begin.
#[derive(Debug)]
pub struct EventPage {
    pub events: Vec<Recorded>,
    /// How many there are, counted up to [`COUNTED`].
    pub total: u64,
    /// `None`: these were the last.
    pub next: Option<EventCursor>,
}

/// Up to `limit` events behind `after`, or else after skipping `offset`.
pub(crate) async fn find(
    mut connection: Reading,
    filter: &EventFilter,
    after: Option<EventCursor>,
    offset: u64,
    limit: u32,
) -> Result<EventPage, sqlx::Error> {
    let from = filter.from.unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let end = EventCursor { occurred_at: filter.to.unwrap_or(END), position: Position::START };
    let offset = if after.is_some() { 0 } else { i64::try_from(offset).unwrap_or(i64::MAX) };
    // One more shows whether there is another page.
    let (before, one_more) = (after.map_or(end, |after| after.min(end)), i64::from(limit) + 1);
    // Pages lead as far as events are counted; beyond, a page is as empty as one past the end of any list.
    let mut events = match offset >= COUNTED {
        true => Vec::new(),
        false => recorded(rows(&mut connection, filter, from, before, offset, one_more).await?),
    };
    let more = events.len() > limit as usize;
    events.truncate(limit as usize);
    let next = events.last().filter(|_| more);
    let next = next.map(|last| EventCursor { occurred_at: last.occurred_at, position: last.position });
    let total = count(&mut connection, filter, from, end.occurred_at).await?;
    Ok(EventPage { events, total: u64::try_from(total).unwrap_or(0), next })
}

async fn rows(
    connection: &mut PgConnection,
    filter: &EventFilter,
    from: OffsetDateTime,
    before: EventCursor,
    offset: i64,
    limit: i64,
) -> Result<Vec<Row>, sqlx::Error> {
    let EventCursor { occurred_at, position } = before;
    if let Some(aggregate) = filter.aggregate_id {
        return sqlx::query_as!(
            Row,
            r#"select transaction_id::text::bigint as "transaction_id!", position, id, name, version, aggregate_type,
                aggregate_id, aggregate_version, actor, trace, occurred_at,
                case when personal then payload || coalesce((select fields from event_bus.personal_field
                    where event_id = log.id), '{}') else payload end as "payload!"
            from event_bus.log
            where aggregate_id = $1 and ($2::text is null or aggregate_type = $2) and ($3::text is null or name = $3)
                and occurred_at >= $4
                and (occurred_at, transaction_id, position) < ($5, $6::bigint::text::xid8, $7::bigint)
            order by log.occurred_at desc, log.transaction_id desc, log.position desc
            offset $8 limit $9"#,
            aggregate,
            filter.aggregate_type,
            filter.name,
            from,
            occurred_at,
            position.transaction,
            position.sequence,
            offset,
            limit,
        )
        .fetch_all(connection)
        .await;
    }
    if let Some(name) = &filter.name {
        // Both bounds begin with the name, so it is the only one between them. Said as `name = $1`, PostgreSQL would walk
        // the index by time for a name it takes to be common, and for one that does not occur the whole of it.
        return sqlx::query_as!(
            Row,
            r#"select transaction_id::text::bigint as "transaction_id!", position, id, name, version, aggregate_type,
                aggregate_id, aggregate_version, actor, trace, occurred_at,
                case when personal then payload || coalesce((select fields from event_bus.personal_field
                    where event_id = log.id), '{}') else payload end as "payload!"
            from event_bus.log
            where (name, occurred_at) >= ($1, $2)
                and (name, occurred_at, transaction_id, position) < ($1, $3, $4::bigint::text::xid8, $5::bigint)
            order by log.name desc, log.occurred_at desc, log.transaction_id desc, log.position desc
            offset $6 limit $7"#,
            name,
            from,
            occurred_at,
            position.transaction,
            position.sequence,
            offset,
            limit,
        )
        .fetch_all(connection)
        .await;
    }
    sqlx::query_as!(
        Row,
        r#"select transaction_id::text::bigint as "transaction_id!", position, id, name, version, aggregate_type,
            aggregate_id, aggregate_version, actor, trace, occurred_at,
            case when personal then payload || coalesce((select fields from event_bus.personal_field
                where event_id = log.id), '{}') else payload end as "payload!"
        from event_bus.log
        where occurred_at >= $1
            and (occurred_at, transaction_id, position) < ($2, $3::bigint::text::xid8, $4::bigint)
        order by log.occurred_at desc, log.transaction_id desc, log.position desc
        offset $5 limit $6"#,
        from,
        occurred_at,
        position.transaction,
        position.sequence,
        offset,
        limit,
    )
    .fetch_all(connection)
    .await
}

async fn count(
    connection: &mut PgConnection,
    filter: &EventFilter,
    from: OffsetDateTime,
    to: OffsetDateTime,
) -> Result<i64, sqlx::Error> {
    if let Some(aggregate) = filter.aggregate_id {
        return sqlx::query_scalar!(
            r#"select count(*) as "count!" from (
                select 1 from event_bus.log
                where aggregate_id = $1 and ($2::text is null or aggregate_type = $2)
                    and ($3::text is null or name = $3) and occurred_at >= $4 and occurred_at < $5
                limit $6
            ) counted"#,
            aggregate,
            filter.aggregate_type,
            filter.name,
            from,
            to,
            COUNTED,
        )
        .fetch_one(connection)
        .await;
    }
    if let Some(name) = &filter.name {
        return sqlx::query_scalar!(
            r#"select count(*) as "count!" from (
                select 1 from event_bus.log where (name, occurred_at) >= ($1, $2) and (name, occurred_at) < ($1, $3)
                order by name desc, occurred_at desc limit $4
            ) counted"#,
            name,
            from,
            to,
            COUNTED,
        )
        .fetch_one(connection)
        .await;
    }
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from (
            select 1 from event_bus.log where occurred_at >= $1 and occurred_at < $2
            order by occurred_at desc limit $3
        ) counted"#,
        from,
        to,
        COUNTED,
    )
    .fetch_one(connection)
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_what_it_shows() {
        let at = datetime!(2026-11-21 10:00:00.123456 UTC);
        let cursor = EventCursor { occurred_at: at, position: Position { transaction: 748, sequence: 12 } };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for wrong in ["", "1", "1-2", "-1-2-3", "1-2-3-4", "+1-2-3", "x-2-3", "999999999999999999-1-1", "1--2-3"] {
            assert_eq!(wrong.parse::<EventCursor>(), Err(EventCursorError), "{wrong}");
        }
    }
}
