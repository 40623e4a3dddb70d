//! The part of the log that a context may see: its own events.

use std::marker::PhantomData;
use std::time::Duration;

use kernel::{Event, Position};
use uuid::Uuid;

use crate::bus::EventBus;
use crate::log::{self, Recorded};
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
        let names: Vec<String> = E::PUBLISHED.iter().map(|published| published.name.to_owned()).collect();
        self.bus.carry(log::history(&self.bus.inner.pool, aggregate_id, &names)).await
    }

    /// Waits until the context's own subscriptions, its views too, have handled the event at `position`.
    pub async fn shown(&self, position: Position, within: Duration) -> Heard {
        self.bus.wait_for(position, Scope::Context(E::FAMILY), within).await
    }
}
