//! The entry point: what the host wires.

use std::sync::Arc;

use cqrs::{CommandBusBuilder, QueryBusBuilder};
use database::Database;
use event_bus::{Family, Subscription};
use read_store::{Projection, Rebuild};
use reviews_events::ReviewEvent;
use users_events::UserEvent;

use crate::commands::{WriteReview, WriteReviewHandler};
use crate::queries::{GetReview, GetReviewHandler};
use crate::subscribers::Subscriber;
use crate::view::View;

/// What reviews publishes.
pub const PUBLISHES: Family = Family::of::<ReviewEvent>();

/// The schema `reviews`, run as the role `folkshelf_reviews`.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations/reviews");

/// The reviews context. Cheap to clone.
#[derive(Clone)]
pub struct Reviews {
    pool: Database,
    view: View,
}

impl Reviews {
    /// `pool` is that of the role `folkshelf_reviews`, `projection` the one named `reviews`.
    pub fn new(pool: impl Into<Database>, projection: Projection) -> Self {
        let pool = pool.into();
        let view = View::new(pool.clone(), projection);
        Self { pool, view }
    }

    pub fn register(&self, commands: &mut CommandBusBuilder, queries: &mut QueryBusBuilder) {
        let pool = &self.pool;
        commands.register::<WriteReview>(pool, WriteReviewHandler { pool: pool.clone() });
        queries.register::<GetReview>(pool, GetReviewHandler { view: self.view.clone() });
    }

    pub fn subscriptions(&self) -> Vec<Subscription> {
        vec![
            Subscription::hear("reviews", self.pool.pool().clone(), Subscriber).consumes::<UserEvent>().into(),
            Subscription::show("reviews.view", self.view.clone())
                .consumes::<ReviewEvent>()
                .consumes::<UserEvent>()
                .after("reviews"),
        ]
    }

    /// All reviews, for the read store to build the projection from.
    pub fn rebuild(&self) -> Arc<dyn Rebuild> {
        Arc::new(self.view.clone())
    }
}
