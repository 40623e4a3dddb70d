//! Sends finished spans to an OpenTelemetry collector (OTLP over HTTP), from a thread of its own. Nobody waits for it: what
//! does not fit into the queue is dropped, and a collector that is away costs a failed try every few seconds.

use std::fmt;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::{SpanId, TraceId};
use opentelemetry_otlp::{ExporterBuildError, RetryPolicy, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, IdGenerator, RandomIdGenerator, Sampler, SdkTracerProvider, SpanData,
    SpanExporter,
};
use prometheus::{IntCounterVec, register_int_counter_vec};
use uuid::Uuid;

/// Spans that wait to be sent, at most. A request makes about twenty.
const QUEUE: usize = 8_192;
/// Spans sent at once.
const BATCH: usize = 512;
/// How long a span waits for others to be sent with.
const DELAY: Duration = Duration::from_secs(1);
/// How long the collector may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);

static SPANS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    register_int_counter_vec!("trace_spans_sent_total", "Spans sent to the collector, by outcome.", &["outcome"])
        .expect("each metric is registered once")
});

/// Where traces go, and which.
#[derive(Debug, Clone)]
pub struct Export {
    /// As in `http://127.0.0.1:4318/v1/traces`.
    pub endpoint: String,
    /// The share of the traces that begin here, from 0 to 1. A trace that others began is recorded if they say so.
    pub sample_ratio: f64,
    /// `service.version` of what is sent.
    pub version: &'static str,
}

/// Makes the spans of `export`. Call it once: it starts the thread that sends them.
pub(crate) fn provider(export: &Export) -> Result<SdkTracerProvider, ExporterBuildError> {
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .with_endpoint(export.endpoint.as_str())
        .with_timeout(PATIENCE)
        // The next batch is the next try.
        .with_retry_policy(RetryPolicy::default().with_max_retries(0))
        .build()?;
    let batches = BatchConfigBuilder::default()
        .with_max_queue_size(QUEUE)
        .with_max_export_batch_size(BATCH)
        .with_scheduled_delay(DELAY)
        .build();
    let noted = Noted { exporter, away: AtomicBool::new(false) };
    Ok(SdkTracerProvider::builder()
        .with_span_processor(BatchSpanProcessor::builder(noted).with_batch_config(batches).build())
        // Whether a trace is recorded was decided where it began: spans exist only then.
        .with_sampler(Sampler::AlwaysOn)
        .with_id_generator(Ids(RandomIdGenerator::default()))
        .with_resource(
            Resource::builder_empty()
                .with_attributes([
                    KeyValue::new("service.name", "folkshelf"),
                    KeyValue::new("service.version", export.version),
                    KeyValue::new("service.instance.id", Uuid::now_v7().to_string()),
                ])
                .build(),
        )
        .build())
}

/// The first span of a trace takes the id that the task has already.
#[derive(Debug)]
struct Ids(RandomIdGenerator);

impl IdGenerator for Ids {
    fn new_trace_id(&self) -> TraceId {
        trace::id().unwrap_or_else(|| self.0.new_trace_id())
    }

    fn new_span_id(&self) -> SpanId {
        self.0.new_span_id()
    }
}

/// Says once that the collector is away, and once that it is back.
struct Noted<E> {
    exporter: E,
    away: AtomicBool,
}

impl<E> fmt::Debug for Noted<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Noted").field("away", &self.away).finish_non_exhaustive()
    }
}

impl<E: SpanExporter> SpanExporter for Noted<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len() as u64;
        let sent = self.exporter.export(batch).await;
        match &sent {
            Ok(()) => {
                SPANS.with_label_values(&["sent"]).inc_by(spans);
                if self.away.swap(false, Ordering::Relaxed) {
                    tracing::info!("traces reach their collector again");
                }
            }
            Err(error) => {
                SPANS.with_label_values(&["lost"]).inc_by(spans);
                if !self.away.swap(true, Ordering::Relaxed) {
                    tracing::warn!(%error, "traces do not reach their collector; said once until they do again");
                }
            }
        }
        sent
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}
