//! How this process connects to PostgreSQL: each context, and the event log, under a role of its own.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::bail;
use database::{Address, Database, Replica, Room, Route, Server, Slots};
use secrecy::{ExposeSecret, SecretString};
use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;
use uuid::Uuid;

use crate::contexts::Context;
use crate::settings::Settings;

/// Pools of a host: one for each context, and one for the event log.
const POOLS: u32 = Context::ALL.len() as u32 + 1;
/// Connections beside the pools: one for LISTEN, on which new events are announced, and one that checks that PostgreSQL answers.
const BESIDE: u32 = 2;
/// The least that a pool gets: a request that holds one connection may need a second one to end.
const LEAST_IN_A_POOL: u32 = 2;
/// What `database.connections` must be at least.
#[cfg(test)]
const LEAST: u32 = BESIDE + POOLS * LEAST_IN_A_POOL;

/// As the owner of the database, who migrates it: on the host that takes writes, and around a pooler.
pub async fn owner(settings: &Settings) -> anyhow::Result<PgConnectOptions> {
    let address = address(settings.database.direct(), "database.url")?;
    Ok(address.primary().await?)
}

pub fn address(url: &SecretString, name: &str) -> anyhow::Result<Address> {
    // The address may hold a password: an error must not show it.
    url.expose_secret().parse().map_err(|_| anyhow::anyhow!("{name} is not an address of PostgreSQL"))
}

/// The connections of one process to one server.
pub struct Connections<'a> {
    pub settings: &'a Settings,
    /// Names the sessions: those of a process that is frozen can be told from others.
    pub process: Uuid,
    pub server: Server,
    /// As the event log's role, around a pooler.
    pub direct: Route,
    /// The same through the pooler, if there is one.
    pub pooled: Option<Route>,
    /// A standby that answers reads, if there is one.
    pub replica: Option<Replica>,
    url: Address,
    replica_url: Option<Address>,
    /// How many contexts run in this process.
    contexts: u32,
    /// Every pool that was made, by its schema.
    pools: Mutex<Vec<(String, Database)>>,
}

impl<'a> Connections<'a> {
    pub fn new(settings: &'a Settings, server: Server, contexts: usize) -> anyhow::Result<Self> {
        let (process, database) = (Uuid::now_v7(), &settings.database);
        let url = address(&database.url, "database.url")?;
        let direct_url = address(database.direct(), "database.direct_url")?;
        let replica_url = match &database.replica_url {
            Some(url) => Some(address(url, "database.replica_url")?),
            None => None,
        };
        let ways = |address: &Address| ways(settings, process, address, provision::EVENT_BUS);
        let direct = Route::new(ways(&direct_url));
        let pooled = database.direct_url.is_some().then(|| Route::new(ways(&url)));
        let replica = replica_url.as_ref().map(|address| Replica::new(ways(address)));
        let (contexts, pools) = (u32::try_from(contexts).unwrap_or(POOLS), Mutex::default());
        Ok(Self { settings, process, server, direct, pooled, replica, url, replica_url, contexts, pools })
    }

    /// Finds the hosts that take writes, and sets the clock. Whoever uses them says what is wrong when there are none.
    pub async fn find(&self) {
        for route in [Some(&self.direct), self.pooled.as_ref()].into_iter().flatten() {
            if let Err(error) = self.server.find(route).await {
                tracing::warn!(%error, "PostgreSQL did not tell the time");
            }
        }
    }

    pub fn pool(&self, schema: &str) -> Database {
        let share = share(self.settings.database.connections);
        let connections = if schema == provision::EVENT_BUS { share_of_the_log(share, self.contexts) } else { share };
        let ways = |address| ways(self.settings, self.process, address, schema);
        let route = self.pooled.as_ref().unwrap_or(&self.direct);
        let pool = route.pool(connections, ways(&self.url));
        let mut pool = Database::new(pool, self.server.clone()).with_route(route.clone());
        if self.pooled.is_some() {
            pool = pool.behind_pooler(self.direct.clone());
        }
        if let (Some(replica), Some(address)) = (&self.replica, &self.replica_url) {
            pool = pool.with_replica(replica.clone(), replica.pool(connections, ways(address)));
        }
        self.pools.lock().unwrap_or_else(PoisonError::into_inner).push((schema.to_owned(), pool.clone()));
        pool
    }

    /// Those that were made.
    pub fn pools(&self) -> Vec<(String, Database)> {
        self.pools.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What this host takes of PostgreSQL itself. What a pooler takes is its own affair.
    pub fn budget(&self) -> Budget {
        let connections =
            if self.pooled.is_some() { BESIDE } else { needed(self.settings.database.connections, self.contexts) };
        Budget { connections, route: self.direct.clone(), process: self.process }
    }
}

/// As each role of a host, by `database.url`: through the pooler where there is one.
pub fn pooled_roles(settings: &Settings) -> anyhow::Result<Vec<PgConnectOptions>> {
    let address = address(&settings.database.url, "database.url")?;
    let schemas = Context::ALL.iter().map(|context| context.name()).chain([provision::EVENT_BUS]);
    let password = &settings.database.context_password;
    Ok(schemas.map(|schema| role(settings, Uuid::nil(), &address.hosts()[0], schema, password)).collect())
}

/// To each host as the role of a schema, by each password.
fn ways(settings: &Settings, process: Uuid, address: &Address, schema: &str) -> Vec<Address> {
    let passwords =
        std::iter::once(&settings.database.context_password).chain(&settings.database.other_context_password);
    passwords.map(|password| address.map(|host| role(settings, process, host, schema, password))).collect()
}

/// `host` as the role of a schema.
fn role(
    settings: &Settings,
    process: Uuid,
    host: &PgConnectOptions,
    schema: &str,
    password: &SecretString,
) -> PgConnectOptions {
    let slow = Duration::from_millis(settings.log.slow_statement_milliseconds);
    provision::context_options(host, schema, Some(password.expose_secret()))
        // PostgreSQL's default is exact; PgBouncer refuses what it does not know when a connection begins.
        .extra_float_digits(None)
        .log_slow_statements(log::LevelFilter::Warn, slow)
        .application_name(&event_bus::session_name(schema, process))
}

/// A pool's part of all connections of a host.
fn share(connections: u32) -> u32 {
    (connections.saturating_sub(BESIDE) / POOLS).max(LEAST_IN_A_POOL)
}

/// Fewer contexts have fewer subscriptions. `share` is that of a pool where all run.
fn share_of_the_log(share: u32, contexts: u32) -> u32 {
    (share * (contexts + 1) / POOLS).max(LEAST_IN_A_POOL)
}

/// What a process with so many of the contexts takes, where one with all takes `connections`.
fn needed(connections: u32, contexts: u32) -> u32 {
    if contexts + 1 >= POOLS {
        return connections;
    }
    let share = share(connections);
    BESIDE + share * contexts + share_of_the_log(share, contexts)
}

/// All connections of one host to PostgreSQL, and whose they are.
#[derive(Clone)]
pub struct Budget {
    pub connections: u32,
    pub route: Route,
    pub process: Uuid,
}

impl Budget {
    /// An error where PostgreSQL never has room for this host, a warning where it has none when all hosts are busy. Hosts
    /// that come and go during a restart are one too many for a moment: that must not keep a new one out.
    pub async fn check(&self) -> anyhow::Result<()> {
        let slots = match database::slots(self.route.options(), &self.process.simple().to_string()).await {
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

    #[test]
    fn a_process_with_one_context_takes_a_quarter_of_what_one_with_all_takes() {
        assert_eq!((needed(62, 5), needed(62, 4), needed(62, 1)), (62, 50, 15));
        assert_eq!(needed(LEAST, 1), BESIDE + 2 * LEAST_IN_A_POOL);
        assert_eq!((share_of_the_log(10, 5), share_of_the_log(10, 1)), (10, 3));
    }
}
