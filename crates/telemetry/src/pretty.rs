//! A log line for eyes: the formatter of `tracing-subscriber`, with the trace before it.

use std::fmt;

use tracing::{Event, Subscriber};
use tracing_subscriber::{
    fmt::{
        FmtContext, FormatEvent, FormatFields,
        format::{self, Writer},
    },
    registry::LookupSpan,
};

#[derive(Default)]
pub(crate) struct Pretty(format::Format);

impl<S, N> FormatEvent<S, N> for Pretty
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    N: for<'w> FormatFields<'w> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        if let Some(id) = trace::id() {
            write!(writer, "{id} ")?;
        }
        self.0.format_event(context, writer, event)
    }
}
