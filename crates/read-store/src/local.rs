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

use prometheus::IntCounter;
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};

use crate::changes::{Changes, Stamp};
use crate::metrics;

/// Each has a part of the room and a lock of its own. More of them would leave too little room for a large answer.
const SHARDS: usize = 4;
/// What an answer takes with its headers, about.
const USUAL_BYTES: u64 = 4 * 1024;
/// What an entry costs besides: the cache's node and our stamp, measured at less than this.
const ENTRY_BYTES: usize = 200;

/// Answers of one kind, at most so many bytes of them; those asked for most stay. Cheap to clone.
#[derive(Clone)]
pub struct Local<V> {
    kept: Arc<Cache<String, Option<Kept<V>>, Bytes<V>>>,
    changes: Arc<Changes>,
    hits: IntCounter,
    misses: IntCounter,
}

#[derive(Clone)]
struct Kept<V> {
    answer: V,
    stamp: Stamp,
}

/// How many bytes an answer takes, without its key.
#[derive(Clone)]
struct Bytes<V>(fn(&V) -> usize);

impl<V> Weighter<String, Option<Kept<V>>> for Bytes<V> {
    fn weight(&self, key: &String, kept: &Option<Kept<V>>) -> u64 {
        let answer = kept.as_ref().map_or(0, |kept| (self.0)(&kept.answer));
        u64::try_from(key.len() + answer + ENTRY_BYTES).unwrap_or(u64::MAX)
    }
}

impl<V: Clone + Send + Sync + 'static> Local<V> {
    /// `weigh` tells how many bytes an answer takes, without its key. Of 0 bytes nothing is kept: then only those who ask
    /// at once are given the same answer.
    pub(crate) fn new(projection: &str, changes: Arc<Changes>, bytes: u64, weigh: fn(&V) -> usize) -> Self {
        let usual = usize::try_from(bytes / USUAL_BYTES).unwrap_or(usize::MAX).max(SHARDS);
        let options = OptionsBuilder::new()
            .shards(SHARDS)
            .weight_capacity(bytes)
            .estimated_items_capacity(usual)
            .build()
            .expect("both capacities are given");
        let (hashes, lifecycle) = (DefaultHashBuilder::default(), DefaultLifecycle::default());
        let kept = Arc::new(Cache::with_options(options, Bytes(weigh), hashes, lifecycle));
        let count = |outcome| metrics::memory_reads(projection, outcome);
        Self { kept, changes, hits: count("hit"), misses: count("miss") }
    }

    /// The answer kept under `key`, if nothing it depends on has changed.
    pub fn get(&self, key: &str) -> Option<V> {
        let kept = self.kept.get(key).flatten().filter(|kept| self.changes.holds(&kept.stamp));
        if kept.is_some() {
            self.hits.inc();
        } else {
            self.misses.inc();
        }
        kept.map(|kept| kept.answer)
    }

    /// Keeps an answer that was read after `stamp` was taken.
    pub fn keep(&self, key: &str, answer: V, stamp: Stamp) {
        self.kept.insert(key.to_owned(), Some(Kept { answer, stamp }));
    }

    /// What `load` answers, kept if it comes with a stamp. Of those who ask for the same at once one loads; the others are
    /// given its answer, or `None` when it had none that may be kept or when something has changed since it began to read.
    pub async fn load(&self, key: &str, load: impl Future<Output = Option<(V, Stamp)>>) -> Option<V> {
        self.kept.remove_if(key, |kept| !self.may_be_given(kept.as_ref()));
        let kept = match self.kept.get_value_or_guard_async(key).await {
            Ok(kept) => kept,
            Err(first) => {
                let kept = load.await.map(|(answer, stamp)| Kept { answer, stamp });
                let none = kept.is_none();
                // Nothing, too, is told to those who wait: otherwise each of them would load after the other. An error
                // says that the entry has been replaced meanwhile.
                drop(first.insert(kept.clone()));
                if none {
                    self.kept.remove_if(key, Option::is_none);
                }
                kept
            }
        };
        kept.filter(|kept| self.changes.holds(&kept.stamp)).map(|kept| kept.answer)
    }

    /// Lets go of an answer that is over for another reason than a change.
    pub fn forget(&self, key: &str) {
        self.kept.remove(key);
    }

    fn may_be_given(&self, kept: Option<&Kept<V>>) -> bool {
        kept.is_some_and(|kept| self.changes.holds(&kept.stamp))
    }
}
