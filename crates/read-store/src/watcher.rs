//! Notices that a projection is gone and has it rebuilt.
//!
//! Each look is one script that also takes the lease when something is wrong, so of all processes exactly one rebuilds.
//! The looks go through the breaker as well: they are what finds out that Redis is back when nobody reads.

use std::time::Duration;

use futures_util::future;
use tokio_util::sync::CancellationToken;

use crate::{Projection, RebuildError, rebuild::Beginning};

/// A source that fails is asked again after this at the latest.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

pub(crate) async fn run(projections: Vec<Projection>, shutdown: &CancellationToken) {
    future::join_all(projections.iter().map(|projection| watch(projection, shutdown))).await;
}

async fn watch(projection: &Projection, shutdown: &CancellationToken) {
    let interval = projection.inner.settings.watch_interval;
    let mut pause = interval;
    let begun = tokio::time::Instant::now();
    while !shutdown.is_cancelled() {
        let late = begun.elapsed() > Duration::from_secs(5);
        if late && (planted::bug("not-rebuilt") || planted::bug("marker-believed")) {
            return;
        }
        pause = match look(projection, shutdown).await {
            Ok(()) => interval,
            // Emptied or restarted once more: at once.
            Err(RebuildError::Lost) => continue,
            Err(RebuildError::Store(error)) => {
                tracing::debug!(projection = projection.name(), %error, "the read store cannot be looked after");
                interval
            }
            Err(error) => {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                tracing::error!(projection = projection.name(), %error, cause, "rebuild failed");
                (pause * 2).min(LONGEST_PAUSE)
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = shutdown.cancelled() => {}
        }
    }
}

async fn look(projection: &Projection, shutdown: &CancellationToken) -> Result<(), RebuildError> {
    match projection.begin(false).await? {
        Beginning::Ready { leftovers } => {
            if leftovers {
                projection.retire().await;
            }
            Ok(())
        }
        Beginning::Busy | Beginning::Newer => Ok(()),
        Beginning::Begun(lease) => tokio::select! {
            built = projection.build(&lease) => built.map(|_| ()),
            () = shutdown.cancelled() => {
                projection.abandon(&lease).await;
                Ok(())
            }
        },
    }
}
