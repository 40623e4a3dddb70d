//! Who asks, what a handler knows of it, and the transaction a command works in.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use database::{Database, Reading};
use event_bus::Meta;
use kernel::{Actor, Clock, Event, LogPosition, Position};
use serde::Serialize;
use sqlx::{PgConnection, Postgres, Transaction};
use time::OffsetDateTime;

use crate::idempotency::{self, Key};

/// Who sends a command or asks a query, as the host found out.
#[derive(Debug, Clone)]
pub struct Caller {
    pub actor: Actor,
    /// W3C trace context: ties log lines, commands and events together.
    pub trace: String,
    /// The same key and command within 24 h give the first answer again.
    pub idempotency_key: Option<String>,
    /// A query must see at least this much of each log, and a command's context must know it.
    pub min_positions: Vec<LogPosition>,
    /// Which contexts answered without it.
    pub behind: Behind,
}

/// The contexts that answered a caller without knowing of everything that the caller has seen. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Behind(Arc<Mutex<BTreeSet<Arc<str>>>>);

impl Behind {
    pub(crate) fn note(&self, context: &Arc<str>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(Arc::clone(context));
    }

    /// Their names in order.
    pub(crate) fn names(&self) -> Vec<String> {
        let contexts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        contexts.iter().map(|context| context.to_string()).collect()
    }

    /// Their names in order, with commas between; `None`: there is none.
    pub fn named(&self) -> Option<String> {
        let names = self.names();
        (!names.is_empty()).then(|| names.join(", "))
    }
}

impl Caller {
    pub fn new(actor: Actor, trace: impl Into<String>) -> Self {
        Self { actor, trace: trace.into(), idempotency_key: None, min_positions: Vec::new(), behind: Behind::default() }
    }

    /// Folkshelf itself: a scheduler, the command line.
    pub fn system(name: &'static str) -> Self {
        Self::new(Actor::System(name), String::new())
    }

    /// The context `context`, which calls another through a port because of this caller. See [`Actor::as_service`].
    pub fn as_service(&self, context: &'static str) -> Self {
        Self::new(self.actor.as_service(context), self.trace.clone())
    }
}

/// Where a query may look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// In the projection; in PostgreSQL when that has no answer.
    ReadStore,
    /// Only in PostgreSQL: the projection is behind what the caller has seen already.
    Database,
}

/// What a handler knows of the call it handles.
pub struct Call {
    actor: Actor,
    trace: String,
    clock: Arc<dyn Clock>,
    source: Source,
    /// What a replica must have for the caller to read there; `None`: they read on the primary.
    needs: Option<Position>,
    key: Option<Key>,
    told: Mutex<Option<Told>>,
}

/// What a command told: where its last event stands, and of which families its events are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Told {
    pub position: Position,
    pub families: Vec<Cow<'static, str>>,
}

impl Told {
    fn add(&mut self, position: Position, family: Cow<'static, str>) {
        self.position = position.max(self.position);
        if !self.families.contains(&family) {
            self.families.push(family);
        }
    }
}

impl Call {
    pub(crate) fn new(caller: &Caller, clock: Arc<dyn Clock>, source: Source, key: Option<Key>) -> Self {
        let (actor, trace) = (caller.actor.clone(), caller.trace.clone());
        Self { actor, trace, clock, source, needs: None, key, told: Mutex::new(None) }
    }

    pub(crate) fn with_needs(self, needs: Option<Position>) -> Self {
        Self { needs, ..self }
    }

    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    pub fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    pub fn trace(&self) -> &str {
        &self.trace
    }

    pub fn source(&self) -> Source {
        self.source
    }

    /// Reads in PostgreSQL, on a replica if there is one that has what the caller has seen. `work` may be done twice: when the
    /// replica fails, the primary answers.
    pub async fn read<T, W, F>(&self, pool: &Database, work: W) -> Result<T, sqlx::Error>
    where
        W: Fn(Reading) -> F,
        F: Future<Output = Result<T, sqlx::Error>>,
    {
        pool.read(self.needs, work).await
    }

    /// As the same caller, for a port that leads to another context.
    pub fn caller(&self) -> Caller {
        Caller::new(self.actor.clone(), self.trace.clone())
    }

    /// The transaction in which a command does its work.
    pub async fn begin(&self, pool: &Database) -> Result<Work<'_>, sqlx::Error> {
        Ok(Work { tx: pool.begin().await?, call: self, told: None })
    }

    /// What this call has told and committed.
    pub(crate) fn told(&self) -> Option<Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A transaction that can append events. Dropped without [`Work::commit`], it undoes everything.
pub struct Work<'c> {
    tx: Transaction<'static, Postgres>,
    call: &'c Call,
    told: Option<Told>,
}

impl Work<'_> {
    pub fn connection(&mut self) -> &mut PgConnection {
        &mut self.tx
    }

    fn meta(&self) -> Meta {
        Meta {
            actor: self.call.actor.recorded(),
            trace: (!self.call.trace.is_empty()).then(|| self.call.trace.clone()),
            occurred_at: self.call.now(),
        }
    }

    /// Tells what changed. `aggregate_version` is the version the aggregate's row has after the change. Lock or change
    /// the aggregate's row first.
    pub async fn append<E: Event>(&mut self, event: &E, aggregate_version: i64) -> Result<Position, sqlx::Error> {
        let meta = self.meta();
        let position = event_bus::append(&mut self.tx, &meta, event, aggregate_version).await?;
        self.told.get_or_insert_default().add(position, Cow::Borrowed(E::FAMILY));
        Ok(position)
    }

    /// As [`Self::append`], many in one statement.
    pub async fn append_all<E: Event>(&mut self, events: &[(E, i64)]) -> Result<Option<Position>, sqlx::Error> {
        let meta = self.meta();
        let position = event_bus::append_all(&mut self.tx, &meta, events).await?;
        if let Some(position) = position {
            self.told.get_or_insert_default().add(position, Cow::Borrowed(E::FAMILY));
        }
        Ok(position)
    }

    /// Commits change, events and, under an idempotency key, the answer together.
    pub async fn commit<T: Serialize>(mut self, answer: T) -> Result<T, sqlx::Error> {
        if let Some(key) = &self.call.key {
            idempotency::store(&mut self.tx, key, &answer, self.told.as_ref(), self.call.now()).await?;
        }
        self.tx.commit().await?;
        if let Some(told) = self.told.take() {
            let mut before = self.call.told.lock().unwrap_or_else(PoisonError::into_inner);
            let all = before.get_or_insert_default();
            told.families.into_iter().for_each(|family| all.add(told.position, family));
        }
        Ok(answer)
    }
}
