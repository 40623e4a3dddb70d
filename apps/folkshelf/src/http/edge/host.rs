//! What the host gives the routes of a context to work with.

use std::sync::Arc;

use actix_web::web;
use cqrs::{CommandBus, QueryBus};
use event_bus::EventBus;
use kernel::Clock;
use read_store::ReadStore;
use tokio_util::sync::CancellationToken;

use super::community::CommunityView;
use super::gate::Gate;
use super::origins::Origins;
use crate::settings::{StreamBounds, Uploads};

/// A context takes what its routes need and keeps it in an `Api` of its own.
pub struct Host {
    pub commands: CommandBus,
    pub queries: QueryBus,
    pub events: EventBus,
    pub read_store: ReadStore,
    pub clock: Arc<dyn Clock>,
    pub gate: Gate,
    pub community: CommunityView,
    /// How files come in.
    pub uploads: Uploads,
    pub max_import_bytes: usize,
    /// How many inboxes may be streamed.
    pub streams: StreamBounds,
    /// Which pages may open a WebSocket.
    pub origins: Origins,
    /// Cancelled when the host stops: streams end.
    pub shutdown: CancellationToken,
    /// Whether cookies may only travel encrypted.
    pub secure_cookies: bool,
}

/// Puts what routes work with where their `web::Data` finds it.
pub type Mount = Box<dyn Fn(&mut web::ServiceConfig) + Send + Sync>;

pub fn mount<T: Send + Sync + 'static>(state: T) -> Mount {
    let state = web::Data::new(state);
    Box::new(move |services| {
        services.app_data(state.clone());
    })
}
