//! Work beside the requests.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long work in the background may take to end when the host stops.
const LAST_WORK: Duration = Duration::from_secs(20);

/// Starts work, and waits for its end when the host stops. Cheap to clone.
#[derive(Clone, Default)]
pub struct Background {
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

impl Background {
    /// Starts work that ends when its token is cancelled.
    pub fn run<F>(&self, work: impl FnOnce(CancellationToken) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.tasks.spawn(work(self.shutdown.clone()));
    }

    /// For work that outlives the request that asked for it.
    pub fn tasks(&self) -> TaskTracker {
        self.tasks.clone()
    }

    /// Lets all work finish what it has begun, within bounds.
    pub async fn stop(&self) {
        self.shutdown.cancel();
        self.tasks.close();
        if tokio::time::timeout(LAST_WORK, self.tasks.wait()).await.is_err() {
            tracing::warn!("work in the background was cut short; it goes on at the next start");
        }
    }
}
