//! What an owner gives out of its log to another database.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

mod support;

use std::time::{Duration, Instant};

use event_bus::{EventBus, FeedError, Page};
use kernel::{EventId, Refusal};
use rand::random_range;
use serde_json::{Value, json};
use support::apart::{CONTEXTS, Site, tell};
use support::bus;

const AT_ONCE: Duration = Duration::ZERO;

/// All events of a context in pages of `limit`, each as it travels.
async fn walk(bus: &EventBus, context: &str, limit: u32) -> Vec<Value> {
    let (mut after, mut all) = (None, Vec::new());
    loop {
        let Page { events } = bus.feed(context, after, limit, AT_ONCE).await.unwrap();
        assert!(events.len() <= limit as usize);
        let Some(last) = events.last() else { return all };
        after = Some(last.event.id);
        all.extend(events.iter().map(|carried| serde_json::to_value(carried).unwrap()));
    }
}

#[tokio::test]
async fn each_event_names_the_one_before_it_and_what_lies_between() {
    let site = Site::new(500).await;
    let running = site.start().await;
    let first = site.tell("books").await;
    let (_, second_user) = (site.tell("users").await, site.tell("users").await);
    let borrow = site.tell("borrowing").await;
    let (second, third) = (site.tell("books").await, site.tell("books").await);
    testkit::eventually("all is read", || async { walk(&site.bus, "books", 10).await.len() == 3 }).await;
    let Page { events } = site.bus.feed("books", None, 10, AT_ONCE).await.unwrap();
    let chain: Vec<_> = events.iter().map(|carried| (carried.previous, carried.event.id)).collect();
    assert_eq!(chain, [(None, first), (Some(first), second), (Some(second), third)]);
    assert!(events[0].after.is_empty() && events[2].after.is_empty());
    let after: Vec<_> = events[1].after.iter().map(|(context, id)| (context.as_str(), *id)).collect();
    assert_eq!(after, [("borrowing", borrow), ("users", second_user)]);
    running.stop().await;
}

#[tokio::test]
async fn memory_gives_out_what_the_table_does_from_any_place() {
    let site = Site::new(500).await;
    // Of before the window, of what it has dropped, and of what it keeps; one context is silent for long.
    for nth in 0..2_400 {
        let (context, silent) = (CONTEXTS[random_range(0..2)], nth % 1_100 == 700);
        let context = if silent { "borrowing" } else { context };
        tell(site.pool(context), context, &json!({ "nth": nth })).await;
        if nth == 400 {
            // Dropped: what it runs ends with the test.
            std::mem::forget(site.start().await);
        }
    }
    let last = site.bus.latest().await.unwrap();
    testkit::eventually("all is read", || async { site.bus.read_to() == last }).await;
    // It runs nothing and reads the table.
    let table = bus(site.log.clone(), 500);
    for context in CONTEXTS {
        let all = walk(&table, context, 500).await;
        assert_eq!(all.len(), site.ids(context).await.len(), "{context}");
        for limit in [500, 37] {
            assert_eq!(walk(&site.bus, context, limit).await, all, "{context} in pages of {limit}");
        }
        let ids: Vec<EventId> =
            all.iter().map(|carried| serde_json::from_value(carried["event"]["id"].clone()).unwrap()).collect();
        for (nth, after) in ids.iter().enumerate().step_by(13) {
            let Page { events } = site.bus.feed(context, Some(*after), 5, AT_ONCE).await.unwrap();
            let page: Vec<Value> = events.iter().map(|carried| serde_json::to_value(carried).unwrap()).collect();
            assert_eq!(page, all[nth + 1..(nth + 6).min(all.len())], "{context} behind the {nth}th");
        }
    }
}

#[tokio::test]
async fn who_is_level_waits_and_is_told_at_once() {
    let site = Site::new(500).await;
    let running = site.start().await;
    let first = site.tell("books").await;
    let begun = Instant::now();
    let Page { events } = site.bus.feed("books", None, 10, Duration::from_secs(5)).await.unwrap();
    assert_eq!(events[0].event.id, first);
    let Page { events } = site.bus.feed("books", Some(first), 10, Duration::from_millis(200)).await.unwrap();
    assert!(events.is_empty() && begun.elapsed() >= Duration::from_millis(200));

    let waiting = tokio::spawn({
        let bus = site.bus.clone();
        async move { (bus.feed("books", Some(first), 10, Duration::from_secs(5)).await.unwrap(), Instant::now()) }
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    site.tell("users").await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!waiting.is_finished(), "another context's event");
    let told_at = Instant::now();
    let second = site.tell("books").await;
    let (page, came_at) = waiting.await.unwrap();
    assert_eq!(page.events[0].event.id, second);
    assert!(came_at - told_at < Duration::from_millis(300), "{:?}", came_at - told_at);
    running.stop().await;
}

#[tokio::test]
async fn what_an_open_transaction_hides_is_given_out_in_its_place_when_that_has_ended() {
    let site = Site::new(500).await;
    let running = site.start().await;
    let mut open = site.pool("books").begin().await.unwrap();
    let early = tell(&mut *open, "books", &json!({})).await;
    let late = site.tell("books").await;
    let table = bus(site.log.clone(), 500);
    for bus in [&site.bus, &table] {
        let Page { events } = bus.feed("books", None, 10, Duration::from_millis(100)).await.unwrap();
        assert!(events.is_empty(), "the later one would hide the earlier one for ever");
    }
    open.commit().await.unwrap();
    testkit::eventually("both are there", || async { walk(&site.bus, "books", 10).await.len() == 2 }).await;
    for bus in [&site.bus, &table] {
        let Page { events } = bus.feed("books", None, 10, AT_ONCE).await.unwrap();
        assert_eq!(events.iter().map(|carried| carried.event.id).collect::<Vec<_>>(), [early, late]);
    }
    running.stop().await;
}

#[tokio::test]
async fn an_owner_refuses_what_it_does_not_know_and_what_it_imports() {
    let site = Site::new(500).await;
    let running = site.start().await;
    let (book, user) = (site.tell("books").await, site.tell("users").await);
    let ask = async |context: &str, after| site.bus.feed(context, after, 10, AT_ONCE).await.unwrap_err();
    for unknown in [kernel::EventId::from(uuid::Uuid::new_v4()), user] {
        let refused = ask("books", Some(unknown)).await;
        assert!(matches!(&refused, FeedError::Unknown { after, .. } if *after == unknown), "{refused}");
        assert_eq!(refused.code(), "EVENT_UNKNOWN");
    }
    assert!(matches!(ask("nobody", None).await, FeedError::NotOwned(_)));
    assert!(site.bus.feed("books", Some(book), 10, AT_ONCE).await.is_ok(), "the canary");
    sqlx::query("select event_bus.import_from_elsewhere('books')").execute(&site.log).await.unwrap();
    let refused = ask("books", Some(book)).await;
    assert!(matches!(&refused, FeedError::NotOwned(context) if context == "books"), "{refused}");
    assert!(site.bus.feed("users", None, 10, AT_ONCE).await.is_ok());
    running.stop().await;
}
