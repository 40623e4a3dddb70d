//! What a crate writes that has a job to do.

use std::error::Error;

use async_trait::async_trait;
use kernel::{ErrorKind, Refusal};

use crate::run::Run;

/// Something to be done by the clock, in bounded steps. A run may be cut off at any step and go on in another process: what
/// it does twice has to have the effect of once.
#[async_trait]
pub trait Job: Send + Sync + 'static {
    /// `context.what_it_does`, and the name of its setting with an underscore for the point.
    fn name(&self) -> &'static str;

    /// Does it. Calls [`Run::proceed`] before each step, and [`Run::save`] where a walk could go on from.
    async fn run(&self, run: &Run) -> Result<(), JobError>;
}

#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// Somebody cancelled it, the host stops, or the lease is lost: [`Run::proceed`] says so.
    #[error("the run has to end")]
    Stopped,
    /// The run stays under way: whoever takes it on next continues.
    #[error("a server is away")]
    Away(#[source] Box<dyn Error + Send + Sync>),
    #[error("{code}")]
    Failed {
        code: &'static str,
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
}

impl JobError {
    /// Because a command or a query was refused.
    pub fn refused<E: Refusal + Send + Sync + 'static>(error: E) -> Self {
        match error.kind() {
            ErrorKind::Unavailable => Self::Away(Box::new(error)),
            _ => Self::Failed { code: error.code(), source: Box::new(error) },
        }
    }
}

impl From<sqlx::Error> for JobError {
    fn from(error: sqlx::Error) -> Self {
        if event_bus::unavailable(&error) {
            Self::Away(Box::new(error))
        } else {
            Self::Failed { code: "DATABASE", source: Box::new(error) }
        }
    }
}

impl From<serde_json::Error> for JobError {
    fn from(error: serde_json::Error) -> Self {
        Self::Failed { code: "JSON", source: Box::new(error) }
    }
}
