//! What a command shows itself, and what its subscription then need not read again.

mod support;

use read_store::WrittenThrough;
use support::{OwnRedis, Redis, Table, book, id, ready, settings};
use uuid::Uuid;

#[tokio::test]
async fn a_document_written_through_is_there_and_its_event_finds_it_once() {
    let redis = Redis::get().await;
    let (_store, books) = ready(redis.settings(), &Table::new([])).await;
    let (written, book_id) = (WrittenThrough::new(books.clone()), Uuid::from_u128(1));
    assert!(!written.covers(book_id, 1), "nobody has written it");

    // Two events of one command: the second is the last that the document shows.
    written.write(book_id, 3, book(1, 3)).await;
    assert_eq!(books.get(&id(1)).await.expect("ready"), book(1, 3).body);
    assert!(written.covers(book_id, 2));
    assert!(written.covers(book_id, 3));
    assert!(!written.covers(book_id, 3), "a replay shows it anew");
    assert!(!written.covers(book_id, 2));

    written.write(book_id, 4, book(1, 4)).await;
    assert!(!written.covers(book_id, 5), "somebody else has changed it since");
    assert!(!written.covers(Uuid::from_u128(2), 1), "another book");
}

#[tokio::test]
async fn what_redis_did_not_take_is_left_to_the_event() {
    let mut redis = OwnRedis::start().await;
    let (_store, books) = ready(settings(&redis.url()), &Table::new([])).await;
    let written = WrittenThrough::new(books);
    redis.stop();
    written.write(Uuid::from_u128(1), 1, book(1, 1)).await;
    assert!(!written.covers(Uuid::from_u128(1), 1));
}

#[tokio::test]
async fn what_nobody_takes_does_not_pile_up() {
    let redis = Redis::get().await;
    let (_store, books) = ready(redis.settings(), &Table::new([])).await;
    let written = WrittenThrough::new(books);
    for n in 0..10_001 {
        written.remember(Uuid::from_u128(n), 1);
    }
    assert!(!written.covers(Uuid::from_u128(0), 1));
    assert!(written.covers(Uuid::from_u128(10_000), 1));
}
