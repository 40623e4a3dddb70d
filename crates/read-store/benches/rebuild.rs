//! How fast a projection is rebuilt, written and read: `REDIS_URL=… cargo bench -p read-store`.
//!
//! The source is memory, so these are the figures of the read store and of Redis alone. The keys have a prefix of their own
//! and are removed at the end.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context;
use async_trait::async_trait;
use read_store::{BoxError, Direction, Document, Listing, Projection, ReadStore, Rebuild, Settings};
use uuid::Uuid;

const BOOKS: usize = 100_000;
const OWNERS: usize = 1_000;
const CATEGORIES: usize = 20;
const BODY: usize = 600;

struct Shelves(Vec<Document>);

impl Shelves {
    fn of(count: usize) -> Self {
        Self((0..count).map(book).collect())
    }
}

/// A book as the catalogue shows it, in five lists.
fn book(n: usize) -> Document {
    let added = 1_763_700_000_000_000.0 + n as f64 * 1_000.0;
    Document {
        id: Uuid::from_u128(n as u128).to_string(),
        version: 1,
        body: Some(vec![b'a' + (n % 26) as u8; BODY]),
        lists: vec![
            Listing::new("newest", added),
            Listing::new("available", added),
            Listing::new(format!("owner:{}", n % OWNERS), added),
            Listing::new(format!("category:{}", n % CATEGORIES), added),
            Listing::new("language:en", added),
        ],
    }
}

#[async_trait]
impl Rebuild for Shelves {
    fn name(&self) -> &'static str {
        "books"
    }

    async fn documents(&self, after: Option<Uuid>, limit: i64) -> Result<Vec<Document>, BoxError> {
        let from = after.map_or(0, |id| id.as_u128() as usize + 1);
        Ok(self.0.iter().skip(from).take(limit as usize).cloned().collect())
    }
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> anyhow::Result<()> {
    let Ok(url) = std::env::var("REDIS_URL") else {
        println!("read-store: REDIS_URL is not set, nothing measured");
        return Ok(());
    };
    let prefix = format!("bench-{}", Uuid::new_v4().simple());
    let settings = Settings { read_timeout: Duration::from_secs(5), ..Settings::new(url, prefix, b"secret") };
    let store = ReadStore::connect(settings.clone())?;
    let books = store.register(Arc::new(Shelves::of(BOOKS)));

    println!("{BOOKS} documents of {BODY} bytes, each in 5 lists");
    for kind in ["empty Redis", "beside a served generation"] {
        let rebuilt = store.rebuild("books").await?;
        let rate = rebuilt.documents as f64 / rebuilt.took.as_secs_f64();
        println!("rebuild, {kind:<28} {rate:>9.0} documents/s  ({:?})", rebuilt.took);
    }
    write(&books).await?;
    for tasks in [1, 16, 64] {
        reads(&books, tasks).await?;
    }

    // An empty rebuild removes all but the marker.
    let cleaner = ReadStore::connect(settings)?;
    cleaner.register(Arc::new(Shelves::of(0)));
    cleaner.rebuild("books").await?;
    Ok(())
}

async fn write(books: &Projection) -> anyhow::Result<()> {
    const WRITES: usize = 2_000;
    let started = Instant::now();
    for n in 0..WRITES {
        books.write(&[Document { version: 2, ..book(n) }]).await?;
    }
    println!(
        "one write after the other            {:>9.0} documents/s",
        WRITES as f64 / started.elapsed().as_secs_f64()
    );
    Ok(())
}

async fn reads(books: &Projection, tasks: usize) -> anyhow::Result<()> {
    let figure = async |what: &str, page: bool| -> anyhow::Result<()> {
        let each = if page { 5_000 } else { 40_000 } / tasks;
        let started = Instant::now();
        let mut running = Vec::new();
        for task in 0..tasks {
            let books = books.clone();
            running.push(tokio::spawn(async move {
                let mut slowest = Duration::ZERO;
                for n in 0..each {
                    let begun = Instant::now();
                    if page {
                        books.page("newest", (n * 20 % 5_000) as u64, 20, Direction::Descending).await?;
                    } else {
                        let id = Uuid::from_u128(((task * each + n) * 7_919 % BOOKS) as u128).to_string();
                        books.get(&id).await?.context("it is there")?;
                    }
                    slowest = slowest.max(begun.elapsed());
                }
                anyhow::Ok(slowest)
            }));
        }
        let mut slowest = Duration::ZERO;
        for task in running {
            slowest = slowest.max(task.await??);
        }
        let rate = (each * tasks) as f64 / started.elapsed().as_secs_f64();
        println!("{what:<24} {tasks:>2} at a time {rate:>9.0} /s  (slowest {slowest:?})");
        Ok(())
    };
    figure("get", false).await?;
    figure("page of 20 out of 100,000", true).await
}
