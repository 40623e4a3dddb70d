//! A context's way to PostgreSQL: its pool, behind one breaker for the whole process.
//!
//! | where | what |
//! |---|---|
//! | [`Database`] | a pool that refuses at once while PostgreSQL is away; used like a `PgPool` |
//! | [`Address`] | one host or several, of which one is the primary |
//! | [`Reading`] | a connection for several statements that read, whatever is between |
//! | [`Route`] | the host that takes writes, pools that follow it, and listening there |
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
use futures_util::stream::{self, BoxStream, TryStreamExt};
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
    /// Around a pooler, for what needs a session.
    direct: Option<Route>,
    /// The pool leads to a pooler, which gives each transaction a session.
    pooled: bool,
    /// A standby, and this role's pool there.
    replica: Option<(Replica, PgPool)>,
}

impl Database {
    /// To be called on the runtime that shall carry the connections.
    pub fn new(pool: PgPool, server: Server) -> Self {
        Self { pool, server, runtime: Runtime::current(), direct: None, pooled: false, replica: None }
    }

    /// What needs a session of its own goes that way.
    #[must_use]
    pub fn with_direct(self, direct: Route) -> Self {
        Self { direct: Some(direct), ..self }
    }

    /// The pool leads to a pooler in transaction mode.
    #[must_use]
    pub fn behind_pooler(self) -> Self {
        Self { pooled: true, ..self }
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
        match &self.direct {
            Some(direct) => direct.listener().await,
            None => Route::new(Address::from((*self.pool.connect_options()).clone())).listener().await,
        }
    }

    pub async fn acquire(&self) -> Result<PoolConnection<Postgres>, Error> {
        self.guard(self.pool.acquire()).await
    }

    pub async fn begin(&self) -> Result<Transaction<'static, Postgres>, Error> {
        self.guard(self.pool.begin()).await
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
            let read = async { work(Reading::on(pool, false).await?).await };
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
        self.guard(Reading::on(&self.pool, self.pooled)).await
    }

    /// Does `work` that uses [`Self::pool`], on whichever runtime the caller is: connections that it opens belong to ours.
    pub async fn carry<F: Future>(&self, work: F) -> F::Output {
        self.runtime.carry(work).await
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
        let rows = self.pool.fetch_many(query);
        Box::pin(stream::try_unfold(rows, async |mut rows| {
            let next = self.guard(rows.try_next()).await?;
            Ok(next.map(|next| (next, rows)))
        }))
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<PgRow>, Error>>
    where
        'd: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        Box::pin(self.guard(self.pool.fetch_optional(query)))
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
