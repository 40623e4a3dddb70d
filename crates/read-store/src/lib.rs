//! Sole owner of Redis: documents and lists that answer the queries.
//!
//! | where | what |
//! |---|---|
//! | [`Projection`] | one context's handle: write documents, read them, read pages of lists |
//! | [`Rebuild`] | how a context hands out all of its documents, so that its projection can be made again |
//! | `audit.rs` | comparing a projection with its source |
//! | [`ReadStore`] | one a process: the connection, the watcher that notices a lost projection, rebuilds |
//! | [`WrittenThrough`] | what a command shows itself, and its subscription need not show again |
//! | [`Script`] | a script of another part of the host, on keys of its own: it counts, and gets numbers back |
//! | [`Local`] | answers kept in the process's own memory, never older than what it has heard of |
//! | `generation.rs` | why a rebuild loses no write and shows no short list |
//! | `changes.rs` | how every process hears of every change |
//! | `roll.rs` | who may answer from memory, and how a writer waits until all of them have heard |
//! | `link.rs`, `call.rs` | how every call reaches Redis, and what happens when Redis is away |
//! | `servers.rs`, `masters.rs` | which server that is, where there are several, and why all hosts agree |
//!
//! Redis is disposable here. Whatever goes wrong, a reader gets an error and asks PostgreSQL instead; it never gets a
//! short list or a document of another time.

mod address;
mod audit;
mod call;
mod changes;
mod count;
mod document;
mod error;
mod generation;
mod link;
mod local;
mod masters;
mod metrics;
mod projection;
mod rebuild;
mod roll;
mod script;
mod seal;
mod server_info;
mod servers;
mod settings;
mod store;
mod watcher;
mod written_through;

pub use address::{ClientCertificate, Tls};
pub use audit::{StaleDocument, StaleFault, ViewAudit};
pub use breaker::BreakerSettings;
pub use changes::{Stamp, Stamps, Subject};
pub use count::LeftOut;
pub use document::{Document, Listing};
pub use error::{BoxError, ReadStoreError, RebuildError};
pub use local::Local;
pub use projection::{Direction, ListPage, Projection};
pub use rebuild::{Rebuild, Rebuilt};
pub use roll::OVER as LEASE_OVER;
pub use script::Script;
pub use server_info::ServerInfo;
pub use settings::{Deployment, Settings, SettingsError};
pub use store::{Progress, ProjectionStatus, ReadStore};
pub use written_through::{Coming, WrittenThrough};
