//! What a context subscribes with.

use std::sync::Arc;

use async_trait::async_trait;
use kernel::actor::RecordedActor;
use kernel::{Event, Position};
use sqlx::{PgConnection, PgPool, Postgres, Transaction};
use time::OffsetDateTime;

use crate::family::{Family, Hearing, Refresh, Showing};
use crate::log::{self, Meta, Recorded};

/// A subscription whose effect is in PostgreSQL. Effect and checkpoint commit together, so it happens exactly once.
#[async_trait]
pub trait Apply: Send + Sync + 'static {
    async fn apply(&self, delivery: &mut Delivery<'_>, event: &Recorded) -> Result<(), HandlerError>;

    /// How many of `events`, which follow each other, it takes in one go; at least the first.
    fn together(&self, _events: &[&Recorded]) -> usize {
        1
    }

    /// So many of them.
    async fn apply_together(&self, delivery: &mut Delivery<'_>, events: &[&Recorded]) -> Result<(), HandlerError> {
        for event in events {
            self.apply(delivery, event).await?;
        }
        Ok(())
    }
}

/// A subscription whose effect is elsewhere (Redis). Events come at least once, so the effect must be idempotent.
#[async_trait]
pub trait Project: Send + Sync + 'static {
    async fn project(&self, events: &[Arc<Recorded>]) -> Result<(), HandlerError>;
}

/// The transaction in which an event is being applied.
pub struct Delivery<'t> {
    tx: &'t mut Transaction<'static, Postgres>,
    touched: bool,
    cause: Meta,
}

impl<'t> Delivery<'t> {
    pub(crate) fn new(
        tx: &'t mut Transaction<'static, Postgres>,
        subscription: &str,
        event: &Recorded,
        now: OffsetDateTime,
    ) -> Self {
        let actor = RecordedActor::System { name: subscription.to_owned() };
        Self { tx, touched: false, cause: Meta { actor, trace: event.trace.clone(), occurred_at: now } }
    }

    pub fn connection(&mut self) -> &mut PgConnection {
        self.transaction()
    }

    fn transaction(&mut self) -> &mut Transaction<'static, Postgres> {
        self.touched = true;
        self.tx
    }

    /// Whether the handler may have written anything.
    pub(crate) fn is_touched(&self) -> bool {
        self.touched
    }

    /// When the event is being applied, by the bus's clock.
    pub fn now(&self) -> OffsetDateTime {
        self.cause.occurred_at
    }

    /// Appends an event of one's own that follows from the one being applied; it carries the same trace.
    pub async fn append<E: Event>(
        &mut self,
        event: impl Into<E> + Send,
        aggregate_version: i64,
    ) -> Result<Position, sqlx::Error> {
        let cause = self.cause.clone();
        log::append(self.transaction(), &cause, &event.into(), aggregate_version).await
    }

    /// Appends in one statement an event for each of several that are applied together; it carries the trace of that one.
    /// Where they are, in the same order.
    pub async fn append_each<E: Event>(
        &mut self,
        events: &[(&Recorded, E, i64)],
    ) -> Result<Vec<Position>, sqlx::Error> {
        let cause = self.cause.clone();
        log::append_each(self.transaction(), &cause, events).await
    }

    /// As [`Self::append`], many in one statement.
    pub async fn append_all<E: Event>(&mut self, events: &[(E, i64)]) -> Result<Option<Position>, sqlx::Error> {
        let cause = self.cause.clone();
        log::append_all(self.transaction(), &cause, events).await
    }
}

/// Why an event was not handled. Made with `?` from any error.
#[derive(Debug)]
pub struct HandlerError {
    source: Box<dyn std::error::Error + Send + Sync>,
    unavailable: bool,
}

impl HandlerError {
    /// Something the handler needs is away: the event is tried again for as long as it takes and never parked.
    pub fn unavailable(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { source: source.into(), unavailable: true }
    }

    pub(crate) fn is_unavailable(&self) -> bool {
        self.unavailable
    }

    pub(crate) fn is_conflict(&self) -> bool {
        crate::fault::undone_by_another(&*self.source)
    }

    /// The error and its causes in one line.
    pub(crate) fn chain(&self) -> String {
        let mut text = self.source.to_string();
        let mut cause = self.source.source();
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    }
}

impl<E: std::error::Error + Send + Sync + 'static> From<E> for HandlerError {
    fn from(error: E) -> Self {
        // That a server is away stays visible however deep a context has wrapped it.
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
        let mut away = false;
        while let Some(error) = cause {
            away |= error.downcast_ref::<sqlx::Error>().is_some_and(crate::fault::unavailable)
                || error.downcast_ref::<std::io::Error>().is_some_and(crate::fault::server_away);
            cause = error.source();
        }
        Self { source: Box::new(error), unavailable: away }
    }
}

#[derive(Clone)]
pub(crate) enum Work {
    Apply(PgPool, Arc<dyn Apply>),
    Project(Arc<dyn Project>),
}

/// A named, durable place in the log and what is done with the events after it.
#[derive(Clone)]
pub struct Subscription {
    pub(crate) name: &'static str,
    pub(crate) follows: Option<&'static str>,
    /// `None`: every event, of whatever family.
    pub(crate) consumes: Option<Vec<Family>>,
    pub(crate) work: Work,
}

impl Subscription {
    /// With an effect in PostgreSQL, for the families that are named next: `.consumes::<BookEvent>()`. `name` is
    /// `<context>` or `<context>.<purpose>`; `pool` is the context's own.
    pub fn hear<S: Send + Sync + 'static>(name: &'static str, pool: PgPool, subscriber: S) -> Hearing<S> {
        Hearing::new(name, pool, subscriber)
    }

    /// With an effect elsewhere, for the families that are named next.
    pub fn show<V: Refresh>(name: &'static str, view: V) -> Showing<V> {
        Showing::new(name, view)
    }

    /// As [`Self::hear`], for every event there is.
    pub fn apply(name: &'static str, pool: PgPool, handler: Arc<dyn Apply>) -> Self {
        Self { name, follows: None, consumes: None, work: Work::Apply(pool, handler) }
    }

    /// As [`Self::show`], for every event there is.
    pub fn project(name: &'static str, handler: Arc<dyn Project>) -> Self {
        Self { name, follows: None, consumes: None, work: Work::Project(handler) }
    }

    /// Reads the log only as far as `leader` has come: what that one writes is committed before this one looks. The
    /// leader must be started by the same process and follow nobody itself.
    #[must_use]
    pub fn after(mut self, leader: &'static str) -> Self {
        self.follows = Some(leader);
        self
    }

    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The families of which it is handed events; `None`: all.
    pub fn consumes(&self) -> Option<&[Family]> {
        self.consumes.as_deref()
    }

    pub(crate) fn is_handed(&self, event: &Recorded) -> bool {
        let Some(families) = &self.consumes else { return true };
        families.iter().any(|family| family.events.iter().any(|published| published.name == event.name))
    }

    pub(crate) fn projects(&self) -> bool {
        matches!(self.work, Work::Project(_))
    }
}

/// A follower runs only beside its leader: one that follows nobody here, or somebody who follows, would never run.
pub(crate) fn require_leaders(subscriptions: &[Subscription]) -> Result<(), sqlx::Error> {
    for subscription in subscriptions {
        let Some(leader) = subscription.follows else {
            continue;
        };
        if !subscriptions.iter().any(|other| other.name == leader && other.follows.is_none()) {
            let text = format!("{} follows {leader}, which leads nowhere here", subscription.name);
            return Err(sqlx::Error::Configuration(text.into()));
        }
    }
    Ok(())
}
