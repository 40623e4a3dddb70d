//! `folkshelf audit` finds what differs between log, tables and Redis, exactly that, and nothing where nothing does.

mod support;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool};
use support::{Host, Place, command_line};

/// Whether it was content, and what it found: who, what, in which field.
fn audit(place: &Place, arguments: &[&str]) -> (bool, BTreeSet<String>) {
    let output = command_line(place, &[&["audit", "--json"], arguments].concat());
    let text = String::from_utf8(output.stdout).expect("text");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(!lines.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let found = lines.iter().filter(|line| line.get("fault").is_some()).map(|line| {
        let word = |name: &str| line[name].as_str().unwrap_or("-").to_owned();
        let id = line.get("aggregateId").or(line.get("id")).and_then(Value::as_str).unwrap_or("-");
        format!("{} {} {id} {} {}", word("compared"), word("context"), word("fault"), word("field"))
    });
    (output.status.success(), found.collect())
}

/// Past the program: triggers look for their tables in the schema of their context.
async fn plant(pool: &PgPool, sql: String) {
    let changed = sqlx::query(AssertSqlSafe(sql.clone())).execute(pool).await.expect("planted").rows_affected();
    assert_eq!(changed, 1, "{sql}");
}

#[tokio::test]
async fn each_planted_difference_is_found_and_nothing_else() {
    let (place, mut host) = Host::start().await;
    let (olga, bert) = (host.register("Olga").await, host.register("Bert").await);
    let (emma, persuasion) = (olga.lists(&host, "Emma").await, olga.lists(&host, "Persuasion").await);
    let (sanditon, gift) = (olga.lists(&host, "Sanditon").await, olga.lists(&host, "Lady Susan").await);
    olga.put(&host, &format!("/books/{gift}"), json!({"lending": "give"})).await.expect(200);
    let loan = bert.asks_for(&host, &emma).await;
    let given = bert.asks_for(&host, &gift).await;
    for borrow in [&loan, &given] {
        olga.does(&host, borrow, "approve", json!({})).await;
        olga.does(&host, borrow, "hand-over", json!({})).await;
    }
    bert.does(&host, &loan, "request-extension", json!({"days": 3})).await;
    olga.does(&host, &loan, "answer-extension", json!({"approve": true})).await;
    olga.delete(&host, &format!("/books/{sanditon}")).await.expect(204);
    assert_eq!(audit(&place, &[]), (true, BTreeSet::new()), "while a host runs");
    assert!(host.stop());

    let options = place.database.owner_options().options([("search_path", "books,borrowing,users,extensions")]);
    let pool = sqlx::postgres::PgPoolOptions::new().connect_with(options).await.expect("a pool");
    plant(&pool, format!("update books.book set title = 'Emmy' where id = '{emma}'")).await;
    plant(&pool, format!("update books.book set condition = 'poor' where id = '{gift}'")).await;
    plant(&pool, format!("delete from books.book where id = '{persuasion}'")).await;
    plant(&pool, format!("update borrowing.borrow set due_at = due_at + interval '1 day' where id = '{loan}'")).await;
    plant(&pool, format!("update users.member set role = 'admin' where id = '{}'", bert.id)).await;
    let stranger = "01936f8e-0000-7000-8000-000000000001";
    let nobody = format!("(id, name, created_at, version) values ('{stranger}', 'Nobody', now(), 1)");
    plant(&pool, format!("insert into users.member {nobody}")).await;

    let (content, found) = audit(&place, &[]);
    assert!(!content);
    let expected = [
        format!("log_and_rows books {emma} differs title"),
        format!("rows_and_views books {emma} differs title"),
        format!("rows_and_views books {gift} differs condition"),
        format!("log_and_rows books {persuasion} no_row -"),
        "rows_and_views books - surplus -".to_owned(),
        format!("log_and_rows borrowing {loan} differs dueAt"),
        format!("rows_and_views borrowing {loan} differs dueAt"),
        format!("log_and_rows users {} differs role", bert.id),
        format!("rows_and_views users {} differs role", bert.id),
        format!("log_and_rows users {stranger} no_events -"),
        format!("rows_and_views users {stranger} missing -"),
    ];
    assert_eq!(found, BTreeSet::from(expected));

    let only_borrows = audit(&place, &["--context", "borrowing", "--since", "2020-01-01T00:00:00Z"]).1;
    assert_eq!(only_borrows, BTreeSet::from([format!("log_and_rows borrowing {loan} differs dueAt")]));
    let since_now = audit(&place, &["--context", "borrowing", "--since", "2999-01-01T00:00:00Z"]);
    assert_eq!(since_now, (true, BTreeSet::new()));
    let unknown = command_line(&place, &["audit", "--context", "loans"]);
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("there is no context loans"));
}
