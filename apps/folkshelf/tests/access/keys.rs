//! The table again, with API keys: of those who may call an operation, a key that permits it, one that does not, one that
//! permits everything else, and one that has ended.

use std::collections::HashMap;

use reqwest::Method;
use serde_json::{Value, json};

use crate::API;
use crate::scene::{Caller, NOTES, Needs, Scene};
use crate::support::{Host, PASSWORD, Person, Reply};
use crate::table::{ROWS, Row};

/// What no key permits, whatever its scopes.
const FOR_SESSIONS: &[&str] = &[
    "POST /auth/logout",
    "POST /auth/change-password",
    "GET /auth/sessions",
    "DELETE /auth/sessions/others",
    "DELETE /auth/sessions/{id}",
    "GET /auth/api-keys",
    "POST /auth/api-keys",
    "DELETE /auth/api-keys/{id}",
    "PUT /profile",
    "POST /profile/blocks",
    "DELETE /profile/blocks/{id}",
    "POST /reports",
    "POST /profile/calendar-feed",
    "DELETE /profile/calendar-feed",
    "DELETE /profile",
    "POST /notifications/read-all",
    "POST /notifications/{id}/read",
    "DELETE /notifications/read",
    "DELETE /notifications/{id}",
    "PUT /notifications/preferences",
];

/// Past all that is asked of a caller: the host does it, or misses the handshake of a WebSocket.
fn is_let_in(status: u16) -> bool {
    status < 300 || status == 400
}

/// What demands scopes. The route itself demands the first one.
const SCOPED: &[(&str, &[&str])] = &[
    ("GET /users", &["read:user"]),
    ("POST /users", &["write:user"]),
    ("PUT /users/{id}", &["write:user"]),
    ("PUT /users/{id}/role", &["admin"]),
    ("DELETE /users/{id}", &["delete:user"]),
    ("GET /reports", &["moderate:borrow"]),
    ("POST /reports/{id}/answer", &["moderate:borrow"]),
    ("POST /books", &["write:book"]),
    ("PUT /books/{id}", &["write:book"]),
    ("DELETE /books/{id}", &["write:book"]),
    ("POST /books/import", &["write:book"]),
    ("POST /books/imports/{id}/start", &["write:book"]),
    ("DELETE /books/imports/{id}", &["write:book"]),
    ("POST /books/imports/{id}/rows/{row}/add", &["write:book"]),
    ("DELETE /books/imports/{id}/errors/{row}", &["write:book"]),
    ("POST /borrows", &["write:borrow"]),
    ("POST /borrows/{id}/messages", &["write:borrow"]),
    ("POST /borrows/{id}/messages/read", &["write:borrow"]),
    ("POST /borrows/{id}/approve", &["write:borrow"]),
    ("POST /borrows/{id}/reject", &["write:borrow"]),
    ("POST /borrows/{id}/cancel", &["write:borrow"]),
    ("POST /borrows/{id}/hand-over", &["write:borrow"]),
    ("POST /borrows/{id}/request-extension", &["write:borrow"]),
    ("POST /borrows/{id}/answer-extension", &["write:borrow"]),
    ("POST /borrows/{id}/declare-return", &["write:borrow"]),
    ("POST /borrows/{id}/return", &["write:borrow"]),
    ("POST /borrows/{id}/not-received", &["write:borrow"]),
    ("POST /borrows/{id}/report-lost", &["write:borrow"]),
    ("POST /borrows/{id}/resolve", &["write:borrow", "moderate:borrow"]),
    ("GET /admin/events", &["admin"]),
    ("POST /admin/cache/clear", &["admin"]),
    ("GET /admin/subscriptions", &["admin"]),
    ("GET /admin/dead-letters", &["admin"]),
    ("POST /admin/dead-letters/{id}/retry", &["admin"]),
    ("DELETE /admin/dead-letters/{id}", &["admin"]),
    ("GET /admin/dead-letter-groups", &["admin"]),
    ("POST /admin/dead-letter-groups/{id}/retry", &["admin"]),
    ("DELETE /admin/dead-letter-groups/{id}", &["admin"]),
    ("GET /admin/deliveries", &["admin"]),
    ("POST /admin/deliveries/{id}/retry", &["admin"]),
    ("GET /admin/mails", &["admin"]),
    ("POST /admin/mails/{id}/retry", &["admin"]),
    ("GET /admin/projections", &["admin"]),
    ("POST /admin/projections/{name}/rebuild", &["admin"]),
    ("GET /admin/months", &["admin"]),
    ("GET /admin/months/{month}", &["admin"]),
    ("GET /admin/months/{month}/csv", &["admin"]),
    ("GET /admin/jobs", &["admin"]),
    ("GET /admin/jobs/{job}", &["admin"]),
    ("POST /admin/jobs/{job}/run", &["admin"]),
    ("POST /admin/jobs/{job}/cancel", &["admin"]),
];

/// What a moderator may do with what is somebody else's, and the scope that this takes. Without it the key is answered as a
/// member who is no moderator.
const MODERATED: &[(&str, &str)] = &[
    ("GET /reports/{id}", "moderate:borrow"),
    ("GET /books/{id}/history", "moderate:book"),
    ("PUT /books/{id}", "moderate:book"),
    ("DELETE /books/{id}", "moderate:book"),
    ("GET /borrows/{id}", "moderate:borrow"),
    ("GET /borrows/{id}/timeline", "moderate:borrow"),
    ("GET /borrows/{id}/messages", "moderate:borrow"),
    ("POST /borrows/{id}/messages", "moderate:borrow"),
    ("POST /borrows/{id}/messages/read", "moderate:borrow"),
    ("POST /borrows/{id}/resolve", "moderate:borrow"),
];

/// Looks at its body alone, and not at who calls.
const BLIND: &str = "POST /auth/refresh-token";

/// How a route answers a key.
enum Told {
    Session,
    Scoped(&'static [&'static str]),
    /// As its member is.
    Member,
}

fn told(row: &Row) -> Told {
    if FOR_SESSIONS.contains(&row.operation) {
        return Told::Session;
    }
    let scoped = SCOPED.iter().find(|(operation, _)| *operation == row.operation);
    scoped.map_or(Told::Member, |(_, scopes)| Told::Scoped(scopes))
}

fn opens_to_keys(document: &Value, row: &Row) -> bool {
    let (method, path) = row.method_and_path();
    let operation = &document["paths"][format!("{API}{path}")][method.as_str().to_lowercase()];
    operation["security"].as_array().is_some_and(|all| all.iter().any(|one| one["apiKey"].is_array()))
}

/// Keys by their member and scopes.
#[derive(Default)]
struct Ring(HashMap<(String, Vec<String>), String>);

impl Ring {
    async fn key(&mut self, host: &Host, person: &Person, scopes: Vec<String>) -> String {
        let name = (person.id.clone(), scopes);
        if let Some(key) = self.0.get(&name) {
            return key.clone();
        }
        let key = make(host, person, &name.1).await.1;
        self.0.insert(name, key.clone());
        key
    }
}

/// A key's id, and the key.
async fn make(host: &Host, person: &Person, scopes: &[String]) -> (String, String) {
    let body = json!({"currentPassword": PASSWORD, "name": "A program", "scopes": scopes});
    let made = person.post(host, "/auth/api-keys", body).await.expect(201);
    let text = |name: &str| made.data()[name].as_str().expect("a string").to_owned();
    (text("id"), text("key"))
}

/// What the role of this caller permits.
async fn permissions(host: &Host, person: &Person) -> Vec<String> {
    let role = person.get(host, "/users/me").await.expect(200).data()["role"].clone();
    let roles = person.get(host, "/roles").await.expect(200);
    let role =
        roles.data().as_array().expect("roles").iter().find(|one| one["name"] == role).expect("the role").clone();
    let names = role["permissions"].as_array().expect("permissions").iter();
    names.map(|name| name.as_str().expect("a name").to_owned()).collect()
}

#[tokio::test]
async fn every_operation_answers_each_kind_of_key_as_the_table_says() {
    let (place, host) = crate::start().await;
    let document = host.get("/api-docs/openapi.json").await.expect(200).body;
    let mut scene = Scene::arrange(&place, &host).await;
    let mut ring = Ring::default();
    let ended = {
        let owner = &scene.owner;
        let (id, key) = make(&host, owner, &permissions(&host, owner).await).await;
        owner.delete(&host, &format!("/auth/api-keys/{id}")).await.expect(204);
        key
    };
    let mut wrong = Vec::new();
    for row in ROWS.iter().filter(|row| row.operation != BLIND) {
        let told = told(row);
        let secured = row.expected[0] == 401;
        if secured && opens_to_keys(&document, row) == matches!(told, Told::Session) {
            wrong.push(format!("{}: the document and this file differ on keys", row.operation));
        }
        if secured && row.method_and_path().0 != Method::GET && matches!(told, Told::Member) {
            wrong.push(format!("{} changes something and demands no scope", row.operation));
        }
        if !matches!(row.needs, Needs::Nothing | Needs::StandIn) {
            scene.renew_parties(&host).await;
        }
        let may = [Caller::Owner, Caller::Borrower, Caller::Moderator, Caller::Admin];
        let caller = may.into_iter().find(|caller| is_let_in(row.expected[*caller as usize])).expect("somebody may");
        let granted = row.expected[caller as usize];
        let mut target = scene.make(row.needs, caller, &place, &host).await;
        let person = scene.calls(caller, &target).expect("a member").clone();
        let all = permissions(&host, &person).await;
        let without = |scope: &str| all.iter().filter(|other| *other != scope).cloned().collect::<Vec<_>>();
        let as_a_stranger = row.expected[Caller::Stranger as usize];
        // The scopes of a key, the status, the code. The last one may change the thing.
        let cases: Vec<(Vec<String>, u16, Option<&str>)> = match told {
            Told::Session => {
                vec![(vec![], 403, Some("SESSION_REQUIRED")), (all.clone(), 403, Some("SESSION_REQUIRED"))]
            }
            Told::Scoped(scopes) => {
                let mut cases =
                    vec![(vec![], 403, Some("SCOPE_MISSING")), (without(scopes[0]), 403, Some("SCOPE_MISSING"))];
                cases.extend(scopes[1..].iter().map(|&scope| (without(scope), as_a_stranger, None)));
                cases.push((scopes.iter().map(|scope| (*scope).to_owned()).collect(), granted, Some("")));
                cases
            }
            Told::Member => vec![(vec![], granted, (granted < 300).then_some(""))],
        };
        let reply = scene.call_with_key(&host, row, &ended, &target).await;
        if reply.status != row.expected[Caller::Revoked as usize] {
            wrong.push(format!("{} with a key that has ended: {}", row.operation, reply.status));
        }
        for (scopes, status, code) in cases {
            let key = ring.key(&host, &person, scopes.clone()).await;
            let reply = scene.call_with_key(&host, row, &key, &target).await;
            if reply.status != status || code.is_some_and(|code| reply.code() != code) {
                let told = &reply.body["error"];
                wrong.push(format!("{} with {scopes:?}: {} instead of {status}: {told}", row.operation, reply.status));
            }
            if reply.status < 300 && row.method_and_path().0 != Method::GET {
                target = scene.make(Needs::Nothing, caller, &place, &host).await;
            }
        }
    }
    assert!(wrong.is_empty(), "{} cells differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// The scope that the route itself demands.
fn route_takes(row: &Row) -> Option<&'static str> {
    match told(row) {
        Told::Scoped(scopes) => Some(scopes[0]),
        Told::Session | Told::Member => None,
    }
}

fn of(row: &Row, caller: Caller) -> u16 {
    row.expected[caller as usize]
}

#[tokio::test]
async fn a_moderators_key_moderates_only_what_its_scopes_permit() {
    let (place, host) = Host::start().await;
    let mut scene = Scene::arrange(&place, &host).await;
    let mut ring = Ring::default();
    let nothing = scene.make(Needs::Nothing, Caller::Moderator, &place, &host).await;
    let moderator = scene.calls(Caller::Moderator, &nothing).expect("a member").clone();
    let all = permissions(&host, &moderator).await;
    let stranger = scene.calls(Caller::Stranger, &nothing).expect("a member").clone();
    let members = permissions(&host, &stranger).await;
    let rows: Vec<&Row> = ROWS
        .iter()
        .filter(|row| of(row, Caller::Moderator) < 300 && of(row, Caller::Stranger) >= 400)
        .filter(|row| route_takes(row).is_none_or(|scope| members.iter().any(|one| one == scope)))
        .collect();
    let operations: Vec<&str> = rows.iter().map(|row| row.operation).collect();
    let named: Vec<&str> = MODERATED.iter().map(|(operation, _)| *operation).collect();
    assert_eq!(operations, named, "what moderators may and others may not");
    let mut wrong = Vec::new();
    for (row, (_, moderation)) in rows.iter().zip(MODERATED) {
        scene.renew_parties(&host).await;
        for withheld in &all {
            let expected = match withheld {
                scope if route_takes(row) == Some(scope.as_str()) => 403,
                scope if scope == moderation => of(row, Caller::Stranger),
                _ => of(row, Caller::Moderator),
            };
            let scopes = all.iter().filter(|scope| *scope != withheld).cloned().collect();
            let key = ring.key(&host, &moderator, scopes).await;
            let target = scene.make(row.needs, Caller::Moderator, &place, &host).await;
            let reply = scene.call_with_key(&host, row, &key, &target).await;
            if reply.status != expected {
                wrong.push(format!("{} without {withheld}: {} instead of {expected}", row.operation, reply.status));
            }
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));

    // What no row of the table shows: lists of everybody's borrows, and the notes on somebody's book.
    let get = async |key: &str, path: &str| Reply::to(host.request(Method::GET, path).header("x-api-key", key)).await;
    let without = |scope: &str| all.iter().filter(|other| *other != scope).cloned().collect::<Vec<_>>();
    let (no_borrows, no_books) = (without("moderate:borrow"), without("moderate:book"));
    let (no_borrows, no_books) =
        (ring.key(&host, &moderator, no_borrows).await, ring.key(&host, &moderator, no_books).await);
    get(&no_books, "/borrows?role=any").await.expect(200);
    assert_eq!(get(&no_borrows, "/borrows?role=any").await.expect(403).code(), "FORBIDDEN");
    let book = scene.make(Needs::Book, Caller::Moderator, &place, &host).await.id;
    for path in [format!("/books/{book}"), "/books".to_owned()] {
        // Twice: the second answer may come from memory.
        for _ in 0..2 {
            assert!(get(&no_borrows, &path).await.expect(200).body.to_string().contains(NOTES), "{path}");
            assert!(!get(&no_books, &path).await.expect(200).body.to_string().contains(NOTES), "{path}");
        }
    }
}
