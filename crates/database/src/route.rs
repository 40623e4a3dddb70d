//! Which host of an [`Address`] takes writes, as far as this process knows, and pools that connect to it.
//!
//! [`crate::Server::watch`] finds the primary and moves the route. A pool then connects to the new host, and closes what
//! was connected before when it is next taken: that leads to a server which is gone or takes no writes any more.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgListener, PgPool, PgPoolOptions};
use sqlx::{Connection, Error};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::address::{Address, ask, no_primary};

/// How long a request waits for a connection before it is told to come back.
const ACQUIRE: Duration = Duration::from_secs(3);
/// A connection that was given back in order so lately is taken as it is.
const TRUSTED: Duration = Duration::from_millis(500);
/// A connection that nobody has used for so long is closed, so that a peak of one host does not keep the others out.
const IDLE: Duration = Duration::from_secs(60);

/// Cheap to clone.
#[derive(Clone)]
pub struct Route(Arc<Inner>);

struct Inner {
    address: Address,
    current: watch::Sender<Current>,
    /// Pools, with their ways to each host.
    followers: Mutex<Vec<(PgPool, Address)>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Current {
    host: usize,
    /// What was connected before is not trusted.
    since: Instant,
}

impl Route {
    /// To the first host, until another one is found to be the primary.
    pub fn new(address: Address) -> Self {
        let current = watch::Sender::new(Current { host: 0, since: Instant::now() });
        Self(Arc::new(Inner { address, current, followers: Mutex::default() }))
    }

    pub fn address(&self) -> &Address {
        &self.0.address
    }

    /// How to connect to the host that takes writes.
    pub fn options(&self) -> &PgConnectOptions {
        &self.0.address.hosts()[self.host()]
    }

    pub(crate) fn host(&self) -> usize {
        self.0.current.borrow().host
    }

    /// A pool of at most `connections` that follows the primary. `change` makes its options of the route's: another role.
    pub fn pool(&self, connections: u32, change: impl FnMut(&PgConnectOptions) -> PgConnectOptions) -> PgPool {
        self.pool_within(ACQUIRE, connections, change)
    }

    /// As [`Self::pool`]. Whoever gets no connection `within` that time is refused.
    pub(crate) fn pool_within(
        &self,
        within: Duration,
        connections: u32,
        change: impl FnMut(&PgConnectOptions) -> PgConnectOptions,
    ) -> PgPool {
        let address = self.0.address.map(change);
        let several = address.names_several();
        let route = self.clone();
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(within)
            .idle_timeout(IDLE)
            .after_connect(move |connection, _| {
                Box::pin(async move {
                    // The primary may have become a standby since it was found.
                    if several && ask(connection).await?.is_read_only { Err(no_primary()) } else { Ok(()) }
                })
            })
            // By default each connection is tried with a round trip whenever it is taken: some ten a command.
            .test_before_acquire(false)
            .before_acquire(move |connection, taken| {
                let since = route.0.current.borrow().since;
                Box::pin(async move {
                    if taken.age > since.elapsed() {
                        return Ok(false);
                    }
                    if taken.idle_for > TRUSTED {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect_lazy_with(address.hosts()[self.host()].clone());
        self.followers().push((pool.clone(), address));
        pool
    }

    fn followers(&self) -> std::sync::MutexGuard<'_, Vec<(PgPool, Address)>> {
        self.0.followers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is connected now is not taken any more, and new connections lead to `host`.
    pub(crate) fn move_to(&self, host: usize) {
        for (pool, address) in &*self.followers() {
            pool.set_connect_options(address.hosts()[host].clone());
        }
        self.0.current.send_replace(Current { host, since: Instant::now() });
    }

    /// A connection of its own that listens, for as long as the primary stays where it is.
    pub async fn listener(&self) -> Result<Listener, Error> {
        let current = self.0.current.subscribe();
        let options = self.options().clone();
        let pool =
            PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None).acquire_timeout(ACQUIRE);
        let mut listener = PgListener::connect_with(&pool.connect_lazy_with(options)).await?;
        listener.eager_reconnect(false);
        Ok(Listener { listener, current, _route: self.clone() })
    }
}

/// Ends with its connection, or when the primary moves: then another one has to be made.
pub struct Listener {
    listener: PgListener,
    current: watch::Receiver<Current>,
    /// Whose moves it is told of.
    _route: Route,
}

impl Listener {
    pub async fn listen(&mut self, channel: &str) -> Result<(), Error> {
        self.listener.listen(channel).await
    }

    /// The text of the next notification; `None`: it has ended.
    pub async fn next(&mut self) -> Result<Option<String>, Error> {
        tokio::select! {
            told = self.listener.try_recv() => Ok(told?.map(|told| told.payload().to_owned())),
            _ = self.current.changed() => Ok(None),
        }
    }
}
