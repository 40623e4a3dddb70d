//! Contexts with databases of their own: what one of them tells, the others have in their own logs, and nobody reads less than
//! they wrote. docs/contexts-as-processes.md, *A database for each*.

mod support;

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use support::shape::Shape;
use support::{Host, PASSWORD, Person, Place, Reply, round};
use testkit::{PrivateNats, eventually, eventually_within, nats_programs};

const CONTEXTS: [&str; 5] = ["users", "auth", "books", "borrowing", "notifications"];

async fn start() -> (Place, Host) {
    start_with(Vec::new()).await
}

/// With more of an environment.
async fn start_with(more: Vec<(String, String)>) -> (Place, Host) {
    let place = Place::of(Shape::FiveDatabases).await;
    let mut environment = place.environment();
    environment.extend(more);
    let host = Host::start_as(Shape::FiveDatabases, &environment);
    // Processes that start at one moment do not reach each other at once.
    let level = "select count(*) from event_bus.source where heard_at is not null and last_error is null";
    eventually("every database hears from every other", || async { everywhere(&place, level).await == 5 * 4 }).await;
    (place, host)
}

/// Asks again while the process is not back.
async fn is_told(person: &Person, host: &Host, kind: &str) -> bool {
    let reply = person.get(host, "/notifications?limit=100").await;
    reply.status == 200 && reply.data().as_array().expect("a list").iter().any(|item| item["type"] == kind)
}

/// The events of a context in the log of another context's database: a hash of their ids in order, and how many there are.
async fn told(place: &Place, context: &str, in_database_of: &str) -> (String, i64) {
    let options = place.database_of(in_database_of).owner_options();
    let mut connection = PgConnection::connect_with(&options).await.expect("a connection");
    sqlx::query_as(
        "select coalesce(md5(string_agg(log.id::text, ',' order by log.transaction_id, log.position)), ''), count(*)
        from event_bus.log join event_bus.published on published.event = log.name where published.role = $1",
    )
    .bind(format!("folkshelf_{context}"))
    .fetch_one(&mut connection)
    .await
    .expect("the log")
}

/// Every database has what every context has told: nothing lost, nothing doubled, in the same order.
async fn logs_agree(place: &Place) -> bool {
    for context in CONTEXTS {
        let own = told(place, context, context).await;
        for other in CONTEXTS {
            if told(place, context, other).await != own {
                return false;
            }
        }
    }
    true
}

async fn until_logs_agree(place: &Place) {
    eventually_within(Duration::from_secs(30), "every log has the same", || logs_agree(place)).await;
}

#[tokio::test]
async fn whoever_writes_in_one_database_reads_it_in_every_other() {
    let (place, host) = start().await;
    let olga = host.register("Olga").await;
    for nth in 1..=8 {
        // What one member does again and again is told as one.
        let finn = host.register("Finn").await;
        // A fresh book is known to borrowing at once, the loan to books and to notifications.
        let book = olga.lists(&host, &format!("Volume {nth}")).await;
        let borrow = finn.asks_for(&host, &book).await;
        assert_eq!(finn.borrow(&host, &borrow).await["book"]["title"], format!("Volume {nth}"));
        let told = olga.was_told(&host).await;
        assert_eq!(told.last().map(String::as_str), Some("borrow.created"), "{told:?}");
        olga.does(&host, &borrow, "approve", json!({})).await;
        let shown = host.get(&format!("/books/{book}")).await.expect(200);
        assert_ne!(shown.data()["status"], "available", "{:#}", shown.body);
        assert!(finn.was_told(&host).await.contains(&"borrow.approved".to_owned()));
        finn.does(&host, &borrow, "cancel", json!({"reason": "Found one"})).await;
        let shown = host.get(&format!("/books/{book}")).await.expect(200);
        assert_eq!(shown.data()["status"], "available", "{:#}", shown.body);
    }
    until_logs_agree(&place).await;
    let (_, events) = told(&place, "borrowing", "users").await;
    assert!(events >= 3 * 8, "{events}");
}

#[tokio::test]
async fn a_position_says_of_which_log_it_is_and_is_demanded_of_any_process() {
    let (_place, host) = start().await;
    let olga = host.register("Olga").await;
    let book = json!({"title": "Emma", "authors": ["Jane Austen"], "lending": "lend"});
    let reply = olga.post(&host, "/books", book).await.expect(201);
    let position = reply.header("x-folkshelf-position").to_owned();
    assert!(position.starts_with("books:"), "{position}");
    for path in ["/books/mine", "/profile", "/borrows", "/notifications", "/auth/sessions"] {
        let demanding = olga.request(&host, Method::GET, path).header("X-Folkshelf-Min-Position", &position);
        let shown = Reply::to(demanding).await.expect(200);
        assert_eq!(shown.header("x-folkshelf-behind"), "", "{path}");
    }
    // One that never comes: the answer says that it is of before, wherever it comes from.
    for (path, context) in [("/books/mine", "books"), ("/borrows", "borrowing")] {
        let never = "books:999999999999-1, borrowing:999999999999-1";
        let demanding = olga.request(&host, Method::GET, path).header("X-Folkshelf-Min-Position", never);
        let shown = Reply::to(demanding).await.expect(200);
        assert_eq!(shown.header("x-folkshelf-behind"), context, "{path}");
    }
    for wrong in ["lending:1-1", "books:", "books:1", "1-1,,2-2", "1-1,1-1,1-1,1-1,1-1,1-1,1-1"] {
        let asked = olga.request(&host, Method::GET, "/borrows").header("X-Folkshelf-Min-Position", wrong);
        assert_eq!(Reply::to(asked).await.expect(400).fields(), ["X-Folkshelf-Min-Position"], "{wrong}");
    }
}

#[tokio::test]
async fn what_is_told_while_a_process_is_away_arrives_when_it_is_back() {
    let (place, mut host) = start().await;
    let ada = round::admin(&host).await;
    let (olga, finn) = (host.register("Olga").await, host.register("Finn").await);
    let book = olga.lists(&host, "Emma").await;
    let borrow = finn.asks_for(&host, &book).await;
    host.kill_process_of("notifications");
    host.kill_process_of("users");
    olga.does(&host, &borrow, "approve", json!({})).await;
    finn.does(&host, &borrow, "cancel", json!({"reason": "Found one"})).await;
    host.start_process_of("users");
    host.start_process_of("notifications");
    eventually("who was away tells it", || async {
        is_told(&finn, &host, "borrow.approved").await && is_told(&olga, &host, "borrow.cancelled").await
    })
    .await;
    until_logs_agree(&place).await;
    let parked = ada.get(&host, "/admin/dead-letters").await.expect(200);
    assert_eq!(parked.body["pagination"]["total"], 0, "{:#}", parked.body);
}

#[tokio::test]
async fn events_go_over_nats_and_without_it_while_it_is_away() {
    for program in nats_programs() {
        let mut nats = PrivateNats::start(program).await;
        let (place, host) = start_with(vec![("FOLKSHELF_NATS__URLS".to_owned(), nats.urls().join(","))]).await;
        let brought = async || {
            let sample = r#"event_road_received_total{context="books",outcome="followed"}"#;
            host.metric_of("notifications", sample).await.unwrap_or(0.0)
        };
        for is_away in [false, true, false] {
            if is_away {
                nats.kill(0).await;
            } else if !nats.is_running(0) {
                nats.start_again(0).await;
            }
            let before = brought().await;
            round::a_book_goes_round(&host, &host, "Emma").await;
            until_logs_agree(&place).await;
            if !is_away {
                eventually("NATS brings them", || async {
                    round::a_book_goes_round(&host, &host, "Emma").await;
                    brought().await > before
                })
                .await;
            }
        }
        until_logs_agree(&place).await;
    }
}

#[tokio::test]
async fn a_member_who_leaves_is_forgotten_in_every_database() {
    let (place, host) = start().await;
    let (olga, finn) = (host.register("Olga").await, host.register("Finnegan").await);
    let book = olga.lists(&host, "Emma").await;
    let borrow = finn.asks_for(&host, &book).await;
    finn.does(&host, &borrow, "cancel", json!({"reason": "Finnegan has found one"})).await;
    until_logs_agree(&place).await;
    let leave = finn.request(&host, Method::DELETE, "/profile").json(&json!({"password": PASSWORD}));
    Reply::to(leave).await.expect(204);
    eventually("the loan is told of without him", || async {
        until_logs_agree(&place).await;
        everywhere(&place, "select count(*) from event_bus.personal_field where fields::text like '%Finnegan%'").await
            == 0
    })
    .await;
    let still = "select count(*) from event_bus.log where payload::text like '%Finnegan%'";
    assert_eq!(everywhere(&place, still).await, 0);
}

async fn everywhere(place: &Place, query: &'static str) -> i64 {
    let mut count = 0;
    for context in CONTEXTS {
        let options = place.database_of(context).owner_options();
        let mut connection = PgConnection::connect_with(&options).await.expect("a connection");
        let found: i64 = sqlx::query_scalar(query).fetch_one(&mut connection).await.expect("a count");
        count += found;
    }
    count
}

#[tokio::test]
async fn a_database_that_is_away_stops_its_own_context_and_no_other() {
    let (place, host) = start().await;
    let (olga, finn) = (host.register("Olga").await, host.register("Finn").await);
    let book = olga.lists(&host, "Emma").await;
    let options = place.database_of("notifications").owner_options();
    let name = place.database_of("notifications").name().to_owned();
    let mut connection = PgConnection::connect_with(&options.clone().database("postgres")).await.expect("a connection");
    let close = format!("alter database {name} with allow_connections false");
    sqlx::raw_sql(sqlx::AssertSqlSafe(close)).execute(&mut connection).await.expect("closed");
    let end = "select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = $1";
    sqlx::query(end).bind(&name).execute(&mut connection).await.expect("ended");

    let borrow = finn.asks_for(&host, &book).await;
    olga.does(&host, &borrow, "approve", json!({})).await;
    let seen: Value = finn.borrow(&host, &borrow).await;
    assert_eq!(seen["status"], "approved");
    let open = format!("alter database {name} with allow_connections true");
    sqlx::raw_sql(sqlx::AssertSqlSafe(open)).execute(&mut connection).await.expect("open");
    eventually("the notifications come", || is_told(&finn, &host, "borrow.approved")).await;
    until_logs_agree(&place).await;
}
