//! What a real PostgreSQL says of its connections.

use std::time::Duration;

use database::{Database, Room, Server, slots, without_connection};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Connection};
use testkit::TestDatabase;

const PATIENCE: Duration = Duration::from_millis(300);

/// How a host's sessions are named: `event_bus::session_name`.
fn named(options: PgConnectOptions, process: char) -> PgConnectOptions {
    options.application_name(&format!("folkshelf books {}", process.to_string().repeat(32)))
}

fn pool(options: PgConnectOptions) -> Database {
    let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(Duration::from_secs(3));
    Database::new(pool.connect_lazy_with(options), Server::unwatched())
}

#[tokio::test]
async fn other_hosts_are_counted_once_each_and_ones_own_sessions_not_at_all() {
    let database = TestDatabase::new().await;
    let options = database.options("event_bus");
    let own = "a".repeat(32);
    let before = slots(&options, &own).await.expect("the server tells");
    assert_eq!(before.hosts, 0);
    assert!(before.limit > before.reserved && before.usable() == before.limit - before.reserved, "{before:?}");

    let mut sessions = Vec::new();
    // Two of one host, one of another, one of ours, each by a role whose sessions `event_bus` may not look into.
    for process in ['b', 'b', 'c', 'a'] {
        sessions.push(named(database.options("books"), process).connect().await.expect("a session"));
    }
    let seen = slots(&options, &own).await.expect("the server tells");
    assert_eq!(seen.hosts, 2, "{seen:?}");
    assert_eq!(seen.room_for(seen.usable()), Room::TooLittle);
    assert_eq!(seen.room_for(seen.usable() + 1), Room::None);
    for session in sessions {
        session.close().await.expect("an end");
    }
}

#[tokio::test]
async fn a_pool_that_gets_no_connection_is_named_and_a_busy_one_is_not() {
    let database = TestDatabase::new().await;
    let free = pool(database.options("event_bus"));
    let busy = [pool(named(database.options("books"), 'b')), pool(named(database.options("auth"), 'b'))];
    let held = (busy[0].acquire().await.expect("its only connection"), busy[1].acquire().await.expect("the same"));
    // Refused by the server, as when it has no slot left.
    let refused = pool(named(database.options("books"), 'd').username("folkshelf_nobody_has_this_role"));
    let pools = [("books", &busy[0]), ("auth", &busy[1]), ("users", &refused), ("event_bus", &free)];
    let pools = pools.map(|(name, pool)| (name.to_owned(), pool.clone()));
    assert_eq!(without_connection(&pools, PATIENCE).await, ["users"]);
    // Through none of these can be asked which sessions there are.
    assert!(without_connection(&pools[..3], PATIENCE).await.is_empty());
    drop(held);
    assert!(without_connection(&pools[..2], PATIENCE).await.is_empty());
}
