//! Where log lines go, and how they look.

use std::io::{self, IsTerminal};

use tracing_subscriber::{EnvFilter, Layer, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::json::FlatJson;

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
}

impl Default for Settings {
    fn default() -> Self {
        Self { format: Format::Auto, filter: "info".to_owned() }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum LogError {
    #[error("{filter:?} is not a log filter")]
    Filter { filter: String, source: tracing_subscriber::filter::ParseError },
}

/// Sends what is logged from now on to standard error. The first call of a process counts, so that every test may call it;
/// later ones only check their filter.
pub fn init(settings: &Settings) -> Result<(), LogError> {
    let filter = EnvFilter::builder()
        .parse(&settings.filter)
        .map_err(|source| LogError::Filter { filter: settings.filter.clone(), source })?;
    let pretty = match settings.format {
        Format::Auto => io::stderr().is_terminal(),
        Format::Json => false,
        Format::Pretty => true,
    };
    let lines = if pretty {
        fmt::layer().with_writer(io::stderr).with_ansi(io::stderr().is_terminal()).boxed()
    } else {
        fmt::layer().event_format(FlatJson).fmt_fields(fmt::format::JsonFields::new()).with_writer(io::stderr).boxed()
    };
    if tracing_subscriber::registry().with(filter).with(lines).try_init().is_err() {
        tracing::debug!("logs are set up already");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_call_does_no_harm() {
        for _ in 0..2 {
            init(&Settings::default()).expect("a good filter");
        }
    }

    #[test]
    fn a_filter_that_cannot_be_read_is_named() {
        let settings = Settings { filter: "books=loud".to_owned(), ..Settings::default() };
        let error = init(&settings).expect_err("no such level");
        assert!(error.to_string().contains("books=loud"));
    }
}
