//! What a subscription consumes. From this one declaration come whom it is handed events of, which commands wait for it, and
//! the tables in READMEs and context map.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use kernel::event::Published;
use kernel::{DecodeError, Event};
use sqlx::PgPool;

use crate::log::Recorded;
use crate::subscription::{Apply, Delivery, HandlerError, Project, Subscription, Work};

/// The events that one context publishes.
#[derive(Debug, Clone, Copy)]
pub struct Family {
    /// The context's name.
    pub name: &'static str,
    pub events: &'static [Published],
}

impl Family {
    pub const fn of<E: Event>() -> Self {
        Self { name: E::FAMILY, events: E::PUBLISHED }
    }
}

/// Hears a family of events, with an effect in PostgreSQL that commits together with the checkpoint.
#[async_trait]
pub trait Hear<E: Event>: Send + Sync + 'static {
    async fn hear(&self, delivery: &mut Delivery<'_>, event: &Recorded, heard: E) -> Result<(), HandlerError>;
}

/// Hears several events of one family in one call, for subscribers that can do the work for all of them in one statement.
/// They follow each other in the log; only events that the subscription does not consume may lie between them.
#[async_trait]
pub trait HearTogether<E: Event>: Send + Sync + 'static {
    async fn hear(&self, delivery: &mut Delivery<'_>, events: &[(&Recorded, E)]) -> Result<(), HandlerError>;
}

/// Shows something elsewhere than in PostgreSQL. What became stale is gathered over a batch of events and refreshed once.
#[async_trait]
pub trait Refresh: Send + Sync + 'static {
    type Stale: Default + Send;

    /// Must be idempotent: after a crash some of it is asked for again.
    async fn refresh(&self, stale: Self::Stale) -> Result<(), HandlerError>;
}

/// Knows what an event of a family makes stale.
#[async_trait]
pub trait Outdate<E: Event>: Refresh {
    async fn outdate(&self, stale: &mut Self::Stale, event: &Recorded, heard: E) -> Result<(), HandlerError>;

    /// What an event means that cannot be read: as a rule it is tried again, and parked.
    fn unreadable(&self, error: DecodeError) -> Result<(), HandlerError> {
        Err(error.into())
    }
}

/// What is handed to which of a subscriber's methods, by the event's name.
struct Routes<R> {
    families: Vec<Family>,
    by_name: HashMap<&'static str, R>,
}

impl<R: Copy> Routes<R> {
    fn new() -> Self {
        Self { families: Vec::new(), by_name: HashMap::new() }
    }

    fn add<E: Event>(&mut self, route: R) {
        self.families.push(Family::of::<E>());
        self.by_name.extend(E::PUBLISHED.iter().map(|published| (published.name, route)));
    }

    fn of(&self, event: &Recorded) -> Option<R> {
        self.by_name.get(event.name.as_str()).copied()
    }
}

type Handing<S> =
    for<'a> fn(&'a S, &'a mut Delivery<'_>, &'a [&'a Recorded]) -> BoxFuture<'a, Result<(), HandlerError>>;

/// How events of a family are handed over.
struct Way<S> {
    family: &'static str,
    together: bool,
    hand: Handing<S>,
}

impl<S> Clone for Way<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Way<S> {}

/// A subscription being declared: [`Subscription::hear`].
pub struct Hearing<S> {
    name: &'static str,
    pool: PgPool,
    subscriber: Arc<S>,
    routes: Routes<Way<S>>,
}

impl<S: Send + Sync + 'static> Hearing<S> {
    pub(crate) fn new(name: &'static str, pool: PgPool, subscriber: S) -> Self {
        Self { name, pool, subscriber: Arc::new(subscriber), routes: Routes::new() }
    }

    #[must_use]
    pub fn consumes<E: Event>(mut self) -> Self
    where
        S: Hear<E>,
    {
        let hand: Handing<S> = |subscriber, delivery, events| {
            Box::pin(async move {
                for event in events {
                    if let Some(heard) = event.decode::<E>()? {
                        subscriber.hear(delivery, event, heard).await?;
                    }
                }
                Ok(())
            })
        };
        self.routes.add::<E>(Way { family: E::FAMILY, together: false, hand });
        self
    }

    #[must_use]
    pub fn consumes_together<E: Event>(mut self) -> Self
    where
        S: HearTogether<E>,
    {
        let hand: Handing<S> = |subscriber, delivery, events| {
            Box::pin(async move {
                let mut heard = Vec::with_capacity(events.len());
                for event in events {
                    heard.extend(event.decode::<E>()?.map(|told| (*event, told)));
                }
                subscriber.hear(delivery, &heard).await
            })
        };
        self.routes.add::<E>(Way { family: E::FAMILY, together: true, hand });
        self
    }
}

impl<S: Send + Sync + 'static> From<Hearing<S>> for Subscription {
    fn from(hearing: Hearing<S>) -> Self {
        let consumes = Some(hearing.routes.families.clone());
        Self { name: hearing.name, follows: None, consumes, work: Work::Apply(hearing.pool.clone(), Arc::new(hearing)) }
    }
}

#[async_trait]
impl<S: Send + Sync + 'static> Apply for Hearing<S> {
    async fn apply(&self, delivery: &mut Delivery<'_>, event: &Recorded) -> Result<(), HandlerError> {
        self.apply_together(delivery, &[event]).await
    }

    fn together(&self, events: &[&Recorded]) -> usize {
        match events.first().and_then(|event| self.routes.of(event)) {
            Some(Way { family, together: true, .. }) => {
                events.iter().take_while(|event| self.routes.of(event).is_some_and(|way| way.family == family)).count()
            }
            Some(_) | None => 1,
        }
    }

    async fn apply_together(&self, delivery: &mut Delivery<'_>, events: &[&Recorded]) -> Result<(), HandlerError> {
        match events.first().and_then(|event| self.routes.of(event)) {
            Some(way) => (way.hand)(&self.subscriber, delivery, events).await,
            None => Ok(()),
        }
    }
}

type Outdating<V> =
    for<'a> fn(&'a V, &'a mut <V as Refresh>::Stale, &'a Recorded) -> BoxFuture<'a, Result<(), HandlerError>>;

/// A subscription being declared: [`Subscription::show`].
pub struct Showing<V: Refresh> {
    name: &'static str,
    view: V,
    routes: Routes<Outdating<V>>,
}

impl<V: Refresh> Showing<V> {
    pub(crate) fn new(name: &'static str, view: V) -> Self {
        Self { name, view, routes: Routes::new() }
    }

    #[must_use]
    pub fn consumes<E: Event>(mut self) -> Self
    where
        V: Outdate<E>,
    {
        self.routes.add::<E>(|view, stale, event| {
            Box::pin(async move {
                match event.decode::<E>() {
                    Ok(Some(heard)) => view.outdate(stale, event, heard).await,
                    Ok(None) => Ok(()),
                    Err(error) => view.unreadable(error),
                }
            })
        });
        self
    }

    /// See [`Subscription::after`].
    #[must_use]
    pub fn after(self, leader: &'static str) -> Subscription {
        Subscription::from(self).after(leader)
    }
}

impl<V: Refresh> From<Showing<V>> for Subscription {
    fn from(showing: Showing<V>) -> Self {
        let consumes = Some(showing.routes.families.clone());
        Self { name: showing.name, follows: None, consumes, work: Work::Project(Arc::new(showing)) }
    }
}

#[async_trait]
impl<V: Refresh> Project for Showing<V> {
    async fn project(&self, events: &[Arc<Recorded>]) -> Result<(), HandlerError> {
        let (mut stale, mut any) = (V::Stale::default(), false);
        for event in events {
            if let Some(outdate) = self.routes.of(event) {
                outdate(&self.view, &mut stale, event).await?;
                any = true;
            }
        }
        if any { self.view.refresh(stale).await } else { Ok(()) }
    }
}
