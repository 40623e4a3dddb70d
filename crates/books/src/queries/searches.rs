//! How many searches a process has at work at once.
//!
//! A search is some statements that keep a core of PostgreSQL busy for a few milliseconds, seldom for thirty. Where many
//! run at once each takes as long as all of them, and the dear ones wait for everybody: with eight on two cores the slowest
//! in a hundred took 98 ms. One after the other, four at a time, it takes 58 (`docs/performance.md`). Searches that wait hold no
//! connection, so commands find one.

use std::num::NonZero;
use std::sync::Arc;

use tokio::sync::{Semaphore, SemaphorePermit};

/// Searches at once for each core of this machine. PostgreSQL's own may have others, but nothing tells how many.
const FOR_EACH_CORE: usize = 2;

/// Cheap to clone: the clones share the turns.
#[derive(Clone)]
pub(crate) struct Searches(Arc<Semaphore>);

impl Searches {
    pub(crate) fn new() -> Self {
        Self::at_once(FOR_EACH_CORE * std::thread::available_parallelism().map_or(1, NonZero::get))
    }

    fn at_once(most: usize) -> Self {
        Self(Arc::new(Semaphore::new(most)))
    }

    /// Waits in the order in which they came, until dropped: the bus ends a query that takes too long.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        // An error would say that it was closed, which nobody does.
        self.0.acquire().await.ok()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn one_more_waits_until_one_of_them_has_ended() {
        let searches = Searches::at_once(2);
        let (first, _second) = (searches.turn().await, searches.turn().await);
        let waits = timeout(Duration::from_millis(20), searches.turn()).await;
        assert!(waits.is_err(), "three at once");
        drop(first);
        assert!(timeout(Duration::from_secs(5), searches.turn()).await.is_ok_and(|turn| turn.is_some()));
    }
}
