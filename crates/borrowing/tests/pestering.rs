//! One member cannot pester another, and what the two agreed on stays.

mod support;

use books_events::Lending;
use borrowing::*;
use kernel::Prose;
use support::{Neighbours, World, code};
use testkit::member;
use time::Duration;

fn words(text: &str) -> Option<Prose<1000>> {
    Prose::new(text).ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_and_takes_it_back_again_and_again_tells_the_owner_a_few_times_only() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let grace = member(them.grace);
    let (mut told, mut refused) = (0, Vec::new());
    // Nine seconds, as fast as it goes.
    for _ in 0..100 {
        world.clock.advance(Duration::milliseconds(90));
        let ask = RequestBorrow { book: them.emma, days: 7, message: words("Buy my pills!") };
        match world.send(&grace, ask).await {
            Ok(borrow) => {
                told += 1;
                world.send(&grace, CancelBorrow { borrow: borrow.id, reason: words("Or mine!") }).await.unwrap();
            }
            Err(error) => refused.push(kernel::Refusal::code(&error)),
        }
    }
    assert_eq!(told, 3);
    assert!(refused.iter().all(|code| *code == "ASK_AGAIN_LATER"), "{refused:?}");
    assert_eq!(world.told("borrow.created").await, 3);
    // It was between the two; another owner is asked at once.
    let linus_book = world.book_of(them.linus, Lending::Lend).await;
    world.request(them.grace, linus_book).await;
    world.clock.advance(Duration::minutes(2));
    world.request(them.grace, them.emma).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_refused_again_and_again_waits_before_they_ask_again() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    for _ in 0..3 {
        let borrow = world.request(them.grace, them.emma).await;
        world.send(&member(them.ada), RejectBorrow { borrow: borrow.id, reason: None }).await.unwrap();
    }
    let ask = || RequestBorrow { book: them.emma, days: 7, message: None };
    assert_eq!(code(world.send(&member(them.grace), ask()).await), "ASK_AGAIN_LATER");
    world.clock.advance(Duration::days(31));
    world.request(them.grace, them.emma).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_cannot_come_after_all_has_pestered_nobody() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    for _ in 0..5 {
        let borrow = world.request(them.grace, them.emma).await;
        world.approve(them.ada, borrow.id).await;
        world.send(&member(them.grace), CancelBorrow { borrow: borrow.id, reason: words("I am ill") }).await.unwrap();
    }
    world.request(them.grace, them.emma).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_a_day_have_a_limit_also_at_once() {
    let rules = LendingRules { max_requests_a_day: 3, ..LendingRules::default() };
    let world = World::with_rules(rules).await;
    let them = Neighbours::of(&world).await;
    let mut books = Vec::new();
    for _ in 0..6 {
        books.push(world.book_of(them.ada, Lending::Lend).await);
    }
    let grace = member(them.grace);
    let asks = books.iter().map(|book| world.send(&grace, RequestBorrow { book: *book, days: 7, message: None }));
    let answers = futures_util::future::join_all(asks).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 3);
    let refused = answers.into_iter().find_map(Result::err).unwrap();
    assert_eq!(kernel::Refusal::code(&refused), "TOO_MANY_REQUESTS_TODAY");
    world.clock.advance(Duration::hours(25));
    world.request(them.grace, them.emma).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_extensions_are_counted_and_kept() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let loan = them.a_loan(&world).await;
    for _ in 0..2 {
        world.send(&member(them.grace), RequestExtension { borrow: loan.id, days: 7 }).await.unwrap();
        let answer = AnswerExtension { borrow: loan.id, approve: false, reason: None };
        world.send(&member(them.ada), answer).await.unwrap();
    }
    let again = world.send(&member(them.grace), RequestExtension { borrow: loan.id, days: 7 }).await;
    assert_eq!(code(again), "EXTENSION_LIMIT");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_agreed_stays_whatever_the_owner_makes_of_the_book() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let borrow = world.request(them.grace, them.emma).await;
    world.edit(them.emma, them.ada, Lending::Lend, 2).await;
    assert_eq!(world.get(them.grace, borrow.id).await.book.title, "Emma, revised", "nothing is agreed yet");
    world.approve(them.ada, borrow.id).await;
    let (title, authors) = ("Something else".to_owned(), vec!["Somebody else".to_owned()]);
    let changed =
        books_events::BookUpdated { book_id: them.emma, owner_id: them.ada, title, authors, lending: Lending::Give };
    world.clock.advance(Duration::SECOND);
    world.tell::<books_events::BookEvent>(changed, 3).await;
    let loan = world.hand_over(them.ada, borrow.id).await;
    assert_eq!((loan.status, loan.book.title.as_str()), (BorrowStatus::Active, "Emma, revised"));
    assert!(loan.due_at.is_some());
    let seen = world.get(them.grace, borrow.id).await.book;
    assert_eq!((seen.title.as_str(), seen.authors), ("Emma, revised", vec!["Jane Austen".to_owned()]));
}
