//! A log line as one flat JSON object.
//!
//! The formatter of `tracing-subscriber` keeps the fields of spans in nested lists. Here they stand beside those of the
//! event, an inner span before an outer one, and `trace_id` is where a log store looks for it. It comes from the task, so that
//! every line has it that is written for a request or an event, whatever spans there are.

use std::fmt;

use serde_json::{Map, Value};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields, format::Writer},
    registry::LookupSpan,
};

use crate::statements::{self, Statement};

pub(crate) struct FlatJson;

impl<S, N> FormatEvent<S, N> for FlatJson
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    N: for<'w> FormatFields<'w> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut fields = Fields::default();
        let mut spans = Vec::new();
        for span in context.event_scope().into_iter().flat_map(|scope| scope.from_root()) {
            spans.push(span.name());
            if let Some(formatted) = span.extensions().get::<FormattedFields<N>>()
                && let Ok(Value::Object(of_span)) = serde_json::from_str(&formatted.fields)
            {
                // What is only for the exporter.
                fields.0.extend(of_span.into_iter().filter(|(name, _)| !name.starts_with("otel.")));
            }
        }
        let metadata = event.metadata();
        if metadata.target() == statements::TARGET {
            fields.put_statement(&Statement::of(event));
        } else {
            event.record(&mut fields);
        }
        let mut line = fields.0;
        if let Some(id) = trace::id() {
            line.insert("trace_id".to_owned(), id.to_string().into());
        }
        line.insert("timestamp".to_owned(), now().into());
        line.insert("level".to_owned(), metadata.level().as_str().into());
        line.insert("target".to_owned(), metadata.target().into());
        if !spans.is_empty() {
            line.insert("span".to_owned(), spans.join(">").into());
        }
        writeln!(writer, "{}", Value::Object(line))
    }
}

#[allow(clippy::disallowed_methods, reason = "the log tells the machine's time, whatever clock the program uses")]
fn now() -> String {
    OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default()
}

#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    /// In our words, as other slow things are told.
    fn put_statement(&mut self, statement: &Statement) {
        let message = if statement.slow { "slow statement" } else { "statement" };
        for (name, value) in [
            ("message", Value::from(message)),
            ("statement", statement.text().into()),
            ("milliseconds", (statement.took.as_secs_f64() * 1000.0).into()),
            ("rows_returned", statement.rows_returned.into()),
            ("rows_affected", statement.rows_affected.into()),
        ] {
            self.0.insert(name.to_owned(), value);
        }
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        let causes = std::iter::successors(Some(value), |error| error.source());
        let chain: Vec<String> = causes.map(ToString::to_string).collect();
        self.put(field, chain.join(": "));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use tracing_subscriber::{
        fmt::{self as subscriber, format::JsonFields},
        layer::SubscriberExt,
    };

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("no panic while writing").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(act: impl FnOnce()) -> Value {
        let lines = Lines::default();
        let writer = lines.clone();
        let layer = subscriber::layer()
            .event_format(FlatJson)
            .fmt_fields(JsonFields::new())
            .with_writer(move || writer.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), act);
        let bytes = lines.0.lock().expect("no panic while writing").clone();
        serde_json::from_slice(&bytes).expect("one JSON object")
    }

    #[tokio::test]
    async fn a_line_has_the_trace_of_its_task_and_the_fields_of_its_spans() {
        let given = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let act = || {
            let request = tracing::info_span!("request", otel.name = "GET /", status = tracing::field::Empty);
            let _request = request.enter();
            let command = tracing::info_span!("command", name = "delete_book");
            let _command = command.enter();
            request.record("status", 204);
            tracing::warn!(retries = 3, "slow");
        };
        let line = trace::within(Some(given), tracing::Span::none, async { logged(act) }).await;
        assert_eq!(line["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
        assert!(line.get("otel.name").is_none());
        assert_eq!(line["name"], "delete_book");
        assert_eq!(line["status"], 204);
        assert_eq!(line["retries"], 3);
        assert_eq!(line["message"], "slow");
        assert_eq!(line["level"], "WARN");
        assert_eq!(line["span"], "request>command");
    }

    #[test]
    fn a_slow_statement_is_told_in_one_line_of_our_words() {
        let line = logged(|| {
            tracing::warn!(
                target: "sqlx::query",
                summary = "select id, name from …",
                db.statement = "\n\nselect id, name\n from books.book where id = $1\n",
                rows_returned = 1_u64,
                elapsed_secs = 0.25,
                slow_threshold = ?std::time::Duration::from_millis(200),
                "slow statement: execution time exceeded alert threshold"
            );
        });
        assert_eq!(line["message"], "slow statement");
        assert_eq!(line["statement"], "select id, name from books.book where id = $1");
        assert_eq!(line["milliseconds"], 250.0);
        assert!(line.get("trace_id").is_none() && line.get("db.statement").is_none());
    }

    #[test]
    fn a_line_break_in_a_value_does_not_break_the_line() {
        let line = logged(|| tracing::info!(title = "two\nlines", "quote \" and \\"));
        assert_eq!(line["title"], "two\nlines");
        assert_eq!(line["message"], "quote \" and \\");
    }

    #[test]
    fn an_error_is_logged_with_its_causes() {
        #[derive(Debug, thiserror::Error)]
        #[error("the import failed")]
        struct Failed(#[source] io::Error);
        let line = logged(|| {
            let error = Failed(io::Error::other("disk full"));
            tracing::error!(error = &error as &dyn std::error::Error);
        });
        assert_eq!(line["error"], "the import failed: disk full");
    }
}
