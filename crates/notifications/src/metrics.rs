//! What Prometheus is told.

use std::sync::LazyLock;

use prometheus::{IntCounterVec, register_int_counter_vec};

/// `kind` is the name of the event that was told of, as the code knows it: the label is bounded. Counted when written,
/// so a batch that is undone and repeated counts twice.
pub(crate) static SENT: LazyLock<IntCounterVec> = LazyLock::new(|| {
    register_int_counter_vec!("notifications_sent_total", "Notifications put into inboxes.", &["kind"])
        .expect("each metric is registered once")
});
