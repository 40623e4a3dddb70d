//! Two at once: exactly one wins, and the other is told what is now.

mod support;

use std::sync::atomic::Ordering;

use books_events::{BookCreated, BookDeleted, BookEvent, Lending};
use borrowing::*;
use borrowing_events::ReturnCondition;
use cqrs::Caller;
use kernel::{BookId, Clock, Detail, ErrorKind, Refusal, UserId};
use support::{Neighbours, World, code};
use testkit::{admin, anonymous, member, moderator};

fn approval(borrow: &BorrowView) -> ApproveBorrow {
    ApproveBorrow { borrow: borrow.id, pickup_by: None, place: None }
}

/// Books, which calls through its port because a member deletes a book.
fn books(on_behalf_of: UserId) -> Caller {
    member(on_behalf_of).as_service("books")
}

/// Users, which calls through its port because somebody leaves.
fn users(on_behalf_of: UserId) -> Caller {
    member(on_behalf_of).as_service("users")
}

#[tokio::test(flavor = "multi_thread")]
async fn two_pending_requests_cannot_both_be_accepted() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    for _ in 0..5 {
        let book = world.book_of(them.ada, Lending::Lend).await;
        let (a, b) = (world.request(them.grace, book).await, world.request(them.linus, book).await);
        let ada = member(them.ada);
        let (one, other) = tokio::join!(world.send(&ada, approval(&a)), world.send(&ada, approval(&b)));
        let refused = match (one, other) {
            (Ok(_), Err(refused)) | (Err(refused), Ok(_)) => refused,
            outcome => panic!("not exactly one: {outcome:?}"),
        };
        assert_eq!(refused.code(), "BORROW_NOT_PENDING");
        assert_eq!(refused.details(), [Detail::new("status", "queued")]);
    }
    let held: i64 = sqlx::query_scalar("select count(*) from borrowing.borrow where status = 'approved'")
        .fetch_one(&world.pool)
        .await
        .unwrap();
    assert_eq!(held, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_book_is_either_promised_or_deleted() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    for _ in 0..5 {
        let book = world.book_of(them.ada, Lending::Lend).await;
        let borrow = world.request(them.grace, book).await;
        let (ada, books) = (member(them.ada), books(them.ada));
        let (approved, withdrawn) =
            tokio::join!(world.send(&ada, approval(&borrow)), world.send(&books, WithdrawBook { book }));
        match (approved, withdrawn) {
            (Ok(_), Err(refused)) => {
                assert_eq!(refused.code(), "BOOK_ON_LOAN");
                assert!(refused.details().contains(&Detail::new("status", "approved")));
            }
            (Err(refused), Ok(())) => {
                assert_eq!(refused.details(), [Detail::new("status", "cancelled")]);
            }
            outcome => panic!("not exactly one: {outcome:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_asks_once_for_a_copy_however_often_they_press() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let grace = member(them.grace);
    let ask = || world.send(&grace, RequestBorrow { book: them.emma, days: 7, message: None });
    let answers = futures_util::future::join_all((0..6).map(|_| ask())).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    for refused in answers.into_iter().filter_map(Result::err) {
        assert_eq!(refused.code(), "ALREADY_REQUESTED");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_of_open_requests_holds_for_requests_at_once() {
    let rules = LendingRules { max_open_requests: 2, ..LendingRules::default() };
    let world = World::with_rules(rules).await;
    let them = Neighbours::of(&world).await;
    let mut books = Vec::new();
    for _ in 0..5 {
        books.push(world.book_of(them.ada, Lending::Lend).await);
    }
    let grace = member(them.grace);
    let asks = books.iter().map(|book| world.send(&grace, RequestBorrow { book: *book, days: 7, message: None }));
    let answers = futures_util::future::join_all(asks).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 2);
    let refused = answers.into_iter().find_map(Result::err).unwrap();
    assert_eq!(refused.code(), "TOO_MANY_OPEN_REQUESTS");
}

const DENY: &str = "
    create function event_bus.deny() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;
    create trigger deny before insert on event_bus.log for each row
        when (new.name = 'borrow.approved') execute function event_bus.deny();";

/// DESIGN section 7. Books hears of the loan from the log: that the loan is stored and that books is told is one transaction.
#[tokio::test]
async fn a_loan_and_the_books_state_change_together() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let borrow = world.request(them.grace, them.emma).await;
    // The log refuses to be told: then nothing of the approval may be stored.
    let log = world.database.owner_pool("event_bus");
    sqlx::raw_sql(DENY).execute(&log).await.unwrap();
    assert_eq!(code(world.send(&member(them.ada), approval(&borrow)).await), "INTERNAL");
    assert_eq!(world.status(&borrow).await, BorrowStatus::Pending);
    sqlx::raw_sql("drop trigger deny on event_bus.log").execute(&log).await.unwrap();
    world.approve(them.ada, borrow.id).await;
    assert_eq!(world.told("borrow.approved").await, 1);
}

#[tokio::test]
async fn a_withdrawn_book_is_gone_for_everybody_who_waited() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let loan = them.a_loan(&world).await;
    let waiting = world.request(them.linus, them.emma).await;
    assert_eq!(code(world.send(&books(them.ada), WithdrawBook { book: them.emma }).await), "BOOK_ON_LOAN");
    world.take_back(them.ada, loan.id, ReturnCondition::Ok).await;
    world.send(&books(them.ada), WithdrawBook { book: them.emma }).await.unwrap();
    world.send(&books(them.ada), WithdrawBook { book: them.emma }).await.unwrap();
    assert_eq!(world.status(&waiting).await, BorrowStatus::Cancelled);
    let asked = world.send(&member(them.grace), RequestBorrow { book: them.emma, days: 7, message: None }).await;
    assert_eq!(code(asked), "BOOK_NOT_LENDABLE");
    world.tell::<BookEvent>(BookDeleted { book_id: them.emma, owner_id: them.ada }, 2).await;
    let asked = world.send(&member(them.grace), RequestBorrow { book: them.emma, days: 7, message: None }).await;
    assert_eq!(code(asked), "BOOK_NOT_FOUND");
    assert_eq!(world.get(them.grace, loan.id).await.book.title, "Emma", "what was borrowed stays told");
}

#[tokio::test]
async fn only_books_withdraws_a_book_and_only_users_closes_a_member() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let waiting = world.request(them.grace, them.emma).await;
    let others = [
        anonymous(),
        member(them.ada),
        moderator(them.linus),
        admin(them.linus),
        Caller::system("command line"),
        admin(them.ada).as_service("notifications"),
    ];
    let withdraw = || WithdrawBook { book: them.emma };
    let close = || CloseMember { user: them.ada };
    for by in others.iter().chain([&users(them.ada)]) {
        let refused = world.send(by, withdraw()).await.expect_err("refused");
        assert_eq!((refused.kind(), refused.code()), (ErrorKind::Forbidden, "FORBIDDEN"), "{by:?}");
    }
    for by in others.iter().chain([&books(them.ada)]) {
        let refused = world.send(by, close()).await.expect_err("refused");
        assert_eq!((refused.kind(), refused.code()), (ErrorKind::Forbidden, "FORBIDDEN"), "{by:?}");
    }
    assert_eq!(world.status(&waiting).await, BorrowStatus::Pending, "refused means that nothing happened");

    // The sweeper of books finishes a deletion for nobody in particular.
    world.send(&Caller::system("books").as_service("books"), withdraw()).await.expect("withdrawn");
    assert_eq!(world.status(&waiting).await, BorrowStatus::Cancelled);
    world.send(&users(them.ada), close()).await.expect("closed");
}

#[tokio::test]
async fn a_book_withdrawn_before_it_was_heard_of_is_never_lent() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let book = kernel::BookId::new(testkit::A_SATURDAY);
    world.send(&books(them.ada), WithdrawBook { book }).await.unwrap();
    let (title, authors, lending) = ("Late".to_owned(), Vec::new(), Lending::Lend);
    let created = books_events::BookCreated { book_id: book, owner_id: them.ada, title, authors, lending };
    world.tell::<BookEvent>(created, 1).await;
    let asked = world.send(&member(them.grace), RequestBorrow { book, days: 7, message: None }).await;
    assert_eq!(code(asked), "BOOK_NOT_LENDABLE");
}

#[tokio::test]
async fn nobody_leaves_with_open_loans_and_what_waited_is_cancelled_when_they_do() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let loan = them.a_loan(&world).await;
    let other = world.book_of(them.ada, Lending::Lend).await;
    let hers = world.request(them.grace, other).await;
    let next = world.request(them.linus, other).await;
    world.send(&member(them.ada), RejectBorrow { borrow: next.id, reason: None }).await.unwrap();
    let grace = member(them.grace);
    assert_eq!(code(world.send(&users(them.grace), CloseMember { user: them.grace }).await), "MEMBER_HAS_OPEN_LOANS");
    assert_eq!(code(world.send(&users(them.grace), CloseMember { user: them.ada }).await), "MEMBER_HAS_OPEN_LOANS");
    assert_eq!(world.status(&hers).await, BorrowStatus::Pending, "refused means that nothing happened");

    world.take_back(them.ada, loan.id, ReturnCondition::Ok).await;
    world.send(&users(them.grace), CloseMember { user: them.grace }).await.unwrap();
    assert_eq!(world.status(&hers).await, BorrowStatus::Cancelled);
    let asked = world.send(&grace, RequestBorrow { book: other, days: 7, message: None }).await;
    assert_eq!(code(asked), "MEMBER_NOT_ACTIVE");
    world.send(&users(them.ada), CloseMember { user: them.ada }).await.unwrap();
    let asked = world.send(&member(them.linus), RequestBorrow { book: other, days: 7, message: None }).await;
    assert_eq!(code(asked), "BOOK_NOT_FOUND");
}

#[tokio::test]
async fn a_book_that_was_listed_a_moment_ago_is_asked_for() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let now = world.clock.now();
    let listed = ListedBook {
        id: BookId::new(now),
        owner: them.ada,
        title: "Emma".to_owned(),
        authors: vec!["Jane Austen".to_owned()],
        lending: Lending::Lend,
        version: 1,
        updated_at: now,
    };
    world.books.listed.lock().unwrap().push(listed.clone());
    let grace = member(them.grace);
    let ask = |book| RequestBorrow { book, days: 21, message: None };
    let borrow = world.send(&grace, ask(listed.id)).await.unwrap();
    assert_eq!((borrow.status, borrow.book.title.as_str()), (BorrowStatus::Pending, "Emma"));

    // The event comes, late; what borrowing knows already stays.
    let created = BookCreated {
        book_id: listed.id,
        owner_id: them.ada,
        title: "Emma".to_owned(),
        authors: listed.authors.clone(),
        lending: Lending::Lend,
    };
    world.tell::<BookEvent>(created, 1).await;
    assert_eq!(world.get(them.grace, borrow.id).await.status, BorrowStatus::Pending);

    let absent = world.send(&grace, ask(BookId::new(now))).await.unwrap_err();
    assert_eq!(absent.kind(), ErrorKind::NotFound);
    world.books.away.store(true, Ordering::SeqCst);
    let unknown = world.send(&grace, ask(BookId::new(now))).await.unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::Unavailable);
}
