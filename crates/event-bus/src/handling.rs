//! Handing events to a handler: in the traces they belong to, bounded in time, with panics caught.
//!
//! The spans of a recorded trace that are made here are listed in `docs/observability.md`.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use sqlx::{Postgres, Transaction};
use time::OffsetDateTime;
use tokio::time::Instant;
use tracing::Span;

use crate::log::Recorded;
use crate::subscription::{Apply, Delivery, HandlerError, Project};

/// One event or batch may take this long in its handler.
const HANDLER_TIMEOUT: Duration = Duration::from_secs(30);

/// A subscription handles an event, or a batch that begins with it.
fn span(subscription: &str, event: &str, events: usize) -> Span {
    let name = format_args!("subscription {subscription}");
    tracing::debug_span!("subscription", otel.name = %name, otel.kind = "consumer", subscription, event, events)
}

/// What was done and how far the subscription is are committed.
pub(crate) fn checkpoint(subscription: &str) -> Span {
    tracing::debug_span!("checkpoint", subscription)
}

/// Hands over events that the handler takes in one go, in their traces. `true`: it may have written.
pub(crate) async fn apply(
    subscription: &str,
    handler: &dyn Apply,
    tx: &mut Transaction<'static, Postgres>,
    events: &[&Recorded],
    now: OffsetDateTime,
) -> Result<bool, HandlerError> {
    let Some(first) = events.first() else { return Ok(false) };
    let work = async {
        let begun = Instant::now();
        let mut delivery = Delivery::new(tx, subscription, first, now);
        let outcome = handler.apply_together(&mut delivery, events).await;
        trace::handled("subscription", subscription, events.len(), begun.elapsed());
        outcome.map(|()| delivery.is_touched())
    };
    let traces: Vec<Option<&str>> = events.iter().map(|event| event.trace.as_deref()).collect();
    let span = || span(subscription, &first.name, events.len());
    match traces[..] {
        [one] => trace::within(one, span, work).await,
        _ => trace::within_all(&traces, span, work).await,
    }
}

/// Hands a batch over, in the traces of its events.
pub(crate) async fn project(
    subscription: &str,
    handler: &dyn Project,
    events: &[Arc<Recorded>],
) -> Result<(), HandlerError> {
    let traces: Vec<Option<&str>> = events.iter().map(|event| event.trace.as_deref()).collect();
    let work = async {
        let begun = Instant::now();
        let outcome = handler.project(events).await;
        trace::handled("subscription", subscription, events.len(), begun.elapsed());
        outcome
    };
    let first = &events[0].name;
    trace::within_all(&traces, || span(subscription, first, events.len()), work).await
}

/// Bounds a handler in time and turns a panic into an error, so that neither can end the runner.
pub(crate) async fn caught<T>(handling: impl Future<Output = Result<T, HandlerError>>) -> Result<T, HandlerError> {
    match tokio::time::timeout(HANDLER_TIMEOUT, AssertUnwindSafe(handling).catch_unwind()).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(panic)) => {
            let text = panic
                .downcast_ref::<&str>()
                .map(|text| (*text).to_owned())
                .or_else(|| panic.downcast_ref::<String>().cloned())
                .unwrap_or_default();
            Err(std::io::Error::other(format!("the handler panicked: {text}")).into())
        }
        Err(_) => Err(std::io::Error::other("the handler took too long").into()),
    }
}
