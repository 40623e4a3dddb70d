//! A connection on which several statements are read.

use std::ops::{Deref, DerefMut};

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnection, PgPool};
use sqlx::{Error, Postgres, Transaction};

/// Behind a pooler a transaction, without one the connection alone. Statements that are not kept (`persistent(false)`) are
/// sent in two messages without a name, and a pooler may give each to another session: it would do somebody else's
/// statement.
pub enum Reading {
    Alone(PoolConnection<Postgres>),
    /// Undone when dropped: it has only read.
    Together(Transaction<'static, Postgres>),
}

impl Reading {
    pub(crate) async fn on(pool: &PgPool, pooled: bool) -> Result<Self, Error> {
        Ok(if pooled { Self::Together(pool.begin().await?) } else { Self::Alone(pool.acquire().await?) })
    }
}

impl Deref for Reading {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        match self {
            Self::Alone(connection) => connection,
            Self::Together(transaction) => transaction,
        }
    }
}

impl DerefMut for Reading {
    fn deref_mut(&mut self) -> &mut PgConnection {
        match self {
            Self::Alone(connection) => connection,
            Self::Together(transaction) => transaction,
        }
    }
}
