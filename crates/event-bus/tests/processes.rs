//! Several processes share the subscriptions: one runs each, and when it dies another takes over.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

mod support;

use std::time::Duration;

use event_bus::{Heard, Scope, Subscription};
use kernel::Position;
use sqlx::PgPool;
use sqlx::postgres::PgConnection;
use support::process::{Manner, Process};
use support::{Counted, Seeing, a_counter, bus, counters, seen, start, until_seen, write};
use testkit::eventually_within;
use uuid::Uuid;

#[tokio::test]
#[ignore = "what the tests below start as their other process"]
async fn the_other_process() {
    support::process::run().await;
}

/// The next `count` numbers of a counter, in one transaction that starts over when another was in its way.
async fn count_on(pool: &PgPool, counter: Uuid, count: i64) {
    loop {
        let mut tx = pool.begin().await.unwrap();
        let connection: &mut PgConnection = &mut tx;
        let last: i64 = sqlx::query_scalar(
            "insert into books.counter values ($1, $2)
            on conflict (id) do update set n = counter.n + excluded.n returning n",
        )
        .bind(counter)
        .bind(count)
        .fetch_one(connection)
        .await
        .unwrap();
        let told: Vec<_> = (last - count + 1..=last).map(|n| (Counted { counter, n }, n)).collect();
        match event_bus::append_all(&mut tx, &support::meta(), &told).await {
            Ok(_) => return tx.commit().await.unwrap(),
            Err(error) => assert!(event_bus::undone_by_another(&error), "{error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_writers_and_two_processes_of_which_one_is_killed_handle_twenty_thousand_events_in_order() {
    const WRITERS: i64 = 8;
    const TURNS: i64 = 500;
    const A_TURN: i64 = 5;
    let (database, pool) = counters().await;
    let mut first = Process::start(&database, Manner::Calmly);
    first.says("ready").await;
    let mut second = Process::start(&database, Manner::Calmly);
    second.says("ready").await;

    // Writers meet at the same counters.
    let ids: Vec<Uuid> = (0..20).map(|_| a_counter()).collect();
    let writers = (0..WRITERS).map(|writer| {
        let (pool, ids) = (pool.clone(), ids.clone());
        tokio::spawn(async move {
            for turn in 0..TURNS {
                let which = usize::try_from(turn * 7 + writer * 3).unwrap() % ids.len();
                count_on(&pool, ids[which], A_TURN).await;
            }
        })
    });
    let writers: Vec<_> = writers.collect();
    let handled = || async {
        let count: i64 = sqlx::query_scalar("select count(*) from books.seen").fetch_one(&pool).await.unwrap();
        count
    };
    let all = WRITERS * TURNS * A_TURN;
    let minutes = Duration::from_secs(180);
    eventually_within(minutes, "a third is handled", || async { handled().await > all / 3 }).await;
    first.kill().await;
    for writer in writers {
        writer.await.unwrap();
    }
    eventually_within(minutes, "all is handled", || async { handled().await >= all }).await;
    second.stop().await;

    // One row per event and no more, and per counter the numbers 1, 2, 3 … in the order of handling.
    assert_eq!(handled().await, all);
    let out_of_order: i64 = sqlx::query_scalar(
        "select count(*) from (
            select n, row_number() over (partition by counter order by nth) as place from books.seen
        ) s where n <> place",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(out_of_order, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_in_the_middle_of_a_batch_repeats_nothing_visible() {
    let (database, pool) = counters().await;
    let mut other = Process::start(&database, Manner::StuckAt50);
    other.says("ready").await;
    let us = bus(database.pool("event_bus"), 500);
    let running = start(&us, &pool, Seeing::calmly("us")).await;

    // One transaction, so that they are one batch.
    let counter = a_counter();
    count_on(&pool, counter, 100).await;
    other.says("middle").await;
    assert!(seen(&pool).await.is_empty(), "half a batch shows");
    other.kill().await;
    eventually_within(Duration::from_secs(5), "another process takes over", || async {
        seen(&pool).await.len() == 100
    })
    .await;
    assert!(seen(&pool).await.into_iter().eq(1..=100));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_holder_that_was_frozen_beyond_its_lease_cannot_move_the_checkpoint() {
    let (database, pool) = counters().await;
    let mut other = Process::start(&database, Manner::BehindTheGate);
    other.says("ready").await;
    count_on(&pool, a_counter(), 10).await;
    other.says("holding").await;
    testkit::signal(&other.child, "STOP").await;

    let us = bus(database.pool("event_bus"), 500);
    let running = start(&us, &pool, Seeing::calmly("us")).await;
    eventually_within(Duration::from_secs(5), "we take over", || async { seen(&pool).await.len() == 10 }).await;
    let checkpoint = us.subscriptions().await.unwrap()[0].checkpoint;

    sqlx::raw_sql("insert into books.gate values (true)").execute(&pool).await.unwrap();
    testkit::signal(&other.child, "CONT").await;
    other.says("woken").await;
    // In order: it has finished its turn, and what it did was undone.
    other.stop().await;
    assert!(seen(&pool).await.into_iter().eq(1..=10));
    assert_eq!(us.subscriptions().await.unwrap()[0].checkpoint, checkpoint);
    running.stop().await;
}

#[tokio::test]
async fn one_runs_a_subscription_and_a_graceful_stop_hands_it_over_at_once() {
    let (database, pool) = counters().await;
    let (one, two) = (bus(database.pool("event_bus"), 10), bus(database.pool("event_bus"), 10));
    let first = start(&one, &pool, Seeing::calmly("one")).await;
    let second = start(&two, &pool, Seeing::calmly("two")).await;
    write(&pool, a_counter(), 1..=100).await;
    until_seen(&pool, 1..=100).await;
    let by = || async {
        sqlx::query_scalar::<_, String>("select distinct by from books.seen order by by")
            .fetch_all(&pool)
            .await
            .unwrap()
    };
    assert_eq!(by().await, ["one"]);

    first.stop().await;
    write(&pool, a_counter(), [101]).await;
    // Sooner than any lease runs out.
    eventually_within(Duration::from_millis(2500), "the other one goes on", || async {
        seen(&pool).await.len() == 101
    })
    .await;
    assert_eq!(by().await, ["one", "two"]);
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn settled_waits_for_subscriptions_of_another_process() {
    let (database, pool) = counters().await;
    let us = bus(database.pool("event_bus"), 500);
    let position = write(&pool, a_counter(), [1]).await[0];
    assert_ne!(us.wait_for(position, Scope::All, Duration::from_secs(1)).await, Heard::Yes, "nobody runs anything");

    let mut other = Process::start(&database, Manner::Calmly);
    other.says("ready").await;
    assert_eq!(us.wait_for(position, Scope::All, Duration::from_secs(10)).await, Heard::Yes);
    assert_eq!(seen(&pool).await, [1]);
    let position = write(&pool, a_counter(), [2]).await[0];
    assert_eq!(us.wait_for(position, Scope::All, Duration::from_secs(10)).await, Heard::Yes);
    assert_eq!(seen(&pool).await, [1, 2]);
    let never = Position { transaction: i64::MAX, ..position };
    assert_ne!(us.wait_for(never, Scope::All, Duration::from_millis(50)).await, Heard::Yes);
    other.stop().await;
}

#[tokio::test]
async fn what_happens_shows_in_the_tail_of_every_process() {
    let (database, pool) = counters().await;
    let (one, two) = (bus(database.pool("event_bus"), 10), bus(database.pool("event_bus"), 10));
    let first = start(&one, &pool, Seeing::calmly("one")).await;
    let nothing: Vec<Subscription> = Vec::new();
    let second = two.start(nothing).await.unwrap();
    let mut tails = [one.tail(), two.tail()];
    let position = write(&pool, a_counter(), [1]).await[0];
    for tail in &mut tails {
        assert_eq!(tail.recv().await.unwrap().position, position);
    }
    first.stop().await;
    second.stop().await;
}
