//! Deleting a book: borrowing is asked first, and what a crash cut short is finished.

use std::sync::atomic::Ordering;

use books::DeleteBook;
use books_events::BookEvent;
use kernel::{BookId, Refusal};
use testkit::{anonymous, member, moderator};
use time::Duration;

use crate::support::{World, a_book, code};

fn delete(book_id: BookId) -> DeleteBook {
    DeleteBook { book_id, expected_version: None }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_book_is_gone_from_every_place_at_once() {
    let world = World::new().await;
    let ada = world.a_member("Ada").await;
    let book = world.create(ada, a_book("Emma")).await.id;
    world.send(&member(ada), delete(book)).await.unwrap();
    assert_eq!(code(world.get(&anonymous(), book).await), "BOOK_NOT_FOUND");
    assert_eq!(world.newest().await.total, 0);
    assert_eq!(code(world.send(&member(ada), delete(book)).await), "BOOK_NOT_FOUND");
    let told = world.bus.own::<BookEvent>().history(book.uuid()).await.unwrap();
    assert_eq!(told.last().map(|event| (event.name.as_str(), event.aggregate_version)), Some(("book.deleted", 2)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_book_on_loan_is_not_deleted_and_the_refusal_says_where_it_is() {
    let world = World::new().await;
    let ada = world.a_member("Ada").await;
    let book = world.create(ada, a_book("Emma")).await.id;
    world.gate.on_loan.lock().unwrap().insert(book);
    let refused = world.send(&member(ada), delete(book)).await.unwrap_err();
    assert_eq!(refused.code(), "BOOK_ON_LOAN");
    assert_eq!(refused.details()[0].message, "active");
    assert_eq!(world.seen(book).await.id, book);
    // Nor later, when it is back: the wish was refused, not put off.
    world.gate.on_loan.lock().unwrap().clear();
    world.clock.advance(Duration::hours(1));
    assert_eq!(world.context.sweep().await.unwrap(), 0);
    assert_eq!(world.seen(book).await.id, book);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_owner_or_a_moderator_deletes_and_borrowing_is_not_even_asked() {
    let world = World::new().await;
    let (ada, eve) = (world.a_member("Ada").await, world.a_member("Eve").await);
    let book = world.create(ada, a_book("Emma")).await.id;
    assert_eq!(code(world.send(&member(eve), delete(book)).await), "FORBIDDEN");
    let stale = DeleteBook { book_id: book, expected_version: Some(7) };
    assert_eq!(code(world.send(&member(ada), stale).await), "VERSION_MISMATCH");
    assert_eq!(world.gate.asked.load(Ordering::SeqCst), 0);
    world.send(&moderator(eve), delete(book)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deletion_that_was_cut_short_is_finished_by_the_sweeper() {
    let world = World::new().await;
    let ada = world.a_member("Ada").await;
    let book = world.create(ada, a_book("Emma")).await.id;
    *world.gate.silent.lock().unwrap() = true;
    assert_eq!(code(world.send(&member(ada), delete(book)).await), "UNAVAILABLE");
    assert_eq!(world.seen(book).await.id, book);
    *world.gate.silent.lock().unwrap() = false;
    assert_eq!(world.context.sweep().await.unwrap(), 0, "it may still be under way");
    world.clock.advance(Duration::minutes(1));
    assert_eq!(world.context.sweep().await.unwrap(), 1);
    testkit::eventually("the book is gone", async || world.get(&anonymous(), book).await.is_err()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_deletions_at_once_one_takes_effect() {
    let world = World::new().await;
    let ada = world.a_member("Ada").await;
    let book = world.create(ada, a_book("Emma")).await.id;
    let caller = member(ada);
    let (a, b, c) = tokio::join!(
        world.send(&caller, delete(book)),
        world.send(&caller, delete(book)),
        world.send(&caller, delete(book)),
    );
    let done = [a, b, c].into_iter().filter(|outcome| match outcome {
        Ok(()) => true,
        Err(error) => {
            assert_eq!(error.code(), "BOOK_NOT_FOUND");
            false
        }
    });
    assert_eq!(done.count(), 1);
    let told = world.bus.own::<BookEvent>().history(book.uuid()).await.unwrap();
    assert_eq!(told.iter().filter(|event| event.name == "book.deleted").count(), 1);
}
