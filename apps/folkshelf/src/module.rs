//! One context as the host sees it: [`Module`] before it is wired, [`Wired`] afterwards. `modules` has one file for each.
//! Everything else in the host works with the list of them and names none.

use std::sync::Arc;

use anyhow::Context as _;
use async_trait::async_trait;
use cqrs::{CommandBus, CommandBusBuilder, Crossing, MissingHandler, QueryBus, QueryBusBuilder};
use database::Database;
use event_bus::{Audited, EventBus, Family, Subscription};
use jobs::Job;
use kernel::Clock;
use read_store::{Projection, ReadStore, Rebuild};
use sqlx::migrate::Migrator;
use time::OffsetDateTime;
use wording::Language;

use crate::background::Background;
use crate::connections::Connections;
use crate::contexts::Context;
use crate::http::edge::gate::{RoleSource, SessionSource};
use crate::http::edge::host::{Host, Mount};
use crate::http::edge::hot::{Hot, SeesLess};
use crate::http::edge::overload::Places;
use crate::http::edge::routes::Configure;
use crate::ports::Ports;
use crate::settings::Settings;

/// What is known of a context without settings and servers.
pub trait Module: Sync {
    /// Its SQL, run as its role in its schema.
    fn migrations(&self) -> &'static Migrator;

    /// The events that it publishes.
    fn publishes(&self) -> Family;

    /// Its routes below `/api/v1`. What they work with comes from [`Wired::api`].
    fn routes(&self) -> Configure;

    /// What other contexts send it and ask it.
    fn crossings(&self) -> Vec<Crossing> {
        Vec::new()
    }

    /// The roles, where it keeps them.
    fn roles(&self, _queries: &QueryBus) -> Result<Option<Arc<dyn RoleSource>>, MissingHandler> {
        Ok(None)
    }

    /// The sessions, where it keeps them and runs in another process.
    fn sessions_elsewhere(
        &self,
        _wiring: &Wiring<'_>,
        _commands: &CommandBus,
        _queries: &QueryBus,
    ) -> anyhow::Result<Option<Box<dyn SessionsElsewhere>>> {
        Ok(None)
    }

    /// Its answers that are kept in memory, if any are.
    fn hot(&self) -> Option<Hot> {
        None
    }

    /// Makes its entry point.
    fn wire(&self, wiring: &Wiring<'_>) -> anyhow::Result<Box<dyn Wired>>;
}

/// The check of sessions in a process that does not run the context that keeps them.
pub trait SessionsElsewhere: Send + Sync {
    fn sessions(&self) -> Arc<dyn SessionSource>;

    /// Starts what runs beside it.
    fn start(&self, background: &Background);
}

/// A context with its pool, its projection and its ports.
#[async_trait]
pub trait Wired: Send + Sync {
    /// Its commands and queries.
    fn register(&self, commands: &mut CommandBusBuilder, queries: &mut QueryBusBuilder);

    /// What it consumes.
    fn subscriptions(&self) -> Vec<Subscription>;

    /// Its rows that can be held against what the log tells.
    fn audited(&self) -> Vec<Arc<dyn Audited>> {
        Vec::new()
    }

    /// What its projection is built from.
    fn rebuild(&self) -> Arc<dyn Rebuild>;

    /// Starts its schedulers, workers and sweepers.
    fn start(&self, _background: &Background) {}

    /// What one of the hosts does by the clock.
    fn jobs(&self) -> Vec<Arc<dyn Job>> {
        Vec::new()
    }

    /// What its routes work with. A route to a handler that is not registered is an error here, when the host starts.
    fn api(&self, host: &Host) -> Result<Mount, MissingHandler>;

    /// Who sees less than others of its answers that are kept in memory.
    fn sees_less(&self) -> Option<Arc<dyn SeesLess>> {
        None
    }

    /// The sessions, where it keeps them.
    fn sessions(&self) -> Option<Arc<dyn SessionSource>> {
        None
    }

    /// Does at once what its scheduler does by the clock: for a demo, whose clock jumps.
    async fn tick(&self, _now: OffsetDateTime) -> anyhow::Result<()> {
        Ok(())
    }
}

/// What a context is made of.
pub struct Wiring<'a> {
    pub settings: &'a Settings,
    pub connections: &'a Connections<'a>,
    pub read_store: &'a ReadStore,
    pub events: &'a EventBus,
    pub ports: &'a Ports,
    pub clock: &'a Arc<dyn Clock>,
    /// How this process's requests are doing.
    pub places: &'a Arc<Places>,
}

impl Wiring<'_> {
    pub fn pool(&self, context: Context) -> Database {
        self.connections.pool(context.name())
    }

    pub fn projection(&self, context: Context) -> Projection {
        self.read_store.projection(context.name())
    }

    /// In which members are written to who did not choose one.
    pub fn language(&self) -> anyhow::Result<Language> {
        Language::of_tag(&self.settings.community.language).context("nothing is written in community.language")
    }
}
