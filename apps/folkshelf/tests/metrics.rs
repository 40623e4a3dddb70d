//! The metrics are those that `docs/observability.md` lists: no more, no fewer.

mod support;

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::json;
use support::{Host, round};

const DOCUMENT: &str = include_str!("../../../docs/observability.md");

/// What stands in backticks in the first column of the table under `heading`.
fn listed(heading: &str) -> BTreeSet<&'static str> {
    let section = DOCUMENT.split_once(heading).expect("the heading").1;
    let section = section.split("\n#").next().unwrap_or_default();
    let first_cells = section.lines().filter(|line| line.starts_with("| `")).filter_map(|line| line.split('|').nth(1));
    first_cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect()
}

/// The names that the sources give to metrics: the first text after a macro that registers one.
fn in_sources(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() {
            in_sources(&entry, names);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&entry).expect("a source");
            let registered = text.split("register_").skip(1).filter_map(|rest| rest.split_once("!("));
            for (_, rest) in registered.filter(|(name, _)| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')) {
                if let Some(name) = rest.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next()) {
                    names.insert(name.to_owned());
                }
            }
        }
    }
}

#[tokio::test]
async fn what_is_served_after_some_traffic_is_listed() {
    let (_place, host) = Host::start().await;
    let (ada, finn) = (round::admin(&host).await, host.register("Finn").await);
    let book = ada.lists(&host, "Emma").await;
    finn.post(&host, "/borrows", json!({"bookId": book, "days": 21})).await.expect(201);
    ada.get(&host, "/notifications").await.expect(200);
    ada.post(&host, "/admin/jobs/books.forget_words/run", json!({})).await.expect(202);
    testkit::eventually("the lag and a job are measured", || async {
        let reply = host.get("/metrics").await;
        let text = reply.body.as_str().unwrap_or_default();
        text.contains("event_processing_lag{") && text.contains("job_run_seconds_count{")
    })
    .await;
    let reply = host.get("/metrics").await.expect(200);
    let served: BTreeSet<&str> = reply
        .body
        .as_str()
        .expect("text")
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next())
        .collect();
    let listed = listed("## Metrics");
    assert!(listed.len() > 15, "{listed:?}");
    let missing: Vec<_> = served.difference(&listed).collect();
    assert!(missing.is_empty(), "docs/observability.md does not list {missing:?}");
    // Metrics with labels are served from their first use: some not after this traffic.
    let seldom: BTreeSet<&str> = [
        "peer_breaker_state",
        "peer_call_seconds",
        "projection_rebuilds_total",
        "search_leftovers_removed_total",
        "trace_spans_sent_total",
    ]
    .into();
    // Those of a replica only where there is one: `replica.rs`; those of sources and of NATS only where contexts are in another
    // database.
    let elsewhere = ["database_replica_", "event_bus_source_", "event_road_"];
    let expected =
        |name: &&&str| !seldom.contains(**name) && !elsewhere.iter().any(|beginning| name.starts_with(beginning));
    let absent: Vec<_> = listed.difference(&served).filter(expected).collect();
    assert!(absent.is_empty(), "docs/observability.md lists what is not served: {absent:?}");
}

#[test]
fn what_the_sources_register_is_listed() {
    let (root, mut names) = (Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."), BTreeSet::new());
    in_sources(&root.join("apps/folkshelf/src"), &mut names);
    for crate_folder in std::fs::read_dir(root.join("crates")).expect("the crates") {
        in_sources(&crate_folder.expect("a crate").path().join("src"), &mut names);
    }
    assert!(names.contains("events_handled_total") && names.contains("event_handling_seconds"), "{names:?}");
    let listed = listed("## Metrics");
    let missing: Vec<_> = names.iter().filter(|name| !listed.contains(name.as_str())).collect();
    assert!(missing.is_empty(), "docs/observability.md does not list {missing:?}");
}

#[test]
fn the_spans_that_are_exported_are_those_listed() {
    let mut exported: BTreeSet<&str> = trace::SPANS.iter().copied().collect();
    // Made from what sqlx logs.
    exported.insert("sql");
    assert_eq!(exported, listed("### Spans"));
}
