//! Answers kept in this process, ready to be given again.
//!
//! An answer carries a [`Stamp`], taken **before** it was read: how often what it depends on had changed by then. Every
//! process hears of every change (`changes.rs`) and counts; an answer whose stamp no longer holds is not given. So there is
//! nothing to remove, and no moment between reading and keeping in which a change could be missed: whatever is written
//! after the reading is heard after the stamp.
//!
//! While the process cannot hear, no stamp holds: answers are read anew, and none is kept.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use prometheus::IntCounter;

use crate::changes::{Changes, Stamp};
use crate::metrics;

/// Answers of one kind, at most so many bytes of them; those asked for most stay. Cheap to clone.
#[derive(Clone)]
pub struct Local<V> {
    kept: Cache<String, Kept<V>>,
    changes: Arc<Changes>,
    hits: IntCounter,
    misses: IntCounter,
}

#[derive(Clone)]
struct Kept<V> {
    answer: V,
    stamp: Stamp,
}

impl<V: Clone + Send + Sync + 'static> Local<V> {
    /// `weigh` tells how many bytes an answer takes, without its key. Of 0 bytes nothing is kept: then only those who ask
    /// at once are given the same answer.
    pub(crate) fn new(projection: &str, changes: Arc<Changes>, bytes: u64, weigh: fn(&V) -> usize) -> Self {
        let kept = Cache::builder().max_capacity(bytes);
        // moka lets go of what is too much a little later; what has no time to live is never given.
        let kept = if bytes == 0 { kept.time_to_live(Duration::ZERO) } else { kept };
        let kept = kept
            .weigher(move |key: &String, kept: &Kept<V>| {
                // What an entry costs besides: moka's node and our stamp, measured at about 200 bytes.
                u32::try_from(key.len() + weigh(&kept.answer) + 200).unwrap_or(u32::MAX)
            })
            .build();
        let count = |outcome| metrics::memory_reads(projection, outcome);
        Self { kept, changes, hits: count("hit"), misses: count("miss") }
    }

    /// The answer kept under `key`, if nothing it depends on has changed.
    pub async fn get(&self, key: &str) -> Option<V> {
        let kept = self.kept.get(key).await.filter(|kept| self.changes.holds(&kept.stamp));
        if kept.is_some() {
            self.hits.inc();
        } else {
            self.misses.inc();
        }
        kept.filter(|kept| self.changes.holds(&kept.stamp)).map(|kept| kept.answer)
    }

    /// Keeps an answer that was read after `stamp` was taken.
    pub async fn keep(&self, key: &str, answer: V, stamp: Stamp) {
        self.kept.insert(key.to_owned(), Kept { answer, stamp }).await;
    }

    /// What `load` answers, kept if it comes with a stamp. Of those who ask for the same at once one loads; the others are
    /// given its answer, or `None` when it had none that may be kept or when something has changed since it began to read.
    pub async fn load(&self, key: &str, load: impl Future<Output = Option<(V, Stamp)>>) -> Option<V> {
        if let Some(kept) = self.kept.get(key).await
            && !self.changes.holds(&kept.stamp)
        {
            self.kept.invalidate(key).await;
        }
        let load = async { load.await.map(|(answer, stamp)| Kept { answer, stamp }) };
        let kept = self.kept.optionally_get_with_by_ref(key, load).await;
        kept.filter(|kept| self.changes.holds(&kept.stamp)).map(|kept| kept.answer)
    }

    /// Lets go of an answer that is over for another reason than a change.
    pub async fn forget(&self, key: &str) {
        self.kept.invalidate(key).await;
    }
}
