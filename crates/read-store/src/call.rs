//! Every call to Redis goes through [`Caller::call`]: breaker, time limit, connection, metrics, span.

use std::{future::Future, io, sync::Arc, time::Duration};

use breaker::Breaker;
use deadpool_redis::redis::{Client, ErrorKind, RedisError, RedisResult, ServerErrorKind};
use tokio::time::{Instant, timeout};
use tracing::Instrument;

use crate::{
    ReadStoreError,
    link::{Connected, Link},
    metrics,
};

pub(crate) struct Caller {
    breaker: Breaker,
    link: Arc<Link>,
}

impl Caller {
    pub(crate) fn new(breaker: Breaker, link: Link) -> Self {
        Self { breaker, link: Arc::new(link) }
    }

    /// For a connection of another kind to the same server.
    pub(crate) async fn client(&self) -> RedisResult<Client> {
        self.link.client().await
    }

    /// `operation` is a metric label: one of a few constants.
    pub(crate) async fn call<T, F, Fut>(
        &self,
        operation: &'static str,
        limit: Duration,
        ask: F,
    ) -> Result<T, ReadStoreError>
    where
        F: FnOnce(Connected) -> Fut,
        Fut: Future<Output = RedisResult<T>>,
    {
        let Some(permit) = self.breaker.admit(Instant::now()) else {
            metrics::operation(operation, "refused");
            return Err(ReadStoreError::unavailable(io::ErrorKind::NotConnected, "the circuit breaker is open"));
        };
        let mut serial = None;
        let span = tracing::debug_span!(
            "redis",
            otel.name = format!("redis {operation}"),
            otel.kind = "client",
            db.system.name = "redis",
            operation
        );
        let answer = timeout(limit, async {
            let connected = self.link.connected().await?;
            serial = Some(connected.serial());
            ask(connected).await
        })
        .instrument(span)
        .await;
        let discard = || {
            if let Some(serial) = serial {
                self.link.discard(serial);
            }
        };
        match answer {
            Ok(Ok(value)) => {
                permit.succeeded();
                metrics::operation(operation, "ok");
                Ok(value)
            }
            Ok(Err(error)) if serial.is_none() || is_away(&error) => {
                permit.failed(Instant::now());
                discard();
                metrics::operation(operation, "unavailable");
                Err(ReadStoreError::Unavailable(io::Error::new(io::ErrorKind::NotConnected, error)))
            }
            Ok(Err(error)) => {
                permit.succeeded();
                metrics::operation(operation, "error");
                Err(if is_passing(&error) {
                    ReadStoreError::Unavailable(io::Error::new(io::ErrorKind::ResourceBusy, error))
                } else if is_forbidden(&error) {
                    // Until somebody gives our user the right. An event waits for that and is not given up.
                    tracing::warn!(operation, %error, "Redis does not let this host's user do that");
                    ReadStoreError::Unavailable(io::Error::new(io::ErrorKind::PermissionDenied, error))
                } else {
                    ReadStoreError::Script(error)
                })
            }
            Err(_elapsed) => {
                // One slow answer is no reason to connect anew; a series of them may be a connection that leads nowhere.
                if permit.failed(Instant::now()) {
                    discard();
                }
                metrics::operation(operation, "timeout");
                Err(ReadStoreError::unavailable(io::ErrorKind::TimedOut, "Redis did not answer in time"))
            }
        }
    }
}

/// Whether nobody at the other end can serve us now.
fn is_away(error: &RedisError) -> bool {
    error.is_io_error()
        || error.is_connection_dropped()
        || error.is_unrecoverable_error()
        || matches!(
            error.kind(),
            ErrorKind::Server(
                ServerErrorKind::BusyLoading
                    | ServerErrorKind::MasterDown
                    | ServerErrorKind::ClusterDown
                    | ServerErrorKind::Moved
                    | ServerErrorKind::Ask
                    | ServerErrorKind::ReadOnly
            )
        )
}

/// Whether our user lacks a right. What a script lacks has no code: Redis 7.0 and later ones say it in these words.
fn is_forbidden(error: &RedisError) -> bool {
    let in_script = ["The user executing the script can't", "ACL failure in script"];
    matches!(error.code(), Some("NOPERM" | "NOAUTH"))
        || error.detail().is_some_and(|detail| in_script.iter().any(|words| detail.contains(words)))
}

/// Whether Redis works, but cannot do this now: full, unable to persist, busy with a script.
fn is_passing(error: &RedisError) -> bool {
    matches!(error.code(), Some("OOM" | "MISCONF" | "BUSY" | "NOREPLICAS" | "TRYAGAIN"))
}
