//! The part of the log that a context may see: its own events.

use std::marker::PhantomData;
use std::time::Duration;

use kernel::{Event, Position};
use sqlx::PgPool;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::bus::EventBus;
use crate::log::{Recorded, Row, recorded};
use crate::progress::Heard;
use crate::scope::Scope;

/// The log as the context that publishes `E` sees it. Cheap to clone.
pub struct OwnEvents<E> {
    bus: EventBus,
    published: PhantomData<fn() -> E>,
}

impl<E> Clone for OwnEvents<E> {
    fn clone(&self) -> Self {
        Self { bus: self.bus.clone(), published: PhantomData }
    }
}

impl<E: Event> OwnEvents<E> {
    pub(crate) fn of(bus: EventBus) -> Self {
        Self { bus, published: PhantomData }
    }

    /// What the context has told of one thing of its own, oldest first: at most the newest 1,000.
    pub async fn history(&self, aggregate_id: Uuid) -> Result<Vec<Recorded>, sqlx::Error> {
        self.history_until(aggregate_id, None).await
    }

    /// As [`Self::history`], up to a moment and including it.
    pub async fn history_until(
        &self,
        aggregate_id: Uuid,
        until: Option<OffsetDateTime>,
    ) -> Result<Vec<Recorded>, sqlx::Error> {
        let names: Vec<String> = E::PUBLISHED.iter().map(|published| published.name.to_owned()).collect();
        self.bus.carry(history(&self.bus.inner.pool, aggregate_id, &names, until)).await
    }

    /// Waits until the context's own subscriptions, its views too, have handled the event at `position`.
    pub async fn shown(&self, position: Position, within: Duration) -> Heard {
        self.bus.wait_for(position, Scope::Context(E::FAMILY), within).await
    }
}

/// Events of one aggregate that are read at once. Whoever changes a thing again and again does not make its history grow.
const MOST_HISTORY: i64 = 1_000;

/// The newest events of these names about one aggregate, oldest first; with `until` none that happened later.
async fn history(
    pool: &PgPool,
    aggregate_id: Uuid,
    names: &[String],
    until: Option<OffsetDateTime>,
) -> Result<Vec<Recorded>, sqlx::Error> {
    let mut rows = sqlx::query_as!(
        Row,
        r#"select transaction_id::text::bigint as "transaction_id!", position, id, name, version, aggregate_type,
            aggregate_id, aggregate_version, actor, trace, occurred_at,
            case when personal then payload || coalesce((select fields from event_bus.personal_field
                where event_id = log.id), '{}') else payload end as "payload!"
        from event_bus.log
        where aggregate_id = $1 and name = any($2) and ($3::timestamptz is null or occurred_at <= $3)
        order by log.transaction_id desc, log.position desc limit $4"#,
        aggregate_id,
        names,
        until,
        MOST_HISTORY,
    )
    .fetch_all(pool)
    .await?;
    rows.reverse();
    Ok(recorded(rows))
}
