//! Redis emptied, restarted, stopped: readers get what is right or an error, and it recovers by itself. Each test has a
//! server of its own.

mod support;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use read_store::{BreakerSettings, Direction, Projection, ReadStore, ReadStoreError, RebuildError, Settings};
use support::{OwnRedis, Table, book, eventually, id, number, ready, settings};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const BOOKS: u128 = 2_500;

fn shelf() -> Arc<Table> {
    Table::new((1..=BOOKS).map(|n| book(n, 1)))
}

/// Watches until it is dropped.
struct Watcher(CancellationToken);

fn watch(store: &ReadStore) -> Watcher {
    let shutdown = CancellationToken::new();
    let (store, token) = (store.clone(), shutdown.clone());
    tokio::spawn(async move { store.run_watcher(token).await });
    Watcher(shutdown)
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

async fn is_complete(books: &Projection) -> bool {
    books.count("newest").await.is_ok_and(|count| count == BOOKS as u64)
}

/// Reads pages without pause and fails at one that is short.
struct Reader {
    stop: Arc<AtomicBool>,
    full: Arc<AtomicU64>,
    refused: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

fn read(books: &Projection) -> Reader {
    let (stop, full, refused) = <(Arc<AtomicBool>, Arc<AtomicU64>, Arc<AtomicU64>)>::default();
    let task = tokio::spawn({
        let (stop, full, refused) = (stop.clone(), full.clone(), refused.clone());
        let books = books.clone();
        async move {
            while !stop.load(Ordering::SeqCst) {
                match books.page("newest", 0, 50, Direction::Descending).await {
                    Ok(page) => {
                        assert_eq!((page.bodies.len(), page.total), (50, BOOKS as u64), "a short list");
                        assert_eq!(number(&page.bodies[0]), BOOKS);
                        full.fetch_add(1, Ordering::SeqCst);
                    }
                    Err(ReadStoreError::NotReady | ReadStoreError::Unavailable(_)) => {
                        refused.fetch_add(1, Ordering::SeqCst);
                        tokio::task::yield_now().await;
                    }
                    Err(error) => panic!("{error:?}"),
                }
            }
        }
    });
    Reader { stop, full, refused, task }
}

impl Reader {
    async fn reads_again(&self) {
        let before = self.full.load(Ordering::SeqCst);
        eventually("full pages", async || self.full.load(Ordering::SeqCst) > before + 10).await;
    }

    async fn ends(self) {
        self.stop.store(true, Ordering::SeqCst);
        self.task.await.expect("never a short list");
        assert!(self.refused.load(Ordering::SeqCst) > 0, "the trouble was met");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_emptied_redis_is_noticed_and_rebuilt_while_readers_go_on() {
    let redis = OwnRedis::start().await;
    let (store, books) = ready(settings(&redis.url()), &shelf()).await;
    let _watcher = watch(&store);
    let reader = read(&books);
    for _ in 0..3 {
        reader.reads_again().await;
        redis.flush_all().await;
    }
    reader.reads_again().await;
    assert!(is_complete(&books).await);
    reader.ends().await;
}

#[tokio::test]
async fn a_redis_restarted_with_old_data_is_never_believed() {
    let mut redis = OwnRedis::start().await;
    let table = shelf();
    let (store, books) = ready(settings(&redis.url()), &table).await;
    redis.save().await;
    // After the snapshot: one more change, and one deletion.
    let changed = book(1, 2);
    table.put(changed.clone());
    table.remove(&id(2));
    books.write(&[changed.clone(), read_store::Document::deleted(id(2))]).await.expect("written");
    redis.stop();
    redis.start_again().await;

    // No watcher is running, so nothing but the check of each answer is between us and the old data.
    eventually("connected again", async || matches!(books.get(&id(1)).await, Err(ReadStoreError::NotReady))).await;
    assert!(matches!(books.count("newest").await, Err(ReadStoreError::NotReady)));
    assert!(matches!(books.page("newest", 0, 9, Direction::Ascending).await, Err(ReadStoreError::NotReady)));
    assert!(!store.status().await.expect("Redis runs")[0].ready);
    books.write(std::slice::from_ref(&changed)).await.expect("the rebuild will read it");

    let _watcher = watch(&store);
    eventually("rebuilt", async || books.count("newest").await.is_ok_and(|count| count == BOOKS as u64 - 1)).await;
    assert_eq!(books.get(&id(1)).await.expect("ready"), changed.body);
    assert_eq!(books.get(&id(2)).await.expect("ready"), None);
}

#[tokio::test]
async fn a_rebuild_whose_redis_is_emptied_half_way_starts_over() {
    let redis = OwnRedis::start().await;
    let table = Table::gated((1..=BOOKS).map(|n| book(n, 1)));
    let store = ReadStore::connect(settings(&redis.url())).expect("good settings");
    let books = store.register(table.clone());
    let _watcher = watch(&store);
    table.let_through(1);
    eventually("one portion is written", async || {
        let status = store.status().await.expect("Redis runs").remove(0);
        status.rebuilding.is_some_and(|progress| progress.documents == 1_000)
    })
    .await;
    redis.flush_all().await;
    table.let_through(100);
    eventually("all is there", async || is_complete(&books).await).await;
}

#[tokio::test]
async fn a_rebuild_that_was_lost_writes_nothing_into_that_of_another_process() {
    let redis = OwnRedis::start().await;
    let settings = settings(&redis.url());
    let begin = |table: &Arc<Table>| {
        let store = ReadStore::connect(settings.clone()).expect("good settings");
        let books = store.register(table.clone());
        (books, tokio::spawn(async move { store.rebuild("books").await }))
    };
    let early = Table::gated([book(1, 1), book(2, 1)]);
    let (books, early_rebuild) = begin(&early);
    eventually("the first has read", async || early.reads() == 1).await;
    redis.flush_all().await;
    // Between the two: what the first has read is no longer so, and no generation is there to be told.
    books.write(&[read_store::Document::deleted(id(2))]).await.expect("dropped");
    let late = Table::gated([book(1, 1)]);
    let (_, late_rebuild) = begin(&late);
    eventually("the second has read", async || late.reads() == 1).await;

    early.let_through(10);
    let outcome = early_rebuild.await.expect("no panic");
    assert!(matches!(outcome, Err(RebuildError::Busy)), "{outcome:?}");
    late.let_through(10);
    late_rebuild.await.expect("no panic").expect("a rebuild");
    assert_eq!(books.count("newest").await.expect("ready"), 1);
}

#[tokio::test]
async fn a_rebuild_whose_redis_is_restarted_half_way_starts_over() {
    let mut redis = OwnRedis::start().await;
    let table = Table::gated((1..=BOOKS).map(|n| book(n, 1)));
    let store = ReadStore::connect(settings(&redis.url())).expect("good settings");
    let books = store.register(table.clone());
    let _watcher = watch(&store);
    table.let_through(1);
    eventually("one portion is written", async || {
        let status = store.status().await.expect("Redis runs").remove(0);
        status.rebuilding.is_some_and(|progress| progress.documents == 1_000)
    })
    .await;
    // The snapshot holds the token as well, and lacks what comes after.
    redis.save().await;
    redis.stop();
    redis.start_again().await;
    table.let_through(100);
    eventually("all is there", async || is_complete(&books).await).await;
}

#[tokio::test]
async fn the_breaker_opens_when_redis_stops_and_closes_when_it_is_back() {
    let mut redis = OwnRedis::start().await;
    let settings = Settings {
        breaker: BreakerSettings { failures: 3, wait: Duration::from_millis(50) },
        ..settings(&redis.url())
    };
    let (store, books) = ready(settings, &shelf()).await;
    redis.stop();
    for _ in 0..3 {
        assert!(matches!(books.get(&id(1)).await, Err(ReadStoreError::Unavailable(_))));
    }
    assert!(is_open(&books).await, "no more calls reach for a server");
    assert!(matches!(books.write(&[book(1, 2)]).await, Err(ReadStoreError::Unavailable(_))));

    redis.start_again().await;
    let _watcher = watch(&store);
    eventually("back", async || is_complete(&books).await).await;
}

async fn is_open(books: &Projection) -> bool {
    match books.get(&id(1)).await {
        Err(ReadStoreError::Unavailable(error)) => error.to_string().contains("breaker is open"),
        _ => false,
    }
}

#[tokio::test]
async fn a_redis_that_hangs_costs_a_few_time_outs_and_then_nothing() {
    // Takes connections and says nothing.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("redis://{}", silent.local_addr().expect("an address"));
    let settings = Settings {
        read_timeout: Duration::from_millis(20),
        breaker: BreakerSettings { failures: 3, wait: Duration::from_secs(60) },
        ..settings(&url)
    };
    let store = ReadStore::connect(settings).expect("good settings");
    let books = store.projection("books");
    for _ in 0..3 {
        match books.get(&id(1)).await {
            Err(ReadStoreError::Unavailable(error)) => {
                assert_eq!(error.kind(), std::io::ErrorKind::TimedOut)
            }
            other => panic!("{other:?}"),
        }
    }
    let begun = tokio::time::Instant::now();
    for _ in 0..1_000 {
        assert!(is_open(&books).await);
    }
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?} for a thousand refusals", begun.elapsed());
}

#[tokio::test]
async fn a_process_can_start_before_its_redis() {
    let mut redis = OwnRedis::start().await;
    redis.stop();
    let store = ReadStore::connect(settings(&redis.url())).expect("no Redis needed");
    let books = store.register(shelf());
    assert!(matches!(books.get(&id(1)).await, Err(ReadStoreError::Unavailable(_))));
    assert!(store.ping().await.is_err());
    let _watcher = watch(&store);
    redis.start_again().await;
    eventually("ready", async || is_complete(&books).await).await;
    store.ping().await.expect("it answers");
}
