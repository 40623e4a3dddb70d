//! The way into a context: commands change something, queries answer something.
//!
//! | module | holds |
//! |---|---|
//! | [`call`] | [`Caller`]: who asks; [`Call`]: what a handler knows of it; [`Work`]: its transaction |
//! | [`command`] | [`CommandBus`], and the one wrapper around every command handler |
//! | [`query`] | [`QueryBus`], and the one wrapper around every query handler |
//! | `idempotency` | the answer given under an idempotency key, to be given again |
//! | `own_writes` | what a caller has done and no view shows yet |
//!
//! A handler that nobody registered is found when the host starts: one gets at a command only through
//! [`CommandBus::dispatch`], which fails then.

pub mod call;
pub mod command;
mod idempotency;
mod metrics;
mod own_writes;
pub mod query;

pub use call::{Call, Caller, Source, Work};
pub use command::{CommandBus, CommandBusBuilder, CommandHandler, Dispatch, DispatchError, Done, KEPT_WITHIN};
pub use query::{Ask, AskError, QueryBus, QueryBusBuilder, QueryHandler};

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use database::Database;
use event_bus::EventBus;
use kernel::Clock;

/// Answers that processes keep in memory: a writer is answered when none of them is older than the views are.
#[async_trait]
pub trait KeptAnswers: Send + Sync {
    /// Waits until no process gives answers that the views have outrun by `since`, at most `within`. Returns whether that is
    /// certain.
    async fn known_everywhere(&self, since: Instant, within: Duration) -> bool;
}

/// What both buses work with.
struct Shared {
    clock: Arc<dyn Clock>,
    events: EventBus,
    own_writes: own_writes::OwnWrites,
    kept: Option<Arc<dyn KeptAnswers>>,
}

/// Both buses, to be filled while the host is wired. `kept`: where answers are kept in memory.
pub fn builders(
    clock: Arc<dyn Clock>,
    events: EventBus,
    kept: Option<Arc<dyn KeptAnswers>>,
) -> (CommandBusBuilder, QueryBusBuilder) {
    let shared = Arc::new(Shared { clock, events, own_writes: own_writes::OwnWrites::default(), kept });
    (CommandBusBuilder::new(Arc::clone(&shared)), QueryBusBuilder::new(shared))
}

/// Whose pool it is, by its role: `folkshelf_books`.
fn context_of(pool: &Database) -> String {
    let options = pool.pool().connect_options();
    let role = options.get_username();
    role.strip_prefix("folkshelf_").unwrap_or(role).to_owned()
}

/// A command or query that the host routes and no context handles.
#[derive(Debug, thiserror::Error)]
#[error("no handler is registered for {0}")]
pub struct MissingHandler(pub &'static str);

/// Two handlers were registered for one command or query.
#[derive(Debug, thiserror::Error)]
#[error("more than one handler is registered for {0}")]
pub struct DuplicateHandler(pub &'static str);
