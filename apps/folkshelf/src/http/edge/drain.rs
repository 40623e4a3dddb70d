//! Stopping a host without a failed request, where there are other hosts. It says that it is not ready, answers on for some
//! seconds until every balancer has heard it, and then takes no more requests.
//!
//! While a host drains it answers as ever, but it is not ready, each answer ends its connection, and streams end with a word
//! on when to come back. A balancer that has not heard yet loses nothing: its next connection goes to another host.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::ConnectionType;
use actix_web::middleware::Next;
use tokio_util::sync::CancellationToken;

/// Whether this process drains. Looked at with every answer.
static BEGUN: AtomicBool = AtomicBool::new(false);

pub fn has_begun() -> bool {
    BEGUN.load(Ordering::Relaxed)
}

/// How a host stops.
pub struct Drain {
    /// It shall stop.
    pub asked: CancellationToken,
    /// For so long it answers on.
    pub lasts: Duration,
}

impl Drain {
    /// Resolves when no more requests are to be taken.
    pub async fn over(&self) {
        self.asked.cancelled().await;
        BEGUN.store(true, Ordering::Relaxed);
        if !self.lasts.is_zero() {
            tracing::info!(seconds = self.lasts.as_secs(), "draining: not ready any more, answering on");
            tokio::time::sleep(self.lasts).await;
        }
    }
}

/// Ends each connection with its answer while the host drains.
pub async fn end_connections(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let mut answered = next.call(request).await?;
    if has_begun() {
        answered.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    Ok(answered)
}
