//! What happens when something we need is away, or the host is killed: nothing that was acknowledged is lost, reads go on,
//! and all recovers by itself.

mod support;

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use support::{Host, Person, Place, Reply};
use testkit::{PrivatePostgres, PrivateRedis, eventually};

#[tokio::test]
async fn without_redis_reads_and_writes_go_on_and_the_views_come_back_by_themselves() {
    let place = Place::new().await;
    let mut redis = PrivateRedis::start().await;
    let mut environment = place.environment();
    environment.push(("FOLKSHELF_REDIS__URL".to_owned(), redis.url()));
    let host = Host::start_with(&environment);
    let owner = host.register("Olga").await;
    let admin = host.register("Ada").await;
    support::command_line(&place, &["users", "promote", &admin.email]);
    owner.lists(&host, "Before").await;

    redis.kill().await;
    let book = owner.lists(&host, "Meanwhile").await;
    let finn = host.register("Finn").await;
    let borrow = finn.asks_for(&host, &book).await;
    assert_eq!(host.get("/books").await.expect(200).ids().len(), 2);
    assert_eq!(finn.borrow(&host, &borrow).await["status"], "pending");
    assert_eq!(host.get("/health").await.expect(200).body["status"], "degraded");

    redis.start_again().await;
    eventually("the cache is healthy again", || async {
        host.get("/health").await.body["checks"]["cache"] == "healthy"
    })
    .await;
    owner.does(&host, &borrow, "approve", json!({})).await;
    assert_eq!(finn.borrow(&host, &borrow).await["status"], "approved");
    assert_eq!(host.get("/books").await.expect(200).ids().len(), 2);
    eventually("every projection is served again", || views_are_back(&host, &admin)).await;
    assert_eq!(host.get(&format!("/books/{book}")).await.expect(200).data()["status"], "reserved");
}

/// Whether all reads come from Redis again, and every view shows all that has happened.
async fn views_are_back(host: &Host, admin: &Person) -> bool {
    let projections = admin.get(host, "/admin/projections").await;
    let subscriptions = admin.get(host, "/admin/subscriptions").await;
    if projections.status != 200 || subscriptions.status != 200 {
        return false;
    }
    let list = |reply: &Reply| reply.data().as_array().expect("a list").clone();
    list(&projections).iter().all(|p| p["ready"] == true && p["rebuilding"].is_null())
        && list(&subscriptions).iter().all(|s| s["behind"] == 0)
}

#[tokio::test]
async fn a_wiped_redis_changes_no_answer() {
    // With nothing kept in the host's memory, and with as much as it keeps by itself.
    for memory in ["0", "32"] {
        let place = Place::new().await;
        let redis = PrivateRedis::start().await;
        let mut environment = place.environment();
        environment.push(("FOLKSHELF_REDIS__URL".to_owned(), redis.url()));
        environment.push(("FOLKSHELF_HTTP__MEMORY_CACHE_MIB".to_owned(), memory.to_owned()));
        let host = Host::start_with(&environment);
        let owner = host.register("Olga").await;
        support::command_line(&place, &["users", "promote", &owner.email]);
        for nth in 0..30 {
            owner.lists(&host, &format!("Volume {nth}")).await;
        }
        eventually("the views are served", || views_are_back(&host, &owner)).await;
        let before = host.get("/books?limit=100").await.expect(200);
        let wiped = std::process::Command::new("redis-cli").args(["-u", &redis.url(), "flushall"]).output();
        assert!(wiped.expect("redis-cli runs").status.success());
        for _ in 0..50 {
            assert_eq!(host.get("/books?limit=100").await.expect(200).body, before.body);
            assert_eq!(owner.get(&host, "/books/mine?limit=100").await.expect(200).ids().len(), 30);
            owner.get(&host, "/users/me").await.expect(200);
        }
        eventually("the views are built again", || views_are_back(&host, &owner)).await;
        assert_eq!(host.get("/books?limit=100").await.expect(200).body, before.body);
    }
}

#[tokio::test]
async fn without_postgresql_redis_answers_and_writes_are_told_to_come_back() {
    let mut postgres = PrivatePostgres::start().await;
    let mail = tempfile::tempdir().expect("a folder");
    let environment = support::environment(
        &postgres.url(),
        &testkit::redis_url(),
        &testkit::redis_prefix(),
        &mail.path().to_string_lossy(),
    );
    let host = Host::start_with(&environment);
    let owner = host.register("Olga").await;
    let finn = host.register("Finn").await;
    let book = owner.lists(&host, "Emma").await;
    let asked = finn.post(&host, "/borrows", json!({"bookId": book, "days": 21})).await.expect(201);
    let position = asked.header("x-folkshelf-position").to_owned();
    let borrow = asked.data()["id"].as_str().expect("an id").to_owned();
    let path = format!("/borrows/{borrow}");
    support::served_from_redis(&host).await;
    // Each process has seen a member: it knows what roles permit.
    owner.get(&host, "/notifications").await.expect(200);

    postgres.kill().await;
    assert_eq!(host.get("/books").await.expect(200).ids(), std::slice::from_ref(&book));
    host.get(&format!("/books/{book}")).await.expect(200);
    assert_eq!(finn.get(&host, &path).await.expect(200).data()["status"], "pending");
    assert_eq!(finn.get(&host, "/borrows").await.expect(200).ids().len(), 1);
    let demanding = finn.request(&host, Method::GET, &path).header("X-Folkshelf-Min-Position", &position);
    Reply::to(demanding).await.expect(200);
    owner.get(&host, "/notifications").await.expect(200);
    owner.get(&host, "/notifications/unread-count").await.expect(200);
    let refused = owner.post(&host, &format!("{path}/approve"), json!({})).await.expect(503);
    assert_eq!(refused.code(), "UNAVAILABLE");
    assert!(!refused.header("retry-after").is_empty());
    assert_eq!(host.get("/health").await.expect(200).body["checks"]["database"], "unhealthy");

    postgres.start_again().await;
    eventually("the approval is taken", || async {
        owner.post(&host, &format!("{path}/approve"), json!({})).await.status == 200
    })
    .await;
    // Another process may find PostgreSQL a moment later.
    eventually("notifications are read", || async { finn.get(&host, "/notifications").await.status == 200 }).await;
    eventually("the borrower sees it", || async { finn.borrow(&host, &borrow).await["status"] == "approved" }).await;
    eventually("the borrower is told", || async { finn.was_told(&host).await.contains(&"borrow.approved".to_owned()) })
        .await;
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill_and_each_owner_is_told_once() {
    let place = Place::new().await;
    let mut host = Host::start_in(&place);
    let owner = host.register("Olga").await;
    // Each asks once: what one of them does again and again is told as one.
    let mut borrowers = Vec::new();
    for name in ["Finn", "Ines", "Juno", "Kaya", "Lars", "Mira"] {
        borrowers.push(host.register(name).await);
    }
    let mut borrows = Vec::new();
    for (round, borrower) in borrowers.iter().enumerate() {
        // The dead host's leases run for some seconds more; the writers see what they did all the same.
        let book = owner.lists(&host, &format!("Volume {round}")).await;
        assert!(owner.get(&host, "/books/mine").await.expect(200).ids().contains(&book));
        let borrow = borrower.asks_for(&host, &book).await;
        assert_eq!(borrower.borrow(&host, &borrow).await["status"], "pending");
        borrows.push(borrow);
        // More requests are on their way when the power goes.
        let more = borrower.request(&host, Method::POST, "/borrows").json(&json!({"bookId": book, "days": 5})).send();
        let killed = tokio::time::timeout(Duration::from_millis(3), more).await;
        drop(killed);
        host.kill();
        host = Host::start_in(&place);
    }
    for (borrower, borrow) in borrowers.iter().zip(&borrows) {
        assert_eq!(borrower.borrow(&host, borrow).await["status"], "pending");
    }
    eventually("the owner is told of each", || async { owner.was_told(&host).await.len() >= borrows.len() }).await;
    assert_eq!(owner.was_told(&host).await, vec!["borrow.created"; borrows.len()]);
}

#[tokio::test]
async fn an_orderly_stop_ends_well_and_loses_nothing() {
    let place = Place::new().await;
    let mut host = Host::start_in(&place);
    let owner = host.register("Olga").await;
    let book = owner.lists(&host, "Last words").await;
    // A stream is open: it must not hold the end up.
    let stream = owner.request(&host, Method::GET, "/notifications/stream").send().await.expect("a stream");
    assert_eq!(stream.status().as_u16(), 200);
    assert!(host.stop(), "the host ends without an error");
    let host = Host::start_in(&place);
    host.get(&format!("/books/{book}")).await.expect(200);
}
