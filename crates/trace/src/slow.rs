//! Handlers that took too long. Slow statements are told of by `sqlx`, which measures each.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// In milliseconds.
static LIMIT: AtomicU64 = AtomicU64::new(500);

/// 500 ms until it is called.
pub fn warn_handlers_slower_than(limit: Duration) {
    LIMIT.store(u64::try_from(limit.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
}

/// A handler is done: one line if it was slow. `kind` is `command`, `query` or `subscription`.
pub fn handled(kind: &'static str, name: &str, events: usize, took: Duration) {
    if took.as_millis() >= u128::from(LIMIT.load(Ordering::Relaxed)) {
        let milliseconds = took.as_secs_f64() * 1000.0;
        match events {
            0 => tracing::warn!(kind, name, milliseconds, "slow handler"),
            _ => tracing::warn!(kind, name, events, milliseconds, "slow handler"),
        }
    }
}
