//! How this process connects to PostgreSQL: each context, and the event log, under a role of its own.

use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::bail;
use database::{Database, Room, Server, Slots};
use secrecy::ExposeSecret;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Connection};
use uuid::Uuid;

use crate::contexts::Context;
use crate::settings::Settings;

/// How long a request waits for a connection before it is told to come back.
const ACQUIRE: Duration = Duration::from_secs(3);
/// A connection that was given back in order so lately is taken as it is.
const TRUSTED: Duration = Duration::from_millis(500);
/// A connection that nobody has used for so long is closed, so that a peak of one host does not keep the others out.
const IDLE: Duration = Duration::from_secs(60);

/// Pools of a host: one for each context, and one for the event log.
const POOLS: u32 = Context::ALL.len() as u32 + 1;
/// Connections beside the pools: one for LISTEN, on which new events are announced, and one that checks that PostgreSQL answers.
const BESIDE: u32 = 2;
/// The least that a pool gets: a request that holds one connection may need a second one to end.
const LEAST_IN_A_POOL: u32 = 2;
/// What `database.connections` must be at least.
#[cfg(test)]
const LEAST: u32 = BESIDE + POOLS * LEAST_IN_A_POOL;

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
    /// Every pool that was made, by its schema.
    pools: Mutex<Vec<(String, Database)>>,
}

impl<'a> Connections<'a> {
    pub fn new(settings: &'a Settings, server: Server) -> Self {
        Self { settings, process: Uuid::now_v7(), server, pools: Mutex::default() }
    }
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
            .max_connections(share(self.settings.database.connections))
            .acquire_timeout(ACQUIRE)
            .idle_timeout(IDLE)
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
        let pool = Database::new(pool, self.server.clone());
        self.pools.lock().unwrap_or_else(PoisonError::into_inner).push((schema.to_owned(), pool.clone()));
        Ok(pool)
    }

    /// Those that were made.
    pub fn pools(&self) -> Vec<(String, Database)> {
        self.pools.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A pool's part of all connections of a host.
fn share(connections: u32) -> u32 {
    (connections.saturating_sub(BESIDE) / POOLS).max(LEAST_IN_A_POOL)
}

/// All connections of one host, and whose they are.
#[derive(Clone)]
pub struct Budget {
    pub connections: u32,
    /// As any role of ours.
    pub options: PgConnectOptions,
    pub process: Uuid,
}

impl Budget {
    /// An error where PostgreSQL never has room for this host, a warning where it has none when all hosts are busy. Hosts
    /// that come and go during a restart are one too many for a moment: that must not keep a new one out.
    pub async fn check(&self) -> anyhow::Result<()> {
        let slots = match database::slots(&self.options, &self.process.simple().to_string()).await {
            Ok(slots) => slots,
            Err(error) => {
                tracing::warn!(%error, "PostgreSQL did not tell how many connections it has");
                return Ok(());
            }
        };
        let Slots { limit, reserved, hosts, others } = slots;
        let own = self.connections;
        match slots.room_for(own) {
            Room::Enough => {}
            Room::TooLittle => tracing::warn!(
                limit,
                reserved,
                others,
                hosts = hosts + 1,
                each = own,
                "PostgreSQL has too few connections for all hosts: lower database.connections, or raise its max_connections"
            ),
            Room::None => bail!(
                "database.connections is {own}, but PostgreSQL has {} (its max_connections is {limit}, of which {reserved} \
                are reserved). Lower database.connections, or raise max_connections.",
                slots.usable()
            ),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `settings.rs` says so.
    #[test]
    fn each_pool_has_two_connections_at_least() {
        assert_eq!((LEAST, share(LEAST)), (14, LEAST_IN_A_POOL));
    }

    #[test]
    fn pools_and_what_is_beside_them_never_take_more_than_all() {
        for connections in LEAST..=300 {
            let taken = share(connections) * POOLS + BESIDE;
            assert!(taken <= connections && connections - taken < POOLS, "{connections}: {taken}");
        }
    }
}
