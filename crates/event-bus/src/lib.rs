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
//! | [`carried`] | events as they travel to another database |
//! | `feed` | a context's events for another database, as its owner gives them out |
//! | `import` | rows of the log from another database, by one process each |
//! | `chain` | what of a page an importer believes |
//! | `source` | the rows of imports: cursors, leases, troubles |
//! | `arrival` | waiting for events of another database |
//! | `running` | what a process has running, and its end |
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
//! | [`dead_letters`] | events a subscription could not handle: list, retry, drop, one by one or by reason |
//! | [`audit`] | comparing a context's tables with what the log tells |
//! | [`find`] | looking events up, for administrators |
//! | [`fault`] | telling a database that is away from a defect |

mod arrival;
pub mod audit;
mod bus;
pub mod carried;
mod chain;
mod checkpoint;
mod copy;
pub mod dead_letters;
pub mod family;
pub mod fault;
mod feed;
pub mod find;
mod following;
mod handling;
mod held;
mod horizon;
mod import;
mod lateness;
mod lease;
pub mod log;
mod metrics;
mod own;
mod progress;
mod runner;
mod running;
mod scope;
mod sessions;
mod source;
pub mod subscription;
mod told;
mod window;

pub use audit::{Audit, Audited, Difference, Fault, Fields, Fold, FoldOf, Told};
pub use bus::{BusSettings, EventBus, SubscriptionStatus};
pub use carried::{Carried, Page};
pub use dead_letters::{DeadLetter, DeadLetterGroup, GroupChange};
pub use family::{Family, Hear, HearTogether, Outdate, Refresh};
pub use fault::{error_kind, unavailable, undone_by_another};
pub use feed::FeedError;
pub use find::{EventCursor, EventFilter, EventPage};
pub use following::Following;
pub use horizon::{Hidden, Holder};
pub use import::{Owner, OwnerError};
pub use log::{Meta, Recorded, append, append_all};
pub use own::OwnEvents;
pub use progress::Heard;
pub use running::Running;
pub use scope::Scope;
pub use sessions::session_name;
pub use source::SourceStatus;
pub use subscription::{Apply, Delivery, HandlerError, Project, Subscription};
