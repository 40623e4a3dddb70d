//! Who may call what: every operation of the OpenAPI document, as nobody and as members of each role.

mod support;

use reqwest::Method;
use serde_json::{Value, json};
use support::{Host, Person, Reply};

/// Operations that need no account.
const PUBLIC: &[&str] = &[
    "POST /auth/register",
    "POST /auth/login",
    "POST /auth/refresh-token",
    "POST /auth/forgot-password",
    "POST /auth/reset-password",
    "POST /auth/verify-email",
    "GET /users/{id}",
    "GET /books",
    "GET /books/search",
    "GET /books/suggest",
    "GET /books/{id}",
];

/// Operations that need more than an account, and the least role that may call them.
const PRIVILEGED: &[(&str, &str)] = &[
    ("GET /users", "moderator"),
    ("POST /users", "admin"),
    ("PUT /users/{id}", "admin"),
    ("PUT /users/{id}/role", "admin"),
    ("DELETE /users/{id}", "admin"),
    ("GET /admin/subscriptions", "admin"),
    ("GET /admin/dead-letters", "admin"),
    ("POST /admin/dead-letters/{id}/retry", "admin"),
    ("DELETE /admin/dead-letters/{id}", "admin"),
    ("GET /admin/projections", "admin"),
    ("POST /admin/projections/{name}/rebuild", "admin"),
];

fn operations(document: &Value) -> Vec<(Method, String)> {
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        let Some(path) = path.strip_prefix("/api/v1") else { continue };
        for method in item.as_object().expect("methods").keys() {
            operations.push((method.to_uppercase().parse().expect("a method"), path.to_owned()));
        }
    }
    operations
}

async fn call(host: &Host, person: Option<&Person>, method: &Method, path: &str) -> Reply {
    let path = path.replace("{id}", "01936f8e-0000-7000-8000-000000000001").replace("{name}", "books");
    let mut request = host.request(method.clone(), &path);
    if let Some(person) = person {
        request = request.bearer_auth(&person.token);
    }
    if *method == Method::POST || *method == Method::PUT || path == "/profile" {
        request = request.json(&json!({}));
    }
    Reply::to(request).await
}

#[tokio::test]
async fn every_operation_is_closed_to_those_it_is_not_for() {
    let (place, host) = Host::start().await;
    let member = host.register("Mia").await;
    let moderator = host.register("Mo").await;
    let admin = host.register("Ada").await;
    for (person, role) in [(&moderator, "moderator"), (&admin, "admin")] {
        let done = support::command_line(&place, &["users", "promote", &person.email, "--role", role]);
        assert!(done.status.success(), "{done:?}");
    }
    let document = host.get("/api-docs/openapi.json").await.expect(200).body;
    let operations = operations(&document);
    assert!(operations.len() > 50, "the document lists {} operations", operations.len());
    for (method, path) in &operations {
        let name = format!("{method} {path}");
        let secured =
            document["paths"][format!("/api/v1{path}")][method.as_str().to_lowercase()]["security"].is_array();
        assert_eq!(
            secured,
            !PUBLIC.contains(&name.as_str()),
            "{name}: the document and the list of public ones differ"
        );
        if path.ends_with("/stream") || name == "POST /auth/logout" || name == "DELETE /profile" {
            call(&host, None, method, path).await.expect(401);
            continue;
        }
        let as_nobody = call(&host, None, method, path).await;
        assert_eq!(as_nobody.status == 401, secured || name == "POST /auth/refresh-token", "{name}: {as_nobody:?}");
        // Whoever may not call learns nothing about what they sent.
        let wrong = format!("{}?nonsense=1", path.replace("{id}", "no-id"));
        if secured {
            call(&host, None, method, &wrong).await.expect(401);
        }
        let least = PRIVILEGED.iter().find(|(operation, _)| *operation == name).map_or("user", |(_, role)| *role);
        for (person, rank) in [(&member, 0), (&moderator, 1), (&admin, 2)] {
            let needed = ["user", "moderator", "admin"].iter().position(|role| *role == least).expect("a role");
            let reply = call(&host, Some(person), method, path).await;
            assert_eq!(reply.status == 403, rank < needed, "{name} as {}: {reply:?}", person.name);
            if rank < needed {
                call(&host, Some(person), method, &wrong).await.expect(403);
            }
            // Without a refresh token nobody gets new ones, signed in or not.
            assert_eq!(reply.status == 401, name == "POST /auth/refresh-token", "{name} as {}: {reply:?}", person.name);
            assert!(reply.status < 500, "{name} as {}: {reply:?}", person.name);
        }
    }
}

#[tokio::test]
async fn no_list_shows_mail_addresses_or_password_hashes() {
    let (place, host) = Host::start().await;
    let (ada, finn) = (host.register("Ada").await, host.register("Finn").await);
    support::command_line(&place, &["users", "promote", &ada.email]);
    let book = ada.lists(&host, "Emma").await;
    let borrow = finn.asks_for(&host, &book).await;
    for path in [
        "/users",
        "/books",
        "/books/mine",
        "/borrows",
        "/borrows?role=any",
        "/notifications",
        &format!("/users/{}", finn.id),
        &format!("/books/{book}/history"),
        &format!("/borrows/{borrow}"),
        &format!("/borrows/{borrow}/timeline"),
    ] {
        let text = ada.get(&host, path).await.expect(200).body.to_string();
        assert!(!text.contains("@example.org") && !text.contains("$2b$"), "{path}: {text}");
    }
}

#[tokio::test]
async fn a_deactivated_member_is_out_at_once() {
    let (place, host) = Host::start().await;
    let (ada, finn) = (host.register("Ada").await, host.register("Finn").await);
    support::command_line(&place, &["users", "promote", &ada.email]);
    finn.get(&host, "/users/me").await.expect(200);
    ada.put(&host, &format!("/users/{}", finn.id), json!({"active": false})).await.expect(200);
    finn.get(&host, "/users/me").await.expect(401);
    host.log_in(&finn.email, support::PASSWORD).await.expect(401);
    ada.put(&host, &format!("/users/{}/role", ada.id), json!({"role": "user"})).await.expect(409);
}
