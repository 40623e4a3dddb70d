//! Members who block each other ask each other for nothing; what was agreed goes on.

mod support;

use std::sync::atomic::Ordering;

use books_events::Lending;
use borrowing::{BorrowStatus, CancelBorrow, ListedBook, RequestBorrow};
use kernel::{BookId, Clock, UserId};
use support::{Neighbours, World, code};
use testkit::member;
use users_events::{UserBlocked, UserDeleted, UserEvent, UserUnblocked, UserUpdated};

async fn block(world: &World, user_id: UserId, blocked_id: UserId, version: i64) {
    world.tell::<UserEvent>(UserEvent::Blocked(UserBlocked { user_id, blocked_id }), version).await;
}

async fn unblock(world: &World, user_id: UserId, blocked_id: UserId, version: i64) {
    world.tell::<UserEvent>(UserEvent::Unblocked(UserUnblocked { user_id, blocked_id }), version).await;
}

async fn asked(world: &World, by: UserId, book: BookId) -> &'static str {
    code(world.send(&member(by), RequestBorrow { book, days: 14, message: None }).await)
}

#[tokio::test]
async fn neither_of_a_pair_asks_the_other_whoever_blocks() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let graces = world.book_of(them.grace, Lending::Lend).await;
    block(&world, them.ada, them.grace, 1).await;
    assert_eq!(asked(&world, them.grace, them.emma).await, "BOOK_NOT_FOUND", "as of a book that is not there");
    assert_eq!(asked(&world, them.ada, graces).await, "BOOK_NOT_FOUND");
    world.request(them.linus, them.emma).await;
    unblock(&world, them.ada, them.grace, 2).await;
    // An older event that comes late changes nothing.
    block(&world, them.ada, them.grace, 1).await;
    world.request(them.grace, them.emma).await;
    world.request(them.ada, graces).await;
}

#[tokio::test]
async fn what_waits_between_the_two_is_cancelled_and_the_queue_moves_on() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let (graces, linuss) =
        (world.book_of(them.grace, Lending::Lend).await, world.book_of(them.linus, Lending::Lend).await);
    let held = world.request(them.linus, them.emma).await;
    world.approve(them.ada, held.id).await;
    let queued = world.request(them.grace, them.emma).await;
    let asked_back = world.request(them.ada, graces).await;
    let of_another = world.request(them.grace, linuss).await;
    assert_eq!(world.status(&queued).await, BorrowStatus::Queued);
    block(&world, them.ada, them.grace, 1).await;
    for ended in [&queued, &asked_back] {
        let ended = world.get(ended.borrower.id, ended.id).await;
        assert_eq!((ended.status, ended.closed_reason.as_deref()), (BorrowStatus::Cancelled, Some("not_possible")));
    }
    assert_eq!(world.status(&held).await, BorrowStatus::Approved);
    assert_eq!(world.status(&of_another).await, BorrowStatus::Pending);
    // Whoever waits behind the one who is blocked comes first.
    let third = world.registered("Ken").await;
    let waits = world.request(third, them.emma).await;
    world.send(&member(them.linus), CancelBorrow { borrow: held.id, reason: None }).await.expect("cancelled");
    assert_eq!(world.status(&waits).await, BorrowStatus::Pending);
}

/// What it costs and what it leaves must not tell a book that is hidden from one that is gone.
#[tokio::test]
async fn asking_the_other_does_what_asking_for_no_book_does() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    block(&world, them.ada, them.grace, 1).await;
    let listed = ListedBook {
        id: them.emma,
        owner: them.ada,
        title: "Emma, as books has it now".to_owned(),
        authors: Vec::new(),
        lending: Lending::Lend,
        version: 7,
        updated_at: world.clock.now(),
    };
    world.books.listed.lock().expect("no panic holds it").push(listed);
    for book in [them.emma, BookId::new(world.clock.now())] {
        let before = world.books.asked.swap(0, Ordering::SeqCst);
        assert_eq!(before, usize::from(book != them.emma), "books is asked once for either");
        assert_eq!(asked(&world, them.grace, book).await, "BOOK_NOT_FOUND");
    }
    assert_eq!(world.books.asked.load(Ordering::SeqCst), 1);
    let title: String = sqlx::query_scalar("select title from borrowing.lendable_book where book_id = $1")
        .bind(them.emma.uuid())
        .fetch_one(&world.pool)
        .await
        .expect("known");
    assert_eq!(title, "Emma", "nothing was written");
}

/// Whoever may not borrow is told that, and nothing about the book.
#[tokio::test]
async fn a_member_who_is_not_active_is_refused_alike_for_a_hidden_book_and_for_none() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let not_offered = world.book_of(them.linus, Lending::Off).await;
    block(&world, them.ada, them.grace, 1).await;
    let inactive =
        UserUpdated { user_id: them.grace, name: "Grace".to_owned(), active: false, language: "en".to_owned() };
    world.tell::<UserEvent>(inactive, 2).await;
    let of_linus = world.book_of(them.linus, Lending::Lend).await;
    for book in [them.emma, not_offered, BookId::new(world.clock.now()), of_linus] {
        assert_eq!(asked(&world, them.grace, book).await, "MEMBER_NOT_ACTIVE");
    }
}

/// A member who is not active has not left, and no book is gone: the reason says neither, and does not tell a block.
#[tokio::test]
async fn what_waits_of_a_member_who_is_not_active_ends_for_the_reason_of_a_block() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let asked = world.request(them.grace, them.emma).await;
    let inactive = UserUpdated { user_id: them.ada, name: "Ada".to_owned(), active: false, language: "en".to_owned() };
    world.tell::<UserEvent>(inactive, 2).await;
    let ended = world.get(them.grace, asked.id).await;
    assert_eq!((ended.status, ended.closed_reason.as_deref()), (BorrowStatus::Cancelled, Some("not_possible")));
    // It is nobody's words: it stays when one of the two leaves.
    world.tell::<UserEvent>(UserDeleted { user_id: them.ada }, 3).await;
    assert_eq!(world.get(them.grace, asked.id).await.closed_reason.as_deref(), Some("not_possible"));
}

#[tokio::test]
async fn a_loan_between_the_two_goes_on_to_its_end() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let loan = them.a_loan(&world).await;
    block(&world, them.grace, them.ada, 1).await;
    assert_eq!(world.status(&loan).await, BorrowStatus::Active);
    let back = world.take_back(them.ada, loan.id, borrowing_events::ReturnCondition::Ok).await;
    assert_eq!(back.status, BorrowStatus::Returned);
    assert_eq!(asked(&world, them.grace, them.emma).await, "BOOK_NOT_FOUND");
}

#[tokio::test]
async fn a_request_that_races_a_block_does_not_stay() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let mut version = 0;
    for _ in 0..10 {
        let ask = RequestBorrow { book: them.emma, days: 14, message: None };
        let grace = member(them.grace);
        let (request, ()) = tokio::join!(world.send(&grace, ask), block(&world, them.ada, them.grace, version + 1));
        if let Ok(request) = request {
            testkit::eventually("it is cancelled", async || world.status(&request).await == BorrowStatus::Cancelled)
                .await;
        }
        unblock(&world, them.ada, them.grace, version + 2).await;
        version += 2;
    }
}

#[tokio::test]
async fn blocks_are_forgotten_with_their_members_and_what_was_taken_back_is_bounded() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let rows = async || -> i64 {
        sqlx::query_scalar("select count(*) from borrowing.block").fetch_one(&world.pool).await.expect("a count")
    };
    block(&world, them.ada, them.grace, 1).await;
    unblock(&world, them.ada, them.grace, 2).await;
    assert_eq!(rows().await, 1, "an older event finds it");
    block(&world, them.ada, them.linus, 5_000).await;
    assert_eq!(rows().await, 1);
    world.tell::<UserEvent>(UserDeleted { user_id: them.linus }, 9).await;
    assert_eq!(rows().await, 0);
}
