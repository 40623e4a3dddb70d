//! HTTP: one file a context. Routes read input, send a command or ask a query, and answer; no SQL, no rule of the domain.

mod admin;
mod auth;
mod books;
mod borrowing;
mod caller;
mod community;
mod gate;
mod guard;
mod hot;
mod input;
mod notifications;
mod openapi;
mod operations;
mod problem;
mod respond;
mod server;
mod trace;
mod users;
mod web_app;

use std::sync::Arc;
use std::time::Instant;

use cqrs::QueryBus;
use event_bus::EventBus;
use kernel::{Clock, ErrorKind, Refusal};
use read_store::{ReadStore, ReadStoreError};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use utoipa::IntoParams;

pub use auth::AuthApi;
pub use books::BooksApi;
pub use borrowing::BorrowingApi;
pub use community::CommunityView;
pub use gate::Gate;
pub use hot::HotAnswers;
pub use notifications::NotificationsApi;
pub use openapi::document;
pub use server::serve;
pub use users::UsersApi;

/// What the routes work with.
pub struct Api {
    pub gate: Gate,
    pub auth: AuthApi,
    pub users: UsersApi,
    pub books: BooksApi,
    pub borrowing: BorrowingApi,
    pub notifications: NotificationsApi,
    pub hot: HotAnswers,
    pub queries: QueryBus,
    pub events: EventBus,
    pub read_store: ReadStore,
    /// The projections an administrator may rebuild, by name.
    pub projections: Vec<&'static str>,
    pub clock: Arc<dyn Clock>,
    pub started: Instant,
    /// Work that outlives its request and is finished before the process ends.
    pub background: TaskTracker,
    /// Cancelled when the host stops: streams end.
    pub shutdown: CancellationToken,
    /// As its operator has set it up.
    pub community: CommunityView,
    /// Whether cookies may only travel encrypted.
    pub secure_cookies: bool,
}

/// What every list takes, for the OpenAPI document; read by [`input::ListParams`].
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "described here, read by input::ListParams")]
struct ListQuery {
    /// From 1.
    #[param(minimum = 1)]
    page: Option<u64>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// The fields to show, separated by commas; all of them without it.
    fields: Option<String>,
    /// The `nextCursor` of the page before; for deep pages of a list that changes meanwhile.
    cursor: Option<String>,
}

/// As [`ListQuery`], for lists that have no cursor.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "described here, read by input::ListParams")]
struct PagesByNumber {
    /// From 1.
    #[param(minimum = 1)]
    page: Option<u64>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// The fields to show, separated by commas; all of them without it.
    fields: Option<String>,
}

/// The event log's database as a reason to refuse.
#[derive(Debug, thiserror::Error)]
#[error("the event log could not be asked")]
struct DatabaseRefusal(#[source] sqlx::Error);

impl Refusal for DatabaseRefusal {
    fn kind(&self) -> ErrorKind {
        event_bus::error_kind(&self.0)
    }

    fn code(&self) -> &'static str {
        "INTERNAL"
    }
}

/// Redis as a reason to refuse: only where an operator asks about Redis itself.
#[derive(Debug, thiserror::Error)]
#[error("Redis could not be asked")]
struct ReadStoreRefusal(#[source] ReadStoreError);

impl Refusal for ReadStoreRefusal {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Unavailable
    }

    fn code(&self) -> &'static str {
        "UNAVAILABLE"
    }
}
