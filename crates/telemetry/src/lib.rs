//! Logs and metrics, set up once by the host. Everybody else uses `tracing` and the default Prometheus registry.

mod json;
mod logs;
mod metrics;

pub use logs::{Format, LogError, Settings, init};
pub use metrics::metrics_text;
