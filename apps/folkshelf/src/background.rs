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

    /// Does the same again and again, until the host stops. Then what is being done is dropped: it must bear that.
    pub fn repeat<F>(&self, every: Duration, work: impl Fn() -> F + Send + Sync + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.run(|shutdown| async move {
            let repeated = async {
                loop {
                    tokio::time::sleep(every).await;
                    work().await;
                }
            };
            shutdown.run_until_cancelled(repeated).await;
        });
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::time::Instant;

    use super::*;

    #[tokio::test]
    async fn what_is_repeated_ends_at_once_when_the_host_stops() {
        let (background, begun) = (Background::default(), Arc::new(AtomicUsize::new(0)));
        let counted = Arc::clone(&begun);
        background.repeat(Duration::from_millis(5), move || {
            let nth = counted.fetch_add(1, Ordering::SeqCst);
            async move {
                // The third finds more to do than there is time for.
                tokio::time::sleep(Duration::from_secs(if nth == 2 { 100_000 } else { 0 })).await;
            }
        });
        while begun.load(Ordering::SeqCst) < 3 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let stopping = Instant::now();
        background.stop().await;
        assert!(stopping.elapsed() < LAST_WORK / 2);
    }
}
