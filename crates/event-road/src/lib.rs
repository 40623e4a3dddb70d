//! NATS JetStream as the fast road for events between databases.
//!
//! The log of a context's database is the truth; the road is disposable. It brings events to the importers of other databases
//! some milliseconds after they were told. Every event names the one before it, so what the road loses, doubles or swaps is
//! noticed, and fetched from the owner ([`event_bus::Owner`]). Without NATS everything goes on over the owner alone. ADR 80.
//!
//! Nothing on the server is state: there are no durable consumers, no acknowledgements and no places to keep.

mod incoming;
mod metrics;
mod reading;
mod relay;
mod stream;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::context::ContextBuilder;
use async_nats::{Client, ConnectOptions, Event, ServerAddr, connection::State, jetstream};
use event_bus::Owner;

use crate::incoming::Incoming;
use crate::stream::Stream;

/// A server that has not answered by then is taken for away.
const WITHIN: Duration = Duration::from_secs(5);
/// Between tries to reach a server.
const AGAIN: Duration = Duration::from_secs(1);

#[derive(Debug, Clone)]
pub struct Settings {
    /// Addresses of the servers, as `nats://user:password@host:4222`; `tls://` for TLS.
    pub servers: Vec<String>,
    /// Begins the name of the stream and every subject, so that several communities can share a server.
    pub prefix: String,
    /// On how many servers an event is kept.
    pub replicas: usize,
    /// The file (PEM) of the authority that has signed the servers' certificates; `None`: those that the machine trusts.
    pub authority: Option<PathBuf>,
    /// How this process calls itself to the servers.
    pub name: String,
}

/// The road cannot be used as it is described.
#[derive(Debug, thiserror::Error)]
pub enum RoadError {
    #[error("the address of a NATS server cannot be read: {0}")]
    Address(#[source] std::io::Error),
    #[error("no connection to NATS can be made: {0}")]
    Connect(#[from] async_nats::ConnectError),
}

/// The way to the servers. A clone is the same one.
#[derive(Clone)]
pub struct Road {
    client: Client,
    stream: Stream,
}

impl Road {
    /// Does not wait for the servers: they are called again and again until they answer.
    pub async fn connect(settings: Settings) -> Result<Self, RoadError> {
        let servers: Result<Vec<ServerAddr>, _> = settings.servers.iter().map(|server| server.parse()).collect();
        let mut options = ConnectOptions::new()
            .name(&settings.name)
            .connection_timeout(WITHIN)
            .request_timeout(Some(WITHIN))
            .ping_interval(WITHIN)
            .retry_on_initial_connect()
            .reconnect_delay_callback(|_| AGAIN)
            .event_callback(|event| async move { report(&event) });
        if let Some(authority) = settings.authority {
            options = options.add_root_certificates(authority);
        }
        metrics::CONNECTED.set(0);
        let client = options.connect(servers.map_err(RoadError::Address)?).await?;
        let context: jetstream::Context =
            ContextBuilder::new().timeout(WITHIN).ack_timeout(WITHIN).build(client.clone());
        let stream = Stream::new(context, &settings.prefix, settings.replicas);
        Ok(Self { client, stream })
    }

    /// The events of a context, over the road; over `owner` where the road does not bring them.
    pub fn from(&self, context: &str, owner: Arc<dyn Owner>) -> Arc<dyn Owner> {
        Arc::new(Incoming::new(self.clone(), context, owner))
    }

    pub fn is_connected(&self) -> bool {
        self.client.connection_state() == State::Connected
    }
}

fn report(event: &Event) {
    match event {
        Event::Connected => {
            metrics::CONNECTED.set(1);
            tracing::info!("connected to NATS");
        }
        Event::Disconnected => {
            metrics::CONNECTED.set(0);
            tracing::warn!("NATS is away; events go from database to database without it");
        }
        other => tracing::debug!(event = %other, "NATS"),
    }
}
