//! The horizon: transactions of other databases delay nothing, nothing is skipped, and whoever hides events is named.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

mod support;

use std::time::Duration;

use event_bus::Subscription;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, PgPool};
use support::storm;
use support::{Seeing, a_counter, append, bus, counters, start, until_seen, write};
use testkit::{PrivatePostgres, TestDatabase, eventually_within};

/// A session with an open transaction that has an id, and that id.
async fn an_open_transaction(options: &PgConnectOptions) -> (PgConnection, String) {
    let mut connection = options.connect().await.unwrap();
    sqlx::raw_sql("begin").execute(&mut connection).await.unwrap();
    let id = sqlx::query_scalar("select pg_current_xact_id()::text").fetch_one(&mut connection).await.unwrap();
    (connection, id)
}

#[tokio::test]
async fn a_transaction_of_another_database_delays_nothing() {
    let (database, pool) = counters().await;
    let elsewhere = TestDatabase::new().await;
    let events = bus(database.pool("event_bus"), 500);
    let running = start(&events, &pool, Seeing::calmly("us")).await;

    let _open = an_open_transaction(&elsewhere.owner_options()).await;
    write(&pool, a_counter(), [1]).await;
    let second = Duration::from_secs(1);
    eventually_within(second, "it is handled", || async { support::seen(&pool).await == [1] }).await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn beside_foreign_transactions_nothing_is_skipped() {
    let outcome = storm::blow(Duration::from_secs(4)).await;
    println!("{outcome:?}");
    assert!(outcome.committed > 200, "{outcome:?} is no storm");
    assert_eq!(outcome.skipped, 0, "{outcome:?}");
    // The canary: the storm is one in which a reader can go wrong.
    assert!(outcome.skipped_by_position > 0, "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn canary_a_volatile_horizon_skips() {
    const VOLATILE: &str = "
        alter function event_bus.horizon() rename to stable_horizon;
        create function event_bus.horizon() returns xid8 language plpgsql volatile as $$ begin
            perform pg_sleep(0.003);
            return event_bus.stable_horizon();
        end $$";
    let outcome = storm::blow_after(Duration::from_secs(4), VOLATILE).await;
    println!("{outcome:?}");
    assert!(outcome.skipped > 0, "{outcome:?}");
}

#[tokio::test]
async fn the_horizon_is_computed_once_a_statement_and_bounds_the_index() {
    let (database, pool) = counters().await;
    // One connection that has prepared everything: the listener has its own.
    let log = PgPoolOptions::new().max_connections(1).connect_lazy_with(database.options("event_bus"));
    let events = bus(log.clone(), 500);
    let running = start(&events, &pool, Seeing::calmly("us")).await;
    write(&pool, a_counter(), [1]).await;
    until_seen(&pool, [1]).await;
    running.stop().await;

    let volatility: String =
        sqlx::query_scalar("select provolatile::text from pg_proc where oid = 'event_bus.horizon()'::regprocedure")
            .fetch_one(&log)
            .await
            .unwrap();
    assert_eq!(volatility, "s", "anything but STABLE takes a newer snapshot than the rows'");

    // What the bus has prepared is what it reads the log with.
    let mut plans = Vec::new();
    let mut connection = log.acquire().await.unwrap();
    let prepared: Vec<(String, i32)> =
        sqlx::query_as("select name, cardinality(parameter_types) from pg_prepared_statements where statement like $1")
            .bind("%transaction_id < (select event_bus.horizon())%")
            .fetch_all(&mut *connection)
            .await
            .unwrap();
    // The log is too short for an index to be worth it.
    sqlx::raw_sql("set enable_seqscan = off").execute(&mut *connection).await.unwrap();
    for (name, parameters) in prepared {
        let arguments = if parameters == 0 { "" } else { "(0, 0, 500)" };
        let explain = format!("explain (costs off) execute {name}{arguments}");
        let lines: Vec<String> = sqlx::query_scalar(AssertSqlSafe(explain)).fetch_all(&mut *connection).await.unwrap();
        plans.push(lines);
    }
    assert_eq!(plans.len(), 2, "read and head: {plans:#?}");
    for plan in plans {
        let once = plan.iter().any(|line| line.contains("InitPlan"));
        let by_index = plan.iter().any(|line| line.contains("Index Cond") && line.contains("transaction_id < "));
        assert!(once && by_index, "{plan:#?}");
    }
}

/// Whether the horizon, as this role computes it, passes a transaction once a later one has ended.
async fn is_passed(pool: &PgPool, transaction: &str) -> bool {
    sqlx::query("select pg_current_xact_id()").execute(pool).await.unwrap();
    sqlx::query_scalar("select event_bus.horizon() > $1::text::xid8").bind(transaction).fetch_one(pool).await.unwrap()
}

#[tokio::test]
async fn every_role_tells_a_superusers_transaction_elsewhere_from_one_here() {
    let server = PrivatePostgres::start().await;
    let superuser = server.owner_options().username("postgres");
    let (mut session, elsewhere) = an_open_transaction(&superuser.clone().database("postgres")).await;
    let roles = ["event_bus", "books", "notifications"].map(|schema| server.pool(schema));
    for role in &roles {
        assert!(is_passed(role, &elsewhere).await);
    }
    // As where nothing of a session is to be seen.
    sqlx::raw_sql("rollback; set track_activities = off; begin").execute(&mut session).await.unwrap();
    let unseen: String = sqlx::query_scalar("select pg_current_xact_id()::text").fetch_one(&mut session).await.unwrap();
    let (_here, here) = an_open_transaction(&superuser).await;
    for role in &roles {
        assert!(is_passed(role, &unseen).await);
        assert!(!is_passed(role, &here).await);
    }
}

#[tokio::test]
async fn who_has_appended_cannot_prepare_and_who_has_prepared_is_passed() {
    let mut server = PrivatePostgres::start().await;
    let superuser = server.owner_options().username("postgres");
    let mut session = superuser.connect().await.unwrap();
    sqlx::raw_sql("alter system set max_prepared_transactions = 4").execute(&mut session).await.unwrap();
    drop(session);
    server.stop().await;
    server.start_again().await;
    let pool = server.pool("books");

    // What the horizon leans on when it passes a prepared transaction of this database.
    let mut tx = pool.begin().await.unwrap();
    append(&mut tx, a_counter(), 1).await;
    let refused = sqlx::raw_sql("prepare transaction 'appended'").execute(&mut *tx).await.unwrap_err();
    assert!(refused.to_string().contains("NOTIFY"), "{refused}");
    drop(tx);

    let (mut session, id) = an_open_transaction(&server.owner_options()).await;
    assert!(!is_passed(&pool, &id).await);
    sqlx::raw_sql("prepare transaction 'idle'").execute(&mut session).await.unwrap();
    assert!(is_passed(&pool, &id).await);
    sqlx::raw_sql("rollback prepared 'idle'").execute(&mut session).await.unwrap();
}

#[tokio::test]
async fn who_hides_events_for_more_than_five_seconds_is_named() {
    let (database, pool) = counters().await;
    let events = bus(database.pool("event_bus"), 500);
    let running = events.start(Vec::<Subscription>::new()).await.unwrap();

    let forgotten = database.owner_options().application_name("a forgotten psql");
    let (session, id) = an_open_transaction(&forgotten).await;
    write(&pool, a_counter(), [1]).await;
    assert_eq!(events.hidden(), None);
    eventually_within(Duration::from_secs(10), "it is named", || async {
        events.hidden().is_some_and(|hidden| !hidden.by.is_empty())
    })
    .await;
    let hidden = events.hidden().unwrap();
    assert!(hidden.duration >= Duration::from_secs(5), "{hidden:?}");
    let [holder] = &hidden.by[..] else { panic!("{hidden:?}") };
    assert_eq!(holder.application, "a forgotten psql");
    assert_eq!(holder.database, database.name());
    assert_eq!(Some(holder.role.as_str()), Some(forgotten.get_username()));
    assert!(id.ends_with(&holder.transaction), "{id} {hidden:?}");

    drop(session);
    eventually_within(Duration::from_secs(5), "nothing is hidden", || async { events.hidden().is_none() }).await;
    running.stop().await;
}
