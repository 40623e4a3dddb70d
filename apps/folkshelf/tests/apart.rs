//! Contexts are apart in time: whatever is wrong with one of them costs the commands of the others one wait at most, and
//! nobody reads less than they wrote.

mod support;

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use sqlx::{Connection, PgConnection};
use support::shape::Shape;
use support::{Host, Person, Place, Reply};
use testkit::eventually;

/// A command waits half a second at most. What takes this long has waited for somebody in vain, or the machine is busy:
/// where each waits, all do.
const WAITED: Duration = Duration::from_millis(400);

/// The owner's connection with a table locked against writers, until it is dropped.
async fn lock(place: &Place, table: &str) -> PgConnection {
    let mut connection = PgConnection::connect_with(&place.database.owner_options()).await.expect("a connection");
    let lock = format!("begin; lock table {table} in share mode");
    sqlx::raw_sql(sqlx::AssertSqlSafe(lock)).execute(&mut connection).await.expect("the lock");
    connection
}

/// Lists books in turn as several members, who have all written before, and reads each back. How many waited.
async fn list_and_read(host: &Host, members: &[Person], rounds: usize) -> usize {
    let mut waited = 0;
    for round in 0..rounds {
        for member in members {
            let begun = Instant::now();
            let book = member.lists(host, &format!("Volume {round}")).await;
            waited += usize::from(begun.elapsed() >= WAITED);
            let read = member.get(host, &format!("/books/{book}")).await.expect(200);
            assert_eq!(read.data()["title"], format!("Volume {round}"));
            assert!(member.get(host, "/books/mine?limit=100").await.expect(200).ids().contains(&book));
        }
    }
    waited
}

async fn some_members(host: &Host) -> Vec<Person> {
    let mut members = Vec::new();
    for name in ["Ada", "Barbara", "Grace"] {
        members.push(host.register(name).await);
    }
    members
}

async fn is_behind(owner: &mut PgConnection, subscription: &str) -> bool {
    sqlx::query_scalar(
        "select exists (select from event_bus.log l, event_bus.subscription s where s.name = $1
            and (l.transaction_id, l.position) > (s.transaction_id, s.position))",
    )
    .bind(subscription)
    .fetch_one(owner)
    .await
    .expect("the log")
}

#[tokio::test]
async fn a_blocked_table_of_one_context_costs_the_others_one_wait() {
    for (subscription, table) in [
        ("notifications", "notifications.notification"),
        ("books", "books.availability"),
        ("borrowing", "borrowing.member"),
        ("users", "users.member"),
        ("auth", "auth.account"),
    ] {
        let (place, host) = Host::start().await;
        let members = some_members(&host).await;
        let (owner, taker) = (host.register("Olga").await, host.register("Finn").await);
        let book = owner.lists(&host, "Emma").await;
        let borrow = taker.asks_for(&host, &book).await;
        let mut owners_line = PgConnection::connect_with(&place.database.owner_options()).await.expect("a connection");

        let lock = lock(&place, table).await;
        // Something that it has to write for.
        match subscription {
            "notifications" | "books" => {
                owner.does(&host, &borrow, "approve", json!({})).await;
            }
            "borrowing" | "auth" => {
                let profile = json!({"name": "Olga the Great", "language": "en", "timeZone": "Europe/Berlin"});
                Reply::to(owner.request(&host, Method::PUT, "/profile").json(&profile)).await.expect(200);
            }
            _ => {
                host.register("Newcomer").await;
            }
        }
        assert!(is_behind(&mut owners_line, subscription).await, "{subscription} is not blocked");
        let waited = list_and_read(&host, &members, 8).await;
        assert!(waited <= 6, "{waited} of 24 waited for {subscription}");
        assert!(is_behind(&mut owners_line, subscription).await, "{subscription} was not blocked all the time");

        lock.close().await.expect("the lock goes");
        eventually("it catches up", || async {
            let mut line = PgConnection::connect_with(&place.database.owner_options()).await.expect("a connection");
            !is_behind(&mut line, subscription).await
        })
        .await;
    }
}

#[tokio::test]
async fn an_answer_says_which_context_has_not_heard_yet_of_what_its_reader_did() {
    let (place, host) = Host::start().await;
    let (owner, taker) = (host.register("Olga").await, host.register("Finn").await);
    let book = owner.lists(&host, "Emma").await;
    let borrow = taker.asks_for(&host, &book).await;
    let availability = format!("/books/{book}/availability");
    let read = || async { owner.get(&host, &availability).await.expect(200) };
    eventually("books has heard of the request", || async { read().await.header("x-folkshelf-behind").is_empty() })
        .await;

    if Shape::chosen() != Shape::AllInOne {
        // For two seconds after the start others may not know of a process; until then it says that it may be behind.
        tokio::time::sleep(Duration::from_secs(3)).await;
    }
    let lock = lock(&place, "books.availability").await;
    let approved = owner.does(&host, &borrow, "approve", json!({})).await;
    assert_eq!(approved["status"], "approved");
    let stale = read().await;
    assert_eq!(stale.data()["status"], "available");
    assert_eq!(stale.header("x-folkshelf-behind"), "books");
    // Others are not told: they did nothing that the answer lacks.
    let stranger = host.get(&availability).await.expect(200);
    assert!(stranger.header("x-folkshelf-behind").is_empty());
    // Borrowing knows what it did.
    let own = owner.get(&host, &format!("/borrows/{borrow}")).await.expect(200);
    assert!(own.header("x-folkshelf-behind").is_empty());

    lock.close().await.expect("the lock goes");
    eventually("the answer is complete", || async { read().await.header("x-folkshelf-behind").is_empty() }).await;
    assert_eq!(read().await.data()["status"], "reserved");
}

/// An event that nobody who hears of members can read. It is tried for some seconds before it is parked.
async fn poison(place: &Place) {
    let event = "insert into event_bus.log
            (id, name, version, aggregate_type, aggregate_id, aggregate_version, payload, actor, occurred_at)
        values (gen_random_uuid(), 'user.updated', 1, 'user', gen_random_uuid(), 1, '{}', '{\"kind\": \"anonymous\"}', now())";
    sqlx::query(event).execute(&place.database.pool("users")).await.expect("the poison");
}

#[tokio::test]
async fn a_poisoned_event_costs_one_wait() {
    let (place, host) = Host::start().await;
    let members = some_members(&host).await;
    poison(&place).await;
    let begun = Instant::now();
    let waited = list_and_read(&host, &members, 8).await;
    assert!(begun.elapsed() < Duration::from_secs(12), "it was parked meanwhile");
    assert!(waited <= 6, "{waited} of 24 waited");
}

#[tokio::test]
async fn a_book_that_borrowing_has_not_been_told_of_can_be_borrowed() {
    let (place, host) = Host::start().await;
    let (owner, taker) = (host.register("Olga").await, host.register("Finn").await);
    poison(&place).await;
    let book = owner.lists(&host, "Emma").await;
    let mut line = PgConnection::connect_with(&place.database.owner_options()).await.expect("a connection");
    assert!(is_behind(&mut line, "borrowing").await, "the canary: it has been told");
    let borrow = taker.asks_for(&host, &book).await;
    let shown = taker.borrow(&host, &borrow).await;
    assert_eq!((&shown["status"], &shown["book"]["title"]), (&json!("pending"), &json!("Emma")));
    let absent = taker.post(&host, "/borrows", json!({"bookId": owner.id, "days": 21})).await.expect(404);
    assert_eq!(absent.code(), "BOOK_NOT_FOUND");
}

#[tokio::test]
async fn a_profile_that_was_not_told_of_yet_is_no_404() {
    let (place, host) = Host::start().await;
    let lock = lock(&place, "users.member").await;
    let newcomer = host.register("Newcomer").await;
    let profile = json!({"name": "Newcomer", "language": "en", "timeZone": "Europe/Berlin"});
    for reply in [
        newcomer.get(&host, "/profile").await,
        Reply::to(newcomer.request(&host, Method::PUT, "/profile").json(&profile)).await,
    ] {
        assert_eq!(reply.expect(503).header("retry-after"), "2");
    }
    lock.close().await.expect("the lock goes");
    eventually("the profile is there", || async { newcomer.get(&host, "/profile").await.status == 200 }).await;
}

#[tokio::test]
async fn an_answer_given_again_carries_the_position_of_the_first() {
    let (_place, host) = Host::start().await;
    let owner = host.register("Olga").await;
    let list = || async {
        let request = owner.request(&host, Method::POST, "/books").header("Idempotency-Key", "once");
        Reply::to(request.json(&json!({"title": "Emma", "authors": ["Jane Austen"], "lending": "lend"})))
            .await
            .expect(201)
    };
    let (first, again) = (list().await, list().await);
    assert_eq!(first.data(), again.data());
    assert!(!first.header("x-folkshelf-position").is_empty());
    assert_eq!(again.header("x-folkshelf-position"), first.header("x-folkshelf-position"));
}
