//! The one wrapper around every handler.

mod support;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use cqrs::{Caller, DispatchError, Source};
use event_bus::{Apply, Delivery, HandlerError, Recorded, Subscription};
use kernel::{ErrorKind, Position, Refusal};
use support::{Add, Counter, Linger, Looking, Where};
use testkit::{a_user, member};

#[tokio::test]
async fn a_missing_handler_is_found_when_the_program_is_wired() {
    let counter = Counter::new().await;
    let (commands, queries) = cqrs::builders(counter.clock.clone(), counter.events.clone(), None);
    let missing = commands.build().unwrap().dispatch::<Add>().err().unwrap();
    assert_eq!(missing.to_string(), "no handler is registered for add");
    assert!(queries.build().unwrap().asking::<Where>().is_err());
}

#[tokio::test]
async fn two_handlers_for_one_thing_are_found_when_the_program_is_wired() {
    let counter = Counter::new().await;
    let (mut commands, mut queries) = cqrs::builders(counter.clock.clone(), counter.events.clone(), None);
    commands.register::<Add>(&counter.pool, counter.adder.clone());
    commands.register::<Add>(&counter.pool, counter.adder.clone());
    let duplicate = commands.build().err().unwrap();
    assert_eq!(duplicate.to_string(), "more than one handler is registered for add");
    queries.register::<Where>(&counter.pool, Looking);
    queries.register::<Where>(&counter.pool, Looking);
    assert!(queries.build().is_err());
}

#[tokio::test]
async fn a_command_whose_append_would_break_the_aggregates_order_starts_over() {
    let counter = Counter::new().await;
    counter.adder.disturbances.store(2, Ordering::SeqCst);
    let add = counter.commands.dispatch::<Add>().unwrap();
    let done = add.send(&member(a_user()), Add { by: 10 }).await.unwrap();
    assert_eq!((done.output, counter.starts()), (12, 3));

    // It gives up in the end, and what is tried in vain leaves nothing.
    counter.adder.disturbances.store(100, Ordering::SeqCst);
    let refused = add.send(&member(a_user()), Add { by: 10 }).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unavailable);
    assert_eq!((counter.n().await, counter.starts()), (17, 8));
}

#[tokio::test]
async fn a_handler_that_takes_too_long_is_ended() {
    let counter = Counter::new().await;
    let linger = counter.commands.dispatch::<Linger>().unwrap();
    let refused = linger.send(&member(a_user()), Linger).await.unwrap_err();
    assert!(matches!(refused, DispatchError::TimedOut));
    assert_eq!(refused.kind(), ErrorKind::Unavailable);
}

/// A view that takes its time.
struct Slowly;

#[async_trait]
impl Apply for Slowly {
    async fn apply(&self, delivery: &mut Delivery<'_>, _: &Recorded) -> Result<(), HandlerError> {
        sqlx::query("select pg_sleep(0.2)").execute(delivery.connection()).await?;
        Ok(())
    }
}

#[tokio::test]
async fn the_answer_waits_for_the_views_that_the_command_made_stale() {
    let counter = Counter::new().await;
    let slow = Subscription::apply("books", counter.pool.pool().clone(), Arc::new(Slowly));
    let running = counter.events.start(vec![slow]).await.unwrap();
    let add = counter.commands.dispatch::<Add>().unwrap();
    // Other tests on the server may hold the log back beyond what a command waits: then the next one shows it. One that
    // did not wait would never see a view this slow.
    testkit::eventually("an answer comes after its view", || async {
        let done = add.send(&member(a_user()), Add { by: 1 }).await.unwrap();
        let checkpoint = counter.events.subscriptions().await.unwrap()[0].checkpoint;
        Some(checkpoint.into()) == done.position
    })
    .await;
    running.stop().await;
}

#[tokio::test]
async fn a_query_looks_in_postgresql_when_the_views_are_behind_what_its_caller_has_seen() {
    let counter = Counter::new().await;
    let slow = Subscription::apply("books", counter.pool.pool().clone(), Arc::new(Slowly));
    let running = counter.events.start(vec![slow]).await.unwrap();
    let add = counter.commands.dispatch::<Add>().unwrap();
    let ask = counter.queries.asking::<Where>().unwrap();
    let mut caller: Caller = member(a_user());
    assert_eq!(ask.ask(&caller, Where).await.unwrap(), Source::ReadStore);

    caller.min_positions = add.send(&caller, Add { by: 1 }).await.unwrap().position.into_iter().collect();
    testkit::eventually("the views have reached what was seen", || async {
        ask.ask(&caller, Where).await.unwrap() == Source::ReadStore
    })
    .await;

    assert_eq!(caller.behind.named(), None);
    caller.min_positions = vec![Position { transaction: i64::MAX, sequence: i64::MAX }.into()];
    assert_eq!(ask.ask(&caller, Where).await.unwrap(), Source::Database);
    assert_eq!(caller.behind.named().as_deref(), Some("books"));
    running.stop().await;
}

#[tokio::test]
async fn a_writer_meets_their_own_write_also_after_an_answer_that_came_before_the_views() {
    let counter = Counter::new().await;
    let (slow, ask) = (counter.commands.dispatch::<Add>().unwrap(), counter.queries.asking::<Where>().unwrap());
    let (writer, other): (Caller, Caller) = (member(a_user()), member(a_user()));
    // As after the death of a process: subscriptions are declared, and nobody runs them.
    let subscription = || Subscription::apply("books", counter.pool.pool().clone(), Arc::new(Slowly));
    counter.events.start(vec![subscription()]).await.unwrap().stop().await;

    slow.send(&writer, Add { by: 1 }).await.unwrap();
    assert_eq!(ask.ask(&writer, Where).await.unwrap(), Source::Database);
    assert_eq!(ask.ask(&other, Where).await.unwrap(), Source::ReadStore);
    // The context has not heard of the write, so even PostgreSQL may not have it here. The writer is told.
    assert_eq!(writer.behind.named().as_deref(), Some("books"));
    assert_eq!(other.behind.named(), None);

    // What nobody runs is waited for once, by whoever comes first.
    let begun = Instant::now();
    slow.send(&writer, Add { by: 1 }).await.unwrap();
    slow.send(&other, Add { by: 1 }).await.unwrap();
    assert!(begun.elapsed() < Duration::from_millis(400), "took {:?}", begun.elapsed());

    let running = counter.events.start(vec![subscription()]).await.unwrap();
    testkit::eventually("the views show both", || async {
        ask.ask(&writer, Where).await.unwrap() == Source::ReadStore
    })
    .await;
    let later = Caller::new(writer.actor, String::new());
    ask.ask(&later, Where).await.unwrap();
    assert_eq!(later.behind.named(), None);
    running.stop().await;
}
