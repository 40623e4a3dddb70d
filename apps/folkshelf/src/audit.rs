//! `folkshelf audit`: tables against the log, projections against tables.

use std::io::Write as _;

use anyhow::{Context as _, bail};
use event_bus::{Difference, Fault};
use read_store::{StaleDocument, StaleFault};
use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;

use crate::app::App;

pub struct Wanted {
    /// None: all of them.
    pub contexts: Vec<String>,
    /// Only what has an event since then; projections are not compared.
    pub since: Option<OffsetDateTime>,
    pub json: bool,
}

/// A line of the answer.
#[derive(Serialize)]
struct Line<'a, T> {
    context: &'a str,
    /// `log_and_rows` or `rows_and_views`.
    compared: &'static str,
    #[serde(flatten)]
    found: T,
}

/// Prints each difference as it is found. Fails when there is one, so that a script notices.
pub async fn run(app: &App, wanted: &Wanted) -> anyhow::Result<()> {
    let known = app.projections();
    if let Some(name) = wanted.contexts.iter().find(|name| !known.contains(&name.as_str())) {
        bail!("there is no context {name}; there are: {}", known.join(", "));
    }
    let is_wanted = |context: &str| wanted.contexts.is_empty() || wanted.contexts.iter().any(|name| name == context);
    let (mut differences, mut moving) = (0, 0);
    for (context, audited) in app.audited().filter(|(context, _)| is_wanted(context)) {
        let mut report = |found: Difference| {
            print(wanted.json, &Line { context, compared: "log_and_rows", found: &found }, || of_rows(context, &found));
        };
        let audit = app.events().audit(&*audited, wanted.since, &mut report).await;
        let audit = audit.with_context(|| format!("the rows of {context} were not compared"))?;
        let sum =
            || format!("{context}: {} rows compared with the log, {} differences", audit.compared, audit.differences);
        print(wanted.json, &Line { context, compared: "log_and_rows", found: audit }, sum);
        differences += audit.differences;
        moving += audit.moving;
    }
    let views = known.into_iter().filter(|context| is_wanted(context) && wanted.since.is_none());
    for context in views {
        let mut report = |found: StaleDocument| {
            let line = Line { context, compared: "rows_and_views", found: &found };
            print(wanted.json, &line, || of_views(context, &found));
        };
        let audit = app.read_store.audit(context, &mut report).await;
        let audit = audit.with_context(|| format!("the projection {context} was not compared"))?;
        let sum =
            || format!("{context}: {} documents compared with rows, {} differences", audit.compared, audit.differences);
        print(wanted.json, &Line { context, compared: "rows_and_views", found: audit }, sum);
        differences += audit.differences;
        moving += audit.moving;
    }
    if moving > 0 {
        eprintln!("{moving} changed at each look and were left out: run it again for them");
    }
    if differences > 0 {
        bail!("{differences} differences");
    }
    Ok(())
}

fn print<T: Serialize>(json: bool, line: &T, words: impl FnOnce() -> String) {
    let text = match json {
        true => serde_json::to_string(line).unwrap_or_default(),
        false => words(),
    };
    // The reader of the lines may be gone, as with `| head`. The audit goes on and counts.
    let _ = writeln!(std::io::stdout(), "{text}");
}

fn of_rows(context: &str, found: &Difference) -> String {
    let what = format!("{context}: {} {}", found.aggregate_type, found.aggregate_id);
    match found.fault {
        Fault::Differs => {
            let field = found.field.as_deref().unwrap_or_default();
            format!("{what}: {field} is {} in the log and {} in the table", found.log, found.row)
        }
        Fault::NoRow => format!("{what}: is in the log and not in the table"),
        Fault::NotGone => format!("{what}: is deleted in the log and still in the table"),
        Fault::NoEvents => format!("{what}: is in the table, and its beginning is not in the log"),
        Fault::Unreadable => format!("{what}: has an event that cannot be read: {}", plain(&found.log)),
    }
}

fn of_views(context: &str, found: &StaleDocument) -> String {
    let what = format!("{context}: document {}", found.id.map(|id| id.to_string()).unwrap_or_default());
    match found.fault {
        StaleFault::Differs => {
            let field = found.field.as_deref().unwrap_or_default();
            format!("{what}: {field} is {} in the table and {} in Redis", found.row, found.view)
        }
        StaleFault::Missing => format!("{what}: is in the table and not in Redis"),
        StaleFault::Surplus => format!("{context}: Redis has {} documents of things that are gone", found.view),
    }
}

fn plain(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
