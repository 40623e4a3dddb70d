//! The event log as an administrator reads it over HTTP.

mod support;

use std::collections::HashSet;

use serde_json::{Value, json};
use support::{Host, Person, Place};

async fn community() -> (Place, Host, Person, Person) {
    let (place, host) = Host::start().await;
    let (ada, finn) = (host.register("Ada").await, host.register("Finn").await);
    let done = support::command_line(&place, &["users", "promote", &ada.email]);
    assert!(done.status.success(), "{done:?}");
    (place, host, ada, finn)
}

fn types(body: &Value) -> Vec<&str> {
    body["data"].as_array().expect("a list").iter().map(|event| event["type"].as_str().expect("a type")).collect()
}

#[tokio::test]
async fn an_administrator_finds_what_happened_to_a_book_and_under_which_trace() {
    let (_place, host, ada, finn) = community().await;
    let book = ada.lists(&host, "Emma").await;
    let other = ada.lists(&host, "Persuasion").await;
    let reply = finn.post(&host, "/borrows", json!({"bookId": book, "days": 21})).await.expect(201);
    let trace = reply.header("traceparent").split('-').nth(1).expect("a trace id").to_owned();

    let reply = ada.get(&host, &format!("/admin/events?aggregate=book:{book}")).await.expect(200);
    assert_eq!(types(&reply.body), ["book.created"]);
    let event = &reply.data()[0];
    assert_eq!(event["aggregateType"], "book");
    assert_eq!(event["aggregateId"], book.as_str());
    assert_eq!(event["payload"]["title"], "Emma");
    assert_eq!(event["actor"], json!({"kind": "user", "id": ada.id}));
    let same = ada.get(&host, &format!("/admin/events?aggregate={book}")).await.expect(200);
    assert_eq!(same.data(), reply.data());
    let none = ada.get(&host, &format!("/admin/events?aggregate=borrow:{book}")).await.expect(200);
    assert!(types(&none.body).is_empty());

    let reply = ada.get(&host, "/admin/events?type=book.created&fields=payload,occurredAt").await.expect(200);
    let titles: Vec<&Value> = reply.data().as_array().expect("a list").iter().map(|e| &e["payload"]["title"]).collect();
    assert_eq!(titles, ["Persuasion", "Emma"]);
    let (newer, older) = (&reply.data()[0]["occurredAt"], &reply.data()[1]["occurredAt"]);
    let (newer, older) = (newer.as_str().expect("a moment"), older.as_str().expect("a moment"));
    let found = |query: String| {
        let (host, ada) = (&host, &ada);
        async move { ada.get(host, &format!("/admin/events?type=book.created&{query}")).await.expect(200).ids() }
    };
    assert_eq!(found(format!("from={newer}")).await.len(), 1);
    assert_eq!(found(format!("from={older}")).await.len(), 2);
    assert_eq!(found(format!("to={newer}")).await.len(), 1);
    assert_eq!(found(format!("from={older}&to={older}")).await.len(), 0);
    assert!(ada.get(&host, &format!("/admin/events?aggregate={other}")).await.expect(200).ids().len() == 1);

    // The request's trace is that of its event and of what followed from it.
    let reply = ada.get(&host, "/admin/events?type=borrow.created").await.expect(200);
    assert_eq!(reply.data()[0]["traceId"], trace.as_str());
    testkit::eventually("the notification's event carries the trace", || async {
        let reply = ada.get(&host, "/admin/events?type=notification.created").await.expect(200);
        reply.data().as_array().is_some_and(|events| events.iter().any(|event| event["traceId"] == trace.as_str()))
    })
    .await;
}

#[tokio::test]
async fn a_walk_through_the_log_sees_each_event_once_while_it_grows() {
    let (_place, host, ada, _finn) = community().await;
    let mut titles = HashSet::new();
    for nth in 0..9 {
        ada.lists(&host, &format!("Book {nth}")).await;
        titles.insert(format!("Book {nth}"));
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/admin/events?type=book.created&limit=4{cursor}");
        let reply = ada.get(&host, &path).await.expect(200);
        let page = reply.data().as_array().expect("a list");
        seen.extend(page.iter().map(|event| event["payload"]["title"].as_str().expect("a title").to_owned()));
        ada.lists(&host, "Added meanwhile").await;
        match reply.body["pagination"]["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), 9, "{seen:?}");
    assert_eq!(seen.into_iter().collect::<HashSet<_>>(), titles);
}

#[tokio::test]
async fn every_wrong_parameter_is_named() {
    let (_place, host, ada, _finn) = community().await;
    let path = "/admin/events?type=a%20b&aggregate=book&from=yesterday&to=2026-13-01T00:00:00Z&colour=red&limit=0";
    let reply = ada.get(&host, path).await.expect(400);
    let mut fields = reply.fields();
    fields.sort_unstable();
    assert_eq!(fields, ["aggregate", "colour", "from", "limit", "to", "type"]);
    for (query, field) in [
        ("cursor=nonsense", "cursor"),
        ("cursor=1-2-x", "cursor"),
        ("sort=type", "sort"),
        ("order=asc", "order"),
        ("fields=secret", "fields"),
        ("aggregate=book:", "aggregate"),
        ("aggregate=:01936f8e-0000-7000-8000-000000000001", "aggregate"),
        ("type=%00", "type"),
        ("from=2026-11-21", "from"),
    ] {
        let reply = ada.get(&host, &format!("/admin/events?{query}")).await.expect(400);
        assert_eq!(reply.fields(), [field], "{query}");
    }
    // What cannot be is an empty list, and no trouble.
    for query in ["from=9999-12-31T23:59:59Z", "to=0001-01-01T00:00:00Z", "page=101&limit=100", "type=no.such"] {
        let reply = ada.get(&host, &format!("/admin/events?{query}")).await.expect(200);
        assert!(reply.ids().is_empty(), "{query}");
    }
}

#[tokio::test]
async fn subscriptions_show_where_they_are_and_how_far_behind() {
    let (_place, host, ada, _finn) = community().await;
    ada.lists(&host, "Emma").await;
    testkit::eventually("nobody is behind", || async {
        let reply = ada.get(&host, "/admin/subscriptions").await.expect(200);
        reply.data().as_array().is_some_and(|all| all.iter().all(|one| one["behind"] == 0))
    })
    .await;
    let reply = ada.get(&host, "/admin/subscriptions").await.expect(200);
    let newest = ada.get(&host, "/admin/events?limit=1").await.expect(200);
    for subscription in reply.data().as_array().expect("a list") {
        assert_eq!(subscription["checkpoint"], newest.data()[0]["position"], "{subscription:#}");
        assert_eq!(subscription["lagSeconds"], 0.0);
        assert_eq!(subscription["running"], true);
        assert!(subscription["lastError"].is_null() && subscription["lastErrorAt"].is_null());
    }
}
