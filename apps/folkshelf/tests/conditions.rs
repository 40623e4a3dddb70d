//! Requests that hold on conditions: entity tags and idempotency keys, on everything that takes them.

mod support;

use reqwest::Method;
use reqwest::multipart::{Form, Part};
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
        "/community",
        "/books",
        "/books?sort=title&fields=id,title",
        "/books/mine",
        &format!("/books/{book}"),
        &format!("/books/{book}/history"),
        &format!("/books/{book}/availability"),
        "/books/facets",
        "/books/imports",
        "/books/imports/open",
        "/borrows",
        &format!("/borrows/{borrow}"),
        &format!("/borrows/{borrow}/timeline"),
        "/notifications",
        "/notifications/unread-count",
        "/notifications/preferences",
        "/users",
        "/users/me",
        &format!("/users/{}", finn.id),
        "/profile",
        "/roles",
        "/auth/sessions",
        "/admin/dead-letters",
        "/admin/deliveries",
        "/admin/mails",
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

#[tokio::test]
async fn a_profile_is_changed_and_deleted_only_in_the_version_that_was_read() {
    let (_place, host) = Host::start().await;
    let finn = host.register("Finn").await;
    let profile = json!({"name": "Finn B.", "language": "en", "timeZone": "Europe/Vienna"});
    let password = json!({"password": support::PASSWORD});
    let send = async |method: Method, tag: &str| {
        let body = if method == Method::PUT { &profile } else { &password };
        Reply::to(finn.request(&host, method, "/profile").header("If-Match", tag).json(body)).await
    };
    let old = finn.get(&host, "/profile").await.expect(200).header("etag").to_owned();
    let new = send(Method::PUT, &old).await.expect(200).header("etag").to_owned();
    for path in ["/profile", "/users/me"] {
        assert_eq!(finn.get(&host, path).await.expect(200).header("etag"), new, "{path}");
    }
    for method in [Method::PUT, Method::DELETE] {
        let stale = send(method.clone(), &old).await;
        assert_eq!((stale.status, stale.code()), (412, "VERSION_MISMATCH"), "{method}");
        let now = &stale.body["error"]["details"][0];
        assert_eq!(now, &json!({"field": "version", "message": new.trim_matches('"')}), "{method}");
        assert_eq!(send(method, "7").await.expect(400).fields(), ["If-Match"]);
    }
    send(Method::PUT, "*").await.expect(200);
    send(Method::DELETE, "*").await.expect(204);
}

#[tokio::test]
async fn a_member_is_changed_and_deleted_only_in_the_version_that_was_read() {
    let (place, host) = Host::start().await;
    let (mo, finn) = (host.register("Mo").await, host.register("Finn").await);
    let promoted = support::command_line(&place, &["users", "promote", &mo.email]);
    assert!(promoted.status.success(), "{promoted:?}");
    let listed = mo.get(&host, "/users?q=finn&fields=version").await.expect(200).data()[0]["version"].clone();
    let mut tag = format!("\"{listed}\"");
    let one = format!("/users/{}", finn.id);
    let steps = [
        (Method::PUT, one.clone(), json!({"active": false}), 200),
        (Method::PUT, one.clone(), json!({"active": true, "name": "Finn B."}), 200),
        (Method::PUT, format!("{one}/role"), json!({"role": "premium"}), 200),
        (Method::DELETE, one, json!({}), 204),
    ];
    for (method, path, body, status) in steps {
        let send = async |tag: &str| {
            Reply::to(mo.request(&host, method.clone(), &path).header("If-Match", tag).json(&body)).await
        };
        let stale = send("\"77\"").await;
        assert_eq!((stale.status, stale.code()), (412, "VERSION_MISMATCH"), "{method} {path} {body}");
        let done = send(&tag).await.expect(status);
        if status == 200 {
            assert_eq!(done.header("etag"), format!("\"{}\"", done.data()["version"]), "{method} {path} {body}");
            assert_eq!(send(&tag).await.status, 412, "{method} {path} {body}");
            tag = done.header("etag").to_owned();
        }
    }
}

#[tokio::test]
async fn what_has_no_version_is_not_deleted_for_who_demands_one() {
    let (_place, host) = Host::start().await;
    let (olga, finn) = (host.register("Olga").await, host.register("Finn").await);
    finn.asks_for(&host, &olga.lists(&host, TITLE).await).await;
    let notification = olga.get(&host, "/notifications").await.expect(200).ids().remove(0);
    let session = olga.get(&host, "/auth/sessions").await.expect(200).ids().remove(0);
    for (path, done) in [
        (format!("/notifications/{notification}"), 204),
        ("/notifications/read".to_owned(), 200),
        ("/auth/sessions/others".to_owned(), 200),
        (format!("/auth/sessions/{session}"), 204),
    ] {
        let send = |tag: &str| Reply::to(olga.request(&host, Method::DELETE, &path).header("If-Match", tag));
        let refused = send("\"1\"").await;
        assert_eq!((refused.status, refused.code()), (412, "VERSION_MISMATCH"), "{path}");
        send("*").await.expect(done);
    }
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
    let all = once(&host, &olga, "/notifications/read-all", &nothing, (&read(&inbox[1]), &nothing)).await;
    assert!(all["count"].as_u64().is_some_and(|count| count > 0), "the first answer, and not that nothing was left");
}

#[tokio::test]
async fn an_extension_is_answered_once_under_a_key() {
    let (_place, host) = Host::start().await;
    let (olga, finn, wilma) = (host.register("Olga").await, host.register("Finn").await, host.register("Wilma").await);
    let mut asked = Vec::new();
    for title in [TITLE, "Spare"] {
        let book = olga.lists(&host, title).await;
        let borrow = finn.asks_for(&host, &book).await;
        olga.does(&host, &borrow, "approve", json!({})).await;
        olga.does(&host, &borrow, "hand-over", json!({})).await;
        // While somebody waits, it is the owner who answers.
        wilma.asks_for(&host, &book).await;
        finn.does(&host, &borrow, "request-extension", json!({"days": 7})).await;
        asked.push(format!("/borrows/{borrow}/answer-extension"));
    }
    let yes = json!({"approve": true});
    let answered = once(&host, &olga, &asked[0], &yes, (&asked[1], &yes)).await;
    assert_eq!((&answered["extensions"], &answered["extensionRequested"]), (&json!(1), &Value::Null));
}

#[tokio::test]
async fn an_upload_under_a_key_is_one_import() {
    let (_place, host) = Host::start().await;
    let olga = host.register("Olga").await;
    let send = |title: &str| {
        let file = format!("title,authors\n{title},Somebody\n").into_bytes();
        let form = Form::new().part("file", Part::bytes(file).file_name("books.csv"));
        let upload = olga.request(&host, Method::POST, "/books/import").header("Idempotency-Key", "my shelf");
        Reply::to(upload.multipart(form))
    };
    let (one, two) = tokio::join!(send(TITLE), send(TITLE));
    let again = send(TITLE).await.expect(202);
    for reply in [&one, &two] {
        assert_eq!((reply.status, &reply.body), (202, &again.body));
    }
    assert_eq!(
        olga.get(&host, "/books/imports").await.expect(200).ids(),
        [again.data()["id"].as_str().expect("an id")]
    );
    let other = send("Persuasion").await;
    assert_eq!((other.status, other.code()), (409, "IDEMPOTENCY_KEY_REUSED"), "the key covers the bytes");
    let other = olga.request(&host, Method::POST, "/books").header("Idempotency-Key", "my shelf");
    let other = Reply::to(other.json(&json!({"title": TITLE, "authors": ["Somebody"], "lending": "lend"}))).await;
    assert_eq!((other.status, other.code()), (409, "IDEMPOTENCY_KEY_REUSED"));
}

#[tokio::test]
async fn a_logout_ends_its_own_session_whatever_its_key_did_before() {
    let (_place, host) = Host::start().await;
    let olga = host.register("Olga").await;
    let log_out = |person: &Person| {
        Reply::to(person.request(&host, Method::POST, "/auth/logout").header("Idempotency-Key", "good bye"))
    };
    let (one, two) = tokio::join!(log_out(&olga), log_out(&olga));
    // Whoever comes second may find the session over.
    assert!([one.status, two.status].contains(&204), "{one:?} {two:?}");
    assert!([one.status, two.status].iter().all(|status| [204, 401].contains(status)), "{one:?} {two:?}");
    log_out(&olga).await.expect(401);
    let again = Person::from("Olga", &olga.email, &host.log_in(&olga.email, support::PASSWORD).await.expect(200));
    log_out(&again).await.expect(204);
    again.get(&host, "/users/me").await.expect(401);
}
