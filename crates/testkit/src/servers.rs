//! A PostgreSQL of a test's own, for tests that stop, kill and start it.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

pub use ::servers::signal;
pub(crate) use ::servers::{Home, end, free_port};

use crate::database::{every_context, migrate};

/// A migrated PostgreSQL that nobody else uses.
pub struct PrivatePostgres(::servers::PrivatePostgres);

impl Deref for PrivatePostgres {
    type Target = ::servers::PrivatePostgres;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for PrivatePostgres {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl PrivatePostgres {
    /// # Panics
    /// When `FOLKSHELF_TEST_POSTGRES_BIN` is not set or the server does not start.
    pub async fn start() -> Self {
        let server = ::servers::PrivatePostgres::start().await;
        let contexts = every_context().await.expect("migrations");
        migrate(&server.owner_options(), &contexts).await.expect("migrated");
        Self(server)
    }

    /// A server that follows this one; `name` is its slot's and what `synchronous_standby_names` may name.
    ///
    /// # Panics
    /// When the copy cannot be made or does not start.
    pub async fn standby(&self, name: &str) -> Self {
        Self(self.0.standby(name).await)
    }

    /// A small pool of the role that owns `schema`'s tables.
    pub fn owner_pool(&self, schema: &str) -> PgPool {
        PgPoolOptions::new()
            .max_connections(2)
            .connect_lazy_with(provision::migration_options(&self.owner_options(), schema))
    }

    /// A small pool of `schema`'s role: a context's name, or `event_bus`. It gives up soon while the server is down.
    pub fn pool(&self, schema: &str) -> PgPool {
        PgPoolOptions::new()
            .max_connections(8)
            .acquire_timeout(Duration::from_secs(1))
            .connect_lazy_with(provision::context_options(&self.owner_options(), schema, None))
    }
}
