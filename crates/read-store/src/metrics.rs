//! What the read store tells Prometheus. The labels are bounded: operations, outcomes and projections are constants.

use std::sync::{LazyLock, Mutex, PoisonError};

use breaker::BreakerState;
use prometheus::{
    IntCounter, IntCounterVec, IntGauge, Opts,
    core::{Collector, Desc},
    proto::{Gauge, LabelPair, Metric, MetricFamily, MetricType},
    register_int_counter_vec, register_int_gauge,
};

const REGISTERED_ONCE: &str = "registered once, under a name of its own";

static OPERATIONS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    register_int_counter_vec!("redis_operations_total", "Calls to Redis", &["operation", "outcome"])
        .expect(REGISTERED_ONCE)
});
static READS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    register_int_counter_vec!(
        "read_store_reads_total",
        "Reads of a projection, by level (memory, redis): hit, miss (it is not there), not_ready, failed",
        &["level", "projection", "outcome"]
    )
    .expect(REGISTERED_ONCE)
});
static WRITTEN: LazyLock<IntCounterVec> = LazyLock::new(|| {
    register_int_counter_vec!(
        "projection_documents_written_total",
        "Documents that were newer than what the projection held",
        &["projection"]
    )
    .expect(REGISTERED_ONCE)
});
static REBUILDS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    register_int_counter_vec!("projection_rebuilds_total", "Rebuilds begun by this process", &["projection", "outcome"])
        .expect(REGISTERED_ONCE)
});
static BREAKER: LazyLock<IntGauge> = LazyLock::new(|| {
    register_int_gauge!("read_store_breaker_state", "0 closed, 1 half-open, 2 open").expect(REGISTERED_ONCE)
});
static HIT_RATE: LazyLock<()> = LazyLock::new(|| {
    prometheus::register(Box::new(HitRate::new())).expect(REGISTERED_ONCE);
});

pub(crate) fn operation(operation: &str, outcome: &str) {
    OPERATIONS.with_label_values(&[operation, outcome]).inc();
}

pub(crate) fn reads(projection: &str, outcome: &str, count: u64) {
    READS.with_label_values(&["redis", projection, outcome]).inc_by(count);
}

pub(crate) fn memory_reads(projection: &str, outcome: &str) -> IntCounter {
    READS.with_label_values(&["memory", projection, outcome])
}

pub(crate) fn written(projection: &str, count: u64) {
    WRITTEN.with_label_values(&[projection]).inc_by(count);
}

pub(crate) fn rebuild(projection: &str, outcome: &str) {
    REBUILDS.with_label_values(&[projection, outcome]).inc();
}

/// What a breaker tells its changes. The gauge shows the worst of them: in a cluster there are several.
pub(crate) fn breaker() -> impl Fn(BreakerState) + Send + Sync + 'static {
    static STATES: Mutex<Vec<i64>> = Mutex::new(Vec::new());
    let states = || STATES.lock().unwrap_or_else(PoisonError::into_inner);
    let nth = {
        let mut states = states();
        states.push(0);
        states.len() - 1
    };
    move |state| {
        let mut states = states();
        states[nth] = state.number();
        BREAKER.set(states.iter().copied().max().unwrap_or(0));
    }
}

/// Makes the series of a projection exist before anything has happened.
pub(crate) fn announce(projection: &str) {
    LazyLock::force(&HIT_RATE);
    reads(projection, "hit", 0);
    written(projection, 0);
}

/// `cache_hit_rate`, computed from the counters whenever somebody asks: the share of reads since the start of the process
/// that its level answered. For a share over time, take the rates of `read_store_reads_total`.
struct HitRate {
    desc: Desc,
}

/// The labels of `cache_hit_rate`.
const LEVELS: [&str; 2] = ["level", "projection"];
const HIT_RATE_NAME: &str = "cache_hit_rate";
const HIT_RATE_HELP: &str = "Share of reads that memory or Redis answered, since the start; 0 before the first";

impl HitRate {
    fn new() -> Self {
        let desc = Opts::new(HIT_RATE_NAME, HIT_RATE_HELP).variable_labels(LEVELS.map(str::to_owned).to_vec());
        let desc = prometheus::core::Describer::describe(&desc).expect("a valid description");
        Self { desc }
    }
}

impl Collector for HitRate {
    fn desc(&self) -> Vec<&Desc> {
        vec![&self.desc]
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let mut shares = std::collections::BTreeMap::<[String; 2], (f64, f64)>::new();
        for family in READS.collect() {
            for metric in family.get_metric() {
                let label = |name| {
                    metric.get_label().iter().find(|pair| pair.name() == name).map(LabelPair::value).unwrap_or_default()
                };
                let (hits, all) = shares.entry(LEVELS.map(|name| label(name).to_owned())).or_default();
                let count = metric.get_counter().get_value();
                *all += count;
                if label("outcome") == "hit" {
                    *hits += count;
                }
            }
        }
        let metrics = shares.into_iter().map(|(values, (hits, all))| {
            let pair = |(name, value): (&str, String)| {
                let mut pair = LabelPair::default();
                pair.set_name(name.to_owned());
                pair.set_value(value);
                pair
            };
            let mut gauge = Gauge::default();
            gauge.set_value(if all == 0.0 { 0.0 } else { hits / all });
            let mut metric = Metric::from_label(LEVELS.into_iter().zip(values).map(pair).collect());
            metric.set_gauge(gauge);
            metric
        });
        let mut family = MetricFamily::default();
        family.set_name(HIT_RATE_NAME.to_owned());
        family.set_help(HIT_RATE_HELP.to_owned());
        family.set_field_type(MetricType::GAUGE);
        family.set_metric(metrics.collect());
        vec![family]
    }
}
