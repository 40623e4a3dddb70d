//! A context's events for another database, as its owner gives them out.
//!
//! An importer that is level with this process is given what the window has read, from memory and at once. One that is
//! further behind is given pages of the table. To tell the two apart the last event of each context before the window is
//! found once; from then on the window knows it. So a silent context beside a busy one is never searched for in vain.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use kernel::{ErrorKind, EventId, Position, Refusal};
use sqlx::PgPool;
use tokio::time::{Instant, timeout, timeout_at};

use crate::bus::EventBus;
use crate::carried::{Carried, Page};
use crate::fault;
use crate::log::{Recorded, Row};
use crate::window::{Kept, Place};

/// So many events are given out at once.
pub(crate) const MOST: u32 = 500;
/// Nobody is kept waiting for longer.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// A look that has no answer by then is given up …
pub(crate) const WITHIN: Duration = Duration::from_secs(5);
/// … and a page of the table. Between two events of a silent context may lie millions of others: 1 to 3 s each million.
const PAGE_WITHIN: Duration = Duration::from_secs(25);

/// Why events were not given out.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// They are another database's, or there is no such context.
    #[error("The events of {0} are not of this database.")]
    NotOwned(String),
    /// The database was set back to an earlier moment, or the importer got its events from another database.
    #[error("This database has no event {after} of {context}.")]
    Unknown { context: String, after: EventId },
    #[error("the events of {context} cannot be read")]
    Database {
        context: String,
        #[source]
        source: sqlx::Error,
    },
}

impl Refusal for FeedError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotOwned(_) => ErrorKind::NotFound,
            Self::Unknown { .. } => ErrorKind::Conflict,
            Self::Database { source, .. } => fault::error_kind(source),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotOwned(_) => "EVENTS_ELSEWHERE",
            Self::Unknown { .. } => "EVENT_UNKNOWN",
            Self::Database { .. } => match self.kind() {
                ErrorKind::Unavailable => "UNAVAILABLE",
                _ => "INTERNAL",
            },
        }
    }
}

/// The last event of each context, at or before a place.
type Lasts = HashMap<String, Place>;

/// What this process knows of whose events are whose.
#[derive(Default)]
pub(crate) struct Feeds {
    /// By the event's name.
    contexts: RwLock<Arc<HashMap<String, Arc<str>>>>,
    /// Of where the window began.
    lasts: tokio::sync::Mutex<Option<(Position, Arc<Lasts>)>>,
}

impl Feeds {
    fn contexts(&self) -> Arc<HashMap<String, Arc<str>>> {
        Arc::clone(&self.contexts.read().unwrap_or_else(PoisonError::into_inner))
    }

    async fn read_contexts(&self, pool: &PgPool) -> Result<(), sqlx::Error> {
        let published = sqlx::query!(
            r#"select event, substr(role, length('folkshelf_') + 1) as "context!" from event_bus.published"#
        );
        let rows = published.fetch_all(pool).await?;
        let contexts = rows.into_iter().map(|row| (row.event, Arc::from(row.context))).collect();
        *self.contexts.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(contexts);
        Ok(())
    }

    async fn lasts(&self, pool: &PgPool, at: Position) -> Result<Arc<Lasts>, sqlx::Error> {
        let mut lasts = self.lasts.lock().await;
        if let Some((of, found)) = &*lasts
            && *of == at
        {
            return Ok(Arc::clone(found));
        }
        let rows = sqlx::query!(
            r#"select substr(owner.role, length('folkshelf_') + 1) as "context!", last.id,
                last.transaction_id::text::bigint as "transaction_id!", last.position
            from (select role, array_agg(event) as events from event_bus.published group by role) owner
            cross join lateral (
                select id, transaction_id, position from event_bus.log
                where name = any(owner.events) and (transaction_id, position) <= ($1::bigint::text::xid8, $2::bigint)
                order by log.transaction_id desc, log.position desc limit 1
            ) last"#,
            at.transaction,
            at.sequence,
        )
        .fetch_all(pool)
        .await?;
        let found = rows.into_iter().map(|row| {
            let position = Position { transaction: row.transaction_id, sequence: row.position };
            (row.context, Place { position, id: row.id.into() })
        });
        let found = Arc::new(found.collect());
        *lasts = Some((at, Arc::clone(&found)));
        Ok(found)
    }
}

/// What the window has for somebody.
enum Look {
    Events(Vec<Carried>),
    /// Some of what comes next is not kept any more.
    Behind,
    /// There is an event of which nobody knows whose it is.
    Nameless,
}

/// Whose events somebody wants, and behind which one.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'c> {
    pub context: &'c str,
    pub after: Option<EventId>,
    pub from: Position,
    pub limit: usize,
}

impl Wanted<'_> {
    /// `lasts`: of where `kept` began. `all_known`: an event of which nobody knows whose it is, is nobody's.
    fn look(self, kept: &Kept, contexts: &HashMap<String, Arc<str>>, lasts: &Lasts, all_known: bool) -> Look {
        // Of each context the last event at or before `kept.from`.
        let mut before: BTreeMap<&str, Place> = lasts.iter().map(|(context, last)| (context.as_str(), *last)).collect();
        for (name, dropped) in &kept.dropped {
            let Some(context) = contexts.get(name) else {
                if all_known {
                    continue;
                }
                return Look::Nameless;
            };
            before.entry(context).and_modify(|last| *last = *dropped.max(last)).or_insert(*dropped);
        }
        before.retain(|_, last| last.position > self.from);
        if before.contains_key(self.context) {
            return Look::Behind;
        }
        let mut after: BTreeMap<String, EventId> =
            before.into_iter().map(|(context, last)| (context.to_owned(), last.id)).collect();
        let (mut events, mut previous) = (Vec::new(), self.after);
        for event in kept.behind(self.from) {
            match contexts.get(&event.name) {
                Some(context) if **context == *self.context => {
                    events.push(Carried { event: (**event).clone(), previous, after: std::mem::take(&mut after) });
                    previous = Some(event.id);
                    if events.len() == self.limit {
                        break;
                    }
                }
                Some(context) => drop(after.insert((**context).to_owned(), event.id)),
                None if all_known => {}
                None => return Look::Nameless,
            }
        }
        Look::Events(events)
    }
}

impl EventBus {
    /// Up to `limit` (at most 500) events of a context of this database, in order, behind `after`; `None`: from the
    /// beginning. When there is none it waits for one, up to `wait` (at most 5 s), and returns as soon as there is.
    pub async fn feed(
        &self,
        context: &str,
        after: Option<EventId>,
        limit: u32,
        wait: Duration,
    ) -> Result<Page, FeedError> {
        let failed = |source| FeedError::Database { context: context.to_owned(), source };
        if self.is_away() {
            return Err(failed(sqlx::Error::PoolTimedOut));
        }
        let deadline = Instant::now() + wait.min(LONGEST_WAIT);
        let from = self.carry(in_time(WITHIN, self.own_place(context, after))).await.map_err(failed)?;
        let from = match from {
            Standing::At(from) => from,
            Standing::NotOwned => return Err(FeedError::NotOwned(context.to_owned())),
            Standing::Unknown(after) => return Err(FeedError::Unknown { context: context.to_owned(), after }),
        };
        let wanted = Wanted { context, after, from, limit: limit.clamp(1, MOST) as usize };
        self.news(wanted, deadline).await.map_err(failed)
    }

    pub(crate) async fn news(&self, wanted: Wanted<'_>, deadline: Instant) -> Result<Page, sqlx::Error> {
        let mut stirred = self.inner.stirred.subscribe();
        loop {
            stirred.borrow_and_update();
            let events = self.carry(in_time(PAGE_WITHIN, self.behind(wanted))).await?;
            if !events.is_empty() || !matches!(timeout_at(deadline, stirred.changed()).await, Ok(Ok(()))) {
                return Ok(Page { events });
            }
        }
    }

    pub(crate) async fn own_place(&self, context: &str, after: Option<EventId>) -> Result<Standing, sqlx::Error> {
        let row = sqlx::query!(
            r#"select owned.owned as "owned!", log.transaction_id::text::bigint as transaction_id,
                log.position as "position?"
            from (
                select exists (select from event_bus.published where role = 'folkshelf_' || $1)
                    and not exists (select from event_bus.source where source.context = $1) as owned
            ) owned
            left join event_bus.log on log.id = $2
                and log.name in (select event from event_bus.published where role = 'folkshelf_' || $1)"#,
            context,
            after.map(EventId::uuid),
        )
        .fetch_one(&self.inner.pool)
        .await?;
        Ok(match (row.owned, after, row.transaction_id.zip(row.position)) {
            (false, ..) => Standing::NotOwned,
            (true, None, _) => Standing::At(Position::START),
            (true, Some(_), Some((transaction, sequence))) => Standing::At(Position { transaction, sequence }),
            (true, Some(after), None) => Standing::Unknown(after),
        })
    }

    async fn behind(&self, wanted: Wanted<'_>) -> Result<Vec<Carried>, sqlx::Error> {
        let (feeds, pool) = (&self.inner.feeds, &self.inner.pool);
        let begun = self.inner.window.kept().begun;
        let Some(begun) = begun else { return page(pool, wanted).await };
        let lasts = feeds.lasts(pool, begun).await?;
        for all_known in [false, true] {
            let contexts = feeds.contexts();
            let look = {
                let kept = self.inner.window.kept();
                // It was begun anew meanwhile.
                if kept.begun != Some(begun) { Look::Behind } else { wanted.look(&kept, &contexts, &lasts, all_known) }
            };
            match look {
                Look::Events(events) => return Ok(events),
                Look::Behind => break,
                Look::Nameless => feeds.read_contexts(pool).await?,
            }
        }
        page(pool, wanted).await
    }
}

/// Where the event stands that somebody has already.
pub(crate) enum Standing {
    At(Position),
    NotOwned,
    Unknown(EventId),
}

pub(crate) async fn in_time<T>(
    within: Duration,
    reading: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    timeout(within, reading).await.unwrap_or(Err(sqlx::Error::PoolTimedOut))
}

/// From the table.
async fn page(pool: &PgPool, wanted: Wanted<'_>) -> Result<Vec<Carried>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"with page as materialized (
            select * from event_bus.log
            where (transaction_id, position) > ($2::bigint::text::xid8, $3::bigint)
                and transaction_id < (select event_bus.horizon())
                and name = any (array(select event from event_bus.published where role = 'folkshelf_' || $1))
            order by log.transaction_id, log.position limit $4
        ), chained as (
            select *, lag(transaction_id, 1, $2::bigint::text::xid8) over in_order as last_transaction,
                lag(position, 1, $3::bigint) over in_order as last_position
            from page window in_order as (order by transaction_id, position)
        )
        select transaction_id::text::bigint as "transaction_id!", position as "position!", id as "id!", name as "name!",
            version as "version!", aggregate_type as "aggregate_type!", aggregate_id as "aggregate_id!",
            aggregate_version as "aggregate_version!", actor as "actor!", trace, occurred_at as "occurred_at!",
            case when personal then payload || coalesce((select fields from event_bus.personal_field
                where event_id = chained.id), '{}') else payload end as "payload!",
            coalesce((
                select jsonb_object_agg(substr(other.role, length('folkshelf_') + 1), last.id)
                from (
                    select role, array_agg(event) as events from event_bus.published
                    where role <> 'folkshelf_' || $1 group by role
                ) other
                cross join lateral (
                    select log.id from event_bus.log
                    where log.name = any(other.events)
                        and (log.transaction_id, log.position) > (chained.last_transaction, chained.last_position)
                        and (log.transaction_id, log.position) < (chained.transaction_id, chained.position)
                    order by log.transaction_id desc, log.position desc limit 1
                ) last
            ), '{}') as "after!"
        from chained order by chained.transaction_id, chained.position"#,
        wanted.context,
        wanted.from.transaction,
        wanted.from.sequence,
        i64::try_from(wanted.limit).unwrap_or(i64::MAX),
    )
    .fetch_all(pool)
    .await?;
    let mut previous = wanted.after;
    let carried = rows.into_iter().map(|row| {
        let after = serde_json::from_value(row.after).map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
        let event = Recorded::from(Row {
            transaction_id: row.transaction_id,
            position: row.position,
            id: row.id,
            name: row.name,
            version: row.version,
            aggregate_type: row.aggregate_type,
            aggregate_id: row.aggregate_id,
            aggregate_version: row.aggregate_version,
            payload: row.payload,
            actor: row.actor,
            trace: row.trace,
            occurred_at: row.occurred_at,
        });
        let previous = previous.replace(event.id);
        Ok(Carried { event, previous, after })
    });
    carried.collect()
}
