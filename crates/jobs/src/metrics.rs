//! What Prometheus sees of jobs.

use std::sync::LazyLock;

use prometheus::{
    Gauge, GaugeVec, HistogramVec, IntCounterVec, IntGaugeVec, register_gauge_vec, register_histogram_vec,
    register_int_counter_vec, register_int_gauge_vec,
};

const ONCE: &str = "registered once";

pub static RUNS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    register_int_counter_vec!("job_runs_total", "Runs that ended on this host, by outcome.", &["job", "outcome"])
        .expect(ONCE)
});

pub static RUN_SECONDS: LazyLock<HistogramVec> = LazyLock::new(|| {
    register_histogram_vec!(
        "job_run_seconds",
        "Seconds from a run's begin to its end, on whichever hosts.",
        &["job"],
        vec![0.01, 0.1, 1.0, 10.0, 60.0, 600.0, 3600.0]
    )
    .expect(ONCE)
});

pub static RUNNING: LazyLock<IntGaugeVec> = LazyLock::new(|| {
    register_int_gauge_vec!("job_running", "Whether the job runs on this host.", &["job"]).expect(ONCE)
});

pub static LAST_SUCCESS: LazyLock<GaugeVec> = LazyLock::new(|| {
    register_gauge_vec!("job_last_success_timestamp_seconds", "When the job was last done; 0: never.", &["job"])
        .expect(ONCE)
});

pub static OVERDUE: LazyLock<GaugeVec> = LazyLock::new(|| {
    register_gauge_vec!(
        "job_overdue_seconds",
        "Seconds since the job should have been done; 0: it is not late.",
        &["job"]
    )
    .expect(ONCE)
});

/// From nought, so that the first of a kind counts as an increase.
pub fn begin(job: &str) {
    for outcome in ["done", "failed", "cancelled"] {
        RUNS.with_label_values(&[job, outcome]).inc_by(0);
    }
    RUNNING.with_label_values(&[job]).set(0);
    let unknown: [Gauge; 2] = [LAST_SUCCESS.with_label_values(&[job]), OVERDUE.with_label_values(&[job])];
    unknown.iter().for_each(|gauge| gauge.set(0.0));
}
