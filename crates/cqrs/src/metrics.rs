use std::sync::LazyLock;

use prometheus::{HistogramVec, register_histogram_vec};

const BUCKETS: &[f64] = &[0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0];

/// Commands are named in code, outcomes are `done`, `repeated`, `refused`, `timed_out`: the labels are bounded.
pub static COMMANDS: LazyLock<HistogramVec> = LazyLock::new(|| {
    register_histogram_vec!(
        "command_duration_seconds",
        "Seconds a command took, without the wait for the views.",
        &["command", "outcome"],
        BUCKETS.to_vec()
    )
    .expect("each metric is registered once")
});

pub static QUERIES: LazyLock<HistogramVec> = LazyLock::new(|| {
    register_histogram_vec!("query_duration_seconds", "Seconds a query took.", &["query", "outcome"], BUCKETS.to_vec())
        .expect("each metric is registered once")
});
