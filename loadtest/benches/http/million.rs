//! A million books beside a thousand, with nothing kept in memory, and a rebuild while everybody goes on reading.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use serde_json::Value;
use sqlx::ConnectOptions;

use crate::host::{Host, Place};
use crate::load::{Load, Measured};

const ROUNDS: usize = 3;

/// A community with so many books.
struct Town {
    place: Place,
    host: Host,
    loads: [Load; 3],
}

impl Town {
    async fn of(books: usize) -> anyhow::Result<Self> {
        let place = Place::new().await;
        let program = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/release/loadtest");
        let filled = Command::new(&program)
            .args(["generate-books", "--count", &books.to_string()])
            .env("DATABASE_URL", place.database.owner_options().to_url_lossy().to_string())
            .stdout(Stdio::null())
            .status()
            .with_context(|| format!("{} does not start: just bench-million", program.display()))?;
        ensure!(filled.success(), "the books were not made");
        let host = Host::start(&place, 0).await?;
        // Kept by Redis once the projection is built: until then PostgreSQL counts.
        let begun = Instant::now();
        let first = loop {
            let metrics = host.client.get(host.url("/metrics")).send().await?.text().await?;
            if metrics.contains("projection_rebuilds_total{outcome=\"finished\",projection=\"books\"} 1") {
                break host.client.get(host.url("/api/v1/books")).send().await?.json::<Value>().await?;
            }
            ensure!(begun.elapsed() < Duration::from_secs(300), "the projection is not built");
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        println!("{books} books: built at the first start within {:.1} s", begun.elapsed().as_secs_f64());
        let total = first["pagination"]["total"].as_u64().context("a total")?;
        let book = first["data"][0]["id"].as_str().context("a book")?;
        let at = |path: String| Load::new(host.url(&path), None);
        let loads = [
            at("/api/v1/books".to_owned()),
            at(format!("/api/v1/books/{book}")),
            at(format!("/api/v1/books?page={}", total / 20 * 9 / 10)),
        ];
        Ok(Self { place, host, loads })
    }
}

pub async fn run() -> anyhow::Result<()> {
    let (small, large) = (Town::of(1_000).await?, Town::of(1_000_000).await?);
    println!("{:<12} {:>14} {:>14} {:>6}  (goal 1.3)", "memory off", "1,000: p99", "1,000,000: p99", "ratio");
    for (nth, what) in ["list", "book", "deep page"].into_iter().enumerate() {
        let (mut few, mut many) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            few.push(small.loads[nth].run(Duration::from_secs(4))?);
            many.push(large.loads[nth].run(Duration::from_secs(4))?);
        }
        let (few, many) = (Measured::median(&mut few).p99_ms, Measured::median(&mut many).p99_ms);
        println!("{what:<12} {few:>11.1} ms {many:>11.1} ms {:>6.2}", many / few);
    }
    let begun = Instant::now();
    let mut rebuild = large.host.command(&large.place, &["rebuild", "books"]).spawn()?;
    let mut reads = 0;
    while rebuild.try_wait()?.is_none() {
        // Fails at the first answer that is not good.
        large.loads[reads % 3].run(Duration::from_secs(2))?;
        reads += 1;
    }
    ensure!(rebuild.wait()?.success(), "the rebuild failed");
    println!(
        "rebuild of 1,000,000 books: {:.1} s (goal 60), read all the while by 32 connections, {reads} times 2 s, without an error",
        begun.elapsed().as_secs_f64()
    );
    Ok(())
}
