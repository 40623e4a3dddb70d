//! Whatever is sent, the answer is a 4xx that names what is wrong, and never a 5xx.

mod support;

use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use support::{Host, Reply};

#[tokio::test]
async fn every_bad_field_is_named() {
    let (_place, host) = Host::start().await;
    let owner = host.register("Olga").await;
    let cases: &[(&str, Value, &[&str])] = &[
        ("/books", json!({}), &["title", "authors", "lending"]),
        ("/books", json!({"title": 7, "authors": "x", "lending": "maybe"}), &["title", "authors", "lending"]),
        ("/books", json!({"title": "T\0", "authors": ["A"], "lending": "lend"}), &["title"]),
        ("/books", json!({"title": "T", "authors": ["A", "B\u{7}"], "lending": "lend"}), &["authors[1]"]),
        ("/books", json!({"title": "T", "authors": [], "lending": "lend"}), &["authors"]),
        ("/books", json!({"title": "x".repeat(501), "authors": ["A"], "lending": "lend"}), &["title"]),
        ("/books", json!({"title": "T", "authors": ["A"], "lending": "lend", "isbn": "978-3-16-148410-1"}), &["isbn"]),
        ("/books", json!({"title": "T", "authors": ["A"], "lending": "lend", "colour": "red"}), &["colour"]),
        (
            "/books",
            json!({"title": "T", "authors": ["A"], "lending": "lend", "publishedYear": 99999}),
            &["publishedYear"],
        ),
        ("/books", json!([1, 2]), &["body"]),
        (
            "/books/imports/01936f8e-0000-7000-8000-000000000001/start",
            json!({"columns": [{"index": -1}, {"field": "title"}, {"index": 0, "field": "colour"}], "shelves": "read"}),
            &["columns[0].index", "columns[1].index", "columns[2].field", "shelves"],
        ),
        ("/borrows", json!({"bookId": "no", "days": 0}), &["bookId", "days"]),
        ("/borrows", json!({"bookId": "01936f8e-0000-7000-8000-000000000001", "days": 91}), &["days"]),
        ("/borrows", json!({"bookId": "01936f8e-0000-7000-8000-000000000001", "days": 1.5}), &["days"]),
        ("/borrows", json!({"bookId": "01936f8e-0000-7000-8000-000000000001", "days": 91.0}), &["days"]),
        ("/auth/register", json!({"email": "no", "password": "short", "name": ""}), &["email", "password", "name"]),
        ("/auth/register", json!({"email": "a@example.org", "password": "ä".repeat(36), "name": "A"}), &["password"]),
        (
            "/auth/register",
            json!({"email": "a\u{200b}@example.org", "password": "long enough", "name": "A"}),
            &["email"],
        ),
        (
            "/auth/register",
            json!({"email": "a@example.org", "password": "long enough", "name": "A", "language": "fr_FR"}),
            &["language"],
        ),
        ("/auth/login", json!({"email": "a@example.org"}), &["password"]),
        (
            "/auth/api-keys",
            json!({"currentPassword": "x", "name": "Scanner", "scopes": vec!["write:book"; 21]}),
            &["scopes"],
        ),
        // Readable, and after the last moment that UTC has.
        (
            "/auth/api-keys",
            json!({"currentPassword": "x", "name": "Scanner", "scopes": [], "expiresAt": "9999-12-31T23:59:59-01:00"}),
            &["expiresAt"],
        ),
        (
            "/borrows/01936f8e-0000-7000-8000-000000000001/approve",
            json!({"pickupBy": "9999-12-31T23:59:59-01:00"}),
            &["pickupBy"],
        ),
    ];
    for (path, body, fields) in cases {
        let reply = owner.post(&host, path, body.clone()).await.expect(400);
        assert_eq!(reply.code(), "VALIDATION_ERROR", "{body}");
        for field in *fields {
            assert!(reply.fields().contains(field), "{path} {body}: {field} is not named in {:#}", reply.body);
        }
        assert_eq!(reply.fields().len(), fields.len(), "{path} {body}: {:#}", reply.body);
    }
}

#[tokio::test]
async fn bodies_that_are_no_json_are_refused() {
    let (_place, host) = Host::start().await;
    let owner = host.register("Olga").await;
    let send = |body: Vec<u8>, media_type: &str| {
        Reply::to(owner.request(&host, Method::POST, "/books").header(CONTENT_TYPE, media_type).body(body))
    };
    for broken in [&b"{"[..], b"", b"\"\xff\xfe\"", b"{\"title\": \"\xc3\x28\"}", b"nul", b"{\"title\":\"a\",}"] {
        assert_eq!(send(broken.to_vec(), "application/json").await.expect(400).fields(), ["body"]);
    }
    send(vec![b'{'; 2 * 1024 * 1024], "application/json").await.expect(413);
    // Nesting without end must not be followed.
    send("[".repeat(100_000).into_bytes(), "application/json").await.expect(400);
    assert_eq!(
        send(b"title=T".to_vec(), "application/x-www-form-urlencoded").await.expect(415).code(),
        "UNSUPPORTED_MEDIA_TYPE"
    );
}

#[tokio::test]
async fn unknown_or_senseless_parameters_are_named() {
    let (_place, host) = Host::start().await;
    let owner = host.register("Olga").await;
    owner.lists(&host, "Emma").await;
    let cases: &[(&str, &str)] = &[
        ("/books?page=0", "page"),
        ("/books?page=-1", "page"),
        ("/books?page=x", "page"),
        ("/books?limit=0", "limit"),
        ("/books?limit=101", "limit"),
        ("/books?colour=red", "colour"),
        ("/books?sort=colour", "sort"),
        ("/books?order=sideways", "order"),
        ("/books?fields=id,secret", "fields"),
        ("/books?cursor=%00", "cursor"),
        ("/books?category=%ff", "category"),
        ("/books?category=a%00b", "category"),
        ("/books?author=%0a", "author"),
        ("/books?cursor=nonsense", "cursor"),
        ("/books?owner=me", "owner"),
        ("/books?available=perhaps", "available"),
        ("/books?page=1&page=2", "page"),
        ("/books/not-a-uuid", "id"),
        ("/borrows?role=thief", "role"),
        ("/borrows?status=eaten", "status"),
        ("/notifications?unread=2", "unread"),
    ];
    for (path, field) in cases {
        let reply = owner.get(&host, path).await.expect(400);
        assert!(reply.fields().contains(field), "{path}: {:#}", reply.body);
    }
    // Far behind the end there is an empty page.
    let far = owner.get(&host, "/books?page=1000000000000&limit=100").await.expect(200);
    assert_eq!(far.ids().len(), 0);
    assert_eq!(far.body["pagination"]["total"], 1);
}

#[tokio::test]
async fn a_wrong_path_is_404_and_a_wrong_method_405() {
    let (_place, host) = Host::start().await;
    assert_eq!(host.get("/nowhere").await.expect(404).code(), "NOT_FOUND");
    let reply = Reply::to(host.request(Method::PUT, "/books")).await.expect(405);
    assert_eq!(reply.header("allow"), "GET, POST");
    // One's own shelf is no book, although its path looks like a book's.
    for (method, path, allowed) in [
        (Method::DELETE, "/books/mine", "GET"),
        (Method::PUT, "/users/me", "GET"),
        (Method::DELETE, "/notifications/read-all", "POST"),
    ] {
        let reply = Reply::to(host.request(method, path)).await.expect(405);
        assert_eq!(reply.header("allow"), allowed, "{path}");
    }
}

#[tokio::test]
async fn an_edit_of_an_old_version_is_refused() {
    let (_place, host) = Host::start().await;
    let owner = host.register("Olga").await;
    let book = owner.lists(&host, "Emma").await;
    let path = format!("/books/{book}");
    let tag = host.get(&path).await.expect(200).header("etag").to_owned();
    let edit = |tag: &str, title: &str| {
        let body = json!({"title": title, "authors": ["Jane Austen"], "lending": "lend"});
        Reply::to(owner.request(&host, Method::PUT, &path).header("If-Match", tag).json(&body))
    };
    edit(&tag, "Emma, revised").await.expect(200);
    assert_eq!(edit(&tag, "Emma, stale").await.expect(412).code(), "VERSION_MISMATCH");
    assert_eq!(host.get(&path).await.expect(200).data()["title"], "Emma, revised");

    let now = host.get(&path).await.expect(200).header("etag").to_owned();
    let unchanged = Reply::to(host.request(Method::GET, &path).header("If-None-Match", &now)).await;
    assert_eq!(unchanged.status, 304);
    let stale = Reply::to(owner.request(&host, Method::DELETE, &path).header("If-Match", &tag)).await;
    assert_eq!(stale.expect(412).code(), "VERSION_MISMATCH");
}
