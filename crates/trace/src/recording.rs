//! Whether traces are recorded.

use std::sync::OnceLock;

use crate::task;

/// The spans a trace is made of, beside those of SQL statements, which are made from what `sqlx` logs. A span of another
/// name is not exported. `docs/observability.md` says what each is.
pub const SPANS: &[&str] = &["request", "command", "query", "append", "subscription", "checkpoint", "views", "redis"];

/// The share of new traces that is recorded, from 0 to 1; not set while nothing is.
static RATIO: OnceLock<f64> = OnceLock::new();

/// From now on traces are recorded: of those that begin here this share, of others those that are sampled already. The
/// first call counts.
pub fn record(ratio: f64) {
    RATIO.get_or_init(|| ratio);
}

pub(crate) fn on() -> bool {
    RATIO.get().is_some()
}

/// Whether a trace that begins now is to be recorded.
pub(crate) fn sample() -> bool {
    RATIO.get().is_some_and(|ratio| *ratio > 0.0 && rand::random::<f64>() < *ratio)
}

/// Whether what the task at hand does is recorded.
pub fn recorded() -> bool {
    on() && task::at_hand().is_some_and(|context| context.is_sampled())
}
