//! Logs, traces and metrics, set up once by the host. Everybody else uses `tracing`, `trace` and the default Prometheus
//! registry.

mod export;
mod json;
mod logs;
mod metrics;
mod pretty;
mod statements;

pub use export::Export;
pub use logs::{Format, SetUpError, Settings, Telemetry, init};
pub use metrics::metrics_text;
