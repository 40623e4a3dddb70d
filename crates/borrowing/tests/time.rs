//! What time does.

mod support;

use books_events::Lending;
use borrowing::*;
use support::{Neighbours, World, code};
use testkit::member;
use time::Duration;

impl World {
    /// How much the scheduler then does.
    async fn days_later(&self, days: i64) -> u64 {
        use kernel::Clock;
        self.clock.advance(Duration::days(days));
        let changes = self.context.tick(self.clock.now()).await.expect("a tick");
        self.until_level().await;
        changes
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reminders_are_sent_once_and_not_daily_nor_per_replica() {
    use kernel::Clock;
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let loan = them.a_loan(&world).await;
    let replica = world.another_replica(LendingRules::default());
    for _ in 0..30 {
        world.clock.advance(Duration::days(1));
        let now = world.clock.now();
        let (one, other) = tokio::join!(world.context.tick(now), replica.tick(now));
        one.expect("a tick");
        other.expect("a tick");
    }
    for name in ["borrow.due_soon", "borrow.due_today", "borrow.overdue"] {
        assert_eq!(world.told(name).await, 1, "{name}");
    }
    world.until_level().await;
    let late = world.get(them.grace, loan.id).await;
    assert!(late.overdue);
    let newest = ListBorrows::newest(Role::Owner, kernel::PageRequest::first(10));
    let query = ListBorrows { overdue: Some(true), ..newest };
    assert_eq!(world.ask(&member(them.ada), query).await.unwrap().total, 1);
}

#[tokio::test]
async fn an_extension_gives_a_new_due_date_to_be_reminded_of() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let loan = them.a_loan(&world).await;
    assert_eq!(world.days_later(12).await, 1);
    world.send(&member(them.grace), RequestExtension { borrow: loan.id, days: 10 }).await.unwrap();
    world.send(&member(them.ada), AnswerExtension { borrow: loan.id, approve: true, reason: None }).await.unwrap();
    assert_eq!(world.days_later(5).await, 0);
    assert_eq!(world.days_later(5).await, 1);
    assert_eq!(world.told("borrow.due_soon").await, 2);
}

#[tokio::test]
async fn what_nobody_answers_or_picks_up_runs_out_and_the_next_comes() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let first = world.request(them.grace, them.emma).await;
    world.approve(them.ada, first.id).await;
    let next = world.request(them.linus, them.emma).await;
    assert_eq!(world.days_later(8).await, 1);
    assert_eq!(world.told("borrow.expired").await, 1);
    assert_eq!(world.status(&first).await, BorrowStatus::Expired);
    assert_eq!(world.status(&next).await, BorrowStatus::Pending);
    assert_eq!(world.days_later(3).await, 1);
    assert_eq!(world.told("borrow.answer_reminder").await, 1);
    assert_eq!(world.days_later(4).await, 1);
    assert_eq!(world.told("borrow.expired").await, 2);
    assert_eq!(world.status(&next).await, BorrowStatus::Expired);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_schedulers_let_a_request_run_out_once() {
    use kernel::Clock;
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    world.request(them.grace, them.emma).await;
    world.clock.advance(Duration::days(8));
    let replica = world.another_replica(LendingRules::default());
    let now = world.clock.now();
    let (one, other) = tokio::join!(world.context.tick(now), replica.tick(now));
    assert_eq!(one.unwrap() + other.unwrap(), 1);
    assert_eq!(world.told("borrow.expired").await, 1);
}

#[tokio::test]
async fn a_row_that_no_borrow_can_be_keeps_back_nobody_elses_reminder() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let broken = them.a_loan(&world).await.id;
    let book = world.book_of(them.ada, Lending::Lend).await;
    let loan = world.request(them.linus, book).await.id;
    world.approve(them.ada, loan).await;
    world.hand_over(them.ada, loan).await;
    sqlx::query("update borrowing.borrow set due_at = null where id = $1")
        .bind(broken.uuid())
        .execute(&world.pool)
        .await
        .expect("a loan without a due date");

    assert_eq!(world.days_later(12).await, 1);
    // A fault of ours, and the row stays as it is.
    assert_eq!(code(world.send(&member(them.grace), DeclareReturn { borrow: broken }).await), "INTERNAL");
    world.send(&member(them.linus), DeclareReturn { borrow: loan }).await.expect("the other loan goes on");
}
