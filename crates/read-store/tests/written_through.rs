//! What a command shows itself, and what its subscription then need not read again.

mod support;

use std::pin::pin;
use std::time::Duration;

use futures_util::future::FutureExt;
use read_store::{Settings, WrittenThrough};
use support::{OwnRedis, Redis, Table, book, id, ready, settings};
use uuid::Uuid;

const ONE: Uuid = Uuid::from_u128(1);
const TWO: Uuid = Uuid::from_u128(2);

#[tokio::test]
async fn a_document_written_through_is_there_and_covers_its_events_once() {
    let redis = Redis::get().await;
    let (_store, books) = ready(redis.settings(), &Table::new([])).await;
    let written = WrittenThrough::new(books.clone());
    assert!(!written.covers(ONE, 1).await, "nobody has written it");

    // Two events of one command: the second is the last that the document shows.
    written.coming(ONE, 3).write(book(1, 3)).await;
    assert_eq!(books.get(&id(1)).await.expect("ready"), book(1, 3).body);
    assert!(written.covers(ONE, 2).await);
    assert!(written.covers(ONE, 3).await);
    assert!(!written.covers(ONE, 3).await, "a replay shows it anew");
    assert!(!written.covers(ONE, 2).await);

    written.coming(ONE, 4).write(book(1, 4)).await;
    assert!(!written.covers(ONE, 5).await, "somebody else has changed it since");
    assert!(!written.covers(TWO, 1).await, "another book");
}

#[tokio::test]
async fn an_event_that_is_heard_before_the_write_waits_for_its_outcome() {
    let redis = Redis::get().await;
    let (_store, books) = ready(redis.settings(), &Table::new([])).await;
    let written = WrittenThrough::new(books);
    let coming = written.coming(ONE, 1);
    let mut heard = pin!(written.covers(ONE, 1));
    assert_eq!((&mut heard).now_or_never(), None);
    let (covered, ()) = tokio::join!(heard, coming.write(book(1, 1)));
    assert!(covered);

    // A command that was undone shows nothing, and nobody waits for it; the next try does.
    drop(written.coming(TWO, 1));
    assert_eq!(written.covers(TWO, 1).now_or_never(), Some(false));
    drop(written.coming(TWO, 1));
    written.coming(TWO, 1).write(book(2, 1)).await;
    assert!(written.covers(TWO, 1).await);

    // Who looked at a try that was undone does not take away the next.
    let undone = written.coming(ONE, 2);
    let mut heard = pin!(written.covers(ONE, 1));
    assert_eq!((&mut heard).now_or_never(), None);
    drop(undone);
    let again = written.coming(ONE, 2);
    assert!(!heard.await);
    again.write(book(1, 2)).await;
    assert!(written.covers(ONE, 2).await);
}

#[tokio::test]
async fn a_command_that_hangs_is_waited_for_once() {
    let redis = Redis::get().await;
    let settings = Settings { through_timeout: Duration::from_millis(10), ..redis.settings() };
    let (_store, books) = ready(settings, &Table::new([])).await;
    let written = WrittenThrough::new(books);
    let hanging: Vec<_> = (1..=50).map(|n| written.coming(Uuid::from_u128(n), 1)).collect();
    assert!(!written.covers(ONE, 1).await);
    for n in 2..=50 {
        assert_eq!(written.covers(Uuid::from_u128(n), 1).now_or_never(), Some(false), "{n}");
    }
    drop(hanging);
}

#[tokio::test]
async fn of_two_commands_the_later_one_counts_whichever_is_written_first() {
    let redis = Redis::get().await;
    let (_store, books) = ready(redis.settings(), &Table::new([])).await;
    let written = WrittenThrough::new(books);
    let (first, second) = (written.coming(ONE, 1), written.coming(ONE, 2));
    second.write(book(1, 2)).await;
    first.write(book(1, 1)).await;
    assert!(written.covers(ONE, 1).await);
    assert!(written.covers(ONE, 2).await);
    assert!(!written.covers(ONE, 2).await);
}

#[tokio::test]
async fn what_redis_did_not_take_is_left_to_the_event() {
    let mut redis = OwnRedis::start().await;
    let (_store, books) = ready(settings(&redis.url()), &Table::new([])).await;
    let written = WrittenThrough::new(books);
    redis.stop();
    written.coming(ONE, 1).write(book(1, 1)).await;
    assert!(!written.covers(ONE, 1).await);
}

#[tokio::test]
async fn what_nobody_takes_does_not_pile_up() {
    let redis = Redis::get().await;
    let (_store, books) = ready(redis.settings(), &Table::new([])).await;
    let written = WrittenThrough::new(books);
    for n in 0..10_001 {
        written.remember(Uuid::from_u128(n), 1);
    }
    assert!(!written.covers(Uuid::from_u128(0), 1).await);
    assert!(written.covers(Uuid::from_u128(10_000), 1).await);
}
