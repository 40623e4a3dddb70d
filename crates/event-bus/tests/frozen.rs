//! A process that is frozen or cut off inside a transaction holds the log back for some seconds and not for ever.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

mod support;

use std::time::{Duration, Instant};

use event_bus::{Heard, Scope, session_name};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, PgPool};
use support::process::{Manner, Process};
use support::{Seeing, a_counter, bus, counters, seen, start, write};
use testkit::eventually_within;
use uuid::Uuid;

#[tokio::test]
#[ignore = "what the tests below start as their other process"]
async fn the_other_process() {
    support::process::run().await;
}

/// Stops a process once it is inside a transaction; how long nothing is seen of what others append then.
async fn held_back_by(manner: Manner) -> Duration {
    let (database, pool) = counters().await;
    let mut other = Process::start(&database, manner);
    if manner.handles_events() {
        other.says("ready").await;
        let mut tx = pool.begin().await.unwrap();
        let counter = a_counter();
        let many: Vec<_> = (1..=50).map(|n| (support::Counted { counter, n }, n)).collect();
        event_bus::append_all(&mut tx, &support::meta(), &many).await.unwrap();
        tx.commit().await.unwrap();
    }
    other.says("middle").await;
    testkit::signal(&other.child, "STOP").await;
    let stopped = Instant::now();

    let us = bus(database.pool("event_bus"), 500);
    let running = start(&us, &pool, Seeing::calmly("us")).await;
    let position = write(&pool, a_counter(), [51]).await[0];
    assert_ne!(us.wait_for(position, Scope::All, Duration::from_secs(1)).await, Heard::Yes, "it holds nothing back");
    eventually_within(Duration::from_secs(20), "the log moves", || async { seen(&pool).await.contains(&51) }).await;
    let held = stopped.elapsed();
    println!("{manner:?}: {held:?}");
    running.stop().await;
    held
}

const SIX_SECONDS: Duration = Duration::from_secs(6);

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_transaction_of_a_stopped_process_ends_within_six_seconds() {
    assert!(held_back_by(Manner::InATransaction).await < SIX_SECONDS);
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_of_a_stopped_holder_of_leases_are_ended_within_six_seconds() {
    // PostgreSQL's own time-outs are off in these.
    assert!(held_back_by(Manner::StuckAt50).await < SIX_SECONDS);
    assert!(held_back_by(Manner::UnreadAt50).await < SIX_SECONDS);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_cannot_send_to_a_stopped_process_ends() {
    assert!(held_back_by(Manner::Unread).await < 2 * SIX_SECONDS);
}

/// A session of the context `books` whose transaction nothing else ends.
async fn session(options: PgConnectOptions, name: &str, statement: &str) -> PgConnection {
    let options = options.application_name(name).options([("idle_in_transaction_session_timeout", "0")]);
    let mut connection = options.connect().await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut connection).await.unwrap();
    connection
}

#[tokio::test]
async fn of_a_process_that_lost_its_leases_only_sessions_that_wait_inside_a_transaction_are_ended() {
    let (database, pool) = counters().await;
    let (lost, other) = (Uuid::now_v7(), Uuid::now_v7());
    let books = || database.options("books");
    let name = session_name("books", lost);
    let mut waiting = session(books(), &name, "begin").await;
    let resting = session(books(), &name, "select 1").await;
    let mut working = session(books(), &name, "begin").await;
    let of_another = session(books(), &session_name("books", other), "begin").await;

    let log: PgPool = database.pool("event_bus");
    sqlx::query(
        "insert into event_bus.subscription (name, lease_holder, lease_until) values ('books', $1, now() - interval '1 s')",
    )
    .bind(lost)
    .execute(&log)
    .await
    .unwrap();
    let us = bus(log, 500);
    let working = tokio::spawn(async move {
        sqlx::query("select pg_sleep(6)").execute(&mut working).await.unwrap();
        working
    });
    let running = start(&us, &pool, Seeing::calmly("us")).await;
    eventually_within(SIX_SECONDS, "the waiting one is ended", || async {
        let names: Vec<i32> = sqlx::query_scalar(
            "select pid from pg_stat_activity where application_name = $1 and state like 'idle in%'",
        )
        .bind(&name)
        .fetch_all(&pool)
        .await
        .unwrap();
        names.is_empty()
    })
    .await;
    assert!(sqlx::query("select 1").execute(&mut waiting).await.is_err());
    for mut alive in [working.await.unwrap(), resting, of_another] {
        sqlx::query("select 1").execute(&mut alive).await.unwrap();
    }
    running.stop().await;
}

#[tokio::test]
async fn every_role_has_its_time_outs() {
    let (database, _pool) = counters().await;
    for role in ["event_bus", "users", "auth", "books", "borrowing", "notifications"] {
        let mut connection = database.options(role).connect().await.unwrap();
        for (setting, value) in [("idle_in_transaction_session_timeout", "5s"), ("tcp_user_timeout", "5000")] {
            let shown: String =
                sqlx::query_scalar(AssertSqlSafe(format!("show {setting}"))).fetch_one(&mut connection).await.unwrap();
            assert_eq!(shown, value, "{role}: {setting}");
        }
    }
}
