//! Which trace a piece of work belongs to.
//!
//! A trace begins with a request, or with whatever Folkshelf starts by itself, and travels with the events it leads to. Its
//! context is in the task ([`within`]), not in a span: log lines, error bodies and events know it whether or not anybody
//! records spans. Spans exist where the context says *sampled* and an exporter runs ([`record`]); nothing else pays for them.
//!
//! | module | holds |
//! |---|---|
//! | `context` | [`TraceContext`], as W3C writes it |
//! | `task` | the context of the task at hand: [`within`], [`within_all`], [`current`], [`id`] |
//! | `recording` | whether traces are recorded, how many, and under which names ([`SPANS`]) |
//! | `slow` | one warning for each handler that took too long |

mod context;
mod recording;
mod slow;
mod task;

pub use context::{TraceContext, TraceContextError};
pub use recording::{SPANS, record, recorded};
pub use slow::{handled, warn_handlers_slower_than};
pub use task::{current, id, within, within_all};
