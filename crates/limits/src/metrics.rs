//! What limits tell Prometheus. The label is bounded: limits are named in code.

use std::sync::LazyLock;

use prometheus::{IntCounter, IntCounterVec, register_int_counter, register_int_counter_vec};

static LIMITED: LazyLock<IntCounterVec> = LazyLock::new(|| {
    register_int_counter_vec!("rate_limited_total", "Requests refused because there were too many.", &["class"])
        .expect("each metric is registered once")
});

static ALONE: LazyLock<IntCounter> = LazyLock::new(|| {
    register_int_counter!("rate_limits_counted_alone_total", "Permits that a host gave without Redis.")
        .expect("each metric is registered once")
});

/// Makes the series of a limit exist before it has refused anything.
pub(crate) fn announce(class: &str) {
    LIMITED.with_label_values(&[class]).inc_by(0);
    LazyLock::force(&ALONE);
}

pub(crate) fn limited(class: &str) {
    LIMITED.with_label_values(&[class]).inc();
}

pub(crate) fn counted_alone() {
    ALONE.inc();
}
