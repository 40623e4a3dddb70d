//! What no role may do with the log, and what a context may not do with another's subscription.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

mod support;

use sqlx::{AssertSqlSafe, PgPool};
use support::{Seeing, a_counter, bus, counters, seen, start, until_seen, write};

const REFUSED: &str = "42501";

/// The SQLSTATE and the text with which the statement is refused.
async fn refusal(pool: &PgPool, statement: &str) -> (String, String) {
    let error = sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(pool).await.expect_err(statement);
    let error = error.into_database_error().expect(statement);
    (error.code().unwrap_or_default().into_owned(), error.message().to_owned())
}

const CHANGES: [&str; 3] =
    ["update event_bus.log set payload = '{}'", "delete from event_bus.log", "truncate event_bus.log cascade"];

#[tokio::test]
async fn nobody_changes_the_log_neither_a_context_nor_its_owner() {
    let (database, pool) = counters().await;
    let reader = database.pool("event_bus");
    write(&pool, a_counter(), [1]).await;
    for change in CHANGES {
        assert_eq!(refusal(&pool, change).await.0, REFUSED, "a context: {change}");
        let (code, text) = refusal(&reader, change).await;
        assert_eq!((code.as_str(), text.contains("permission denied")), (REFUSED, true), "{change}");
    }
    // Whoever reads the log cannot give itself more; the owner, as whom nobody logs in, has the trigger in the way.
    let (code, _) = refusal(&reader, "alter table event_bus.log disable trigger log_is_append_only").await;
    assert_eq!(code, REFUSED);
    for change in CHANGES {
        let (code, text) = refusal(&database.owner_pool("event_bus"), change).await;
        assert_eq!((code.as_str(), text.contains("append-only")), (REFUSED, true), "{change}: {text}");
    }
}

#[tokio::test]
async fn a_writer_chooses_neither_position_nor_transaction_and_reads_nothing() {
    let (_database, pool) = counters().await;
    let columns = "id, name, version, aggregate_type, aggregate_id, aggregate_version, payload, actor, occurred_at";
    let values = "gen_random_uuid(), 'a.b', 1, 'a', gen_random_uuid(), 1, '{}', '{}', now()";
    let allowed = format!("insert into event_bus.log ({columns}) values ({values})");
    sqlx::raw_sql(AssertSqlSafe(allowed)).execute(&pool).await.unwrap();
    for statement in [
        format!("insert into event_bus.log (transaction_id, {columns}) values ('1', {values})"),
        format!("insert into event_bus.log (position, {columns}) overriding system value values (1, {values})"),
        "select payload from event_bus.log".to_owned(),
        "select * from event_bus.subscription".to_owned(),
        "select * from event_bus.dead_letter".to_owned(),
        "update event_bus.subscription set position = 0".to_owned(),
        "delete from event_bus.dead_letter".to_owned(),
    ] {
        assert_eq!(refusal(&pool, &statement).await.0, REFUSED, "{statement}");
    }
}

#[tokio::test]
async fn a_context_cannot_move_the_checkpoint_of_another() {
    let (database, pool) = counters().await;
    let events = bus(database.pool("event_bus"), 500);
    let running = start(&events, &pool, Seeing::calmly("us")).await;
    write(&pool, a_counter(), [1]).await;
    until_seen(&pool, [1]).await;
    let before = events.subscriptions().await.unwrap()[0].checkpoint;

    // With everything right, the holder and the place, but for whose it is.
    let forged = "select event_bus.advance(name, lease_holder, transaction_id, position, '0', 0)
        from event_bus.subscription";
    let owner = database.pool("event_bus");
    let (holder, from): (uuid::Uuid, i64) =
        sqlx::query_as("select lease_holder, position from event_bus.subscription").fetch_one(&owner).await.unwrap();
    let stranger = database.pool("users");
    let call = format!("select event_bus.advance('books', '{holder}', '{}', {from}, '0', 0)", before.transaction);
    assert_eq!(refusal(&stranger, &call).await.0, REFUSED);
    assert_eq!(refusal(&stranger, forged).await.0, REFUSED);
    let views = call.replace("'books'", "'books.view'");
    assert_eq!(refusal(&stranger, &views).await.0, REFUSED);
    assert_eq!(events.subscriptions().await.unwrap()[0].checkpoint, before);

    // The canary: the same call is good for the context itself.
    sqlx::raw_sql(AssertSqlSafe(call)).execute(&pool).await.unwrap();
    until_seen(&pool, [1, 1]).await;
    assert_eq!(seen(&pool).await.len(), 2);
    running.stop().await;
}

#[tokio::test]
async fn a_log_from_a_server_with_higher_transaction_ids_is_refused_at_start() {
    let (database, pool) = counters().await;
    // As a restored dump has it.
    sqlx::raw_sql(
        "insert into event_bus.log (transaction_id, id, name, version, aggregate_type, aggregate_id,
            aggregate_version, payload, actor, occurred_at)
        values ('9000000000000', gen_random_uuid(), 'a.b', 1, 'a', gen_random_uuid(), 1, '{}', '{}', now())",
    )
    .execute(&database.owner_pool("event_bus"))
    .await
    .unwrap();
    let events = bus(database.pool("event_bus"), 500);
    let refused = events
        .start(vec![event_bus::Subscription::apply("books", pool, Seeing::calmly("us"))])
        .await
        .err()
        .expect("it does not start");
    assert!(refused.to_string().contains("pg_resetwal"), "{refused}");
}
