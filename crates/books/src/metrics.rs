//! What Prometheus is told. Labels are named in code.

use std::sync::LazyLock;

use prometheus::{IntCounter, IntCounterVec, register_int_counter, register_int_counter_vec};

static LEFTOVERS_REMOVED: LazyLock<IntCounterVec> = LazyLock::new(|| {
    register_int_counter_vec!("search_leftovers_removed_total", "Words and author names that no book had.", &["kind"])
        .expect("each metric is registered once")
});

/// `kind`: `word` or `author_name`.
pub(crate) fn leftovers_removed(kind: &str, number: u64) {
    LEFTOVERS_REMOVED.with_label_values(&[kind]).inc_by(number);
}

static ORIGINALS_NOT_KEPT: LazyLock<IntCounter> = LazyLock::new(|| {
    register_int_counter!("import_files_not_kept_total", "Files of imports that the file store did not take.")
        .expect("each metric is registered once")
});

/// Served from 0, so that the first that is not kept counts as an increase.
pub(crate) fn serve_originals_not_kept() {
    LazyLock::force(&ORIGINALS_NOT_KEPT);
}

pub(crate) fn original_not_kept() {
    ORIGINALS_NOT_KEPT.inc();
}
