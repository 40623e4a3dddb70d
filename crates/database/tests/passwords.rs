//! The password of the roles is changed while a host serves that knows both.

use std::time::Duration;

use database::{Address, Database, Route, Server};
use sqlx::{AssertSqlSafe, ConnectOptions};
use testkit::{PrivatePostgres, eventually};

const ROLES: [&str; 2] = ["folkshelf_books", "folkshelf_users"];

async fn change_password(postgres: &PrivatePostgres, password: &str) {
    let mut owner = postgres.owner_options().connect().await.expect("a session");
    for role in ROLES {
        let change = format!("alter role {role} password '{password}'");
        sqlx::raw_sql(AssertSqlSafe(change)).execute(&mut owner).await.expect("it is changed");
    }
}

#[tokio::test]
async fn new_connections_are_opened_with_whichever_of_two_passwords_is_right() {
    let postgres = PrivatePostgres::start().await;
    change_password(&postgres, "old").await;
    postgres.require_passwords().await;
    let stranger = postgres.owner_options().username(ROLES[0]).password("not this one");
    eventually("a wrong password is refused", || async { stranger.connect().await.is_err() }).await;
    let ways = |role: &str, passwords: &[&str]| -> Vec<Address> {
        let way = |password: &&str| postgres.owner_options().username(role).password(password).into();
        passwords.iter().map(way).collect()
    };
    let both = ["old", "new"];
    let route = Route::new(ways(ROLES[0], &both));
    let pool = |route: &Route, ways| Database::new(route.pool(20, ways), Server::unwatched()).with_route(route.clone());
    let [books, users] = ROLES.map(|role| pool(&route, ways(role, &both)));
    let only = Route::new(ways(ROLES[0], &["old"]));
    let alone = pool(&only, ways(ROLES[0], &["old"]));

    // Each is held, so that the next one needs a new connection.
    let mut held = vec![books.acquire().await.expect("the first password"), alone.acquire().await.expect("the same")];
    for password in ["new", "old", "new"] {
        change_password(&postgres, password).await;
        let (first, second) = tokio::join!(books.acquire(), books.acquire());
        held.extend([first.expect(password), second.expect(password)]);
        // The event log takes its connections from the pool below, for all pools change together.
        held.push(users.pool().acquire().await.expect(password));
        let transaction = users.begin().await.expect(password);
        let role: String = sqlx::query_scalar("select current_user::text").fetch_one(&users).await.expect(password);
        let roles = sqlx::query("select 1 from generate_series(1, 3)").fetch_all(&users).await.expect(password);
        assert_eq!((role.as_str(), roles.len()), ("folkshelf_users", 3));
        transaction.rollback().await.expect("an end");
    }
    change_password(&postgres, "old").await;
    let mut listener = users.listener().await.expect("who listens has changed the password");
    listener.listen("news").await.expect("it listens");
    // Nobody asks for a connection before the event log does.
    change_password(&postgres, "new").await;
    route.check_password().await;
    held.push(users.pool().acquire().await.expect("the check has changed the password"));
    let late = pool(&route, ways(ROLES[1], &both));
    held.push(late.pool().acquire().await.expect("a pool that is made later begins with the right one"));
    // Who listens goes on: only the password is another.
    let told = tokio::time::timeout(Duration::from_millis(300), listener.next()).await;
    assert!(told.is_err(), "{told:?}");
    let refused = alone.acquire().await.expect_err("it knows the old password only");
    assert_eq!(refused.as_database_error().and_then(|error| error.code()).as_deref(), Some("28P01"));
}
