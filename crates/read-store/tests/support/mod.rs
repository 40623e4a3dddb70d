//! A Redis for the tests, and documents to put into it.

// Every test binary uses a part of it.
#![allow(dead_code, reason = "each file of tests uses a part")]

pub mod keeping;
pub mod line;

use std::{
    future::Future,
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use deadpool_redis::redis::{self, aio::MultiplexedConnection};
use read_store::{BoxError, Document, Listing, Projection, ReadStore, Rebuild, Settings};
use tempfile::TempDir;
use tokio::sync::Semaphore;
use uuid::Uuid;

/// A server of one test's own, which it may stop, start again and empty. On a socket in a directory of its own, so no two
/// ever meet.
pub struct OwnRedis {
    directory: TempDir,
    server: Option<Child>,
}

impl OwnRedis {
    pub async fn start() -> Self {
        let mut redis = Self { directory: TempDir::new().expect("a temporary directory"), server: None };
        redis.start_again().await;
        redis
    }

    pub fn url(&self) -> String {
        format!("redis+unix://{}/redis.sock", self.directory.path().display())
    }

    /// Reads what [`Self::save`] has left.
    pub async fn start_again(&mut self) {
        let program = std::env::var("FOLKSHELF_TEST_REDIS_SERVER").unwrap_or_else(|_| "redis-server".to_owned());
        let server = Command::new(&program)
            .current_dir(self.directory.path())
            .args(["--port", "0", "--unixsocket", "redis.sock", "--save", "", "--appendonly", "no"])
            .stdout(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{program} does not start: {error}"));
        self.server = Some(server);
        eventually("Redis answers", async || self.try_connection().await.is_some()).await;
    }

    /// Ends it as a crash would.
    pub fn stop(&mut self) {
        if let Some(mut server) = self.server.take() {
            server.kill().expect("it runs");
            server.wait().expect("it ends");
        }
    }

    pub async fn save(&self) {
        redis::cmd("SAVE").exec_async(&mut self.connection().await).await.expect("a snapshot");
    }

    pub async fn flush_all(&self) {
        redis::cmd("FLUSHALL").exec_async(&mut self.connection().await).await.expect("an empty Redis");
    }

    pub async fn connection(&self) -> MultiplexedConnection {
        self.try_connection().await.expect("Redis runs")
    }

    async fn try_connection(&self) -> Option<MultiplexedConnection> {
        let client = redis::Client::open(self.url()).expect("a good address");
        let mut connection = client.get_multiplexed_async_connection().await.ok()?;
        redis::cmd("PING").exec_async(&mut connection).await.ok()?;
        Some(connection)
    }
}

impl Drop for OwnRedis {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The Redis of the test run, which others use at the same time, or one of our own where there is none.
pub struct Redis {
    url: String,
    own: Option<OwnRedis>,
}

impl Redis {
    pub async fn get() -> Self {
        match std::env::var("REDIS_URL") {
            Ok(url) => Self { url, own: None },
            Err(_) => {
                let own = OwnRedis::start().await;
                Self { url: own.url(), own: Some(own) }
            }
        }
    }

    /// With keys of its own.
    pub fn settings(&self) -> Settings {
        settings(&self.url)
    }

    pub async fn connection(&self) -> MultiplexedConnection {
        let client = redis::Client::open(self.url.as_str()).expect("a good address");
        client.get_multiplexed_async_connection().await.expect("Redis runs")
    }
}

/// A prefix that nobody else has, and little patience.
pub fn settings(url: &str) -> Settings {
    Settings {
        // The tests share the machine with others; only those about slowness want to see any.
        read_timeout: Duration::from_secs(5),
        write_timeout: Duration::from_secs(5),
        through_timeout: Duration::from_secs(5),
        watch_interval: Duration::from_millis(10),
        ..Settings::new(url, format!("test-{}", Uuid::new_v4().simple()), b"a secret of the host")
    }
}

/// Waits until `condition` holds; fails after 20 seconds.
pub async fn eventually<F, Fut>(what: &str, mut condition: F)
where
    F: FnMut() -> Fut,
    Fut: Future<Output = bool>,
{
    let waiting = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting).await.unwrap_or_else(|_| panic!("never: {what}"));
}

/// The table of a context: what a rebuild reads.
pub struct Table {
    rows: Mutex<std::collections::BTreeMap<Uuid, Document>>,
    pub reads: AtomicU64,
    /// One permit lets one reading through.
    gate: Option<Semaphore>,
}

impl Table {
    pub fn new(rows: impl IntoIterator<Item = Document>) -> Arc<Self> {
        Arc::new(Self::with_gate(rows, None))
    }

    /// Each reading waits for [`Self::let_through`].
    pub fn gated(rows: impl IntoIterator<Item = Document>) -> Arc<Self> {
        Arc::new(Self::with_gate(rows, Some(Semaphore::new(0))))
    }

    fn with_gate(rows: impl IntoIterator<Item = Document>, gate: Option<Semaphore>) -> Self {
        let rows = rows.into_iter().map(|row| (row.id.parse().expect("a UUID"), row)).collect();
        Self { rows: Mutex::new(rows), reads: AtomicU64::new(0), gate }
    }

    pub fn let_through(&self, readings: usize) {
        self.gate.as_ref().expect("a gated table").add_permits(readings);
    }

    pub fn put(&self, row: Document) {
        self.rows.lock().expect("no panic").insert(row.id.parse().expect("a UUID"), row);
    }

    pub fn remove(&self, id: &str) {
        self.rows.lock().expect("no panic").remove(&id.parse().expect("a UUID"));
    }

    pub fn reads(&self) -> u64 {
        self.reads.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Rebuild for Table {
    fn name(&self) -> &'static str {
        "books"
    }

    async fn documents(&self, after: Option<Uuid>, limit: i64) -> Result<Vec<Document>, BoxError> {
        use std::ops::Bound::{Excluded, Unbounded};
        self.reads.fetch_add(1, Ordering::SeqCst);
        let rows = {
            let rows = self.rows.lock().expect("no panic");
            let from = after.map_or(Unbounded, Excluded);
            rows.range((from, Unbounded)).take(limit as usize).map(|(_, row)| row.clone()).collect()
        };
        if let Some(gate) = &self.gate {
            gate.acquire().await?.forget();
        }
        Ok(rows)
    }
}

/// A store with the table as its source, rebuilt once.
pub async fn ready(settings: Settings, table: &Arc<Table>) -> (ReadStore, Projection) {
    let store = ReadStore::connect(settings).expect("good settings");
    let projection = store.register(table.clone());
    store.rebuild("books").await.expect("a rebuild");
    (store, projection)
}

pub fn book(n: u128, version: i64) -> Document {
    let id = Uuid::from_u128(n).to_string();
    let body = format!("{n} in version {version}").into_bytes();
    Document { id, version, body: Some(body), lists: vec![Listing::new("newest", n as f64)] }
}

pub fn id(n: u128) -> String {
    Uuid::from_u128(n).to_string()
}

/// As [`book`] has it, whatever the version.
pub fn number(body: &[u8]) -> u128 {
    let text = std::str::from_utf8(body).expect("text");
    text.split(' ').next().and_then(|n| n.parse().ok()).expect("a number first")
}

pub fn numbers(bodies: &[Vec<u8>]) -> Vec<u128> {
    bodies.iter().map(|body| number(body)).collect()
}
