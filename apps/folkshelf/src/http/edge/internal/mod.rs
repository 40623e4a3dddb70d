//! What the processes of one community ask each other: the way to another one ([`peer`]), and what this one answers
//! ([`listener`]). Each shows the token of `internal.token` and is then believed in everything, also who its caller is.

pub mod listener;
pub mod peer;

use std::time::Duration;

use event_bus::Page;
use kernel::EventId;
use serde::{Deserialize, Serialize};

/// Where messages go, below the address of a process.
const MESSAGES: &str = "/internal/messages";
/// Where a process says which contexts it runs.
const CONTEXTS: &str = "/internal/contexts";
/// Where a process tells of its projections, and rebuilds them.
const PROJECTIONS: &str = "/internal/projections";
/// Where a process forgets old answers to commands.
const ANSWERS: &str = "/internal/answers/forget";
/// Where a process says whether its database shows what was told in another one.
const SHOWN: &str = "/internal/shown";
/// Where a process gives the events of a context of its database.
const EVENTS: &str = "/internal/events";
/// Says how many milliseconds the sender waits.
const WITHIN: &str = "x-folkshelf-within";

/// What a process asks another one that has another database: whether its views show what was told.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    /// The context that told it.
    context: String,
    /// In the log of its database.
    position: String,
    families: Vec<String>,
    /// How long the other one waits at most.
    within: Duration,
}

/// Which events of a context a process wants of the database that has it.
#[derive(Serialize, Deserialize)]
struct Wanted {
    /// Those behind it; all when it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<EventId>,
    limit: u32,
    /// How long to wait for one when there is none, in milliseconds.
    wait: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Fed {
    Page(Page),
    /// There is no such event of the context.
    UnknownCursor,
    /// The context lives in another database.
    NotOwned,
}
