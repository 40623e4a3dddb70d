//! Why an operator's question could not be answered.

use kernel::{ErrorKind, Refusal};
use read_store::ReadStoreError;

/// The event log's database as a reason to refuse.
#[derive(Debug, thiserror::Error)]
#[error("the event log could not be asked")]
pub struct DatabaseRefusal(#[source] pub sqlx::Error);

impl Refusal for DatabaseRefusal {
    fn kind(&self) -> ErrorKind {
        event_bus::error_kind(&self.0)
    }

    fn code(&self) -> &'static str {
        "INTERNAL"
    }
}

/// Redis as a reason to refuse: only where an operator asks about Redis itself.
#[derive(Debug, thiserror::Error)]
#[error("Redis could not be asked")]
pub struct ReadStoreRefusal(#[source] pub ReadStoreError);

impl Refusal for ReadStoreRefusal {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Unavailable
    }

    fn code(&self) -> &'static str {
        "UNAVAILABLE"
    }
}
