//! A process that keeps answers.

use std::time::{Duration, Instant};

use read_store::{Local, Projection, ReadStore, Settings, Stamp, Subject};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{Table, book, eventually, id, ready};

/// Listens until it is dropped.
pub struct Process {
    pub store: ReadStore,
    pub books: Projection,
    pub kept: Local<u64>,
    _listening: DropGuard,
}

impl Process {
    pub async fn start(settings: &Settings) -> Self {
        let (store, books) = ready(settings.clone(), &Table::new((1..=3).map(|n| book(n, 1)))).await;
        let kept = books.local(1_000_000, |_| 8);
        let shutdown = CancellationToken::new();
        let (watcher, token) = (store.clone(), shutdown.clone());
        tokio::spawn(async move { watcher.run_watcher(token).await });
        let process = Self { store, books, kept, _listening: shutdown.drop_guard() };
        eventually("it hears of changes", async || process.stamp(1).is_some()).await;
        process
    }

    pub fn stamp(&self, nth: u128) -> Option<Stamp> {
        self.books.stamp(Subject::Document(&id(nth)))
    }

    /// Waits for a lease: a busy machine may have just lost it.
    pub async fn stamped(&self, subject: Subject<'_>) -> Stamp {
        loop {
            if let Some(stamp) = self.books.stamp(subject) {
                return stamp;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    pub async fn keep(&self, key: &str, nth: u128, answer: u64) {
        let stamp = self.stamped(Subject::Document(&id(nth))).await;
        self.kept.keep(key, answer, stamp);
    }

    /// Whether it gives this answer, once it holds a lease.
    pub async fn gives(&self, key: &str, answer: u64) -> bool {
        let until = Instant::now() + Duration::from_secs(2);
        while Instant::now() < until {
            if self.kept.get(key) == Some(answer) {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        false
    }

    /// Every process has heard of what is published by now.
    pub async fn all_know(&self) -> bool {
        self.store.known_everywhere(Instant::now(), Duration::from_secs(5)).await
    }
}
