//! Machines whose clocks are an hour off, by libfaketime: every host has PostgreSQL's time all the same.

mod support;

use std::path::PathBuf;
use std::time::Duration;

use kernel::{Clock, SystemClock};
use serde_json::json;
use sqlx::{Connection, PgConnection};
use support::{Host, Place};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Where Debian and others put the library.
fn faketime() -> Option<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib").ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    folders
        .chain(["/usr/lib", "/usr/lib64"].map(PathBuf::from))
        .map(|folder| folder.join("faketime/libfaketime.so.1"))
        .find(|library| library.exists())
}

/// A host on a machine whose clock is off by as much as `-1h` says.
fn start_off(place: &Place, library: &std::path::Path, by: &str) -> Host {
    let mut environment = place.environment();
    for (name, value) in [
        ("LD_PRELOAD", &*library.to_string_lossy()),
        ("FAKETIME", by),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        ("DONT_FAKE_MONOTONIC", "1"),
    ] {
        environment.push((name.to_owned(), value.to_owned()));
    }
    Host::start_with(&environment)
}

fn moment(text: &str) -> OffsetDateTime {
    OffsetDateTime::parse(text, &Rfc3339).expect("a moment")
}

/// How far the machine's time, which log lines carry, is from ours.
fn seen_off(host: &Host) -> time::Duration {
    let log = host.log();
    let line: serde_json::Value = log.iter().rev().find_map(|line| serde_json::from_str(line).ok()).expect("a line");
    moment(line["timestamp"].as_str().expect("a timestamp")) - SystemClock.now()
}

#[tokio::test]
async fn hosts_whose_clocks_are_an_hour_off_have_the_time_of_the_others() {
    let Some(library) = faketime() else {
        println!("skipped: libfaketime is not installed");
        return;
    };
    let place = Place::new().await;
    let right = Host::start_in(&place);
    let (owner, taker) = (right.register("Olga").await, right.register("Finn").await);
    let book = owner.lists(&right, "Emma").await;
    let borrow = taker.asks_for(&right, &book).await;
    let mut line = PgConnection::connect_with(&place.database.owner_options()).await.expect("a connection");
    sqlx::query("update borrowing.borrow set expires_at = now() + interval '30 minutes'")
        .execute(&mut line)
        .await
        .expect("a request that runs out in half an hour");

    for (by, off, name) in [("+1h", time::Duration::HOUR, "Ines"), ("-1h", -time::Duration::HOUR, "Jana")] {
        let wrong = start_off(&place, &library, by);
        assert!((seen_off(&wrong) - off).abs() < time::Duration::minutes(2), "the canary: {by} did nothing");

        let there = wrong.register(name).await;
        for _ in 0..10 {
            owner.get(&wrong, "/users/me").await.expect(200);
            there.get(&right, "/users/me").await.expect(200);
        }
        let health = wrong.get("/health").await.expect(200);
        assert_eq!(health.body["checks"]["clock"], "unhealthy");
        let now = moment(health.body["timestamp"].as_str().expect("a timestamp"));
        assert!((now - SystemClock.now()).abs() < time::Duration::seconds(5), "{now}");
        wrong.get("/health/ready").await.expect(503);
        let metrics = wrong.get("/metrics").await.body.as_str().unwrap_or_default().to_owned();
        let offset = metrics.lines().find_map(|line| line.strip_prefix("clock_offset_seconds ")?.parse::<f64>().ok());
        assert!((offset.expect("the gauge") + off.as_seconds_f64()).abs() < 60.0, "{offset:?}");
        assert!(wrong.log().iter().any(|line| line.contains("the machine's clock is wrong")));

        // Made on one host and changed on the other.
        let path = format!("/books/{}", there.lists(&wrong, "Persuasion").await);
        there.put(&right, &path, json!({"title": "Persuasion, revised"})).await.expect(200);
        let shown = there.get(&right, &path).await.expect(200);
        let at = |field: &str| moment(shown.data()[field].as_str().expect("a moment"));
        assert!(at("createdAt") <= at("updatedAt"), "{:#}", shown.body);

        // A scheduler looks as soon as its host starts.
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(taker.borrow(&right, &borrow).await["status"], "pending");
    }
    assert_eq!(right.get("/health/ready").await.expect(200).body["checks"]["clock"], "healthy");
}
