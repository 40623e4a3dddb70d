//! What borrows make of a book's status.

use books::{BookChanges, BookStatus, BookView, Change, ListBooks, UpdateBook};
use books_events::BookEvent;
use borrowing_events::{
    BorrowApproved, BorrowCancelled, BorrowEvent, BorrowHandedOver, BorrowLost, BorrowReturned, Parties,
    ReturnCondition,
};
use kernel::{BorrowId, PageRequest, Position, UserId};
use testkit::{A_SATURDAY, a_user, member};

use crate::support::{World, a_book};

fn parties(book: &BookView, borrower: UserId) -> Parties {
    Parties { borrow_id: BorrowId::new(A_SATURDAY), book_id: book.id, owner_id: book.owner.id, borrower_id: borrower }
}

fn approved(parties: Parties) -> BorrowApproved {
    BorrowApproved { parties, pickup_by: A_SATURDAY, place: None }
}

fn handed_over(parties: Parties) -> BorrowHandedOver {
    BorrowHandedOver { parties, due_at: Some(A_SATURDAY) }
}

fn returned(parties: Parties, condition: ReturnCondition) -> BorrowReturned {
    BorrowReturned { parties, condition }
}

async fn a_shared_book(world: &World) -> BookView {
    let ada = world.a_member("Ada").await;
    world.create(ada, a_book("Emma")).await
}

async fn told(world: &World, book: &BookView) -> Vec<String> {
    let history = world.bus.own::<BookEvent>().history(book.id.uuid()).await.unwrap();
    history.into_iter().map(|event| event.name).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_book_shows_where_its_borrow_stands() {
    let world = World::new().await;
    let book = a_shared_book(&world).await;
    let borrow = parties(&book, a_user());
    world.tell::<BorrowEvent>(approved(borrow), 2).await;
    let seen = world.seen(book.id).await;
    assert_eq!((seen.status, seen.available), (BookStatus::Reserved, false));
    let available = ListBooks { available: Some(true), ..ListBooks::newest(PageRequest::first(20)) };
    assert_eq!(world.list(available.clone()).await.total, 0);

    world.tell::<BorrowEvent>(handed_over(borrow), 3).await;
    assert_eq!(world.seen(book.id).await.status, BookStatus::OnLoan);

    world.tell::<BorrowEvent>(returned(borrow, ReturnCondition::Ok), 4).await;
    let seen = world.seen(book.id).await;
    assert_eq!((seen.status, seen.available), (BookStatus::Available, true));
    assert_eq!(world.list(available).await.total, 1);
    assert_eq!(told(&world, &book).await, ["book.created", "book.borrowed", "book.returned"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_of_all_borrows_changes_nothing() {
    let world = World::new().await;
    let book = a_shared_book(&world).await;
    let (first, second) = (parties(&book, a_user()), parties(&book, a_user()));
    world.tell::<BorrowEvent>(approved(first), 2).await;
    world.tell::<BorrowEvent>(handed_over(first), 3).await;
    world.tell::<BorrowEvent>(returned(first, ReturnCondition::Ok), 4).await;
    let last = world.tell::<BorrowEvent>(approved(second), 2).await;
    let (before, events) = (world.seen(book.id).await, told(&world, &book).await);
    assert!(world.bus.replay("books", Position::START).await.unwrap());
    assert!(world.bus.replay("books.view", Position::START).await.unwrap());
    testkit::eventually("the replay is through", async || {
        let subscriptions = world.bus.subscriptions().await.unwrap();
        subscriptions.iter().all(|subscription| subscription.checkpoint >= last && subscription.behind == 0)
    })
    .await;
    assert_eq!(world.seen(book.id).await, before);
    assert_eq!(told(&world, &book).await, events);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_did_not_hold_the_copy_frees_nothing() {
    let world = World::new().await;
    let book = a_shared_book(&world).await;
    let (holder, waiting) = (parties(&book, a_user()), parties(&book, a_user()));
    world.tell::<BorrowEvent>(approved(holder), 2).await;
    let cancelled = |parties, held| BorrowCancelled { parties, cancelled_by: None, reason: None, held };
    world.tell::<BorrowEvent>(cancelled(waiting, false), 2).await;
    assert_eq!(world.seen(book.id).await.status, BookStatus::Reserved);
    world.tell::<BorrowEvent>(cancelled(holder, true), 3).await;
    assert_eq!(world.seen(book.id).await.status, BookStatus::Available);
    assert_eq!(told(&world, &book).await, ["book.created"], "it never left");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_book_given_for_good_leaves_the_shelf() {
    let world = World::new().await;
    let book = a_shared_book(&world).await;
    let borrow = parties(&book, a_user());
    world.tell::<BorrowEvent>(approved(borrow), 2).await;
    world.tell::<BorrowEvent>(BorrowHandedOver { parties: borrow, due_at: None }, 3).await;
    let seen = world.get(&member(book.owner.id), book.id).await.unwrap();
    assert_eq!((seen.status, seen.lending.as_str()), (BookStatus::Withdrawn, "off"));
    assert_eq!(told(&world, &book).await, ["book.created", "book.borrowed", "book.updated"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_book_that_came_back_damaged_is_not_offered_again() {
    let world = World::new().await;
    let book = a_shared_book(&world).await;
    let borrow = parties(&book, a_user());
    world.tell::<BorrowEvent>(handed_over(borrow), 3).await;
    world.tell::<BorrowEvent>(returned(borrow, ReturnCondition::Damaged), 4).await;
    let seen = world.get(&member(book.owner.id), book.id).await.unwrap();
    assert_eq!((seen.status, seen.lending.as_str()), (BookStatus::Withdrawn, "off"));
    assert_eq!(told(&world, &book).await, ["book.created", "book.borrowed", "book.returned", "book.updated"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_book_says_so_until_its_owner_lends_it_again() {
    let world = World::new().await;
    let book = a_shared_book(&world).await;
    let borrow = parties(&book, a_user());
    world.tell::<BorrowEvent>(handed_over(borrow), 3).await;
    world.tell::<BorrowEvent>(BorrowLost { parties: borrow }, 4).await;
    let seen = world.get(&member(book.owner.id), book.id).await.unwrap();
    assert_eq!((seen.status, seen.lending.as_str()), (BookStatus::Lost, "off"));

    let change = |changes| UpdateBook { book_id: book.id, expected_version: None, changes };
    let owner = member(book.owner.id);
    let renamed = BookChanges { title: Change::Set("Emma, lost".to_owned()), ..BookChanges::default() };
    assert_eq!(world.send(&owner, change(renamed)).await.unwrap().status, BookStatus::Lost);
    let found = BookChanges { lending: Change::Set("lend".to_owned()), ..BookChanges::default() };
    assert_eq!(world.send(&owner, change(found)).await.unwrap().status, BookStatus::Available);
}
