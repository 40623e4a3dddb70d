//! What Prometheus is told. Labels are bounded: subscriptions are named in code.

use std::sync::LazyLock;

use prometheus::{
    Gauge, GaugeVec, HistogramVec, IntCounterVec, IntGaugeVec, register_gauge, register_gauge_vec,
    register_histogram_vec, register_int_counter_vec, register_int_gauge_vec,
};

use crate::{SourceStatus, SubscriptionStatus};

const ONCE: &str = "each metric is registered once";

/// Age of the oldest event a subscription has not handled; 0 when it is level with the log.
pub static LAG_SECONDS: LazyLock<GaugeVec> = LazyLock::new(|| {
    register_gauge_vec!("event_processing_lag", "Age in seconds of the oldest event not handled.", &["subscription"])
        .expect(ONCE)
});

pub static HANDLED: LazyLock<IntCounterVec> = LazyLock::new(|| {
    register_int_counter_vec!("events_handled_total", "Events handled, by outcome.", &["subscription", "outcome"])
        .expect(ONCE)
});

/// From the moment an event happened to the moment its handling was committed.
pub static HANDLING_SECONDS: LazyLock<HistogramVec> = LazyLock::new(|| {
    register_histogram_vec!(
        "event_handling_seconds",
        "Seconds from an event to its handling.",
        &["subscription"],
        vec![0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1.0, 5.0, 60.0]
    )
    .expect(ONCE)
});

pub static DEAD_LETTERS: LazyLock<IntGaugeVec> = LazyLock::new(|| {
    register_int_gauge_vec!("event_dead_letters", "Events parked, by subscription.", &["subscription"]).expect(ONCE)
});

/// How long the oldest hidden event has been hidden; 0 when the horizon hides nothing.
pub static HIDDEN_SECONDS: LazyLock<Gauge> = LazyLock::new(|| {
    register_gauge!("event_log_hidden_seconds", "Seconds for which an open transaction has hidden committed events.")
        .expect(ONCE)
});

/// How long the views of a context have not shown the end of the log.
pub static VIEWS_LATE_SECONDS: LazyLock<GaugeVec> = LazyLock::new(|| {
    register_gauge_vec!("views_late_seconds", "Seconds by which the views of a context are late.", &["context"])
        .expect(ONCE)
});

pub static SOURCE_LAG_SECONDS: LazyLock<GaugeVec> = LazyLock::new(|| {
    let help = "Seconds since all events of a context of another database were here; 0 while they are.";
    register_gauge_vec!("event_bus_source_lag_seconds", help, &["context"]).expect(ONCE)
});

pub static SOURCE_EVENTS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    let help = "Events that came from another database, by what became of them.";
    register_int_counter_vec!("event_bus_source_events_total", help, &["context", "outcome"]).expect(ONCE)
});

pub static SOURCE_FAULTS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    let help = "Tries to import events that failed, by why.";
    register_int_counter_vec!("event_bus_source_faults_total", help, &["context", "kind"]).expect(ONCE)
});

/// Sets what is measured of one source.
pub fn show_source(status: &SourceStatus) {
    SOURCE_LAG_SECONDS.with_label_values(&[&status.context]).set(status.lag_seconds);
}

/// Sets what is measured of one subscription.
pub fn show(status: &SubscriptionStatus) {
    LAG_SECONDS.with_label_values(&[&status.name]).set(status.lag_seconds);
    DEAD_LETTERS.with_label_values(&[&status.name]).set(status.dead_letters);
}
