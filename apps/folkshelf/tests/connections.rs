//! A host's connections to PostgreSQL are one number: held against the server's at start, and a host that has none for one of its
//! contexts is not ready.

mod support;

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;
use sqlx::{AssertSqlSafe, ConnectOptions};
use support::{Host, Place};
use testkit::{PrivatePostgres, eventually_within};

fn with_connections(place: &Place, connections: u32) -> Vec<(String, String)> {
    let mut environment = place.environment();
    environment.push(("FOLKSHELF_DATABASE__CONNECTIONS".to_owned(), connections.to_string()));
    environment
}

#[tokio::test]
async fn a_host_that_wants_more_connections_than_postgresql_has_does_not_start() {
    let place = Place::new().await;
    let mut serving = Command::new(env!("CARGO_BIN_EXE_folkshelf"))
        .arg("serve")
        .envs(with_connections(&place, 1_200))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let begun = Instant::now();
    let ended = loop {
        if let Some(status) = serving.try_wait().expect("a process of ours") {
            break status;
        }
        if begun.elapsed() > Duration::from_secs(30) {
            serving.kill().expect("killed");
            panic!("it serves with more connections than there are");
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let said = serving.wait_with_output().expect("what it said").stderr;
    let said = String::from_utf8_lossy(&said);
    assert!(!ended.success());
    for part in ["database.connections is 1200", "max_connections", "Lower database.connections"] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[tokio::test]
async fn a_host_says_when_postgresql_has_too_few_connections_for_it_and_the_others() {
    if support::shape::one_process_only("it counts the connections of one process") {
        return;
    }
    let postgres = PrivatePostgres::start().await;
    let (redis, prefix, mail) = (testkit::redis_url(), testkit::redis_prefix(), tempfile::tempdir().expect("a folder"));
    let mut environment = support::environment(&postgres.url(), &redis, &prefix, &mail.path().to_string_lossy());
    // The server has 200, of which three are reserved.
    environment.push(("FOLKSHELF_DATABASE__CONNECTIONS".to_owned(), "110".to_owned()));
    let warned = |host: &Host| host.log().iter().any(|line| line.contains("too few connections for all hosts"));
    let first = Host::start_with(&environment);
    assert!(!warned(&first), "alone it has enough");
    let second = Host::start_with(&environment);
    assert!(warned(&second), "two take 220");
    second.get("/health/ready").await.expect(200);
}

#[tokio::test]
async fn a_host_without_a_connection_for_one_context_is_not_ready_and_names_it() {
    if support::shape::one_process_only("it counts the connections of one process") {
        return;
    }
    let postgres = PrivatePostgres::start().await;
    let mut superuser = postgres.owner_options().username("postgres").connect().await.expect("a superuser");
    let mut limit = async |connections: i32| {
        let statement = format!("alter role folkshelf_books connection limit {connections}");
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut superuser).await.expect("a limit");
    };
    limit(0).await;
    let (redis, prefix, mail) = (testkit::redis_url(), testkit::redis_prefix(), tempfile::tempdir().expect("a folder"));
    let environment = support::environment(&postgres.url(), &redis, &prefix, &mail.path().to_string_lossy());
    let host = Host::start_with(&environment);
    let ready = host.get("/health/ready").await.expect(503).body;
    assert_eq!(ready["withoutConnection"], json!(["books"]), "{ready:#}");
    assert_eq!(ready["status"], "unhealthy");
    // Nobody restarts it for that, and who looks at the whole of it sees a host that does what it can.
    host.get("/health/live").await.expect(204);
    assert!(host.get("/health").await.expect(200).body["withoutConnection"].is_null());

    limit(-1).await;
    eventually_within(Duration::from_secs(20), "it is ready", || async {
        host.get("/health/ready").await.status == 200
    })
    .await;
}
