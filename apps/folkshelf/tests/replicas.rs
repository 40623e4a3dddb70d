//! Two hosts over one database and one Redis.

mod support;

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::json;
use support::{Host, Place, Reply};

#[tokio::test]
async fn a_position_from_one_replica_holds_on_the_other() {
    let place = Place::new().await;
    let (one, two) = (Host::start_in(&place), Host::start_in(&place));
    let owner = one.register("Olga").await;
    for nth in 0..20 {
        let body = json!({"title": format!("Volume {nth}"), "authors": ["A"], "lending": "lend"});
        let made = owner.post(&one, "/books", body).await.expect(201);
        let position = made.header("x-folkshelf-position").to_owned();
        assert!(!position.is_empty());
        let id = made.data()["id"].as_str().expect("an id");
        let path = format!("/books/{id}");
        let read = Reply::to(two.request(Method::GET, &path).header("X-Folkshelf-Min-Position", &position));
        read.await.expect(200);
        let list =
            Reply::to(two.request(Method::GET, "/books?limit=100").header("X-Folkshelf-Min-Position", &position));
        assert_eq!(list.await.expect(200).ids().len(), nth + 1);
    }
    let wrong = Reply::to(two.request(Method::GET, "/books").header("X-Folkshelf-Min-Position", "soon")).await;
    assert_eq!(wrong.expect(400).fields(), ["X-Folkshelf-Min-Position"]);
}

#[tokio::test]
async fn a_logout_and_a_role_hold_on_every_replica_at_once() {
    let place = Place::new().await;
    let (one, two) = (Host::start_in(&place), Host::start_in(&place));
    let owner = one.register("Olga").await;
    owner.get(&two, "/users").await.expect(403);
    let promoted = support::command_line(&place, &["users", "promote", &owner.email]);
    assert!(promoted.status.success(), "{promoted:?}");
    owner.get(&two, "/users").await.expect(200);
    owner.get(&one, "/users").await.expect(200);
    owner.post(&one, "/auth/logout", json!({})).await.expect(204);
    owner.get(&two, "/users/me").await.expect(401);
    owner.get(&one, "/users/me").await.expect(401);
}

#[tokio::test]
async fn a_review_that_is_started_on_two_replicas_at_once_is_started_once() {
    let place = Place::new().await;
    let (one, two) = (Host::start_in(&place), Host::start_in(&place));
    let owner = one.register("Olga").await;
    for nth in 1..=5 {
        let rows: String = (0..30).map(|row| format!("Volume {nth}.{row},Ann Author\n")).collect();
        let part = Part::bytes(format!("title,author\n{rows}").into_bytes()).file_name("books.csv");
        let upload = owner.request(&one, Method::POST, "/books/import?review=true");
        let reply = Reply::to(upload.multipart(Form::new().part("file", part))).await.expect(202);
        let path = format!("/books/imports/{}", reply.data()["id"].as_str().expect("an id"));
        let start = format!("{path}/start");
        let (first, second) = tokio::join!(owner.post(&one, &start, json!({})), owner.post(&two, &start, json!({})));
        let (started, refused) = if first.status == 202 { (first, second) } else { (second, first) };
        started.expect(202);
        assert_eq!(refused.expect(409).code(), "IMPORT_NOT_IN_REVIEW");
        testkit::eventually("the import is over", async || {
            let import = owner.get(&two, &path).await.expect(200);
            let import = import.data();
            import["status"] == "completed" && import["imported"] == 30 && import["duplicates"] == 0
        })
        .await;
    }
    let shelf = owner.get(&one, "/books/mine?limit=1").await.expect(200);
    assert_eq!(shelf.body["pagination"]["total"], 150);
}

#[tokio::test]
async fn one_replica_goes_on_when_the_other_is_killed() {
    let place = Place::new().await;
    let mut one = Host::start_in(&place);
    let owner = one.register("Olga").await;
    let finn = one.register("Finn").await;
    let book = owner.lists(&one, "Emma").await;
    let two = Host::start_in(&place);
    let borrow = finn.asks_for(&two, &book).await;
    // The first one runs the subscriptions; its leases run out, and the second takes over.
    one.kill();
    testkit::eventually("the owner is told", || async { owner.was_told(&two).await == ["borrow.created"] }).await;
    owner.does(&two, &borrow, "approve", json!({})).await;
    testkit::eventually("the borrower sees it", || async { finn.borrow(&two, &borrow).await["status"] == "approved" })
        .await;
    assert_eq!(owner.was_told(&two).await, ["borrow.created"]);
}

#[tokio::test]
async fn a_frozen_host_costs_one_write_a_wait_and_gives_nothing_old_when_it_wakes() {
    let place = Place::new().await;
    let (one, two) = (Host::start_in(&place), Host::start_in(&place));
    let owner = one.register("Olga").await;
    let path = format!("/books/{}", owner.lists(&one, "Edition 0").await);
    for round in 1..=3 {
        let write = async || {
            let mut took = Vec::new();
            for edition in 0..6 {
                let begun = Instant::now();
                owner.put(&one, &path, json!({"title": format!("Edition {round}.{edition}")})).await.expect(200);
                took.push(begun.elapsed());
            }
            took
        };
        let mut before = write().await;
        // The second host keeps the book in its memory.
        for _ in 0..20 {
            two.get(&path).await.expect(200);
        }
        two.signal("STOP");
        let mut beside = write().await;
        println!("writes beside a frozen host: {beside:?}, before: {before:?}");
        before.sort_unstable();
        beside[2..].sort_unstable();
        // Waiting for it would take 220 ms each time.
        assert!(beside[4] < before[3] + Duration::from_millis(150), "{beside:?}, before: {before:?}");

        // These wait in its socket until it wakes.
        let waking = async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            two.signal("CONT");
        };
        let (replies, ()) = tokio::join!(join_all((0..20).map(|_| two.get(&path))), waking);
        for reply in replies {
            assert_eq!(reply.expect(200).data()["title"], format!("Edition {round}.5"));
        }
    }
}
