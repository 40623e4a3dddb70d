//! What can go wrong. A query answers from PostgreSQL on any of these.

use std::io;

use deadpool_redis::redis::RedisError;

pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

#[derive(Debug, thiserror::Error)]
pub enum ReadStoreError {
    /// Redis is away, slow, full or held by a newer program, or the breaker is open: the same call may work later. An
    /// `io::Error`, so that a subscription waits for it instead of giving the event up.
    #[error("the read store is unavailable")]
    Unavailable(#[source] io::Error),
    /// The projection is not (re)built, or not in the form that this program reads.
    #[error("the projection is not ready")]
    NotReady,
    /// A defect of the caller.
    #[error("document {id} cannot be stored: {what}")]
    Invalid { id: String, what: &'static str },
    /// A defect of ours: Redis refused a command or a script.
    #[error("the read store failed")]
    Script(#[from] RedisError),
}

impl ReadStoreError {
    pub(crate) fn unavailable(kind: io::ErrorKind, why: &str) -> Self {
        Self::Unavailable(io::Error::new(kind, why.to_owned()))
    }
}

/// Why a rebuild did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    #[error("there is no projection {0}")]
    Unknown(String),
    #[error("the projection is being rebuilt by another process or call")]
    Busy,
    /// Redis was emptied or restarted meanwhile, or the lease ran out: what was written may be gone.
    #[error("the rebuild was lost half way")]
    Lost,
    #[error("the documents could not be read")]
    Source(#[source] BoxError),
    #[error(transparent)]
    Store(#[from] ReadStoreError),
}
