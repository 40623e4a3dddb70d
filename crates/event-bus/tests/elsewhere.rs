//! Subscriptions that only other processes have: what a process without them knows, and what waiting costs it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

mod support;

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use event_bus::{EventBus, HandlerError, Heard, Project, Recorded, Running, Scope, Subscription};
use kernel::Position;
use sqlx::PgPool;
use sqlx::postgres::PgListener;
use support::process::{Manner, Process};
use support::{Seeing, a_counter, bus, counters, write};
use tokio::sync::Semaphore;

#[tokio::test]
#[ignore = "what the tests below start as their other process"]
async fn the_other_process() {
    support::process::run().await;
}

const LONG: Duration = Duration::from_secs(20);
/// As long as a command waits.
const COMMANDS_WAIT: Duration = Duration::from_millis(500);
const COUNTERS: Scope<'_> = Scope::ConsumersOf(&["counters"]);

/// Shows as many batches as it gets permits.
struct Showing(Semaphore);

impl Showing {
    fn none() -> Arc<Self> {
        Arc::new(Self(Semaphore::new(0)))
    }

    fn all() -> Arc<Self> {
        Arc::new(Self(Semaphore::new(Semaphore::MAX_PERMITS)))
    }
}

#[async_trait]
impl Project for Showing {
    async fn project(&self, _: &[Arc<Recorded>]) -> Result<(), HandlerError> {
        self.0.acquire().await?.forget();
        Ok(())
    }
}

/// A process with `users.view` alone.
async fn with_another_context(events: &EventBus) -> Running {
    events.start(vec![Subscription::project("users.view", Showing::all())]).await.unwrap()
}

async fn wait(events: &EventBus, position: Position, scope: Scope<'_>) -> (Heard, Duration) {
    let begun = Instant::now();
    (events.wait_for(position, scope, COMMANDS_WAIT).await, begun.elapsed())
}

async fn one(pool: &PgPool) -> Position {
    write(pool, a_counter(), [1]).await[0]
}

#[tokio::test]
async fn a_process_knows_which_subscriptions_project_although_it_has_none_of_them() {
    let (database, pool) = counters().await;
    let there = bus(database.pool("event_bus"), 10);
    let view = Subscription::project("books.view", Showing::none()).after("books");
    let books = Subscription::apply("books", pool.clone(), Seeing::calmly("there"));
    let running = there.start(vec![books, view]).await.unwrap();

    let here = bus(database.pool("event_bus"), 10);
    let beside = with_another_context(&here).await;
    let position = one(&pool).await;
    assert_eq!(here.wait_for(position, Scope::Applier("books"), LONG).await, Heard::Yes);
    assert_eq!(wait(&here, position, Scope::Context("books")).await.0, Heard::NotYet, "the canary: its view stands");
    beside.stop().await;
    drop(running);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_away_costs_the_commands_of_others_one_wait() {
    let (database, pool) = counters().await;
    let mut there = Process::start(&database, Manner::Calmly);
    there.says("ready").await;
    let here = bus(database.pool("event_bus"), 10);
    let running = with_another_context(&here).await;
    assert_eq!(here.wait_for(one(&pool).await, COUNTERS, LONG).await, Heard::Yes);

    there.kill().await;
    let (begun, mut waited) = (Instant::now(), 0);
    // Its lease runs out, then it could have been taken over, then nobody runs it.
    while begun.elapsed() < Duration::from_secs(9) {
        let position = one(&pool).await;
        let (heard, took) = wait(&here, position, COUNTERS).await;
        assert_eq!(heard, Heard::NotYet);
        waited += u32::from(took > Duration::from_millis(100));
        // What its writer does next in another context.
        for scope in [Scope::Applier("users"), Scope::Context("users")] {
            assert_eq!(here.wait_for(position, scope, LONG).await, Heard::Yes);
        }
    }
    assert_eq!(waited, 1, "one command waited, and no other");
    running.stop().await;
}

/// What waiting costs where all that matters runs in another process.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn how_long_it_takes_to_wait_for_another_process() {
    const COMMANDS: usize = 300;
    let (database, pool) = counters().await;
    let mut there = Process::start(&database, Manner::Viewing);
    there.says("ready").await;
    let here = bus(database.pool("event_bus"), 10);
    let running = with_another_context(&here).await;
    let figures = |mut took: Vec<Duration>| {
        took.sort();
        let at = |share: usize| took[(took.len() * share / 100).min(took.len() - 1)];
        format!("median {:?}, p90 {:?}, p99 {:?}, most {:?}", at(50), at(90), at(99), took[took.len() - 1])
    };
    assert_eq!(here.wait_for(one(&pool).await, COUNTERS, LONG).await, Heard::Yes);
    let mut took = Vec::new();
    for _ in 0..COMMANDS {
        let position = one(&pool).await;
        let (heard, wait) = wait(&here, position, COUNTERS).await;
        assert_eq!(heard, Heard::Yes);
        took.push(wait);
    }
    println!("one after the other: {}", figures(took));
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_millis(1500)).await;
        for waits in [&mut first, &mut second] {
            let position = one(&pool).await;
            waits.push(wait(&here, position, COUNTERS).await.1);
        }
    }
    println!("the first after 1.5 s of quiet: {}", figures(first));
    println!("the one after it: {}", figures(second));

    there.kill().await;
    tokio::time::sleep(Duration::from_secs(8)).await;
    let position = one(&pool).await;
    let mut took = Vec::new();
    for _ in 0..COMMANDS {
        let (heard, wait) = wait(&here, position, COUNTERS).await;
        assert_eq!(heard, Heard::NotYet);
        took.push(wait);
    }
    println!("for one that nobody runs: {}", figures(took));
    running.stop().await;
}

/// A command's wait, again and again, for a subscription that nobody runs: it goes by the list that leases keep anyway.
#[tokio::test]
async fn the_list_is_not_read_for_each_command_while_nobody_runs_a_subscription() {
    let (database, pool) = counters().await;
    let there = bus(database.pool("event_bus"), 10);
    support::start(&there, &pool, Seeing::calmly("there")).await.stop().await;
    sqlx::query("update event_bus.subscription set lease_until = now() - interval '10 s'")
        .execute(&database.pool("event_bus"))
        .await
        .unwrap();
    let here = bus(database.pool("event_bus"), 10);
    let running = with_another_context(&here).await;
    let position = one(&pool).await;
    assert_eq!(wait(&here, position, COUNTERS).await.0, Heard::NotYet);

    // While it is locked nobody can read it. The list stays good for a second.
    let owner = database.owner_pool("event_bus");
    testkit::eventually("a list that is new", || async {
        let mut locked = owner.begin().await.unwrap();
        sqlx::raw_sql("lock table event_bus.subscription").execute(&mut *locked).await.unwrap();
        let (heard, took) = wait(&here, position, COUNTERS).await;
        locked.rollback().await.unwrap();
        heard == Heard::NotYet && took < COMMANDS_WAIT / 5
    })
    .await;
    running.stop().await;
}

#[tokio::test]
async fn who_asks_after_an_event_was_handled_is_told_so_without_looking() {
    let (database, pool) = counters().await;
    let there = bus(database.pool("event_bus"), 10);
    let running = support::start(&there, &pool, Seeing::calmly("there")).await;
    let mut listener = PgListener::connect_with(&database.pool("event_bus")).await.unwrap();
    listener.listen("event_bus_log").await.unwrap();
    let position = one(&pool).await;
    testkit::eventually("it is handled, and nobody has asked", || async {
        there.subscriptions().await.unwrap()[0].checkpoint >= position
    })
    .await;

    sqlx::raw_sql("select pg_notify('event_bus_log', 'hurry')").execute(&database.pool("event_bus")).await.unwrap();
    let told = format!("at books {} {}", position.transaction, position.sequence);
    let heard = async { while listener.recv().await.unwrap().payload() != told {} };
    tokio::time::timeout(Duration::from_secs(5), heard).await.expect("it is told");
    running.stop().await;
}
