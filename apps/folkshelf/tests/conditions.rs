//! Requests that hold on conditions: entity tags and idempotency keys, on everything that takes them.

mod support;

use reqwest::Method;
use serde_json::{Value, json};
use support::{Host, Person, Reply};

const TITLE: &str = "Emma";

async fn asked_with(host: &Host, person: &Person, path: &str, tag: &str) -> Reply {
    Reply::to(person.request(host, Method::GET, path).header("If-None-Match", tag)).await
}

#[tokio::test]
async fn what_a_reader_holds_already_is_not_sent_again() {
    let (place, host) = Host::start().await;
    let (olga, finn) = (host.register("Olga").await, host.register("Finn").await);
    let promoted = support::command_line(&place, &["users", "promote", &olga.email]);
    assert!(promoted.status.success(), "{promoted:?}");
    let book = olga.lists(&host, TITLE).await;
    let borrow = finn.asks_for(&host, &book).await;
    for path in [
        "/books",
        "/books?sort=title&fields=id,title",
        "/books/mine",
        &format!("/books/{book}"),
        &format!("/books/{book}/history"),
        &format!("/books/{book}/availability"),
        "/books/facets",
        "/books/imports",
        "/borrows",
        &format!("/borrows/{borrow}"),
        &format!("/borrows/{borrow}/timeline"),
        "/notifications",
        "/notifications/unread-count",
        "/users",
        "/users/me",
        &format!("/users/{}", finn.id),
        "/profile",
        "/roles",
        "/auth/sessions",
        "/admin/dead-letters",
        "/admin/projections",
    ] {
        let whole = olga.get(&host, path).await.expect(200);
        let tag = whole.header("etag").to_owned();
        assert!(tag.len() > 2 && tag.starts_with('"') && tag.ends_with('"'), "{path}: {tag}");
        for held in [tag.clone(), format!("W/{tag}"), format!("\"another\", {tag}"), "*".to_owned()] {
            let reply = asked_with(&host, &olga, path, &held).await;
            assert_eq!((reply.status, &reply.body), (304, &json!("")), "{path} with {held}");
            assert_eq!(reply.header("etag"), tag, "{path}");
        }
        let other = asked_with(&host, &olga, path, "\"another\"").await.expect(200);
        assert_eq!(other.body, whole.body, "{path}");
    }
}

#[tokio::test]
async fn a_tag_is_worth_nothing_once_what_it_stood_for_has_changed() {
    let (_place, host) = Host::start().await;
    let (olga, finn) = (host.register("Olga").await, host.register("Finn").await);
    let book = olga.lists(&host, TITLE).await;
    let borrow = finn.asks_for(&host, &book).await;
    let paths = [
        &format!("/books/{book}"),
        "/books",
        "/books/mine",
        &format!("/borrows/{borrow}"),
        "/borrows",
        "/notifications",
    ];
    let mut tags = Vec::new();
    for path in paths {
        tags.push(olga.get(&host, path).await.expect(200).header("etag").to_owned());
    }
    olga.does(&host, &borrow, "approve", json!({})).await;
    finn.does(&host, &borrow, "cancel", json!({})).await;
    let edit = json!({"title": "Emma, revised"});
    olga.put(&host, &format!("/books/{book}"), edit).await.expect(200);
    for (path, tag) in paths.iter().zip(&tags) {
        let reply = asked_with(&host, &olga, path, tag).await;
        assert_eq!(reply.status, 200, "{path}");
        assert_ne!(reply.header("etag"), tag, "{path}");
    }
}

#[tokio::test]
async fn a_book_is_changed_and_deleted_only_in_the_version_that_was_read() {
    let (_place, host) = Host::start().await;
    let olga = host.register("Olga").await;
    let path = format!("/books/{}", olga.lists(&host, TITLE).await);
    let send = async |method: &Method, tag: &str| {
        let request = olga.request(&host, method.clone(), &path).header("If-Match", tag);
        let body = json!({"title": "Emma, revised"});
        Reply::to(if *method == Method::PUT { request.json(&body) } else { request }).await
    };
    let old = olga.get(&host, &path).await.expect(200).header("etag").to_owned();
    let changed = send(&Method::PUT, &old).await.expect(200);
    let new = changed.header("etag").to_owned();
    assert_eq!(
        new,
        olga.get(&host, &path).await.expect(200).header("etag"),
        "an edit answers with the tag of what it made"
    );
    for method in [Method::PUT, Method::DELETE] {
        for stale in [old.as_str(), "\"none of ours\"", "\"-1\"", "\"99999999999999999999\""] {
            let reply = send(&method, stale).await;
            assert_eq!((reply.status, reply.code()), (412, "VERSION_MISMATCH"), "{method} with {stale}");
        }
        for malformed in ["1", "\"1", "", "null"] {
            let reply = send(&method, malformed).await;
            assert_eq!((reply.status, reply.fields()), (400, vec!["If-Match"]), "{method} with {malformed}");
        }
    }
    send(&Method::PUT, "*").await.expect(200);
    let newest = olga.get(&host, &path).await.expect(200).header("etag").to_owned();
    send(&Method::DELETE, &newest).await.expect(204);
}

/// A POST with a key: twice at once and once more it has one effect and one answer; with another body, or on another
/// thing, it is refused.
async fn once(host: &Host, person: &Person, path: &str, body: &Value, other: (&str, &Value)) -> Value {
    let key = format!("key of {path}");
    let send = |path: &str, body: &Value| {
        Reply::to(person.request(host, Method::POST, path).header("Idempotency-Key", &key).json(body))
    };
    let (one, two) = tokio::join!(send(path, body), send(path, body));
    let again = send(path, body).await;
    for reply in [&one, &two, &again] {
        assert!((200..300).contains(&reply.status), "{path}: {reply:?}");
        assert_eq!((reply.status, &reply.body), (one.status, &one.body), "{path}");
    }
    let reused = send(other.0, other.1).await;
    assert_eq!((reused.status, reused.code()), (409, "IDEMPOTENCY_KEY_REUSED"), "{path}: {reused:?}");
    one.data().clone()
}

#[tokio::test]
async fn each_post_with_a_key_has_one_effect_and_one_answer() {
    let (place, host) = Host::start().await;
    let (olga, finn, mo) = (host.register("Olga").await, host.register("Finn").await, host.register("Mo").await);
    let promoted = support::command_line(&place, &["users", "promote", &mo.email]);
    assert!(promoted.status.success(), "{promoted:?}");

    let book = |title: &str| json!({"title": title, "authors": ["Jane Austen"], "lending": "lend"});
    let made = once(&host, &olga, "/books", &book(TITLE), ("/books", &book("Persuasion"))).await;
    assert_eq!(olga.get(&host, "/books/mine").await.expect(200).ids(), [made["id"].as_str().expect("an id")]);
    let nora = |name: &str| json!({"email": "nora@example.org", "name": name});
    once(&host, &mo, "/users", &nora("Nora"), ("/users", &nora("Norah"))).await;

    // A borrow for each way that one can go, and a spare one for each key's second use.
    let spare = finn.asks_for(&host, &olga.lists(&host, "Spare").await).await;
    let nothing = json!({});
    let ways: &[&[(&Person, &str, Value)]] = &[
        &[(&olga, "reject", json!({"reason": "Not now"}))],
        &[(&finn, "cancel", json!({"reason": "Found one"}))],
        &[
            (&olga, "approve", json!({"place": "The bakery"})),
            (&olga, "hand-over", nothing.clone()),
            (&finn, "request-extension", json!({"days": 7})),
            (&finn, "declare-return", nothing.clone()),
            (&olga, "return", json!({"condition": "ok"})),
        ],
        &[
            (&olga, "approve", nothing.clone()),
            (&olga, "hand-over", nothing.clone()),
            (&finn, "declare-return", nothing.clone()),
            (&olga, "not-received", nothing.clone()),
            (&mo, "resolve", json!({"outcome": "lost", "note": "In the lake"})),
        ],
        &[
            (&olga, "approve", nothing.clone()),
            (&olga, "hand-over", nothing.clone()),
            (&finn, "report-lost", json!({"note": "In the lake"})),
        ],
    ];
    for (nth, way) in ways.iter().enumerate() {
        let title = format!("Volume {nth}");
        let id = olga.lists(&host, &title).await;
        let ask = |days: u32| json!({"bookId": id, "days": days});
        let asker = host.register("Ann").await;
        let mut borrow = String::new();
        if nth == 0 {
            let asked = once(&host, &asker, "/borrows", &ask(14), ("/borrows", &ask(15))).await;
            asker.does(&host, asked["id"].as_str().expect("an id"), "cancel", json!({})).await;
        }
        borrow.push_str(&finn.asks_for(&host, &id).await);
        for (person, what, body) in *way {
            let path = format!("/borrows/{borrow}/{what}");
            once(&host, person, &path, body, (&format!("/borrows/{spare}/{what}"), body)).await;
        }
        // Each step is in the timeline once.
        let timeline = olga.get(&host, &format!("/borrows/{borrow}/timeline")).await.expect(200);
        let entries = timeline.data().as_array().expect("a list").len();
        assert!(entries <= way.len() + 2, "{:#}", timeline.body);
    }

    let inbox = olga.get(&host, "/notifications?unread=true&limit=2").await.expect(200).ids();
    let read = |id: &str| format!("/notifications/{id}/read");
    once(&host, &olga, &read(&inbox[0]), &nothing, (&read(&inbox[1]), &nothing)).await;
}
