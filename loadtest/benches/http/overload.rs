//! More clients than a host works on at once: what it refuses, and what those take that it answers. `just bench-overload`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::StatusCode;

use crate::host::{Host, Place};

/// How many requests the host works on at once.
const PLACES: usize = 32;
const HOW_LONG: Duration = Duration::from_secs(5);
/// A client that was refused waits this long, a fortieth part of what it is asked to: the load stays.
const PAUSE: Duration = Duration::from_millis(50);

#[derive(Default)]
struct Seen {
    answered: Vec<Duration>,
    refused: Vec<Duration>,
    other: usize,
}

fn percentile(times: &mut [Duration], percent: usize) -> f64 {
    times.sort_unstable();
    times.get((times.len() * percent / 100).min(times.len().saturating_sub(1))).map_or(0.0, |it| it.as_secs_f64() * 1e3)
}

/// So many clients, each asking again as soon as it was answered.
async fn clients(host: &Host, count: usize, token: &str) -> anyhow::Result<Seen> {
    let (url, until) = (Arc::<str>::from(host.url("/api/v1/books/search?q=chapter")), Instant::now() + HOW_LONG);
    let mut tasks = Vec::new();
    for nth in 0..count {
        let (client, token) = (host.client.clone(), token.to_owned());
        let url = format!("{url}+{nth}");
        tasks.push(tokio::spawn(async move {
            let mut seen = Seen::default();
            while Instant::now() < until {
                let began = Instant::now();
                let status = client.get(&url).bearer_auth(&token).send().await.map(|answer| answer.status());
                match status {
                    Ok(StatusCode::OK) => seen.answered.push(began.elapsed()),
                    Ok(StatusCode::SERVICE_UNAVAILABLE) => {
                        seen.refused.push(began.elapsed());
                        tokio::time::sleep(PAUSE).await;
                    }
                    _ => seen.other += 1,
                }
            }
            seen
        }));
    }
    let mut all = Seen::default();
    for task in tasks {
        let mut seen = task.await?;
        all.answered.append(&mut seen.answered);
        all.refused.append(&mut seen.refused);
        all.other += seen.other;
    }
    Ok(all)
}

pub async fn run() -> anyhow::Result<()> {
    let place = Place::new().await;
    println!("searches, none of them the same, {} s each", HOW_LONG.as_secs());
    println!(
        "{:<10} {:>8} {:>10} {:>10} {:>10} {:>10} {:>8} {:>12}",
        "places", "clients", "answered", "p50", "p99", "refused", "other", "refused p99"
    );
    for places in [PLACES, 10_000] {
        let places_text = places.to_string();
        let settings = [("HTTP__MAX_REQUESTS_IN_FLIGHT", places_text.as_str()), ("HTTP__MEMORY_CACHE_MIB", "0")];
        let host = Host::start_with(&place, &settings).await?;
        let owner = host.register(&format!("olga{places}")).await?;
        if places == PLACES {
            host.shelve(&owner, 1_000).await?;
        }
        for count in [PLACES / 2, 4 * PLACES, 16 * PLACES] {
            let mut seen = clients(&host, count, &owner).await?;
            println!(
                "{places:<10} {count:>8} {:>10} {:>7.1} ms {:>7.1} ms {:>10} {:>8} {:>9.1} ms",
                seen.answered.len(),
                percentile(&mut seen.answered, 50),
                percentile(&mut seen.answered, 99),
                seen.refused.len(),
                seen.other,
                percentile(&mut seen.refused, 99),
            );
        }
    }
    Ok(())
}
