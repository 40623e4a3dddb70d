//! Rebuilding beside a projection that is served, by one process at a time, without losing a write.

mod support;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use read_store::{
    BoxError, Direction, Document, Projection, ReadStore, ReadStoreError, Rebuild, RebuildError, Settings,
};
use support::{Redis, Table, book, eventually, id, numbers, ready};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

async fn newest(books: &Projection) -> Vec<u128> {
    let page = books.page("newest", 0, 10_000, Direction::Ascending).await.expect("ready");
    assert_eq!(page.total, page.bodies.len() as u64);
    numbers(&page.bodies)
}

/// The keys of a community.
async fn keys(redis: &Redis, prefix: &str) -> Vec<String> {
    let mut connection = redis.connection().await;
    let mut found = Vec::new();
    let mut cursor = 0_u64;
    loop {
        let mut scan = deadpool_redis::redis::cmd("SCAN");
        scan.arg(cursor).arg("MATCH").arg(format!("{prefix}:*")).arg("COUNT").arg(1_000);
        let (next, some): (u64, Vec<String>) = scan.query_async(&mut connection).await.expect("scanned");
        found.extend(some);
        cursor = next;
        if cursor == 0 {
            return found;
        }
    }
}

#[tokio::test]
async fn a_rebuild_writes_all_that_the_source_has_and_says_how_much() {
    let redis = Redis::get().await;
    let (store, books) = ready(redis.settings(), &Table::new((1..=2_345).map(|n| book(n, 1)))).await;
    assert_eq!(newest(&books).await, (1..=2_345).collect::<Vec<_>>());
    let rebuilt = store.rebuild("books").await.expect("again");
    assert_eq!(rebuilt.documents, 2_345);
    let status = store.status().await.expect("Redis runs").remove(0);
    assert_eq!((status.name.as_str(), status.ready, status.documents), ("books", true, 2_345));
    assert_eq!(status.rebuilding, None);
    assert!(matches!(store.rebuild("films").await, Err(RebuildError::Unknown(_))));
}

#[tokio::test]
async fn a_rebuild_takes_the_source_at_its_word_and_leaves_no_keys_behind() {
    let redis = Redis::get().await;
    let settings = redis.settings();
    let prefix = settings.prefix.clone();
    let table = Table::new((1..=600).map(|n| book(n, 1)));
    let (store, books) = ready(settings, &table).await;
    // Wrong in Redis, and the versions do not tell: as after a defect, or a backup of the database put back.
    let mut wrong = book(1, 9);
    wrong.body = Some(b"7 is wrong".to_vec());
    books.write(&[wrong, book(5_000, 1)]).await.expect("written");
    table.remove(&id(2));

    store.rebuild("books").await.expect("a rebuild");
    assert_eq!(newest(&books).await, (1..=600).filter(|n| *n != 2).collect::<Vec<_>>());
    assert_eq!(books.get(&id(1)).await.expect("ready"), book(1, 1).body);
    assert_eq!(books.get(&id(2)).await.expect("ready"), None);
    let old: Vec<String> = keys(&redis, &prefix).await.into_iter().filter(|key| key.contains(":1:")).collect();
    assert_eq!(old, Vec::<String>::new());
}

#[tokio::test]
async fn a_rebuild_under_way_is_seen_by_all_and_refused_a_second_time() {
    let redis = Redis::get().await;
    let settings = redis.settings();
    let table = Table::gated((1..=1_500).map(|n| book(n, 1)));
    table.let_through(3);
    let (store, books) = ready(settings.clone(), &table).await;
    let other = ReadStore::connect(settings).expect("good settings");
    other.register(table.clone());

    let rebuilding = tokio::spawn({
        let store = store.clone();
        async move { store.rebuild("books").await }
    });
    table.let_through(1);
    eventually("the second portion is asked for", async || table.reads() == 5).await;
    eventually("the first portion is written", async || {
        let progress = other.status().await.expect("Redis runs").remove(0).rebuilding;
        progress.is_some_and(|progress| progress.documents == 1_000)
    })
    .await;
    assert!(matches!(other.rebuild("books").await, Err(RebuildError::Busy)));
    assert_eq!(newest(&books).await.len(), 1_500, "the old generation is served meanwhile");
    table.let_through(2);
    assert_eq!(rebuilding.await.expect("no panic").expect("a rebuild").documents, 1_500);
}

#[tokio::test]
async fn no_write_is_lost_between_the_reading_of_the_source_and_the_end() {
    let redis = Redis::get().await;
    let table = Table::gated((1..=10).map(|n| book(n, 1)));
    table.let_through(2);
    let (store, books) = ready(redis.settings(), &table).await;

    let rebuilding = tokio::spawn({
        let store = store.clone();
        async move { store.rebuild("books").await }
    });
    // The source has been read, and is not yet written.
    eventually("the source is read", async || table.reads() == 3).await;
    let changed = book(1, 2);
    books.write(&[changed.clone(), Document::deleted(id(2)), book(11, 1)]).await.expect("written");
    assert_eq!(newest(&books).await, [1, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    table.let_through(2);
    rebuilding.await.expect("no panic").expect("a rebuild");
    assert_eq!(newest(&books).await, [1, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    assert_eq!(books.get(&id(1)).await.expect("ready"), changed.body);
}

#[tokio::test]
async fn rebuilds_amid_writes_end_with_what_the_table_holds() {
    let redis = Redis::get().await;
    let table = Table::new((1..=3_000).map(|n| book(n, 1)));
    let (store, books) = ready(redis.settings(), &table).await;
    let stop = AtomicBool::new(false);
    let writing = async {
        let mut version = 1;
        while !stop.load(Ordering::SeqCst) {
            version += 1;
            // As a command does: first the table, then the view.
            for n in [version % 1_000 + 1, 3_000 - version % 1_000] {
                let changed = book(n as u128, version);
                table.put(changed.clone());
                books.write(&[changed]).await.expect("written");
            }
            let gone = id((version % 700) as u128 + 1_100);
            table.remove(&gone);
            books.write(&[Document::deleted(gone)]).await.expect("written");
        }
    };
    let rebuilding = async {
        for _ in 0..5 {
            store.rebuild("books").await.expect("a rebuild");
        }
        stop.store(true, Ordering::SeqCst);
    };
    tokio::join!(writing, rebuilding);

    let rows = table.documents(None, 10_000).await.expect("rows");
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    let bodies = books.get_many(&ids).await.expect("ready");
    let differing: Vec<_> = rows.iter().zip(&bodies).filter(|(row, body)| row.body != **body).collect();
    assert!(differing.is_empty(), "{differing:?}");
    assert_eq!(newest(&books).await.len(), rows.len());
}

#[tokio::test]
async fn two_processes_with_an_empty_redis_rebuild_once() {
    let redis = Redis::get().await;
    let settings = redis.settings();
    let table = Table::new((1..=1_500).map(|n| book(n, 1)));
    let shutdown = CancellationToken::new();
    let mut processes = Vec::new();
    for _ in 0..2 {
        let store = ReadStore::connect(settings.clone()).expect("good settings");
        let books = store.register(table.clone());
        let shutdown = shutdown.clone();
        processes.push((books, tokio::spawn(async move { store.run_watcher(shutdown).await })));
    }
    for (books, _) in &processes {
        eventually("ready", async || books.count("newest").await.is_ok_and(|count| count == 1_500)).await;
    }
    shutdown.cancel();
    for (_, watcher) in processes {
        watcher.await.expect("no panic");
    }
    assert_eq!(table.reads(), 3, "two portions and the end");
}

#[tokio::test]
async fn another_process_takes_over_when_the_lease_of_a_dead_one_ends() {
    let redis = Redis::get().await;
    let settings = Settings { rebuild_lease: Duration::from_millis(300), ..redis.settings() };
    let stuck = Table::gated([book(1, 1)]);
    let dying = ReadStore::connect(settings.clone()).expect("good settings");
    dying.register(stuck.clone());
    let death = tokio::spawn(async move { dying.rebuild("books").await });
    eventually("it has begun", async || stuck.reads() == 1).await;

    let store = ReadStore::connect(settings).expect("good settings");
    let books = store.register(Table::new([book(1, 1)]));
    let shutdown = CancellationToken::new();
    let watcher = tokio::spawn({
        let shutdown = shutdown.clone();
        async move { store.run_watcher(shutdown).await }
    });
    // Alive, it renews its lease for longer than one lasts.
    let lease_is_over = tokio::time::Instant::now() + Duration::from_millis(600);
    eventually("time has passed", async || tokio::time::Instant::now() > lease_is_over).await;
    assert!(matches!(books.count("newest").await, Err(ReadStoreError::NotReady)));
    death.abort();
    eventually("ready", async || books.count("newest").await.is_ok_and(|count| count == 1)).await;
    shutdown.cancel();
    watcher.await.expect("no panic");
}

#[tokio::test]
async fn a_watcher_that_is_told_to_stop_leaves_the_work_to_the_next_at_once() {
    let redis = Redis::get().await;
    let settings = Settings { rebuild_lease: Duration::from_secs(3_600), ..redis.settings() };
    let stuck = Table::gated([book(1, 1)]);
    let stopping = ReadStore::connect(settings.clone()).expect("good settings");
    stopping.register(stuck.clone());
    let shutdown = CancellationToken::new();
    let watcher = tokio::spawn({
        let shutdown = shutdown.clone();
        async move { stopping.run_watcher(shutdown).await }
    });
    eventually("it has begun", async || stuck.reads() == 1).await;
    shutdown.cancel();
    watcher.await.expect("no panic");
    let (_store, books) = ready(settings, &Table::new([book(1, 1)])).await;
    assert_eq!(newest(&books).await, [1]);
}

/// A source that fails, or has its documents in another form.
struct Source {
    schema: u32,
    works: AtomicBool,
}

impl Source {
    fn of_schema(schema: u32) -> Arc<Self> {
        Arc::new(Self { schema, works: AtomicBool::new(true) })
    }
}

#[async_trait]
impl Rebuild for Source {
    fn name(&self) -> &'static str {
        "books"
    }

    fn schema(&self) -> u32 {
        self.schema
    }

    async fn documents(&self, after: Option<Uuid>, _limit: i64) -> Result<Vec<Document>, BoxError> {
        if !self.works.load(Ordering::SeqCst) {
            return Err("the database is away".into());
        }
        Ok(if after.is_none() { vec![book(1, 1)] } else { Vec::new() })
    }
}

#[tokio::test]
async fn a_source_that_fails_is_asked_again() {
    let redis = Redis::get().await;
    let store = ReadStore::connect(redis.settings()).expect("good settings");
    let source = Source::of_schema(1);
    source.works.store(false, Ordering::SeqCst);
    let books = store.register(source.clone());
    assert!(matches!(store.rebuild("books").await, Err(RebuildError::Source(_))));
    assert!(matches!(store.rebuild("books").await, Err(RebuildError::Source(_))), "the lease was given back");

    let shutdown = CancellationToken::new();
    let watcher = tokio::spawn({
        let (store, shutdown) = (store.clone(), shutdown.clone());
        async move { store.run_watcher(shutdown).await }
    });
    assert!(books.get(&id(1)).await.is_err());
    source.works.store(true, Ordering::SeqCst);
    eventually("ready", async || books.get(&id(1)).await.is_ok_and(|body| body.is_some())).await;
    shutdown.cancel();
    watcher.await.expect("no panic");
}

#[tokio::test]
async fn a_newer_form_replaces_an_older_one_and_is_not_replaced_by_it() {
    let redis = Redis::get().await;
    let settings = redis.settings();
    let program = |schema| {
        let store = ReadStore::connect(settings.clone()).expect("good settings");
        let books = store.register(Source::of_schema(schema));
        (store, books)
    };
    let watch = async |store: &ReadStore, done: &dyn Fn() -> std::pin::Pin<Box<dyn Future<Output = bool>>>| {
        let shutdown = CancellationToken::new();
        tokio::join!(store.run_watcher(shutdown.clone()), async {
            eventually("the watcher is content", done).await;
            shutdown.cancel();
        });
    };
    let readable = |books: &Projection| {
        let books = books.clone();
        move || -> std::pin::Pin<Box<dyn Future<Output = bool>>> {
            let books = books.clone();
            Box::pin(async move { books.get(&id(1)).await.is_ok() })
        }
    };

    let (old_store, old) = program(1);
    let (new_store, new) = program(2);
    watch(&old_store, &readable(&old)).await;
    assert!(matches!(new.get(&id(1)).await, Err(ReadStoreError::NotReady)));
    watch(&new_store, &readable(&new)).await;
    assert!(matches!(old.get(&id(1)).await, Err(ReadStoreError::NotReady)));
    assert!(matches!(old.write(&[book(1, 2)]).await, Err(ReadStoreError::Unavailable(_))));

    // Looks a few times, and lets it be.
    let looks = std::sync::atomic::AtomicU64::new(0);
    let some_looks = || -> std::pin::Pin<Box<dyn Future<Output = bool>>> {
        let enough = looks.fetch_add(1, Ordering::SeqCst) > 20;
        Box::pin(async move { enough })
    };
    watch(&old_store, &some_looks).await;
    assert!(new.get(&id(1)).await.is_ok());

    // Rolled back by hand.
    old_store.rebuild("books").await.expect("a rebuild");
    assert!(old.get(&id(1)).await.is_ok());
    assert!(new.get(&id(1)).await.is_err());

    // A write in the newer form ends what only the older one reads.
    new.write(&[book(1, 2)]).await.expect("the rebuild will read it");
    assert!(matches!(old.get(&id(1)).await, Err(ReadStoreError::NotReady)));
}
