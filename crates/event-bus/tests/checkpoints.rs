//! One reader for all, and checkpoints that go down later: nothing is passed over, and no effect in PostgreSQL is repeated.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

mod support;

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use event_bus::{Apply, Delivery, HandlerError, Heard, Recorded, Scope, Subscription};
use kernel::Position;
use sqlx::PgPool;
use support::process::{Manner, Process, view};
use support::{Seeing, a_counter, bus, counters, write};
use testkit::{TestDatabase, eventually, eventually_within};

const LONG: Duration = Duration::from_secs(20);

#[tokio::test]
#[ignore = "what the tests below start as their other process"]
async fn the_other_process() {
    support::process::run().await;
}

async fn seen_by(pool: &PgPool, by: &str) -> Vec<i64> {
    sqlx::query_scalar("select n from books.seen where by like $1 order by nth").bind(by).fetch_all(pool).await.unwrap()
}

async fn checkpoint(database: &TestDatabase, subscription: &str) -> Position {
    let (transaction, sequence) =
        sqlx::query_as("select transaction_id::text::bigint, position from event_bus.subscription where name = $1")
            .bind(subscription)
            .fetch_one(&database.pool("event_bus"))
            .await
            .unwrap();
    Position { transaction, sequence }
}

/// Does nothing.
struct Idling;

#[async_trait]
impl Apply for Idling {
    async fn apply(&self, _: &mut Delivery<'_>, _: &Recorded) -> Result<(), HandlerError> {
        Ok(())
    }
}

const NAMES: [&str; 10] =
    ["books", "books.2", "books.3", "books.4", "books.5", "books.6", "books.7", "books.8", "books.9", "books.10"];

/// How often the log was looked at while thirty events went through so many subscriptions, one after the other.
async fn looks(subscriptions: usize) -> i64 {
    let (database, pool) = counters().await;
    let log = database.pool("event_bus");
    let events = bus(log.clone(), 500);
    let idling = |name: &&'static str| Subscription::apply(name, pool.clone(), Arc::new(Idling));
    let running = events.start(NAMES.iter().take(subscriptions).map(idling).collect()).await.unwrap();
    let mut last = Position::START;
    for n in 1..=30 {
        last = write(&pool, a_counter(), [n]).await[0];
        assert_eq!(events.wait_for(last, Scope::All, LONG).await, Heard::Yes);
    }
    running.stop().await;
    for name in NAMES.iter().take(subscriptions) {
        assert_eq!(checkpoint(&database, name).await, last, "a stop tells the table where {name} is");
    }
    // A session tells what it has done when it ends.
    pool.close().await;
    log.close().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let scans = "select coalesce(sum(idx_scan + seq_scan), 0)::bigint from pg_stat_user_tables where relname = 'log'";
    sqlx::query_scalar(scans).fetch_one(&database.pool("event_bus")).await.unwrap()
}

#[tokio::test]
async fn ten_subscriptions_read_the_log_as_often_as_one() {
    let (one, ten) = (looks(1).await, looks(10).await);
    assert!(one >= 30, "the canary: {one} looks are fewer than events");
    assert!(ten < one * 2, "{ten} looks at the log for ten subscriptions, {one} for one");
}

#[tokio::test]
async fn what_has_no_effect_writes_no_checkpoint_of_its_own() {
    let (database, pool) = counters().await;
    let log = database.pool("event_bus");
    sqlx::raw_sql(
        "create sequence moves;
        create function count_move() returns trigger language plpgsql as $$ begin
            perform nextval('event_bus.moves');
            return null;
        end $$;
        create trigger count_moves after update on subscription for each row
            when (old.position <> new.position) execute function count_move()",
    )
    .execute(&database.owner_pool("event_bus"))
    .await
    .unwrap();
    let events = bus(log.clone(), 500);
    let running = events.start(vec![Subscription::apply("books", pool.clone(), Arc::new(Idling))]).await.unwrap();
    // It runs here: nobody waits for another process, which would have the table told at once.
    let mut last = write(&pool, a_counter(), [0]).await[0];
    eventually("it runs", || async { events.has_passed(last, Scope::All) }).await;
    let begun = Instant::now();
    for n in 1..=200 {
        last = write(&pool, a_counter(), [n]).await[0];
        assert_eq!(events.wait_for(last, Scope::All, LONG).await, Heard::Yes);
    }
    eventually("the table is told", || async { checkpoint(&database, "books").await == last }).await;
    let quarters = begun.elapsed().as_millis() / 250;
    running.stop().await;
    let moves = "select case when is_called then last_value else 0 end from event_bus.moves";
    let moves: i64 = sqlx::query_scalar(moves).fetch_one(&log).await.unwrap();
    assert!(moves > 0, "the canary: moves are not counted");
    assert!(u128::try_from(moves).unwrap() <= 2 * quarters + 4, "{moves} in {quarters} quarters of a second");
}

#[tokio::test]
async fn a_replay_holds_although_the_table_was_not_told_yet() {
    let (database, pool) = counters().await;
    let events = bus(database.pool("event_bus"), 500);
    let calm = Subscription::apply("books", pool.clone(), Seeing::calmly("leader"));
    let running = events.start(vec![calm, view(&pool)]).await.unwrap();
    for round in 1..=5 {
        let position = write(&pool, a_counter(), [round]).await[0];
        assert_eq!(events.wait_for(position, Scope::All, LONG).await, Heard::Yes);
        assert!(events.replay("books.view", Position::START).await.unwrap());
        let wanted = usize::try_from(round * (round + 1) / 2 + round).unwrap();
        eventually("all is shown again", || async { seen_by(&pool, "view").await.len() >= wanted }).await;
        assert_eq!(seen_by(&pool, "view").await.len(), wanted);
    }
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_before_the_table_was_told_costs_no_event_and_repeats_no_effect() {
    let (database, pool) = counters().await;
    let mut other = Process::start(&database, Manner::Viewing);
    other.says("ready").await;
    let us = bus(database.pool("event_bus"), 500);
    let calm = Subscription::apply("books", pool.clone(), Seeing::calmly("us"));
    let running = us.start(vec![calm, view(&pool)]).await.unwrap();
    write(&pool, a_counter(), 1..=100).await;
    eventually("most is shown", || async { seen_by(&pool, "view").await.len() >= 90 }).await;
    other.kill().await;
    let n = 101;
    write(&pool, a_counter(), [n]).await;
    eventually_within(Duration::from_secs(8), "we take over", || async {
        seen_by(&pool, "view").await.contains(&n) && seen_by(&pool, "us").await.contains(&n)
    })
    .await;
    running.stop().await;
    let mut applied = seen_by(&pool, "us").await;
    applied.splice(0..0, seen_by(&pool, "another%").await);
    assert!(applied.into_iter().eq(1..=n), "each effect once");
    let mut shown = seen_by(&pool, "view").await;
    shown.sort_unstable();
    shown.dedup();
    assert!(shown.into_iter().eq(1..=n), "each shown at least once");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_another_process_does_not_wait_for_the_next_telling() {
    let (database, pool) = counters().await;
    let mut other = Process::start(&database, Manner::Viewing);
    other.says("ready").await;
    let us = bus(database.pool("event_bus"), 500);
    let begun = Instant::now();
    for n in 1..=40 {
        let position = write(&pool, a_counter(), [n]).await[0];
        assert_eq!(us.wait_for(position, Scope::Context("books"), LONG).await, Heard::Yes);
    }
    // Each would wait for a quarter of a second.
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    other.stop().await;
}
