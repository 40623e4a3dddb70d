//! What the processes of one community ask each other: the way to another one ([`peer`]), and what this one answers
//! ([`listener`]). Each shows the token of `internal.token` and is then believed in everything, also who its caller is.

pub mod listener;
pub mod peer;

/// Where messages go, below the address of a process.
const MESSAGES: &str = "/internal/messages";
/// Where a process says which contexts it runs.
const CONTEXTS: &str = "/internal/contexts";
/// Where a process tells of its projections, and rebuilds them.
const PROJECTIONS: &str = "/internal/projections";
/// Where a process forgets old answers to commands.
const ANSWERS: &str = "/internal/answers/forget";
/// Says how many milliseconds the sender waits.
const WITHIN: &str = "x-folkshelf-within";
