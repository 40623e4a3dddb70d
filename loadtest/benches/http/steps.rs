//! What each step of a borrow takes, one request after the other.

use std::time::Instant;

use anyhow::Context;
use serde_json::{Value, json};

use crate::host::Host;

const TIMES: usize = 1_000;
const STEPS: [&str; 5] = ["create book", "request", "approve", "hand over", "return"];

pub async fn one_at_a_time(host: &Host) -> anyhow::Result<()> {
    let (owner, reader) = (host.register("oda").await?, host.register("ronja").await?);
    let mut took: [Vec<f64>; STEPS.len()] = Default::default();
    for nth in 0..TIMES {
        let mut begun = Instant::now();
        let mut done = |step: usize| {
            took[step].push(begun.elapsed().as_secs_f64() * 1000.0);
            begun = Instant::now();
        };
        let book = json!({"title": format!("One at a time {nth}"), "authors": ["Astrid Lindgren"], "lending": "lend"});
        let book = host.post(Some(&owner), "/api/v1/books", book).await?;
        done(0);
        let asked = json!({"bookId": book["id"], "days": 14});
        let borrow = host.post(Some(&reader), "/api/v1/borrows", asked).await?;
        done(1);
        let path = |step: &str, borrow: &Value| -> anyhow::Result<String> {
            Ok(format!("/api/v1/borrows/{}/{step}", borrow["id"].as_str().context("an id")?))
        };
        host.post(Some(&owner), &path("approve", &borrow)?, json!({"place": "The bakery"})).await?;
        done(2);
        host.post(Some(&owner), &path("hand-over", &borrow)?, json!({})).await?;
        done(3);
        host.post(Some(&owner), &path("return", &borrow)?, json!({"condition": "ok"})).await?;
        done(4);
    }
    for (step, mut took) in STEPS.into_iter().zip(took) {
        took.sort_by(f64::total_cmp);
        println!("{step}, one at a time: p50 {:.1} ms, p99 {:.1} ms (goal 8)", took[TIMES / 2], took[TIMES * 99 / 100]);
    }
    Ok(())
}
