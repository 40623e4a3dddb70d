//! Reads the events that a context tells from now on. The relay to NATS uses it.

use kernel::{EventId, Position};
use tokio::time::Instant;
use uuid::Uuid;

use crate::bus::EventBus;
use crate::carried::Page;
use crate::feed::{FeedError, LONGEST_WAIT, MOST, Standing, WITHIN, Wanted, in_time};

/// See [`EventBus::follow`].
pub struct Following {
    bus: EventBus,
    context: String,
    after: EventId,
    from: Position,
}

impl EventBus {
    /// Everything that a context of this database tells from now on, as far as this process reads the log. The first event
    /// names as its previous one an event that there is not: what came before is not looked for.
    pub async fn follow(&self, context: &str) -> Result<Following, FeedError> {
        let failed = |source| FeedError::Database { context: context.to_owned(), source };
        if self.is_away() {
            return Err(failed(sqlx::Error::PoolTimedOut));
        }
        let from = self.read_to();
        match self.carry(in_time(WITHIN, self.own_place(context, None))).await.map_err(failed)? {
            Standing::NotOwned => Err(FeedError::NotOwned(context.to_owned())),
            Standing::At(_) | Standing::Unknown(_) => {
                Ok(Following { bus: self.clone(), context: context.to_owned(), after: Uuid::nil().into(), from })
            }
        }
    }
}

impl Following {
    /// What comes next: up to 500 events, as soon as there is one; none after 5 s. After an error the same ones come again.
    pub async fn next(&mut self) -> Result<Page, FeedError> {
        let failed = |source| FeedError::Database { context: self.context.clone(), source };
        if self.bus.is_away() {
            return Err(failed(sqlx::Error::PoolTimedOut));
        }
        let (context, limit) = (self.context.as_str(), MOST as usize);
        let wanted = Wanted { context, after: Some(self.after), from: self.from, limit };
        let page = self.bus.news(wanted, Instant::now() + LONGEST_WAIT).await.map_err(failed)?;
        if let Some(last) = page.events.last() {
            (self.after, self.from) = (last.event.id, last.event.position);
        }
        Ok(page)
    }
}
