//! A context's way to PostgreSQL: its pool, behind one breaker for the whole process.
//!
//! | where | what |
//! |---|---|
//! | [`Database`] | a pool that refuses at once while PostgreSQL is away; used like a `PgPool` |
//! | [`Address`] | one host or several, of which one is the primary |
//! | [`Reading`] | a connection for several statements that read, whatever is between |
//! | [`Route`] | the host that takes writes and the password that it takes, pools that follow both, and listening there |
//! | [`Replica`] | a standby that answers reads, as far as its copy of the log has come |
//! | [`Server`] | whether PostgreSQL is away, as one task of the process finds out; shared by all pools |
//! | `skew` | how far the machine's clock is from PostgreSQL's |
//! | [`slots()`], [`without_connection()`] | whether PostgreSQL has room for a host's connections, and which pools have none |
//! | [`standing()`] | how the server is set up, whether it archives, how its standbys are doing |
//!
//! A pool alone cannot do this: it waits for its time-out with each caller, and when statements hang all its
//! connections are in use, so that nobody even notices. Background work may use [`Database::pool`]: it has its own pauses.
//!
//! All connections are opened on the runtime that made the [`Database`]. A connection that was opened on the runtime of
//! an HTTP worker would stop working when that worker ends, although somebody else may use it by then.

mod address;
mod reading;
mod replica;
mod route;
mod runtime;
mod server;
mod skew;
mod slots;
mod standing;

pub use address::Address;
pub use reading::Reading;
pub use replica::Replica;
pub use route::{Listener, Route};
pub use server::Server;
pub use slots::{Room, Slots, slots, without_connection};
pub use standing::{Slot, Standing, standing};

use std::fmt;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream};
use futures_util::{TryFutureExt, TryStreamExt};
use kernel::Position;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgPool, PgQueryResult, PgRow, PgStatement, PgTypeInfo};
use sqlx::{Describe, Either, Error, Execute, Executor, Postgres, SqlStr, Transaction};

use runtime::Runtime;

/// The pool of one role. Cheap to clone.
#[derive(Clone)]
pub struct Database {
    pool: PgPool,
    server: Server,
    runtime: Runtime,
    /// What the pool follows.
    route: Option<Route>,
    /// Around a pooler, for what needs a session. Then the pool leads to the pooler.
    direct: Option<Route>,
    /// A standby, and this role's pool there.
    replica: Option<(Replica, PgPool)>,
}

impl Database {
    /// To be called on the runtime that shall carry the connections.
    pub fn new(pool: PgPool, server: Server) -> Self {
        Self { pool, server, runtime: Runtime::current(), route: None, direct: None, replica: None }
    }

    /// The route that has made the pool.
    #[must_use]
    pub fn with_route(self, route: Route) -> Self {
        Self { route: Some(route), ..self }
    }

    /// The pool leads to a pooler in transaction mode. What needs a session of its own goes by `direct`.
    #[must_use]
    pub fn behind_pooler(self, direct: Route) -> Self {
        Self { direct: Some(direct), ..self }
    }

    /// Reads may be answered there, through `pool`.
    #[must_use]
    pub fn with_replica(self, replica: Replica, pool: PgPool) -> Self {
        Self { replica: Some((replica, pool)), ..self }
    }

    pub fn has_replica(&self) -> bool {
        self.replica.is_some()
    }

    /// The pool without the breaker, for the event bus and its subscriptions.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    pub fn server(&self) -> &Server {
        &self.server
    }

    /// A connection of its own that listens. A pooler would give its session to somebody else.
    pub async fn listener(&self) -> Result<Listener, Error> {
        match self.direct.as_ref().or(self.route.as_ref()) {
            Some(route) => route.listener().await,
            None => Route::new(vec![Address::from((*self.pool.connect_options()).clone())]).listener().await,
        }
    }

    pub async fn acquire(&self) -> Result<PoolConnection<Postgres>, Error> {
        self.guard(self.connected(|| self.pool.acquire())).await
    }

    pub async fn begin(&self) -> Result<Transaction<'static, Postgres>, Error> {
        self.guard(self.connected(|| self.pool.begin())).await
    }

    /// Reads on the standby where its copy of the log has come as far as `needs`. Else, and when the standby fails, on the
    /// primary: `work` may be done twice. `None`: on the primary.
    pub async fn read<T, W, F>(&self, needs: Option<Position>, work: W) -> Result<T, Error>
    where
        W: Fn(Reading) -> F,
        F: Future<Output = Result<T, Error>>,
    {
        let Some((replica, pool)) = &self.replica else { return work(self.reading().await?).await };
        if needs.is_some_and(|needs| replica.has(needs)) {
            let reading = replica.route().retry(|| Reading::on(pool, false));
            let read = async { work(reading.await?).await };
            let outcome = tokio::select! {
                outcome = self.runtime.carry(read) => Some(outcome),
                () = replica.lost() => None,
            };
            match outcome {
                Some(Ok(answer)) => {
                    replica::count("replica");
                    return Ok(answer);
                }
                Some(Err(error)) => tracing::debug!(%error, "the replica failed; the primary is asked"),
                None => tracing::debug!("the replica was lost; the primary is asked"),
            }
        }
        replica::count("primary");
        work(self.reading().await?).await
    }

    /// For several statements on the primary that read.
    pub async fn reading(&self) -> Result<Reading, Error> {
        self.guard(self.connected(|| Reading::on(&self.pool, self.direct.is_some()))).await
    }

    /// Does `work` that uses [`Self::pool`], on whichever runtime the caller is: connections that it opens belong to ours.
    pub async fn carry<F: Future>(&self, work: F) -> F::Output {
        self.runtime.carry(work).await
    }

    /// What `work` returns, which takes a connection: by another password where this one is refused.
    async fn connected<T, F>(&self, work: impl Fn() -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        match &self.route {
            Some(route) => route.retry(work).await,
            None => work().await,
        }
    }

    /// The outcome of `work`, or a refusal as soon as PostgreSQL is known to be away.
    async fn guard<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        if self.server.is_away() {
            return Err(Server::refusal());
        }
        tokio::select! {
            biased;
            outcome = self.runtime.carry(work) => outcome,
            () = self.server.went_away() => Err(Server::refusal()),
        }
    }
}

/// Without a breaker: nobody looks after the server.
impl From<PgPool> for Database {
    fn from(pool: PgPool) -> Self {
        Self::new(pool, Server::unwatched())
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").field("away", &self.server.is_away()).finish_non_exhaustive()
    }
}

impl<'d> Executor<'d> for &'d Database {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Result<Either<PgQueryResult, PgRow>, Error>>
    where
        'd: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        // All of them at once: a stream would have to own the connection that it borrows from.
        let rows = self.guard(async {
            let mut connection = self.connected(|| self.pool.acquire()).await?;
            connection.fetch_many(query).try_collect::<Vec<_>>().await
        });
        Box::pin(rows.map_ok(|rows| stream::iter(rows.into_iter().map(Ok))).try_flatten_stream())
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<PgRow>, Error>>
    where
        'd: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        Box::pin(self.guard(async {
            let mut connection = self.connected(|| self.pool.acquire()).await?;
            connection.fetch_optional(query).await
        }))
    }

    fn prepare_with<'e>(self, sql: SqlStr, parameters: &'e [PgTypeInfo]) -> BoxFuture<'e, Result<PgStatement, Error>>
    where
        'd: 'e,
    {
        Box::pin(self.guard(self.pool.prepare_with(sql, parameters)))
    }
    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<Postgres>, Error>>
    where
        'd: 'e,
    {
        Box::pin(self.guard(self.pool.describe(sql)))
    }
}
