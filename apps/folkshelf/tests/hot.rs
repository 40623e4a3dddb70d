//! Answers from memory: as if every one had been read anew, on every replica.

mod support;

use reqwest::Method;
use serde_json::{Value, json};
use support::{Host, Person, Place, Reply, books_from_memory};

async fn until_kept(host: &Host, path: &str) {
    testkit::eventually("it is given from memory", || async {
        let before = books_from_memory(host).await;
        host.get(path).await.expect(200);
        books_from_memory(host).await > before
    })
    .await;
}

async fn title(host: &Host, person: Option<&Person>, path: &str) -> Value {
    let reply = match person {
        Some(person) => person.get(host, path).await,
        None => host.get(path).await,
    };
    reply.expect(200).data()["title"].clone()
}

#[tokio::test]
async fn nobody_on_any_replica_is_given_what_was_before_a_write_that_is_answered() {
    let place = Place::new().await;
    let (one, two) = (Host::start_in(&place), Host::start_in(&place));
    let owner = one.register("Olga").await;
    let finn = one.register("Finn").await;
    let book = owner.lists(&one, "Edition 0").await;
    let path = format!("/books/{book}");
    for host in [&one, &two] {
        until_kept(host, &path).await;
        until_kept(host, "/books").await;
    }
    for edition in 1..=40 {
        let (writing, reading) = if edition % 2 == 0 { (&one, &two) } else { (&two, &one) };
        let new = format!("Edition {edition}");
        owner.put(writing, &path, json!({"title": new})).await.expect(200);
        assert_eq!(title(reading, None, &path).await, new);
        assert_eq!(title(reading, Some(&owner), &path).await, new);
        assert_eq!(title(reading, Some(&finn), &path).await, new);
        assert_eq!(reading.get("/books").await.expect(200).data()[0]["title"], new);
    }
    // A borrower's own write, and what it changes for everybody.
    let borrow = finn.asks_for(&two, &book).await;
    owner.does(&one, &borrow, "approve", json!({})).await;
    assert_eq!(two.get(&path).await.data()["status"], "reserved");
    finn.does(&two, &borrow, "cancel", json!({})).await;
    assert_eq!(finn.get(&one, &path).await.data()["status"], "available");
    assert_eq!(one.get("/books?available=true").await.ids(), [book]);
}

#[tokio::test]
async fn an_answer_from_memory_is_the_same_as_one_from_the_routes() {
    let (_place, host) = Host::start().await;
    let owner = host.register("Olga").await;
    let book = owner.lists(&host, "Emma").await;
    for path in [format!("/books/{book}"), "/books?limit=5&fields=id,title".to_owned()] {
        let first = host.get(&path).await.expect(200);
        until_kept(&host, &path).await;
        let again = host.get(&path).await.expect(200);
        assert_eq!(again.body, first.body);
        for (name, value) in &first.headers {
            if !["date", "traceparent", "x-request-id"].contains(&name.as_str()) {
                assert_eq!(again.headers.get(name), Some(value), "{name}");
            }
        }
        let held = Reply::to(host.request(Method::GET, &path).header("If-None-Match", first.header("etag"))).await;
        assert_eq!((held.status, held.header("etag")), (304, first.header("etag")));
        let packed = host.request(Method::GET, &path).header("Accept-Encoding", "gzip");
        assert_eq!(Reply::to(packed).await.expect(200).header("content-encoding"), "gzip");
    }
}

#[tokio::test]
async fn who_may_see_more_is_not_given_what_others_see() {
    let (place, host) = Host::start().await;
    let (owner, finn) = (host.register("Olga").await, host.register("Finn").await);
    let mo = host.register("Mo").await;
    support::command_line(&place, &["users", "promote", &mo.email, "--role", "moderator"]);
    let book = json!({"title": "Emma", "authors": ["Jane Austen"], "lending": "lend", "notes": "third shelf"});
    let made = owner.post(&host, "/books", book).await.expect(201);
    let path = format!("/books/{}", made.data()["id"].as_str().expect("an id"));
    // Whoever asks first: what others may not see is not kept for them.
    for (person, sees) in [(&owner, true), (&mo, true), (&finn, false), (&owner, true), (&mo, true), (&finn, false)] {
        for _ in 0..3 {
            let one = person.get(&host, &path).await.expect(200);
            let list = person.get(&host, "/books").await.expect(200);
            assert_eq!(one.data()["notes"] == "third shelf", sees, "{}", person.name);
            assert_eq!(list.data()[0]["notes"] == "third shelf", sees, "{}", person.name);
        }
        assert!(host.get(&path).await.expect(200).data()["notes"].is_null());
    }
}

#[tokio::test]
async fn a_token_opens_nothing_once_its_session_has_ended() {
    let place = Place::new().await;
    let (one, two) = (Host::start_in(&place), Host::start_in(&place));
    let owner = one.register("Olga").await;
    owner.lists(&one, "Emma").await;
    for round in 0..10 {
        let finn = one.register("Finn").await;
        for host in [&one, &two] {
            finn.get(host, "/books").await.expect(200);
            finn.get(host, "/users/me").await.expect(200);
        }
        let (here, there) = if round % 2 == 0 { (&one, &two) } else { (&two, &one) };
        finn.post(here, "/auth/logout", json!({})).await.expect(204);
        finn.get(there, "/books").await.expect(401);
        finn.get(there, "/users/me").await.expect(401);
        finn.get(here, "/books").await.expect(401);
    }
}

#[tokio::test]
async fn without_memory_every_answer_is_read_anew() {
    let place = Place::new().await;
    let mut environment = place.environment();
    environment.push(("FOLKSHELF_HTTP__MEMORY_CACHE_MIB".to_owned(), "0".to_owned()));
    let host = Host::start_with(&environment);
    host.register("Olga").await.lists(&host, "Emma").await;
    for _ in 0..5 {
        host.get("/books").await.expect(200);
    }
    assert!(books_from_memory(&host).await < f64::EPSILON);
}

#[tokio::test]
async fn borrows_and_notifications_are_their_members_own_and_never_old() {
    let place = Place::new().await;
    let mut environment = place.environment();
    environment.push(("FOLKSHELF_COMMUNITY__COOL_DOWN".to_owned(), "false".to_owned()));
    let (one, two) = (Host::start_with(&environment), Host::start_with(&environment));
    let (owner, finn) = (one.register("Olga").await, one.register("Finn").await);
    let book = owner.lists(&one, "Emma").await;
    let counts = |reply: Reply| reply.expect(200).data()["count"].as_u64().expect("a number");
    let mut told = 0;
    for round in 0..10 {
        let (here, there) = if round % 2 == 0 { (&one, &two) } else { (&two, &one) };
        let borrow = finn.asks_for(here, &book).await;
        told += 1;
        for host in [there, here, there] {
            assert_eq!(finn.get(host, "/borrows?limit=1").await.expect(200).data()[0]["id"], borrow);
            assert_eq!(owner.get(host, "/borrows?limit=1").await.expect(200).data()[0]["status"], "pending");
            assert_eq!(counts(owner.get(host, "/notifications/unread-count").await), 1);
            assert_eq!(counts(finn.get(host, "/notifications/unread-count").await), 0);
            assert_eq!(owner.get(host, "/notifications").await.expect(200).ids().len() as u64, told);
            assert_eq!(finn.get(host, "/notifications").await.expect(200).ids().len(), 0);
        }
        // Read, or the next would be folded into it.
        owner.post(there, "/notifications/read-all", json!({})).await.expect(200);
        assert_eq!(counts(owner.get(here, "/notifications/unread-count").await), 0);
        finn.does(there, &borrow, "cancel", json!({})).await;
        told += 1;
        assert_eq!(counts(owner.get(here, "/notifications/unread-count").await), 1);
        owner.post(here, "/notifications/read-all", json!({})).await.expect(200);
        assert_eq!(finn.get(here, "/borrows?limit=1").await.expect(200).data()[0]["status"], "cancelled");
        here.get("/borrows").await.expect(401);
        here.get("/notifications").await.expect(401);
    }
}

#[tokio::test]
async fn whoever_is_a_moderator_no_more_sees_others_borrows_no_more() {
    let (place, host) = Host::start().await;
    let (owner, finn, mo) = (host.register("Olga").await, host.register("Finn").await, host.register("Mo").await);
    finn.asks_for(&host, &owner.lists(&host, "Emma").await).await;
    support::command_line(&place, &["users", "promote", &mo.email, "--role", "moderator"]);
    for _ in 0..3 {
        assert_eq!(mo.get(&host, "/borrows?role=any").await.expect(200).ids().len(), 1);
    }
    support::command_line(&place, &["users", "promote", &mo.email, "--role", "user"]);
    mo.get(&host, "/borrows?role=any").await.expect(403);
}
