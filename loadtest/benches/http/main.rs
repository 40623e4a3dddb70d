//! The host beside servers that do next to nothing, in one run, over the same bytes: `just bench`.
//!
//! Every row is a ratio of medians: the load generator (wrk, 32 connections) visits the servers in turn, several times, so
//! that what else the machine does falls on all of them. DATABASE_URL and REDIS_URL name throw-away servers.

mod apart;
mod bare;
mod borrows;
mod host;
mod load;
mod million;
mod overload;
mod steps;

use std::time::Duration;

use anyhow::{Context, ensure};
use host::{Host, Place};
use load::{Load, Measured};

/// A server under load, and what it is measured against.
struct Row {
    what: &'static str,
    ours: Load,
    theirs: &'static str,
    other: Load,
    goal: f64,
}

#[actix_web::main]
async fn main() -> anyhow::Result<()> {
    // cargo test builds and runs this too.
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    if std::env::args().any(|argument| argument == "million") {
        return million::run().await;
    }
    if std::env::args().any(|argument| argument == "overload") {
        return overload::run().await;
    }
    if std::env::args().any(|argument| argument == "apart") {
        return apart::run().await;
    }
    if std::env::args().any(|argument| argument == "hosts") {
        return apart::run_hosts().await;
    }
    let rounds = 3;
    let place = Place::new().await;
    if std::env::args().any(|argument| argument == "borrows") {
        return borrows::compare(&place, Host::start(&place, 32).await?, rounds).await;
    }
    let started = std::time::Instant::now();
    let host = Host::start(&place, 32).await?;
    let ready_in = started.elapsed();
    let town = host.settle(1_000).await?;
    let cold = Host::start(&place, 0).await?;
    // Counts every request, and refuses none of these.
    let limited = Host::start_with(&place, &[("LIMITS__MEMBER", "1000000 per 1s")]).await?;

    let reader = Some(town.reader.as_str());
    let list = Load::new(host.url("/api/v1/books"), reader);
    let book = Load::new(host.url(&format!("/api/v1/books/{}", town.book)), reader);
    let borrows = Load::new(host.url("/api/v1/borrows"), reader);
    let notifications = Load::new(host.url("/api/v1/notifications"), reader);
    let bare =
        bare::start(&[("list", &list), ("book", &book), ("borrows", &borrows), ("notifications", &notifications)])
            .await?;
    let limited_list = Load::new(limited.url("/api/v1/books"), reader);
    let limited_book = Load::new(limited.url(&format!("/api/v1/books/{}", town.book)), reader);
    let cold_list = Load::new(cold.url("/api/v1/books"), reader);
    let cold_book = Load::new(cold.url(&format!("/api/v1/books/{}", town.book)), reader);
    ensure!(cold_list.body().await? == list.body().await?, "both hosts answer the same");

    let memory = |name: &str| Load::new(bare.url(&format!("/memory/{name}")), None);
    let fields = |name: &str| Load::new(bare.url(&format!("/fields/{name}")), reader);
    let redis = |name: &str| Load::new(bare.url(&format!("/redis/{name}")), None);
    let (free_list, free_book) = (list.clone(), book.clone());
    let rows = [
        Row { what: "GET /books, from memory", ours: list, theirs: "(a)", other: memory("list"), goal: 0.80 },
        Row { what: "GET /books/{id}, from memory", ours: book, theirs: "(a)", other: memory("book"), goal: 0.80 },
        Row { what: "GET /books", ours: free_list.clone(), theirs: "(d)", other: fields("list"), goal: 0.90 },
        Row { what: "GET /books/{id}", ours: free_book.clone(), theirs: "(d)", other: fields("book"), goal: 0.90 },
        Row { what: "GET /books, limits on", ours: limited_list, theirs: "(c)", other: free_list, goal: 0.95 },
        Row { what: "GET /books/{id}, limits on", ours: limited_book, theirs: "(c)", other: free_book, goal: 0.95 },
        Row { what: "GET /books, memory off", ours: cold_list, theirs: "(b)", other: redis("list"), goal: 1.50 },
        Row { what: "GET /books/{id}, memory off", ours: cold_book, theirs: "(b)", other: redis("book"), goal: 1.50 },
        Row { what: "GET /borrows, own", ours: borrows, theirs: "(b)", other: redis("borrows"), goal: 1.00 },
        Row {
            what: "GET /notifications, own",
            ours: notifications,
            theirs: "(b)",
            other: redis("notifications"),
            goal: 1.00,
        },
    ];
    println!("(a) an actix-web handler that returns the bytes   (b) one that does a deadpool-redis GET for them");
    println!("(c) the host with limits off   (d) as (a), asked and answered with the same header fields as the host");
    println!(
        "{:<30} {:>9} {:>9} {:>4} {:>6} {:>6} {:>9}",
        "32 connections", "ours/s", "theirs/s", "", "ratio", "goal", "our p99"
    );
    for row in &rows {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        row.ours.run(Duration::from_secs(1))?;
        for _ in 0..rounds {
            ours.push(row.ours.run(Duration::from_secs(4))?);
            theirs.push(row.other.run(Duration::from_secs(4))?);
        }
        let (ours, theirs) = (Measured::median(&mut ours), Measured::median(&mut theirs));
        println!(
            "{:<30} {:>9.0} {:>9.0} {:>4} {:>6.2} {:>6.2} {:>6.1} ms",
            row.what,
            ours.per_second,
            theirs.per_second,
            row.theirs,
            ours.per_second / theirs.per_second,
            row.goal,
            ours.p99_ms,
        );
    }
    let memory = host.resident_mib().context("the host runs")?;
    println!("resident memory after that: {memory} MiB (goal 150)");
    println!("first start on an empty database: listening in {} ms", ready_in.as_millis());
    drop((cold, limited));
    drop(host);

    let started = std::time::Instant::now();
    let host = Host::start(&place, 32).await?;
    println!("start on an existing database: ready in {} ms (goal 1000)", host.until_ready(started).await?.as_millis());
    borrows::compare(&place, host, rounds).await
}
