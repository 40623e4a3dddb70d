//! Who may call what: every operation of the OpenAPI document as each kind of caller, on things that exist. An operation
//! without a row in [`table`] fails here, and so does a row without an operation.

mod keys;
mod rows;
mod scene;
mod secrets;
#[path = "../support/mod.rs"]
mod support;
mod table;

use std::collections::BTreeSet;

use reqwest::Method;
use scene::{CALLERS, Caller, Needs, Scene};
use serde_json::{Value, json};
use support::{Host, Place, Reply};
use table::{ROWS, Row};

const API: &str = "/api/v1";

fn operations(document: &Value) -> BTreeSet<String> {
    let mut operations = BTreeSet::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        let path = path.strip_prefix(API).unwrap_or(path);
        for method in item.as_object().expect("methods").keys() {
            operations.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    operations
}

fn is_secured(document: &Value, row: &Row) -> bool {
    let (method, path) = row.method_and_path();
    let method = method.as_str().to_lowercase();
    let own = &document["paths"][path][&method];
    let below_api = &document["paths"][format!("{API}{path}")][&method];
    own["security"].is_array() || below_api["security"].is_array()
}

/// A host whose letters go at once.
async fn start() -> (Place, Host) {
    let place = Place::new().await;
    let mut environment = place.environment();
    environment.push(("FOLKSHELF_MAIL__NOTIFICATION_DELAY_SECONDS".to_owned(), "0".to_owned()));
    let host = Host::start_with(&environment);
    (place, host)
}

#[tokio::test]
async fn every_operation_answers_each_kind_of_caller_as_its_row_says() {
    let (place, host) = start().await;
    let document = host.get("/api-docs/openapi.json").await.expect(200).body;
    let rows: BTreeSet<String> = ROWS.iter().map(|row| row.operation.to_owned()).collect();
    let documented = operations(&document);
    let without_row: Vec<_> = documented.difference(&rows).collect();
    let without_operation: Vec<_> = rows.difference(&documented).collect();
    assert!(without_row.is_empty(), "operations without a row in the table: {without_row:?}");
    assert!(without_operation.is_empty(), "rows without an operation in the document: {without_operation:?}");
    assert_eq!(rows.len(), ROWS.len(), "an operation has two rows");

    let mut scene = Scene::arrange(&place, &host).await;
    let harmless = ROWS.iter().find(|row| row.operation == "GET /roles").expect("the row is there");
    secrets::must_find_each_secret(&scene, harmless);
    let mut wrong = Vec::new();
    let mut leaks = Vec::new();
    for row in ROWS {
        if is_secured(&document, row) != (row.expected[0] == 401 && row.operation != "POST /auth/refresh-token") {
            wrong.push(format!("{}: the document and the table differ on whether it needs a session", row.operation));
        }
        check_row(&place, &host, &mut scene, row, &mut wrong, &mut leaks).await;
    }
    assert!(wrong.is_empty(), "{} cells differ from the table:\n{}", wrong.len(), wrong.join("\n"));
    assert!(leaks.is_empty(), "{} answers show too much:\n{}", leaks.len(), leaks.join("\n"));
}

async fn check_row(
    place: &Place,
    host: &Host,
    scene: &mut Scene,
    row: &Row,
    wrong: &mut Vec<String>,
    leaks: &mut Vec<String>,
) {
    let (method, path) = row.method_and_path();
    // What nobody may call before signing in, or before having a role, tells nobody what is wrong with their request.
    let nonsense = format!("{}?nonsense=1", path.replace("{id}", "no-id"));
    let by_role = [1, 2, 3].iter().all(|member| row.expected[*member] == 403);
    let mut blind = Vec::new();
    if row.expected[0] == 401 && row.operation != "POST /auth/refresh-token" {
        blind.push((Caller::Anonymous, 401));
    }
    if by_role {
        blind.push((Caller::Stranger, 403));
    }
    for (caller, status) in blind {
        let reply = Reply::to(scene.sign(host.request(method.clone(), &nonsense), caller)).await;
        if reply.status != status {
            wrong.push(format!("{method} {nonsense} as {caller:?}: {} instead of {status}", reply.status));
        }
    }

    if !matches!(row.needs, Needs::Nothing | Needs::StandIn) {
        scene.renew_parties(host).await;
    }
    // A thing serves until a call has changed it.
    let mut thing = None;
    for (caller, expected) in CALLERS.into_iter().zip(row.expected) {
        let target = match thing.take() {
            Some(target) => target,
            None => scene.make(row.needs, caller, place, host).await,
        };
        let asked = scene.call(host, row, caller, &target).await;
        let reply = &asked.reply;
        if reply.status != expected {
            let told = if reply.status < 400 { json!("…") } else { reply.body["error"].clone() };
            wrong.push(format!("{} as {caller:?}: {} instead of {expected}: {told}", row.operation, reply.status));
        }
        leaks.extend(secrets::shown(scene, row, caller, &asked));
        if row.needs != Needs::StandIn && (reply.status >= 400 || method == Method::GET) {
            thing = Some(target);
        }
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
