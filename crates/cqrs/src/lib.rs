//! The way into a context: commands change something, queries answer something.
//!
//! | module | holds |
//! |---|---|
//! | [`call`] | [`Caller`]: who asks; [`Call`]: what a handler knows of it; [`Work`]: its transaction |
//! | [`command`] | [`CommandBus`], and the one wrapper around every command handler |
//! | [`query`] | [`QueryBus`], and the one wrapper around every query handler |
//! | `idempotency` | the answer given under an idempotency key, to be given again |
//! | [`Logs`], [`OtherDatabases`] | whose log a position is of, and asking the other databases |
//! | `own_writes` | what a caller has done and no view shows yet |
//! | [`Crossing`], [`Peer`] | messages that are handled in another process, and the way there |
//! | [`Wire`] | in what form a message travels to another process |
//!
//! A handler that nobody registered is found when the host starts: one gets at a command only through
//! [`CommandBus::dispatch`], which fails then.

pub mod call;
pub mod command;
mod elsewhere;
mod idempotency;
mod logs;
mod metrics;
mod own_writes;
pub mod query;
mod wire;

pub use call::{Behind, Call, Caller, Source, Work};
pub use command::{CommandBus, CommandBusBuilder, CommandHandler, Dispatch, DispatchError, Done, KEPT_WITHIN};
pub use elsewhere::{Crossing, Endpoint, Outgoing, Peer, RefusedElsewhere};
pub use idempotency::forget_answers;
pub use logs::{Logs, OtherDatabases, ToldThere};
pub use query::{Ask, AskError, QueryBus, QueryBusBuilder, QueryHandler};
pub use wire::Wire;

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use database::Database;
use event_bus::EventBus;
use kernel::Clock;

/// Told what any process announces.
pub type Announced = Box<dyn Fn(&str) + Send + Sync>;

/// The processes that share the community, this one too: what they keep in memory, and what they have heard.
#[async_trait]
pub trait OtherHosts: Send + Sync {
    /// Waits until no process gives answers that the views have outrun by `since`, and each has heard what was announced
    /// before it, at most `within`. Returns whether that is certain.
    async fn known_everywhere(&self, since: Instant, within: Duration) -> bool;

    /// Tells every process a text. Returns whether it was sent.
    async fn announce(&self, text: &str) -> bool;

    /// `hearer` is told what any process announces.
    fn on_announcement(&self, hearer: Announced);

    /// As long as it stays the same, this process has heard every announcement of that time. `None`: it may have missed one.
    fn session(&self) -> Option<u64>;
}

/// What both buses work with.
struct Shared {
    clock: Arc<dyn Clock>,
    events: EventBus,
    own_writes: Arc<own_writes::OwnWrites>,
    others: Option<Arc<dyn OtherHosts>>,
    /// `None`: all contexts are in one database.
    logs: Option<Logs>,
}

/// Both buses, to be filled while the host is wired. `others`: where several processes share the community. All contexts are
/// in one database.
pub fn builders(
    clock: Arc<dyn Clock>,
    events: EventBus,
    others: Option<Arc<dyn OtherHosts>>,
) -> (CommandBusBuilder, QueryBusBuilder) {
    builders_apart(clock, events, others, None)
}

/// As [`builders`], in a database that has some of the contexts.
pub fn builders_apart(
    clock: Arc<dyn Clock>,
    events: EventBus,
    others: Option<Arc<dyn OtherHosts>>,
    logs: Option<Logs>,
) -> (CommandBusBuilder, QueryBusBuilder) {
    let own: Option<Vec<&'static str>> = logs.as_ref().map(|logs| logs.own.clone());
    let own_writes = Arc::new(own_writes::OwnWrites::new(events.clone(), others.clone(), own));
    if let Some(others) = &others {
        let hearer = Arc::downgrade(&own_writes);
        others.on_announcement(Box::new(move |text| {
            if let Some(hearer) = hearer.upgrade() {
                hearer.announced(text);
            }
        }));
    }
    let shared = Arc::new(Shared { clock, events, own_writes, others, logs });
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
