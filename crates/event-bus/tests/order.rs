//! Nothing is skipped, nothing overtakes.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

mod support;

use event_bus::{Heard, Scope, Subscription};
use kernel::Position;
use sqlx::PgPool;
use support::{Seeing, a_counter, append, bus, counters, start, until_seen, write};

/// What a reader does that remembers the last number it saw. It stands here to be caught out.
async fn naive_read(pool: &PgPool, last: i64) -> Vec<i64> {
    sqlx::query_scalar("select position from event_bus.log where position > $1 order by position")
        .bind(last)
        .fetch_all(pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_transaction_that_takes_its_number_first_and_commits_last_is_not_skipped() {
    let (database, pool) = counters().await;
    let events = bus(database.pool("event_bus"), 500);
    let running = start(&events, &pool, Seeing::calmly("us")).await;
    let log = database.pool("event_bus");

    let mut first = pool.begin().await.unwrap();
    let low = append(&mut first, a_counter(), 1).await.sequence;
    let high = write(&pool, a_counter(), [2]).await[0].sequence;
    assert!(low < high);
    // The canary: the naive reader sees the higher number, remembers it, and never sees the lower one.
    assert_eq!(naive_read(&log, 0).await, [high]);
    first.commit().await.unwrap();
    assert!(naive_read(&log, high).await.is_empty());

    until_seen(&pool, [1, 2]).await;
    running.stop().await;
}

#[tokio::test]
async fn an_open_transaction_that_never_appends_only_delays() {
    let (database, pool) = counters().await;
    let events = bus(database.pool("event_bus"), 500);
    let running = start(&events, &pool, Seeing::calmly("us")).await;

    let mut open = pool.begin().await.unwrap();
    sqlx::query("select pg_current_xact_id()").execute(&mut *open).await.unwrap();
    let position = write(&pool, a_counter(), [1]).await[0];
    assert_ne!(events.wait_for(position, Scope::All, std::time::Duration::from_millis(50)).await, Heard::Yes);
    // No NOTIFY comes with the end of this one.
    open.rollback().await.unwrap();
    until_seen(&pool, [1]).await;
    running.stop().await;
}

#[tokio::test]
async fn an_append_out_of_its_aggregates_order_is_refused_as_a_serialization_failure() {
    let (_database, pool) = counters().await;
    let counter = a_counter();
    let mut early = pool.begin().await.unwrap();
    sqlx::query("select pg_current_xact_id()").execute(&mut *early).await.unwrap();
    write(&pool, counter, [1]).await;

    let late = support::Counted { counter, n: 2 };
    let refused = event_bus::append(&mut early, &support::meta(), &late, 2).await.unwrap_err();
    assert!(event_bus::undone_by_another(&refused), "{refused}");
    assert_eq!(refused.as_database_error().unwrap().code().as_deref(), Some("40001"));

    // Another aggregate does not mind.
    let mut early = pool.begin().await.unwrap();
    append(&mut early, counter, 2).await;
    early.commit().await.unwrap();
}

#[tokio::test]
async fn events_of_one_statement_keep_their_order() {
    let (database, pool) = counters().await;
    let counter = a_counter();
    let many: Vec<_> = (1..=300).map(|n| (support::Counted { counter, n }, n)).collect();
    let mut tx = pool.begin().await.unwrap();
    let last = event_bus::append_all(&mut tx, &support::meta(), &many).await.unwrap();
    tx.commit().await.unwrap();

    let history = bus(database.pool("event_bus"), 500).own::<support::Counted>().history(counter).await.unwrap();
    assert!(history.iter().map(support::n_of).eq(1..=300));
    assert_eq!(history.last().map(|event| event.position), last);
}

#[tokio::test]
async fn history_of_what_changed_very_often_holds_the_newest() {
    let (database, pool) = counters().await;
    let counter = a_counter();
    let many: Vec<_> = (1..=1_100).map(|n| (support::Counted { counter, n }, n)).collect();
    let mut tx = pool.begin().await.unwrap();
    event_bus::append_all(&mut tx, &support::meta(), &many).await.unwrap();
    tx.commit().await.unwrap();
    let history = bus(database.pool("event_bus"), 500).own::<support::Counted>().history(counter).await.unwrap();
    assert!(history.iter().map(support::n_of).eq(101..=1_100));
}

#[tokio::test]
async fn history_holds_everything_of_one_aggregate_and_nothing_else() {
    let (database, pool) = counters().await;
    let (counter, other) = (a_counter(), a_counter());
    for n in 1..=3 {
        write(&pool, counter, [n]).await;
        write(&pool, other, [n + 10]).await;
    }
    let events = bus(database.pool("event_bus"), 500);
    let history = events.own::<support::Counted>().history(counter).await.unwrap();
    assert!(history.iter().map(support::n_of).eq(1..=3));
    assert!(history.iter().all(|event| event.aggregate_id == counter));
    sqlx::query(
        "insert into event_bus.log (id, name, version, aggregate_type, aggregate_id, aggregate_version, payload, actor, occurred_at)
        values (gen_random_uuid(), 'clock.stopped', 1, 'counter', $1, 9, '{}', '{}', now())",
    )
    .bind(counter)
    .execute(&pool)
    .await
    .unwrap();
    assert_eq!(events.own::<support::Counted>().history(counter).await.unwrap().len(), 3, "without another context's");
}

#[tokio::test]
async fn a_subscription_can_be_replayed_from_any_position_also_at_rest() {
    let (database, pool) = counters().await;
    let events = bus(database.pool("event_bus"), 500);
    let running = start(&events, &pool, Seeing::calmly("us")).await;
    let positions = write(&pool, a_counter(), 1..=5).await;
    until_seen(&pool, 1..=5).await;

    // From a process that runs nothing.
    let operator = bus(database.pool("event_bus"), 500);
    assert!(operator.replay("books", positions[1]).await.unwrap());
    until_seen(&pool, (1..=5).chain(3..=5)).await;
    assert!(operator.replay("books", Position::START).await.unwrap());
    until_seen(&pool, (1..=5).chain(3..=5).chain(1..=5)).await;
    assert!(!operator.replay("nobody", Position::START).await.unwrap());
    running.stop().await;
}

#[tokio::test]
async fn a_lost_wake_is_covered_by_polling() {
    let (database, pool) = counters().await;
    sqlx::raw_sql("alter table event_bus.log disable trigger log_wakes_subscriptions")
        .execute(&database.owner_pool("event_bus"))
        .await
        .unwrap();
    let events = bus(database.pool("event_bus"), 500);
    let running = start(&events, &pool, Seeing::calmly("us")).await;
    write(&pool, a_counter(), [1]).await;
    until_seen(&pool, [1]).await;
    write(&pool, a_counter(), [2]).await;
    until_seen(&pool, [1, 2]).await;
    running.stop().await;
}

#[tokio::test]
async fn a_subscription_that_follows_nobody_here_is_refused_at_start() {
    let (database, pool) = counters().await;
    let events = bus(database.pool("event_bus"), 500);
    let follower = || Subscription::apply("books.view", pool.clone(), Seeing::calmly("us"));
    let alone = events.start(vec![follower().after("books")]).await;
    assert!(alone.is_err());
    let in_a_row = vec![
        Subscription::apply("books", pool.clone(), Seeing::calmly("us")).after("books.view"),
        follower().after("books"),
    ];
    assert!(events.start(in_a_row).await.is_err());
}
