//! What Prometheus is told.

use std::sync::LazyLock;

use prometheus::{
    GaugeVec, IntCounterVec, IntGauge, labels, opts, register_gauge_vec, register_int_counter_vec, register_int_gauge,
};

/// `kind` is the name of the event that was told of, as the code knows it: the label is bounded. Counted when written,
/// so a batch that is undone and repeated counts twice.
pub(crate) static SENT: LazyLock<IntCounterVec> = LazyLock::new(|| {
    register_int_counter_vec!("notifications_sent_total", "Notifications put into inboxes.", &["kind"])
        .expect("each metric is registered once")
});

/// As auth's own: one metric for the letters of both. `kind` is a topic, or `together`.
pub(crate) static TRIED: LazyLock<IntCounterVec> = LazyLock::new(|| {
    let labels = labels! { "context" => "notifications" };
    register_int_counter_vec!(
        opts!("mail_sent_total", "What became of letters at each try.", labels),
        &["kind", "outcome"]
    )
    .expect("each metric is registered once")
});

/// `state`: `untried`, of which no mail server was asked, or `deferred`, which a server did not take yet.
pub(crate) static OLDEST_LETTER: LazyLock<GaugeVec> = LazyLock::new(|| {
    let labels = labels! { "context" => "notifications" };
    register_gauge_vec!(
        opts!("mail_oldest_unsent_seconds", "Age of the oldest letter that waits; 0: none does.", labels),
        &["state"]
    )
    .expect("each metric is registered once")
});

pub(crate) static LETTERS_FAILED: LazyLock<IntGauge> = LazyLock::new(|| {
    let labels = labels! { "context" => "notifications" };
    register_int_gauge!(opts!("mail_given_up", "Letters that were given up and can be tried again.", labels))
        .expect("each metric is registered once")
});
