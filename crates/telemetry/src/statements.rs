//! SQL statements as spans, and as log lines. `sqlx` logs each statement once it is done, with the time it took; from that
//! a span is made that ended now. So no context has to say anything, and no statement is forgotten.
//!
//! What is shown is the text of the statement, in which values are placeholders: `sqlx` tells no bound value.

use std::time::Duration;

use opentelemetry::trace::{Span, SpanKind, TraceContextExt, Tracer};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::SdkTracer;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;

/// The target of what `sqlx` logs of statements.
pub(crate) const TARGET: &str = "sqlx::query";
/// So much of a statement's text is shown.
const SHOWN: usize = 1_000;

/// A statement as `sqlx` tells of it.
#[derive(Debug, Default)]
pub(crate) struct Statement {
    summary: String,
    /// Empty when the summary is all of it.
    text: String,
    pub took: Duration,
    pub rows_returned: u64,
    pub rows_affected: u64,
    pub slow: bool,
}

impl Statement {
    pub(crate) fn of(event: &Event<'_>) -> Self {
        let mut statement = Self::default();
        event.record(&mut statement);
        statement
    }

    /// Its text in one line, cut.
    pub(crate) fn text(&self) -> String {
        let text = if self.text.trim().is_empty() { &self.summary } else { &self.text };
        let mut line = String::with_capacity(text.len().min(SHOWN));
        for word in text.split_whitespace() {
            if line.len() + word.len() >= SHOWN {
                line.push('…');
                break;
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        line
    }
}

impl Visit for Statement {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "summary" => value.clone_into(&mut self.summary),
            "db.statement" => value.clone_into(&mut self.text),
            _ => {}
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            "rows_returned" => self.rows_returned = value,
            "rows_affected" => self.rows_affected = value,
            _ => {}
        }
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        if field.name() == "elapsed_secs" {
            self.took = Duration::try_from_secs_f64(value).unwrap_or_default();
        }
    }

    fn record_debug(&mut self, field: &Field, _: &dyn std::fmt::Debug) {
        self.slow |= field.name() == "slow_threshold";
    }
}

/// What a statement does, and to what: `update books.book`.
fn name(text: &str) -> String {
    let mut words = text.split(|c: char| c.is_whitespace() || c == '(' || c == ';').filter(|word| !word.is_empty());
    let verb = words.next().unwrap_or_default().to_ascii_lowercase();
    let second = words.clone().next().unwrap_or_default();
    let object = if verb == "update" {
        second
    } else {
        words
            .skip_while(|word| !["from", "into", "update"].contains(word))
            .nth(1)
            // A function of a schema: `select event_bus.advance(…)`.
            .unwrap_or(if second.contains('.') && !second.contains(',') { second } else { "" })
    };
    let known = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    let object: String = object.chars().take_while(|c| known(*c)).collect();
    if object.is_empty() { verb } else { format!("{verb} {object}") }
}

/// Makes a span of each statement, below the span at hand.
pub(crate) struct Statements {
    pub tracer: SdkTracer,
}

impl<S: Subscriber> Layer<S> for Statements {
    fn on_event(&self, event: &Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        let parent = Context::current();
        if event.metadata().target() != TARGET || !parent.has_active_span() {
            return;
        }
        let statement = Statement::of(event);
        let (text, end) = (statement.text(), opentelemetry::time::now());
        let start = end.checked_sub(statement.took).unwrap_or(end);
        let mut span = self
            .tracer
            .span_builder(format!("sql {}", name(&text)))
            .with_kind(SpanKind::Client)
            .with_start_time(start)
            .with_attributes([
                KeyValue::new("db.system.name", "postgresql"),
                KeyValue::new("db.query.text", text),
                KeyValue::new("rows.returned", i64::try_from(statement.rows_returned).unwrap_or(i64::MAX)),
                KeyValue::new("rows.affected", i64::try_from(statement.rows_affected).unwrap_or(i64::MAX)),
            ])
            .start_with_context(&self.tracer, &parent);
        span.end_with_timestamp(end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_named_after_what_it_does_and_to_what() {
        for (text, expected) in [
            ("select id, name from books.book where id = $1", "select books.book"),
            ("insert into event_bus.log (id) values ($1)", "insert event_bus.log"),
            ("update borrowing.borrow set status = $1 from x", "update borrowing.borrow"),
            ("delete from books.import where id = $1", "delete books.import"),
            ("select event_bus.advance($1, $2) as \"moved!\"", "select event_bus.advance"),
            ("with moved as (update event_bus.subscription set x = 1) select 1", "with event_bus.subscription"),
            ("COMMIT", "commit"),
            ("SELECT 1", "select"),
            ("", ""),
        ] {
            assert_eq!(name(text), expected, "{text}");
        }
    }

    #[test]
    fn a_long_statement_is_cut_and_stands_in_one_line() {
        let statement = Statement { text: "select\n  a,\n".repeat(1_000), ..Statement::default() };
        let text = statement.text();
        assert!(text.starts_with("select a, select") && text.ends_with('…') && text.len() < SHOWN + 10);
        let whole = Statement { summary: "COMMIT".to_owned(), ..Statement::default() };
        assert_eq!(whole.text(), "COMMIT");
    }
}
