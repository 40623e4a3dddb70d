//! A blocked subscription keeps the views of its context from being refreshed. After 5 s the host says so, and its reads
//! ask PostgreSQL until the views have caught up.

mod support;

use std::time::Duration;

use serde_json::json;
use sqlx::{Connection, PgConnection};
use support::{Host, Person};
use testkit::{eventually, eventually_within};

/// Views are late after 5 s, which is looked at once a second.
const NOTICED: Duration = Duration::from_secs(8);

async fn title(host: &Host, reader: Option<&Person>, book: &str) -> String {
    let path = format!("/books/{book}");
    let reply = match reader {
        Some(reader) => reader.get(host, &path).await,
        None => host.get(&path).await,
    };
    reply.expect(200).data()["title"].as_str().expect("a title").to_owned()
}

/// The gauge of a context's lateness.
async fn gauge(host: &Host, context: &str) -> f64 {
    host.metric_of(context, &format!("views_late_seconds{{context=\"{context}\"}}")).await.expect("the gauge")
}

#[tokio::test]
async fn views_that_are_late_say_so_and_nobody_relies_on_them() {
    let (place, host) = Host::start().await;
    let (owner, taker, other) = (host.register("Olga").await, host.register("Finn").await, host.register("Ines").await);
    let book = owner.lists(&host, "Emma").await;
    let asked_for = owner.lists(&host, "Persuasion").await;
    let borrow = taker.asks_for(&host, &asked_for).await;
    eventually("the views are there", || async { title(&host, None, &book).await == "Emma" }).await;
    let health = host.health_of("books").await.expect(200);
    assert_eq!((&health.body["status"], &health.body["viewsLateSeconds"]), (&json!("healthy"), &json!(null)));

    // books hears of the approval, and cannot write what it keeps of it. Its view waits behind it.
    let mut lock = PgConnection::connect_with(&place.database.owner_options()).await.expect("a connection");
    sqlx::raw_sql("begin; lock table books.availability in share mode").execute(&mut lock).await.expect("the lock");
    owner.does(&host, &borrow, "approve", json!({})).await;
    // What no command writes through: the table knows more than the view.
    let mut books = PgConnection::connect_with(&place.database.owner_options()).await.expect("a connection");
    sqlx::raw_sql("update books.book set title = 'Emma, revised' where title = 'Emma'")
        .execute(&mut books)
        .await
        .expect("another title");
    assert_eq!(title(&host, Some(&owner), &book).await, "Emma, revised", "a writer");
    assert_eq!(title(&host, None, &book).await, "Emma", "the canary: its view is not blocked");

    eventually_within(NOTICED, "the host says that its views are late", || async {
        host.health_of("books").await.expect(200).body["viewsLateSeconds"]["books"].as_u64() >= Some(5)
    })
    .await;
    let health = host.health_of("books").await.expect(200);
    assert_eq!(health.body["checks"]["eventLog"], "degraded");
    assert!(gauge(&host, "books").await >= 5.0);
    assert_eq!(title(&host, None, &book).await, "Emma, revised");
    assert_eq!(title(&host, Some(&other), &book).await, "Emma, revised");
    let listed = host.get("/books").await.expect(200);
    let titles: Vec<&str> =
        listed.data().as_array().expect("a list").iter().filter_map(|b| b["title"].as_str()).collect();
    assert!(titles.contains(&"Emma, revised"), "{titles:?}");
    // More at once than PostgreSQL has room for: each has an answer, if an older one.
    let paths: Vec<String> = (1..=60).map(|limit| format!("/books?limit={limit}")).collect();
    let all = futures_util::future::join_all(paths.iter().map(|path| host.get(path))).await;
    assert!(all.into_iter().all(|reply| reply.status == 200));

    lock.close().await.expect("the lock goes");
    eventually("the views have caught up", || async {
        host.health_of("books").await.expect(200).body["viewsLateSeconds"].is_null()
    })
    .await;
    assert!(gauge(&host, "books").await < 5.0);
    eventually("the view is relied on again", || async { title(&host, None, &book).await == "Emma" }).await;
}
