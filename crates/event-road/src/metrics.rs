//! What Prometheus is told.

use std::sync::LazyLock;

use prometheus::{GaugeVec, IntCounterVec, IntGauge, register_gauge_vec, register_int_counter_vec, register_int_gauge};

const ONCE: &str = "each metric is registered once";

pub static CONNECTED: LazyLock<IntGauge> = LazyLock::new(|| {
    register_int_gauge!("event_road_connected", "Whether this process is connected to NATS.").expect(ONCE)
});

pub static PUBLISHED: LazyLock<IntCounterVec> = LazyLock::new(|| {
    let help = "Events of a context that were given to NATS, by what became of them.";
    register_int_counter_vec!("event_road_published_total", help, &["context", "outcome"]).expect(ONCE)
});

pub static RELAY_LAG_SECONDS: LazyLock<GaugeVec> = LazyLock::new(|| {
    let help = "Seconds for which NATS has not taken events; 0 while it has all.";
    register_gauge_vec!("event_road_relay_lag_seconds", help, &["context"]).expect(ONCE)
});

pub static RECEIVED: LazyLock<IntCounterVec> = LazyLock::new(|| {
    let help = "Events of a context that NATS brought, by whether they follow what is here.";
    register_int_counter_vec!("event_road_received_total", help, &["context", "outcome"]).expect(ONCE)
});

pub static FETCHED: LazyLock<IntCounterVec> = LazyLock::new(|| {
    let help = "Events of a context that its owner gave, because NATS had not brought them.";
    register_int_counter_vec!("event_road_fetched_total", help, &["context", "reason"]).expect(ONCE)
});
