//! Which host of an [`Address`] takes writes, as far as this process knows, and pools that connect to it.
//!
//! [`crate::Server::watch`] finds the primary and moves the route. A pool then connects to the new host, and closes what
//! was connected before when it is next taken: that leads to a server which is gone or takes no writes any more.
//!
//! A role has one password at a time. While it is changed a host knows two (ADR 67), and a route uses one of them until
//! PostgreSQL refuses it. Connections that are open stay.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgListener, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, Error};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use crate::address::{Address, ask, no_primary};

/// How long a request waits for a connection before it is told to come back.
const ACQUIRE: Duration = Duration::from_secs(3);
/// A connection that was given back in order so lately is taken as it is.
const TRUSTED: Duration = Duration::from_millis(500);
/// A connection that nobody has used for so long is closed, so that a peak of one host does not keep the others out.
const IDLE: Duration = Duration::from_secs(60);
/// How long a check of the password may take.
const CHECK: Duration = Duration::from_secs(1);

/// Cheap to clone.
#[derive(Clone)]
pub struct Route(Arc<Inner>);

struct Inner {
    /// The way to each host, by each password.
    ways: Vec<Address>,
    current: watch::Sender<Current>,
    /// Pools, with their ways to each host by each password.
    followers: Mutex<Vec<Follower>>,
}

type Follower = (PgPool, Vec<Address>);

#[derive(Debug, Clone, Copy)]
struct Current {
    host: usize,
    password: usize,
    /// What was connected before is not trusted.
    since: Instant,
}

impl Route {
    /// To the first host, until another one is found to be the primary; by the first password, until it is refused.
    /// `ways`: the same hosts with each of the passwords.
    ///
    /// # Panics
    /// When there is no way.
    pub fn new(ways: Vec<Address>) -> Self {
        assert!(!ways.is_empty(), "a route needs a way");
        let current = watch::Sender::new(Current { host: 0, password: 0, since: Instant::now() });
        Self(Arc::new(Inner { ways, current, followers: Mutex::default() }))
    }

    /// To each host, by the password in use.
    pub fn address(&self) -> &Address {
        &self.0.ways[self.current().password]
    }

    /// How to connect to the host that takes writes.
    pub fn options(&self) -> &PgConnectOptions {
        &self.address().hosts()[self.host()]
    }

    pub(crate) fn host(&self) -> usize {
        self.current().host
    }

    fn current(&self) -> Current {
        *self.0.current.borrow()
    }

    /// A connection of its own to one of the hosts.
    pub(crate) async fn connect(&self, host: usize) -> Result<PgConnection, Error> {
        self.retry(|| self.address().hosts()[host].connect()).await
    }

    /// What `work` returns, which may open a connection. It is done again with another password where this one is refused.
    pub(crate) async fn retry<T, F>(&self, work: impl Fn() -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let tried = self.current().password;
        match work().await {
            Err(error) if is_wrong_password(&error) && self.leave(tried) => work().await,
            outcome => outcome,
        }
    }

    /// Asks whether the password in use is right, so that whoever opens connections by a pool alone, as the event log does,
    /// need not find out. Does nothing where there is one password.
    pub async fn check_password(&self) {
        if self.0.ways.len() > 1
            // Others see to a PostgreSQL that is away.
            && let Ok(Ok(connection)) = timeout(CHECK, self.connect(self.host())).await
        {
            drop(connection.close().await);
        }
    }

    /// All pools leave this password together; nothing where another request has seen to that. False where there is no other.
    fn leave(&self, password: usize) -> bool {
        let count = self.0.ways.len();
        let followers = self.followers();
        let now = self.current();
        if count > 1 && now.password == password {
            self.turn_to(&followers, Current { password: (password + 1) % count, ..now });
            tracing::warn!("password of the database roles refused; using the other one");
        }
        count > 1
    }

    /// A pool of at most `connections` that follows the primary. `ways`: as those of the route, as another role.
    ///
    /// # Panics
    /// When they are not as many as the route's.
    pub fn pool(&self, connections: u32, ways: Vec<Address>) -> PgPool {
        self.pool_within(ACQUIRE, connections, ways)
    }

    /// As [`Self::pool`]. Whoever gets no connection `within` that time is refused.
    pub(crate) fn pool_within(&self, within: Duration, connections: u32, ways: Vec<Address>) -> PgPool {
        assert_eq!(ways.len(), self.0.ways.len(), "a way by each password");
        let several = ways[0].names_several();
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
            .connect_lazy_with(ways[0].hosts()[0].clone());
        let mut followers = self.followers();
        followers.push((pool.clone(), ways));
        self.turn_to(&followers[followers.len() - 1..], self.current());
        pool
    }

    fn followers(&self) -> MutexGuard<'_, Vec<Follower>> {
        self.0.followers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is connected now is not taken any more, and new connections lead to `host`.
    pub(crate) fn move_to(&self, host: usize) {
        let followers = self.followers();
        self.turn_to(&followers, Current { host, since: Instant::now(), ..self.current() });
    }

    /// Whoever calls it holds the followers, so that one change does not undo another.
    fn turn_to(&self, followers: &[Follower], now: Current) {
        for (pool, ways) in followers {
            pool.set_connect_options(ways[now.password].hosts()[now.host].clone());
        }
        self.0.current.send_replace(now);
    }

    /// A connection of its own that listens, for as long as the primary stays where it is.
    pub async fn listener(&self) -> Result<Listener, Error> {
        let current = self.0.current.subscribe();
        let since = current.borrow().since;
        let connect = || async {
            let pool =
                PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None).acquire_timeout(ACQUIRE);
            PgListener::connect_with(&pool.connect_lazy_with(self.options().clone())).await
        };
        let mut listener = self.retry(connect).await?;
        listener.eager_reconnect(false);
        Ok(Listener { listener, current, since, _route: self.clone() })
    }
}

/// Ends with its connection, or when the primary moves: then another one has to be made.
pub struct Listener {
    listener: PgListener,
    current: watch::Receiver<Current>,
    since: Instant,
    /// Whose moves it is told of.
    _route: Route,
}

impl Listener {
    pub async fn listen(&mut self, channel: &str) -> Result<(), Error> {
        self.listener.listen(channel).await
    }

    /// The text of the next notification; `None`: it has ended.
    pub async fn next(&mut self) -> Result<Option<String>, Error> {
        let since = self.since;
        tokio::select! {
            told = self.listener.try_recv() => Ok(told?.map(|told| told.payload().to_owned())),
            _ = self.current.wait_for(|now| now.since != since) => Ok(None),
        }
    }
}

fn is_wrong_password(error: &Error) -> bool {
    // invalid_password, invalid_authorization_specification
    let code = error.as_database_error().and_then(|error| error.code());
    matches!(code.as_deref(), Some("28P01" | "28000"))
}
