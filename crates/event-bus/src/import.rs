//! Importing the events of contexts that live in another database.
//!
//! For each source one process asks the owner for what comes behind the cursor, and writes rows and cursor in one
//! transaction. An owner without news answers as soon as it has some, so an import is as quick as the log itself. Which
//! process that is a lease says; a process that was frozen and comes back late finds the cursor moved, or the lease another's,
//! and its rows are undone. What came is believed as far as it follows the cursor without a gap (`chain.rs`).
//!
//! An event waits for its causes of other sources, so that nobody here reads of an effect first. It does not wait for a
//! source that stands still.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use kernel::EventId;
use tokio::time::{Instant, MissedTickBehavior, timeout, timeout_at};

use crate::bus::Inner;
use crate::carried::{Carried, Page};
use crate::feed::{self, FeedError};
use crate::source::{self, Arrival};
use crate::{chain, fault, lease, metrics};

/// How long an owner without news may take to answer …
const WAIT: Duration = Duration::from_secs(2);
/// … and how much longer one that has to search its table for some (`feed.rs`).
const ON_ITS_WAY: Duration = Duration::from_secs(30);
/// A transaction or a look at the table that has not ended by then is given up.
const WITHIN: Duration = Duration::from_secs(5);
/// An event waits for its causes this long at most.
const HOLD_FOR: Duration = Duration::from_secs(5);
/// Whether they have come is looked at this often, when no wake tells of it.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Pauses after failures begin with this one, and double …
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// … up to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// An owner that does not know the cursor is asked again this late, unless an operator sets the cursor back.
const STOPPED_FOR: Duration = Duration::from_secs(30);
const LOOK_FOR_RESET_EVERY: Duration = Duration::from_secs(1);
/// Another transaction was in the way: so often is a page taken anew without a pause.
const ANEW: u32 = 10;

/// The database that has a context, as an importer asks it: [`crate::EventBus::feed`] there.
#[async_trait]
pub trait Owner: Send + Sync + 'static {
    async fn events(
        &self,
        context: &str,
        after: Option<EventId>,
        limit: u32,
        wait: Duration,
    ) -> Result<Page, OwnerError>;
}

/// Why an owner gave no events.
#[derive(Debug, thiserror::Error)]
pub enum OwnerError {
    #[error(
        "the owner does not know the event up to which its events are here: it was set back to an earlier moment, or is \
        another database"
    )]
    UnknownCursor,
    #[error("the events of this context are not those of the database that was asked")]
    NotOwned,
    #[error("the owner is away: {0}")]
    Unavailable(String),
    #[error("what the owner answered cannot be read: {0}")]
    Unreadable(String),
}

impl From<FeedError> for OwnerError {
    fn from(error: FeedError) -> Self {
        match error {
            FeedError::NotOwned(_) => Self::NotOwned,
            FeedError::Unknown { .. } => Self::UnknownCursor,
            FeedError::Database { source, .. } => Self::Unavailable(source.to_string()),
        }
    }
}

/// Why a turn came to nothing.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Owner(#[from] OwnerError),
    #[error("what came does not follow the event up to which events are here")]
    Gap,
    #[error("the event {0} is none that this database knows of this context; its migrations may have to run first")]
    Foreign(String),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl Trouble {
    fn kind(&self) -> &'static str {
        match self {
            Self::Owner(OwnerError::UnknownCursor) => "unknown_cursor",
            Self::Owner(OwnerError::NotOwned) => "not_owned",
            Self::Owner(OwnerError::Unavailable(_)) => "unavailable",
            Self::Owner(OwnerError::Unreadable(_)) => "unreadable",
            Self::Gap => "gap",
            Self::Foreign(_) => "foreign",
            Self::Database(_) => "database",
        }
    }

    /// Somebody has to look after it.
    fn stops(&self) -> bool {
        matches!(self, Self::Owner(OwnerError::UnknownCursor | OwnerError::NotOwned))
    }
}

/// Keeps the leases of the imports, and measures. Never ends.
pub(crate) async fn keep_leases(bus: Arc<Inner>, contexts: Vec<String>) {
    let mut every = tokio::time::interval(lease::EVERY);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let measured = crate::EventBus { inner: Arc::clone(&bus) };
    loop {
        every.tick().await;
        let asked_at = Instant::now();
        match in_time(source::renew(&bus.pool, bus.holder, &contexts)).await {
            Ok(held) => {
                if bus.imports.renewed(held, asked_at).gained {
                    bus.stir();
                }
            }
            Err(error) => tracing::debug!(%error, "leases of imports were not renewed"),
        }
        if let Ok(sources) = measured.sources().await {
            sources.iter().for_each(metrics::show_source);
        }
    }
}

/// Imports one source, while this process has its lease.
pub(crate) struct Importer {
    bus: Arc<Inner>,
    context: String,
    owner: Arc<dyn Owner>,
    /// All contexts that are imported here.
    sources: Arc<HashSet<String>>,
    /// The names of the context's events.
    names: HashSet<String>,
    /// `None`: to be read from the table.
    cursor: Option<Option<EventId>>,
    /// Sources that were waited for in vain, and where they stood.
    late: HashMap<String, Option<EventId>>,
    failures: u32,
}

impl Importer {
    pub fn new(bus: &Arc<Inner>, context: String, owner: Arc<dyn Owner>, sources: &Arc<HashSet<String>>) -> Self {
        Self {
            bus: Arc::clone(bus),
            context,
            owner,
            sources: Arc::clone(sources),
            names: HashSet::new(),
            cursor: None,
            late: HashMap::new(),
            failures: 0,
        }
    }

    /// Never ends. It may be stopped anywhere: what was not committed comes again.
    pub async fn run(mut self) {
        let mut stirred = self.bus.stirred.subscribe();
        loop {
            stirred.borrow_and_update();
            if !self.bus.imports.holds(&self.context) {
                self.cursor = None;
                drop(timeout(lease::EVERY, stirred.changed()).await);
                continue;
            }
            if let Err(trouble) = self.turn().await {
                self.pause(&trouble).await;
            }
        }
    }

    async fn turn(&mut self) -> Result<(), Trouble> {
        let cursor = match self.cursor {
            Some(cursor) => cursor,
            None => in_time(source::cursor(&self.bus.pool, &self.context)).await?,
        };
        self.cursor = Some(cursor);
        let limit = u32::try_from(self.bus.settings.batch).unwrap_or(feed::MOST).clamp(1, feed::MOST);
        let asking = timeout(WAIT + ON_ITS_WAY, self.owner.events(&self.context, cursor, limit, WAIT)).await;
        let Page { events } =
            asking.unwrap_or_else(|_| Err(OwnerError::Unavailable("it did not answer in time".to_owned())))?;
        if events.is_empty() {
            self.failures = 0;
            if !in_time(source::level(&self.bus.pool, self.bus.holder, &self.context, cursor)).await? {
                self.begin_anew().await;
            }
            return Ok(());
        }
        if events.len() > limit as usize {
            return Err(OwnerError::Unreadable(format!("it has {} events instead of {limit}", events.len())).into());
        }
        self.take(&events, cursor, events.len() < limit as usize).await
    }

    /// As much of a page as follows the cursor.
    async fn take(&mut self, page: &[Carried], cursor: Option<EventId>, is_last: bool) -> Result<(), Trouble> {
        self.require_names(page).await?;
        let ids = page.iter().flat_map(|carried| carried.after.values().copied().chain([carried.event.id]));
        let ids: Vec<_> = ids.map(EventId::uuid).collect();
        let mut known = in_time(source::known(&self.bus.pool, &ids)).await?;
        let fit = chain::fit(page, cursor, &known);
        self.count("doubled", fit.doubled);
        let (mut from, mut rest) = (cursor, &fit.events[..]);
        while let Some(last) = rest.last() {
            let ready = self.hold(rest, &mut known).await?;
            let (taken, later) = rest.split_at(ready);
            let is_level = is_last && !fit.gap && last.event.id == taken[ready - 1].event.id;
            if !self.write(taken, &known, from, is_level).await? {
                self.begin_anew().await;
                return Ok(());
            }
            self.count("taken", ready);
            from = Some(taken[ready - 1].event.id);
            self.cursor = Some(from);
            self.failures = 0;
            rest = later;
        }
        if fit.gap { Err(Trouble::Gap) } else { Ok(()) }
    }

    /// The lease is lost, or somebody has set the cursor: by the next renewal it is known which.
    async fn begin_anew(&mut self) {
        self.cursor = None;
        tokio::time::sleep(lease::EVERY).await;
    }

    async fn require_names(&mut self, page: &[Carried]) -> Result<(), Trouble> {
        let unknown = |names: &HashSet<String>| {
            page.iter().map(|carried| &carried.event.name).find(|name| !names.contains(*name)).cloned()
        };
        if unknown(&self.names).is_some() {
            self.names = in_time(source::names(&self.bus.pool, &self.context)).await?;
        }
        unknown(&self.names).map_or(Ok(()), |name| Err(Trouble::Foreign(name)))
    }

    /// Waits until the first of `events` has its causes here. How many can be taken now; at least one.
    async fn hold(&mut self, events: &[&Carried], known: &mut HashSet<EventId>) -> Result<usize, Trouble> {
        let deadline = Instant::now() + HOLD_FOR;
        let mut wake = self.bus.wake.subscribe();
        loop {
            wake.borrow_and_update();
            let is_awaited = |context: &str| self.sources.contains(context) && !self.late.contains_key(context);
            let (ready, missing) = chain::caused(events, known, is_awaited);
            if ready > 0 {
                return Ok(ready);
            }
            let causes: Vec<_> = missing.values().map(|cause| cause.uuid()).collect();
            let come = in_time(source::known(&self.bus.pool, &causes)).await?;
            if !come.is_empty() {
                known.extend(come);
                continue;
            }
            if Instant::now() >= deadline {
                for context in missing.into_keys() {
                    tracing::warn!(source = self.context, cause = context, "an event is here before its cause");
                    let stands = in_time(source::cursor(&self.bus.pool, context)).await?;
                    self.late.insert(context.to_owned(), stands);
                }
                self.count("before_cause", 1);
                continue;
            }
            drop(timeout_at(deadline.min(Instant::now() + LOOK_EVERY), wake.changed()).await);
        }
    }

    /// Writes the rows that are not here yet, and the cursor. `false`: the import is another's now.
    async fn write(
        &mut self,
        events: &[&Carried],
        known: &HashSet<EventId>,
        from: Option<EventId>,
        is_level: bool,
    ) -> Result<bool, Trouble> {
        self.wait_again_for_late().await?;
        let Some(last) = events.last() else { return Ok(true) };
        let new: Vec<_> =
            events.iter().map(|carried| &carried.event).filter(|event| !known.contains(&event.id)).collect();
        let Inner { pool, holder, .. } = &*self.bus;
        let mut tries = 0;
        let arrival: Option<Arrival> = loop {
            let writing = async {
                let mut tx = pool.begin().await?;
                if planted::bug("cursor-first") {
                    let (before, newest) = new.split_at(new.len().saturating_sub(1));
                    source::insert(&mut tx, newest).await?;
                    let moved = source::advance(&mut tx, *holder, &self.context, from, &last.event, is_level).await?;
                    tx.commit().await?;
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    let mut tx = pool.begin().await?;
                    source::insert(&mut tx, before).await?;
                    tx.commit().await?;
                    return Ok(moved);
                }
                if !new.is_empty() {
                    source::insert(&mut tx, &new).await?;
                }
                let arrival = source::advance(&mut tx, *holder, &self.context, from, &last.event, is_level).await?;
                match arrival {
                    Some(_) => tx.commit().await?,
                    None => tx.rollback().await?,
                }
                Ok(arrival)
            };
            match in_time(writing).await {
                Err(error) if fault::undone_by_another(&error) && tries < ANEW => tries += 1,
                outcome => break outcome,
            }
        }
        .inspect_err(|_| self.cursor = None)?;
        if let Some(arrival) = arrival {
            self.bus.arrivals.set(&self.context, arrival);
        }
        Ok(arrival.is_some())
    }

    /// Sources that have moved since are waited for again.
    async fn wait_again_for_late(&mut self) -> Result<(), Trouble> {
        for (context, stood) in self.late.clone() {
            if in_time(source::cursor(&self.bus.pool, &context)).await? != stood {
                self.late.remove(&context);
            }
        }
        Ok(())
    }

    fn count(&self, outcome: &str, events: usize) {
        let events = u64::try_from(events).unwrap_or(u64::MAX);
        metrics::SOURCE_EVENTS.with_label_values(&[self.context.as_str(), outcome]).inc_by(events);
    }

    async fn pause(&mut self, trouble: &Trouble) {
        let kind = trouble.kind();
        metrics::SOURCE_FAULTS.with_label_values(&[self.context.as_str(), kind]).inc();
        let error = trouble.to_string();
        if self.failures == 0 {
            tracing::warn!(source = self.context, kind, error, "events cannot be imported for now");
        }
        let Inner { pool, holder, .. } = &*self.bus;
        let remember = source::remember_error(pool, *holder, &self.context, &error);
        if let Err(error) = in_time(remember).await {
            tracing::debug!(%error, "the trouble of an import was not written down");
        }
        if trouble.stops() {
            self.stand_still().await;
        } else {
            tokio::time::sleep(FIRST_PAUSE.saturating_mul(1 << self.failures.min(10)).min(LONGEST_PAUSE)).await;
        }
        self.failures = self.failures.saturating_add(1);
    }

    /// Until the owner is worth asking again, or somebody has set the cursor.
    async fn stand_still(&mut self) {
        let until = Instant::now() + STOPPED_FOR;
        let stood = self.cursor.take().flatten();
        while Instant::now() < until && self.bus.imports.holds(&self.context) {
            tokio::time::sleep(LOOK_FOR_RESET_EVERY).await;
            if matches!(in_time(source::cursor(&self.bus.pool, &self.context)).await, Ok(cursor) if cursor != stood) {
                return;
            }
        }
    }
}

async fn in_time<T>(work: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    timeout(WITHIN, work).await.unwrap_or(Err(sqlx::Error::PoolTimedOut))
}
