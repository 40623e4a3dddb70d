//! POST /borrows beside pgbench, which runs the statements of that command alone: no HTTP, no views, nobody told. Twice:
//! with the host stopped, which is the yardstick, and with it running, whose readers then look at what pgbench writes.
//! And the steps of a borrow one at a time, for what each takes.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use futures_util::future::try_join_all;
use serde_json::json;
use sqlx::ConnectOptions;

use crate::host::{Host, Place};
use crate::steps;

const CLIENTS: usize = 32;
/// Enough that each client has another one for each of its requests, also on a machine twice as fast.
const BOOKS: usize = 12_000;
const FOR: Duration = Duration::from_secs(5);

pub async fn compare(place: &Place, host: Host, rounds: usize) -> anyhow::Result<()> {
    let shelf = Arc::new(host.shelve(&host.register("bertha").await?, BOOKS).await?);
    until_level(place).await?;
    let mut owner = place.database.owner_options().connect().await?;
    sqlx::raw_sql(
        "create table pgbench_book as
        select row_number() over (order by book_id) as nth, book_id, owner_id from borrowing.lendable_book;
        alter table pgbench_book add primary key (nth); analyze",
    )
    .execute(&mut owner)
    .await?;
    drop(host);
    let (mut ours, mut beside, mut alone) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..rounds {
        alone.push(pgbench(place)?);
        let host = Host::start(place, 32).await?;
        until_level(place).await?;
        ours.push(requests(&host, &shelf, round).await?);
        until_level(place).await?;
        beside.push(pgbench(place)?);
        until_level(place).await?;
    }
    let [ours, beside, alone] = [ours, beside, alone].map(|mut rates| {
        rates.sort_by(f64::total_cmp);
        rates[rounds / 2]
    });
    println!(
        "POST /borrows, {CLIENTS} clients: {ours:.0}/s; pgbench {alone:.0}/s with the host stopped: {:.2} (goal 0.40), \
        {beside:.0}/s with it running: {:.2}",
        ours / alone,
        ours / beside
    );
    let [p50, p99] = pgbench_one_at_a_time(place)?;
    println!("pgbench, one client, the host stopped: p50 {p50:.1} ms, p99 {p99:.1} ms");
    steps::one_at_a_time(&Host::start(place, 32).await?).await
}

/// Waits until every subscription has handled everything there is.
pub async fn until_level(place: &Place) -> anyhow::Result<()> {
    let mut owner = place.database.owner_options().connect().await?;
    let behind = "select exists (
        select from event_bus.subscription s, (
            select transaction_id, position from event_bus.log
            order by log.transaction_id desc, log.position desc limit 1
        ) last
        where (last.transaction_id, last.position) > (s.transaction_id, s.position))";
    let begun = Instant::now();
    while sqlx::query_scalar::<_, bool>(behind).fetch_one(&mut owner).await? {
        ensure!(begun.elapsed() < Duration::from_secs(120), "the subscriptions do not catch up");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}

/// As many requests as get through; each asks for another book.
async fn requests(host: &Host, shelf: &Arc<Vec<String>>, round: usize) -> anyhow::Result<f64> {
    let readers =
        try_join_all((0..CLIENTS).map(|nth| async move { host.register(&format!("r{round}n{nth}")).await })).await?;
    let (next, begun) = (AtomicUsize::new(0), Instant::now());
    let next = &next;
    let clients = readers.iter().enumerate().map(|(nth, reader)| async move {
        let mut mine = nth;
        while begun.elapsed() < FOR {
            let asked = json!({"bookId": shelf[mine % BOOKS], "days": 14});
            host.post(Some(reader), "/api/v1/borrows", asked).await?;
            next.fetch_add(1, Ordering::Relaxed);
            mine += CLIENTS;
        }
        Ok::<_, anyhow::Error>(())
    });
    try_join_all(clients).await?;
    #[allow(clippy::cast_precision_loss, reason = "some thousands")]
    Ok(next.load(Ordering::Relaxed) as f64 / begun.elapsed().as_secs_f64())
}

/// Transactions a second.
fn pgbench(place: &Place) -> anyhow::Result<f64> {
    let text = run_pgbench(place, CLIENTS, &[])?;
    let line = text.lines().find_map(|line| line.strip_prefix("tps = ")).context("pgbench tells no rate")?;
    Ok(line.split(' ').next().unwrap_or_default().parse()?)
}

/// What one client waits for a transaction, in milliseconds: p50 and p99.
fn pgbench_one_at_a_time(place: &Place) -> anyhow::Result<[f64; 2]> {
    let folder = tempfile::tempdir()?;
    let prefix = folder.path().join("pgbench");
    run_pgbench(place, 1, &["--log".to_owned(), format!("--log-prefix={}", prefix.display())])?;
    let mut took = Vec::new();
    for file in std::fs::read_dir(folder.path())? {
        // A line is: client, number, microseconds, file, when.
        for line in std::fs::read_to_string(file?.path())?.lines() {
            let microseconds: f64 = line.split(' ').nth(2).context("a time")?.parse()?;
            took.push(microseconds / 1000.0);
        }
    }
    ensure!(!took.is_empty(), "pgbench logs nothing");
    took.sort_by(f64::total_cmp);
    Ok([took[took.len() / 2], took[took.len() * 99 / 100]])
}

fn run_pgbench(place: &Place, clients: usize, more: &[String]) -> anyhow::Result<String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/pgbench/request-borrow.sql");
    let owner = place.database.owner_options();
    let folder = std::env::var("FOLKSHELF_TEST_POSTGRES_BIN").unwrap_or_default();
    let program = if folder.is_empty() { "pgbench".to_owned() } else { format!("{folder}/pgbench") };
    let output = Command::new(&program)
        .args(["--no-vacuum", "--protocol=prepared", "--jobs=1", "--max-tries=1"])
        .args([format!("--client={clients}"), format!("--time={}", FOR.as_secs()), format!("--file={script}")])
        .args(more)
        .args(["-h", owner.get_host(), "-p", &owner.get_port().to_string(), "-U", owner.get_username()])
        .arg(owner.get_database().context("a database")?)
        .output()
        .with_context(|| format!("{program} does not run"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "pgbench: {text}{}", String::from_utf8_lossy(&output.stderr));
    Ok(text.into_owned())
}
