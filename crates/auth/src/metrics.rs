//! What Prometheus is told.

use std::sync::LazyLock;

use prometheus::{
    GaugeVec, IntCounterVec, IntGauge, labels, opts, register_gauge_vec, register_int_counter_vec, register_int_gauge,
};

/// One metric for these letters and those of notifications, told apart by `context`. `outcome`: `sent`, `later`, `away`,
/// `given_up`, or `dropped` when there is nobody to write to or they had enough.
pub(crate) static SENT: LazyLock<IntCounterVec> = LazyLock::new(|| {
    let labels = labels! { "context" => "auth" };
    register_int_counter_vec!(
        opts!("mail_sent_total", "What became of letters at each try.", labels),
        &["kind", "outcome"]
    )
    .expect("each metric is registered once")
});

/// `state`: `untried`, of which no mail server was asked, or `deferred`, which a server did not take yet.
pub(crate) static OLDEST: LazyLock<GaugeVec> = LazyLock::new(|| {
    let labels = labels! { "context" => "auth" };
    register_gauge_vec!(
        opts!("mail_oldest_unsent_seconds", "Age of the oldest letter that waits; 0: none does.", labels),
        &["state"]
    )
    .expect("each metric is registered once")
});

pub(crate) static GIVEN_UP: LazyLock<IntGauge> = LazyLock::new(|| {
    let labels = labels! { "context" => "auth" };
    register_int_gauge!(opts!("mail_given_up", "Letters that were given up and can be tried again.", labels))
        .expect("each metric is registered once")
});
