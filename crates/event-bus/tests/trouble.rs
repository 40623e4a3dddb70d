//! Events that a handler cannot handle: tried again, then parked, while the rest flows.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

mod support;

use event_bus::{DeadLetter, EventBus, GroupChange, HandlerError};
use kernel::Position;
use sqlx::PgPool;
use support::{Seeing, a_counter, bus, counters, start, until_seen, write};
use testkit::TestDatabase;

fn broken(text: &str) -> HandlerError {
    std::io::Error::other(text.to_owned()).into()
}

async fn letters(events: &EventBus) -> Vec<DeadLetter> {
    events.dead_letters(0, 100).await.unwrap().0
}

async fn until_parked(events: &EventBus, count: usize) -> Vec<DeadLetter> {
    testkit::eventually("as many events are parked", || async { letters(events).await.len() == count }).await;
    letters(events).await
}

#[tokio::test]
async fn a_handler_that_fails_twice_and_then_works_handles_everything_in_order() {
    let (database, pool) = counters().await;
    let events = bus(database.pool("event_bus"), 500);
    write(&pool, a_counter(), 1..=3).await;
    let handler = Seeing::with("us", |n, attempt| match (n, attempt) {
        (2, 1 | 2) => Err(broken("not yet")),
        _ => Ok(()),
    });
    let running = start(&events, &pool, handler).await;
    until_seen(&pool, 1..=3).await;
    assert!(letters(&events).await.is_empty());
    running.stop().await;
}

#[tokio::test]
async fn a_poison_event_is_parked_with_its_error_and_the_rest_flows() {
    let (database, pool) = counters().await;
    let events = bus(database.pool("event_bus"), 500);
    let counter = a_counter();
    let positions = write(&pool, counter, 1..=5).await;
    let handler = Seeing::with("us", |n, _| match n {
        3 => Err(broken("cannot be")),
        _ => Ok(()),
    });
    let running = start(&events, &pool, handler).await;
    until_seen(&pool, [1, 2, 4, 5]).await;

    let parked = until_parked(&events, 1).await;
    assert_eq!(parked[0].subscription, "books");
    assert_eq!(parked[0].aggregate_id, counter);
    assert_eq!(parked[0].error, "cannot be");
    assert_eq!(parked[0].attempts, 4, "one try and three retries");
    let status = &events.subscriptions().await.unwrap()[0];
    assert_eq!(status.dead_letters, 1);
    assert_eq!(status.checkpoint, positions[4]);
    assert_eq!((status.behind, status.running), (0, true));
    assert_eq!(status.last_error.as_deref(), Some("cannot be"));
    running.stop().await;
}

#[tokio::test]
async fn a_panic_in_a_handler_is_an_error_and_not_the_end() {
    let (database, pool) = counters().await;
    let events = bus(database.pool("event_bus"), 500);
    let handler = Seeing::with("us", |n, _| {
        assert_ne!(n, 2, "two is too much");
        Ok(())
    });
    let running = start(&events, &pool, handler).await;
    write(&pool, a_counter(), 1..=3).await;
    until_seen(&pool, [1, 3]).await;
    let parked = until_parked(&events, 1).await;
    assert!(parked[0].error.contains("two is too much"), "{}", parked[0].error);
    running.stop().await;
}

#[tokio::test]
async fn an_event_that_meets_something_away_is_tried_for_as_long_as_it_takes() {
    let (database, pool) = counters().await;
    let events = bus(database.pool("event_bus"), 500);
    let handler = Seeing::with("us", |n, _| match n {
        2 => Err(HandlerError::unavailable("Redis is away")),
        _ => Ok(()),
    });
    let running = start(&events, &pool, handler.clone()).await;
    write(&pool, a_counter(), 1..=3).await;
    // More often than a fault would be tried before it is parked.
    testkit::eventually("it is tried again", || async { handler.attempts(2) >= 5 }).await;
    assert!(letters(&events).await.is_empty());
    handler.heal();
    until_seen(&pool, 1..=3).await;
    running.stop().await;
}

/// A running subscription with event 2 of 3 parked, and a bus that runs nothing, as the command line has.
async fn with_one_parked() -> (TestDatabase, PgPool, std::sync::Arc<Seeing>, event_bus::Running, EventBus) {
    let (database, pool) = counters().await;
    let handler = Seeing::with("us", |n, _| match n {
        2 => Err(broken("cannot be")),
        _ => Ok(()),
    });
    let events = bus(database.pool("event_bus"), 500);
    let running = start(&events, &pool, handler.clone()).await;
    write(&pool, a_counter(), 1..=3).await;
    until_seen(&pool, [1, 3]).await;
    let operator = bus(database.pool("event_bus"), 500);
    until_parked(&operator, 1).await;
    (database, pool, handler, running, operator)
}

#[tokio::test]
async fn a_dead_letter_retried_from_a_process_without_handlers_is_handled_once() {
    let (_database, pool, handler, running, operator) = with_one_parked().await;
    let letter = letters(&operator).await.remove(0);

    // Still broken: it stays, with the new count.
    assert!(operator.retry_dead_letter(letter.id).await.unwrap());
    testkit::eventually("the retry is over", || async {
        let letter = letters(&operator).await.remove(0);
        letter.attempts == 5 && !letter.retry_requested
    })
    .await;

    handler.heal();
    assert!(operator.retry_dead_letter(letter.id).await.unwrap());
    until_parked(&operator, 0).await;
    until_seen(&pool, [1, 3, 2]).await;
    assert!(!operator.retry_dead_letter(letter.id).await.unwrap());
    running.stop().await;
}

#[tokio::test]
async fn a_dropped_dead_letter_stays_unhandled() {
    let (_database, pool, handler, running, operator) = with_one_parked().await;
    handler.heal();
    let letter = letters(&operator).await.remove(0);
    assert!(operator.drop_dead_letter(letter.id).await.unwrap());
    assert!(!operator.drop_dead_letter(letter.id).await.unwrap());
    assert!(!operator.retry_dead_letter(letter.id).await.unwrap());
    write(&pool, a_counter(), [4]).await;
    until_seen(&pool, [1, 3, 4]).await;
    running.stop().await;
}

#[tokio::test]
async fn a_replay_over_a_parked_event_that_works_now_handles_it() {
    let (_database, pool, handler, running, operator) = with_one_parked().await;
    handler.heal();
    operator.replay("books", Position::START).await.unwrap();
    until_seen(&pool, [1, 3, 1, 2, 3]).await;
    running.stop().await;
}

#[tokio::test]
async fn dead_letters_with_one_reason_are_retried_or_dropped_together() {
    let (database, pool) = counters().await;
    let handler = Seeing::with("us", |n, _| match n {
        2..=4 => Err(broken(&format!("row {n} of \"shelf {n}\" is missing"))),
        6 => Err(broken("cannot be")),
        _ => Ok(()),
    });
    let events = bus(database.pool("event_bus"), 500);
    let running = start(&events, &pool, handler.clone()).await;
    write(&pool, a_counter(), 1..=7).await;
    until_seen(&pool, [1, 5, 7]).await;
    let operator = bus(database.pool("event_bus"), 500);
    until_parked(&operator, 4).await;

    let groups = operator.dead_letter_groups().await.unwrap();
    let told: Vec<_> = groups.iter().map(|group| (group.reason.as_str(), group.letters)).collect();
    assert_eq!(told, [("row # of \"…\" is missing", 3), ("cannot be", 1)]);
    assert_eq!(groups[0].example, "row 2 of \"shelf 2\" is missing");

    // Still broken: each is tried once, however long the call takes, and stays in its group.
    let asked = operator.retry_dead_letters(&groups[0].id).await.unwrap();
    assert_eq!(asked, GroupChange { changed: 3, more: false });
    testkit::eventually("the retries are over", || async {
        letters(&operator).await.iter().filter(|letter| letter.attempts == 5 && !letter.retry_requested).count() == 3
    })
    .await;
    assert_eq!(operator.dead_letter_groups().await.unwrap()[0].id, groups[0].id);

    handler.heal();
    operator.retry_dead_letters(&groups[0].id).await.unwrap();
    until_seen(&pool, [1, 5, 7, 2, 3, 4]).await;
    let left = until_parked(&operator, 1).await;
    assert_eq!(left[0].error, "cannot be", "the other reason was left alone");
    let dropped = operator.drop_dead_letters(&groups[1].id).await.unwrap();
    assert_eq!(dropped, GroupChange { changed: 1, more: false });
    assert!(letters(&operator).await.is_empty());
    assert_eq!(operator.retry_dead_letters(&groups[0].id).await.unwrap().changed, 0);
    running.stop().await;
}
