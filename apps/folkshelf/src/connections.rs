//! How this process connects to PostgreSQL: each context, and the event log, under a role of its own.

use std::str::FromStr;
use std::time::Duration;

use database::{Database, Server};
use secrecy::ExposeSecret;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Connection};
use uuid::Uuid;

use crate::settings::Settings;

/// How long a request waits for a connection before it is told to come back.
const ACQUIRE: Duration = Duration::from_secs(3);
/// A connection that was given back in order so lately is taken as it is.
const TRUSTED: Duration = Duration::from_millis(500);

/// As the owner of the database, who migrates it.
pub fn owner(settings: &Settings) -> anyhow::Result<PgConnectOptions> {
    // The address may hold a password: an error must not show it.
    PgConnectOptions::from_str(settings.database.url.expose_secret())
        .map_err(|_| anyhow::anyhow!("database.url is not an address of PostgreSQL"))
}

/// The connections of one process to one server.
pub struct Connections<'a> {
    pub settings: &'a Settings,
    /// Names the sessions: those of a process that is frozen can be told from others.
    pub process: Uuid,
    pub server: Server,
}

impl Connections<'_> {
    /// As the role of a schema.
    pub fn role(&self, schema: &str) -> anyhow::Result<PgConnectOptions> {
        let password = self.settings.database.context_password.expose_secret();
        let slow = Duration::from_millis(self.settings.log.slow_statement_milliseconds);
        let options = provision::context_options(&owner(self.settings)?, schema, Some(password))
            .log_slow_statements(log::LevelFilter::Warn, slow);
        Ok(options.application_name(&event_bus::session_name(schema, self.process)))
    }

    /// Made at the first use.
    pub fn pool(&self, schema: &str) -> anyhow::Result<Database> {
        let pool = PgPoolOptions::new()
            .max_connections(self.settings.database.max_connections)
            .acquire_timeout(ACQUIRE)
            // By default each connection is tried with a round trip whenever it is taken: some ten a command.
            .test_before_acquire(false)
            .before_acquire(|connection, taken| {
                Box::pin(async move {
                    if taken.idle_for > TRUSTED {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect_lazy_with(self.role(schema)?);
        Ok(Database::new(pool, self.server.clone()))
    }
}
