//! Three databases: causes come before effects, members who leave are forgotten, and an owner that was set back is noticed.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

mod support;

use std::sync::Arc;
use std::time::{Duration, Instant};

use event_bus::{EventFilter, Owner};
use kernel::EventId;
use serde_json::{Value, json};
use support::apart::{Near, Site, near, tell, tell_about};
use support::rough::{Away, Slow};
use testkit::eventually;
use uuid::Uuid;

/// The ids in the log, of whatever context.
async fn all_ids(site: &Site) -> Vec<Uuid> {
    sqlx::query_scalar("select id from event_bus.log order by transaction_id, position")
        .fetch_all(&site.log)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_reads_of_an_effect_before_its_cause_however_late_that_comes() {
    let (books, borrowing, here) = (Site::new(500).await, Site::new(500).await, Site::new(500).await);
    let owning = [books.start().await, borrowing.import(&[("books", near(&books))]).await];
    let slow: Arc<dyn Owner> = Arc::new(Slow(books.bus.clone(), Duration::from_millis(700)));
    let running = here.import(&[("books", slow), ("borrowing", near(&borrowing))]).await;
    let mut told = Vec::new();
    for _ in 0..4 {
        let cause = books.tell("books").await.uuid();
        borrowing.until_equal(&books, "books").await;
        told.push((cause, borrowing.tell("borrowing").await.uuid()));
    }
    eventually("all has come", || async { all_ids(&here).await.len() == 8 }).await;
    let ids = all_ids(&here).await;
    let place = |id: Uuid| ids.iter().position(|other| *other == id).unwrap();
    for (cause, effect) in told {
        assert!(place(cause) < place(effect), "{cause} before {effect} in {ids:?}");
    }
    running.stop().await;
    for owning in owning {
        owning.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_effect_waits_once_for_a_cause_that_does_not_come() {
    let (books, borrowing, here) = (Site::new(500).await, Site::new(500).await, Site::new(500).await);
    let owning = [books.start().await, borrowing.import(&[("books", near(&books))]).await];
    let running = here.import(&[("books", Arc::new(Away)), ("borrowing", near(&borrowing))]).await;
    let mut waits = Vec::new();
    for _ in 0..2 {
        books.tell("books").await;
        borrowing.until_equal(&books, "books").await;
        let begun = Instant::now();
        borrowing.tell("borrowing").await;
        here.until_equal(&borrowing, "borrowing").await;
        waits.push(begun.elapsed());
    }
    assert!(waits[0] >= Duration::from_secs(4) && waits[0] < Duration::from_secs(8), "{waits:?}");
    assert!(waits[1] < Duration::from_secs(2), "{waits:?}");
    let sources = here.bus.sources().await.unwrap();
    let names: Vec<_> = sources.iter().map(|source| (source.context.as_str(), source.last_error.is_some())).collect();
    assert_eq!(names, [("books", true), ("borrowing", false)]);
    assert!(sources[0].last_error.as_ref().unwrap().contains("nobody is in"));
    assert!(sources[0].lag_seconds > 4.0 && sources[1].lag_seconds < 1.0, "{sources:?}");
    assert!(sources.iter().all(|source| source.running));
    running.stop().await;
    for owning in owning {
        owning.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_that_was_set_back_is_noticed_and_asked_again_after_a_reset() {
    let (owner, restored, here) = (Site::new(500).await, Site::new(500).await, Site::new(500).await);
    let owning = [owner.start().await, restored.start().await];
    let running = here.import(&[("books", near(&owner))]).await;
    owner.tell("books").await;
    owner.tell("books").await;
    here.until_equal(&owner, "books").await;
    running.stop().await;
    let before = here.ids("books").await;

    // As a backup would have it, from before those two.
    let lost = restored.tell("books").await;
    let running = here.import(&[("books", near(&restored))]).await;
    let error = || async { here.bus.sources().await.unwrap()[0].last_error.clone() };
    eventually("it is noticed", || async { error().await.is_some() }).await;
    assert!(error().await.unwrap().contains("set back"), "{:?}", error().await);
    restored.tell("books").await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(here.ids("books").await, before, "nothing is guessed");

    assert!(here.bus.reset_source("books").await.unwrap());
    eventually("it goes on", || async { here.ids("books").await.len() == 4 }).await;
    assert_eq!(here.ids("books").await[2], lost.uuid());
    eventually("nothing is wrong any more", || async { error().await.is_none() }).await;
    running.stop().await;
    for owning in owning {
        owning.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn personal_fields_stand_beside_this_log_too_and_go_with_their_member() {
    let (users, books, here) = (Site::new(500).await, Site::new(500).await, Site::new(500).await);
    let owning = [users.start().await, books.start().await];
    let running = here.import(&[("users", near(&users)), ("books", near(&books))]).await;
    let (ada, grace) = (Uuid::new_v4(), Uuid::new_v4());
    let say = async |by: Uuid, what: &str| {
        tell(books.pool("books"), "books", &json!({ "by": by, "what": what, "n": 7 })).await;
        here.until_equal(&books, "books").await;
    };
    say(ada, "of Ada").await;
    say(grace, "of Grace").await;
    let read = async || -> Vec<Value> {
        let filter = EventFilter { name: Some("books.tested".to_owned()), ..EventFilter::default() };
        let found = here.bus.find(&filter, None, 0, 10).await.unwrap();
        found.events.iter().rev().map(|event| event.payload["what"].clone()).collect()
    };
    let raw = async || -> Vec<Value> {
        let raw = "select payload from event_bus.log where name = 'books.tested'";
        sqlx::query_scalar(raw).fetch_all(&here.log).await.unwrap()
    };
    assert_eq!(read().await, ["of Ada", "of Grace"]);
    assert!(raw().await.iter().all(|raw| raw.get("what").is_none() && raw["n"] == 7), "{:?}", raw().await);

    tell_about(users.pool("users"), "users.left", ada, &json!({})).await;
    here.until_equal(&users, "users").await;
    assert_eq!(read().await, [json!(null), json!("of Grace")]);
    assert_eq!(here.personal_fields().await, [json!({ "what": "of Grace" })]);

    // Where they wrote it nobody knows yet that Ada has left.
    say(ada, "late").await;
    assert_eq!(books.personal_fields().await.len(), 3, "the canary");
    assert_eq!(here.personal_fields().await, [json!({ "what": "of Grace" })]);
    assert!(raw().await.iter().all(|raw| raw.get("what").is_none()));

    // Once more from the beginning: nothing comes back.
    assert!(here.bus.reset_source("books").await.unwrap());
    let last = books.ids("books").await.last().copied();
    eventually("it has come to the end again", || async {
        here.bus.sources().await.unwrap()[0].cursor.map(EventId::uuid) == last
    })
    .await;
    assert_eq!(here.personal_fields().await, [json!({ "what": "of Grace" })]);
    running.stop().await;
    for owning in owning {
        owning.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_cannot_import_from_one_that_imports_itself() {
    let (owner, between, here) = (Site::new(500).await, Site::new(500).await, Site::new(500).await);
    let owning = [owner.start().await, between.import(&[("books", near(&owner))]).await];
    owner.tell("books").await;
    between.until_equal(&owner, "books").await;
    let running = here.import(&[("books", Arc::new(Near(between.bus.clone())))]).await;
    eventually("it is refused", || async {
        let sources = here.bus.sources().await.unwrap();
        sources[0].last_error.as_ref().is_some_and(|error| error.contains("not those of the database"))
    })
    .await;
    assert!(here.ids("books").await.is_empty());
    running.stop().await;
    for owning in owning {
        owning.stop().await;
    }
}
