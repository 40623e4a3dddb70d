//! The context of the task at hand.

use opentelemetry::Context;
use opentelemetry::trace::{TraceContextExt, TraceId};
use tracing::{Instrument, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::TraceContext;
use crate::recording;

tokio::task_local! {
    static CURRENT: TraceContext;
}

/// How many others a span of several causes names at most.
const LINKS: usize = 100;

pub(crate) fn at_hand() -> Option<TraceContext> {
    CURRENT.try_with(|context| *context).ok()
}

/// The context to hand on from here: the span at hand, where one is recorded. `None` outside of [`within`].
pub fn current() -> Option<TraceContext> {
    let context = at_hand()?;
    if !(recording::on() && context.is_sampled()) {
        return Some(context);
    }
    let span = Context::map_current(|cx| cx.span().span_context().clone());
    let here = span.is_valid() && span.trace_id() == context.trace;
    Some(if here { TraceContext { span: span.span_id(), ..context } } else { context })
}

/// The id of the trace at hand.
pub fn id() -> Option<TraceId> {
    at_hand().map(|context| context.trace)
}

/// Does `work` in the trace at hand; outside of one, in the trace that `given` (a W3C context) belongs to; without one
/// that can be read, in a new trace. `span` is asked for the work's span there: its parent is the right one.
pub async fn within<F: Future>(given: Option<&str>, span: impl FnOnce() -> Span, work: F) -> F::Output {
    if at_hand().is_some() {
        let span = span();
        return work.instrument(span).await;
    }
    let remote = given.and_then(|given| given.parse::<TraceContext>().ok());
    let context = remote.unwrap_or_else(|| TraceContext::fresh(recording::sample()));
    let span = CURRENT.sync_scope(context, || match remote {
        Some(remote) => under(remote, span),
        None => span(),
    });
    CURRENT.scope(context, work.instrument(span)).await
}

/// As [`within`], for work that is done once for several causes, of one trace or of many: it belongs to the first that is
/// recorded; each other one gets a span of the same name and duration, and the two name each other by a link.
pub async fn within_all<F: Future>(given: &[Option<&str>], span: impl Fn() -> Span, work: F) -> F::Output {
    let first = given.first().copied().flatten();
    if !recording::on() {
        return within(first, span, work).await;
    }
    let mut recorded: Vec<(TraceContext, &str)> = Vec::new();
    for text in given.iter().flatten() {
        if let Ok(context) = text.parse::<TraceContext>()
            && context.is_sampled()
            && recorded.iter().all(|(known, _)| *known != context)
        {
            recorded.push((context, text));
        }
    }
    let Some(((_, lead), others)) = recorded.split_first() else {
        return within(first, span, work).await;
    };
    within(Some(lead), &span, async {
        let here = Context::map_current(|cx| cx.span().span_context().clone());
        let others: Vec<Span> = others
            .iter()
            .take(LINKS)
            .map(|(other, _)| {
                let span = CURRENT.sync_scope(*other, || under(*other, &span));
                span.add_link(here.clone());
                Span::current().add_link(span.context().span().span_context().clone());
                span
            })
            .collect();
        let outcome = work.await;
        drop(others);
        outcome
    })
    .await
}

/// A span below one of elsewhere.
fn under(parent: TraceContext, span: impl FnOnce() -> Span) -> Span {
    if !(recording::on() && parent.is_sampled()) {
        return span();
    }
    let attached = Context::new().with_remote_span_context(parent.remote()).attach();
    let span = span();
    drop(attached);
    span
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIVEN: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    async fn seen(given: Option<&str>) -> Option<TraceContext> {
        within(given, Span::none, async { current() }).await
    }

    #[tokio::test]
    async fn work_belongs_to_the_trace_it_was_given() {
        assert_eq!(seen(Some(GIVEN)).await.map(|context| context.to_string()), Some(GIVEN.to_owned()));
        assert_eq!(current(), None);
    }

    #[tokio::test]
    async fn the_trace_at_hand_goes_before_the_one_given() {
        let outer = within(None, Span::none, async { (current(), seen(Some(GIVEN)).await) }).await;
        assert!(outer.0.is_some());
        assert_eq!(outer.0, outer.1);
    }

    #[tokio::test]
    async fn without_a_context_that_can_be_read_a_trace_begins() {
        let (one, other) = (seen(Some("nonsense")).await, seen(None).await);
        assert!(one.is_some() && other.is_some());
        assert_ne!(one, other);
    }

    #[tokio::test]
    async fn a_trace_that_nobody_records_is_not_said_to_be_sampled() {
        assert_eq!(seen(None).await.map(|context| context.is_sampled()), Some(false));
    }

    #[tokio::test]
    async fn work_for_several_traces_belongs_to_the_first() {
        let seen = within_all(&[Some(GIVEN), None], Span::none, async { current() }).await;
        assert_eq!(seen.map(|context| context.to_string()), Some(GIVEN.to_owned()));
    }
}
