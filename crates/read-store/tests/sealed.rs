//! Redis is shared, copied, backed up and looked into: what lies there says nothing to others, and what others put there is
//! not believed.

mod support;

use deadpool_redis::redis::{self, AsyncCommands, aio::MultiplexedConnection};
use read_store::{Direction, Document, ReadStore, ReadStoreError, Settings};
use support::{Redis, Table, book, eventually, id, ready};
use tokio_util::sync::CancellationToken;

const ADDRESS: &[u8] = b"ada@example.org, code 4711, third shelf behind the door";

fn told(n: u128) -> Document {
    Document { body: Some(ADDRESS.to_vec()), ..book(n, 1) }
}

async fn keys(line: &mut MultiplexedConnection, pattern: &str) -> Vec<String> {
    redis::cmd("KEYS").arg(pattern).query_async(line).await.expect("keys")
}

/// The one key of a document.
async fn key_of(line: &mut MultiplexedConnection, settings: &Settings, n: u128) -> String {
    let found = keys(line, &format!("{}:*:doc:{}", settings.prefix, id(n))).await;
    assert_eq!(found.len(), 1, "{found:?}");
    found.into_iter().next().expect("one")
}

#[tokio::test]
async fn nobody_reads_in_redis_what_a_document_says() {
    let redis = Redis::get().await;
    let settings = redis.settings();
    let (_store, books) = ready(settings.clone(), &Table::new([told(1)])).await;
    books.write(&[told(2)]).await.expect("written");
    let mut line = redis.connection().await;
    let all = keys(&mut line, &format!("{}:*", settings.prefix)).await;
    assert!(all.len() >= 5, "{all:?}");
    for key in all {
        let dumped: Vec<u8> = redis::cmd("DUMP").arg(&key).query_async(&mut line).await.expect("a dump");
        for word in [&b"ada@"[..], b"4711", b"shelf"] {
            assert!(!dumped.windows(word.len()).any(|part| part == word), "{key}");
        }
    }
    assert_eq!(books.get(&id(1)).await.expect("ready").as_deref(), Some(ADDRESS));
}

#[tokio::test]
async fn what_somebody_writes_into_redis_is_not_believed_and_everything_is_made_anew() {
    let redis = Redis::get().await;
    let settings = redis.settings();
    let (store, books) = ready(settings.clone(), &Table::new([told(1), book(2, 1)])).await;
    let shutdown = CancellationToken::new();
    let watching = tokio::spawn({
        let (store, shutdown) = (store.clone(), shutdown.clone());
        async move { store.run_watcher(shutdown).await }
    });
    let mut line = redis.connection().await;
    for in_a_list in [false, true] {
        let key = key_of(&mut line, &settings, 1).await;
        let _: () = line.hset(&key, "body", br#"{"role": "admin"}"#).await.expect("written");
        // Everybody reads PostgreSQL from now on, until it is rebuilt.
        let answer = if in_a_list {
            books.page("newest", 0, 10, Direction::Ascending).await.map(drop)
        } else {
            books.get(&id(1)).await.map(drop)
        };
        assert!(matches!(answer, Err(ReadStoreError::NotReady)), "{answer:?}");
        eventually("it is rebuilt", async || {
            books.get(&id(1)).await.is_ok_and(|body| body.as_deref() == Some(ADDRESS))
        })
        .await;
        eventually("what was before is gone", async || {
            keys(&mut redis.connection().await, &format!("{}:*:doc:{}", settings.prefix, id(1))).await.len() == 1
        })
        .await;
    }
    shutdown.cancel();
    watching.await.expect("it ends");
}

#[tokio::test]
async fn nor_is_another_document_of_ours_in_its_place() {
    let redis = Redis::get().await;
    let settings = redis.settings();
    let (_store, books) = ready(settings.clone(), &Table::new([told(1), book(2, 1)])).await;
    let mut line = redis.connection().await;
    let (one, other) = (key_of(&mut line, &settings, 1).await, key_of(&mut line, &settings, 2).await);
    let body: Vec<u8> = line.hget(&other, "body").await.expect("a body");
    let _: () = line.hset(&one, "body", body).await.expect("written");
    assert_eq!(books.get(&id(2)).await.expect("ready"), book(2, 1).body);
    assert!(matches!(books.get(&id(1)).await, Err(ReadStoreError::NotReady)));
}

#[tokio::test]
async fn with_a_new_secret_everything_is_made_anew() {
    let redis = Redis::get().await;
    let settings = redis.settings();
    let table = Table::new([told(1)]);
    let (_store, books) = ready(settings.clone(), &table).await;
    let other = ReadStore::connect(Settings { secret: b"drawn yesterday".to_vec(), ..settings }).expect("settings");
    let read = other.register(table);
    assert!(matches!(read.get(&id(1)).await, Err(ReadStoreError::NotReady)));
    other.rebuild("books").await.expect("a rebuild");
    assert_eq!(read.get(&id(1)).await.expect("ready").as_deref(), Some(ADDRESS));
    assert!(matches!(books.get(&id(1)).await, Err(ReadStoreError::NotReady)));
}
