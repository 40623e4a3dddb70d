//! A context has one database: where its events are imported nobody appends them, and who imports appends nothing else.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

mod support;

use sqlx::{AssertSqlSafe, PgPool};
use support::apart::{Site, tell};

const REFUSED: Option<&str> = Some("42501");

/// The SQLSTATE with which the statement is refused.
async fn refusal(pool: &PgPool, statement: &str) -> Option<String> {
    let error = sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(pool).await.err()?;
    Some(error.into_database_error().expect(statement).code().unwrap_or_default().into_owned())
}

fn append(event: &str) -> String {
    format!(
        "insert into event_bus.log
            (id, name, version, aggregate_type, aggregate_id, aggregate_version, payload, actor, occurred_at)
        values (gen_random_uuid(), '{event}', 1, 'test', gen_random_uuid(), 1, '{{}}', '{{}}', now())"
    )
}

const GIVE_UP: &str = "select event_bus.import_from_elsewhere('books')";

#[tokio::test]
async fn a_context_that_is_imported_cannot_append_and_the_importer_appends_nothing_else() {
    let site = Site::new(500).await;
    let (books, users, importer) = (site.pool("books"), site.pool("users"), &site.log);
    assert_eq!(refusal(books, &append("books.tested")).await, None, "the canary: it is its own");
    assert_eq!(refusal(importer, &append("books.tested")).await.as_deref(), REFUSED, "not imported");

    assert_eq!(refusal(importer, GIVE_UP).await, None);
    assert_eq!(refusal(importer, GIVE_UP).await, None, "twice is once");
    assert_eq!(refusal(books, &append("books.tested")).await.as_deref(), REFUSED, "another database's now");
    assert_eq!(refusal(users, &append("books.tested")).await.as_deref(), REFUSED);
    assert_eq!(refusal(users, &append("users.tested")).await, None, "still its own");
    assert_eq!(refusal(importer, &append("books.tested")).await, None, "the canary: the importer may");
    for event in ["users.tested", "nobody.declared"] {
        assert_eq!(refusal(importer, &append(event)).await.as_deref(), REFUSED, "the importer: {event}");
    }
    for (chosen, value) in [("transaction_id", "'7'::xid8"), ("position", "7")] {
        let statement = append("books.tested").replacen("(id,", &format!("({chosen}, id,"), 1);
        let statement = statement.replacen("values (", &format!("overriding system value values ({value}, "), 1);
        assert_eq!(refusal(importer, &statement).await.as_deref(), REFUSED, "the importer chooses its {chosen}");
    }
}

#[tokio::test]
async fn who_logs_in_gives_a_context_up_and_takes_none_back() {
    let site = Site::new(500).await;
    let (books, importer) = (site.pool("books"), &site.log);
    assert_eq!(refusal(books, GIVE_UP).await.as_deref(), REFUSED, "a context does not give itself up");
    assert_eq!(refusal(importer, "insert into event_bus.source values ('books')").await.as_deref(), REFUSED);
    assert_eq!(refusal(importer, &GIVE_UP.replace("books", "nobody")).await.as_deref(), Some("22023"));
    assert_eq!(refusal(importer, GIVE_UP).await, None);
    for back in [
        "delete from event_bus.source",
        "truncate event_bus.source",
        "update event_bus.source set context = 'users'",
        "drop trigger log_admits_event on event_bus.log",
    ] {
        assert_eq!(refusal(importer, back).await.as_deref(), REFUSED, "{back}");
        assert_eq!(refusal(books, back).await.as_deref(), REFUSED, "{back}");
    }
    let owner = site.database.owner_pool("event_bus");
    assert_eq!(refusal(&owner, "delete from event_bus.source").await, None, "the canary: the database's owner");
    assert_eq!(refusal(books, &append("books.tested")).await, None);
}

#[tokio::test]
async fn who_gives_a_context_up_waits_for_those_who_are_appending() {
    let site = Site::new(500).await;
    let books = site.pool("books");
    let (mut appending, mut early) = (books.begin().await.unwrap(), books.begin().await.unwrap());
    sqlx::query("select pg_current_xact_id()").execute(&mut *early).await.unwrap();
    tell(&mut *appending, "books", &serde_json::json!({})).await;
    let importer = site.log.clone();
    let giving_up = tokio::spawn(async move { refusal(&importer, GIVE_UP).await });
    testkit::eventually("it waits", async || {
        let waiting: i64 = sqlx::query_scalar(
            "select count(*) from pg_locks where relation = 'event_bus.log'::regclass and not granted",
        )
        .fetch_one(&site.log)
        .await
        .unwrap();
        waiting > 0
    })
    .await;
    assert!(!giving_up.is_finished());
    appending.commit().await.unwrap();
    assert_eq!(giving_up.await.unwrap(), None);
    assert_eq!(site.ids("books").await.len(), 1);
    let late = sqlx::raw_sql(AssertSqlSafe(append("books.tested"))).execute(&mut *early).await.unwrap_err();
    assert_eq!(late.into_database_error().unwrap().code().as_deref(), REFUSED, "begun before, appended after");
}
