//! The spine: one durable event log in PostgreSQL, and subscriptions that read it.
//!
//! | module | holds |
//! |---|---|
//! | [`log`] | appending inside the writer's transaction, and reading in an order that loses nothing |
//! | [`family`] | which events a subscription consumes, and who handles them |
//! | [`subscription`] | what a context subscribes with: [`Apply`] into PostgreSQL, [`Project`] elsewhere |
//! | `runner` | the loop that feeds one subscription: batches, retries, parking |
//! | `checkpoint` | where a subscription stands, in memory and in the table |
//! | `told` | what processes tell each other on the log's channel |
//! | `copy` | how far a standby's copy of the log is |
//! | `window` | the log as this process has read it lately, for all of its readers |
//! | `handling` | handing events to a handler, in their traces |
//! | `horizon` | noticing that an open transaction hides events, and naming its session |
//! | `lateness` | how late the views of each context are |
//! | `lease` | one active runner per subscription across processes |
//! | `held` | which leases this process has, and whether others know it |
//! | `sessions` | ending the sessions of a process that is frozen |
//! | `own` | the part of the log that a context may see: its own events |
//! | `progress` | how far subscriptions have come, and waiting for it |
//! | [`dead_letters`] | events a subscription could not handle: list, retry, drop |
//! | [`find`] | looking events up, for administrators |
//! | [`fault`] | telling a database that is away from a defect |

mod bus;
mod checkpoint;
mod copy;
pub mod dead_letters;
pub mod family;
pub mod fault;
pub mod find;
mod handling;
mod held;
mod horizon;
mod lateness;
mod lease;
pub mod log;
mod metrics;
mod own;
mod progress;
mod runner;
mod scope;
mod sessions;
pub mod subscription;
mod told;
mod window;

pub use bus::{BusSettings, EventBus, Running, SubscriptionStatus};
pub use dead_letters::DeadLetter;
pub use family::{Family, Hear, HearTogether, Outdate, Refresh};
pub use fault::{error_kind, unavailable, undone_by_another};
pub use find::{EventCursor, EventFilter, EventPage};
pub use horizon::{Hidden, Holder};
pub use log::{Meta, Recorded, append, append_all};
pub use own::OwnEvents;
pub use progress::Heard;
pub use scope::Scope;
pub use sessions::session_name;
pub use subscription::{Apply, Delivery, HandlerError, Project, Subscription};
