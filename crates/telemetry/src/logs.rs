//! Where log lines and spans go, and how lines look.

use std::io::{self, IsTerminal};
use std::time::Duration;

use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Filter};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{EnvFilter, Layer, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::export::{self, Export};
use crate::json::FlatJson;
use crate::pretty::Pretty;
use crate::statements::{self, Statements};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// [`Format::Pretty`] on a terminal, [`Format::Json`] everywhere else.
    #[default]
    Auto,
    /// One JSON object a line, for machines.
    Json,
    /// For eyes.
    Pretty,
}

#[derive(Debug, Clone)]
pub struct Settings {
    pub format: Format,
    /// Directives of `tracing_subscriber::EnvFilter`, as in `info,books=debug`.
    pub filter: String,
    /// A command, a query or a subscription's work that takes this long is logged as slow.
    pub slow_handler: Duration,
    /// `None`: no trace leaves the process.
    pub export: Option<Export>,
}

impl Default for Settings {
    fn default() -> Self {
        let (filter, slow_handler) = ("info".to_owned(), Duration::from_millis(500));
        Self { format: Format::Auto, filter, slow_handler, export: None }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum SetUpError {
    #[error("{filter:?} is not a log filter")]
    Filter { filter: String, source: tracing_subscriber::filter::ParseError },
    #[error("traces cannot be sent to {endpoint}")]
    Export { endpoint: String, source: opentelemetry_otlp::ExporterBuildError },
}

/// What [`init`] has begun.
#[must_use = "spans that wait to be sent are lost unless it is stopped"]
#[derive(Debug, Default)]
pub struct Telemetry {
    provider: Option<SdkTracerProvider>,
}

impl Telemetry {
    /// Sends the spans that wait, for at most `within`. Blocks.
    pub fn stop(self, within: Duration) {
        if let Some(provider) = self.provider
            && let Err(error) = provider.shutdown_with_timeout(within)
        {
            tracing::warn!(%error, "the last spans were not sent");
        }
    }
}

/// Sends what is logged from now on to standard error and, where configured, spans to a collector. The first call of a
/// process counts, so that every test may call it; later ones only check their settings.
pub fn init(settings: &Settings) -> Result<Telemetry, SetUpError> {
    let filter = EnvFilter::builder()
        .parse(&settings.filter)
        .map_err(|source| SetUpError::Filter { filter: settings.filter.clone(), source })?;
    trace::warn_handlers_slower_than(settings.slow_handler);
    let Some(export) = &settings.export else {
        // One filter for all: what it refuses costs next to nothing.
        if tracing_subscriber::registry().with(filter).with(lines(settings.format)).try_init().is_err() {
            tracing::debug!("logs are set up already");
        }
        return Ok(Telemetry::default());
    };
    let provider =
        export::provider(export).map_err(|source| SetUpError::Export { endpoint: export.endpoint.clone(), source })?;
    let tracer = provider.tracer("folkshelf");
    let spans = tracing_opentelemetry::layer()
        .with_tracer(tracer.clone())
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_tracked_inactivity(false);
    let installed = tracing_subscriber::registry()
        .with(lines(settings.format).with_filter(filter))
        .with(spans.with_filter(Recorded::Spans))
        .with(Statements { tracer }.with_filter(Recorded::Statements))
        .try_init();
    if installed.is_err() {
        tracing::debug!("logs are set up already");
        return Ok(Telemetry::default());
    }
    trace::record(export.sample_ratio);
    Ok(Telemetry { provider: Some(provider) })
}

fn lines<S>(format: Format) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'s> LookupSpan<'s>,
{
    let pretty = match format {
        Format::Auto => io::stderr().is_terminal(),
        Format::Json => false,
        Format::Pretty => true,
    };
    if pretty {
        let layer = fmt::layer().with_writer(io::stderr).with_ansi(io::stderr().is_terminal());
        layer.event_format(Pretty::default()).boxed()
    } else {
        fmt::layer().event_format(FlatJson).fmt_fields(fmt::format::JsonFields::new()).with_writer(io::stderr).boxed()
    }
}

/// Lets through what a recorded trace is made of, and only while one is at hand: for all others these spans do not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Recorded {
    /// The spans of the list, and warnings in them.
    Spans,
    /// What `sqlx` says of statements.
    Statements,
}

impl Recorded {
    fn may_be(self, metadata: &Metadata<'_>) -> bool {
        let statement = metadata.target() == statements::TARGET;
        match self {
            Self::Spans if metadata.is_span() => trace::SPANS.contains(&metadata.name()),
            Self::Spans => !statement && *metadata.level() <= Level::WARN,
            Self::Statements => statement && metadata.is_event(),
        }
    }
}

impl<S> Filter<S> for Recorded {
    fn enabled(&self, metadata: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        trace::recorded() && self.may_be(metadata)
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.may_be(metadata) { Interest::sometimes() } else { Interest::never() }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::DEBUG)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_call_does_no_harm() {
        for _ in 0..2 {
            init(&Settings::default()).expect("a good filter").stop(Duration::ZERO);
        }
    }

    #[test]
    fn a_filter_that_cannot_be_read_is_named() {
        let settings = Settings { filter: "books=loud".to_owned(), ..Settings::default() };
        let error = init(&settings).expect_err("no such level");
        assert!(error.to_string().contains("books=loud"));
    }
}
