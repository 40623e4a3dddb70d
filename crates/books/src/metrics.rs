//! What Prometheus is told. Labels are named in code.

use std::sync::LazyLock;

use prometheus::{IntCounterVec, register_int_counter_vec};

static LEFTOVERS_REMOVED: LazyLock<IntCounterVec> = LazyLock::new(|| {
    register_int_counter_vec!("search_leftovers_removed_total", "Words and author names that no book had.", &["kind"])
        .expect("each metric is registered once")
});

/// `kind`: `word` or `author_name`.
pub(crate) fn leftovers_removed(kind: &str, number: u64) {
    LEFTOVERS_REMOVED.with_label_values(&[kind]).inc_by(number);
}
