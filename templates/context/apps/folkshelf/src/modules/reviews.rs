//! reviews, as the host sees it.

use std::sync::Arc;

use cqrs::{CommandBusBuilder, MissingHandler, QueryBusBuilder};
use event_bus::{Family, Subscription};
use read_store::Rebuild;
use reviews::Reviews;
use sqlx::migrate::Migrator;

use crate::contexts::Context;
use crate::http::edge::host::{Host, Mount, mount};
use crate::http::edge::routes::Configure;
use crate::http::reviews::{self as routes, api::ReviewsApi};
use crate::module::{Module, Wired, Wiring};

pub struct ReviewsModule;

impl Module for ReviewsModule {
    fn migrations(&self) -> &'static Migrator {
        &reviews::MIGRATIONS
    }

    fn publishes(&self) -> Family {
        reviews::PUBLISHES
    }

    fn routes(&self) -> Configure {
        routes::configure
    }

    fn wire(&self, wiring: &Wiring<'_>) -> anyhow::Result<Box<dyn Wired>> {
        Ok(Box::new(Reviews::new(wiring.pool(Context::Reviews)?, wiring.projection(Context::Reviews))))
    }
}

impl Wired for Reviews {
    fn register(&self, commands: &mut CommandBusBuilder, queries: &mut QueryBusBuilder) {
        Reviews::register(self, commands, queries);
    }

    fn subscriptions(&self) -> Vec<Subscription> {
        Reviews::subscriptions(self)
    }

    fn rebuild(&self) -> Arc<dyn Rebuild> {
        Reviews::rebuild(self)
    }

    fn api(&self, host: &Host) -> Result<Mount, MissingHandler> {
        Ok(mount(ReviewsApi::new(host)?))
    }
}
