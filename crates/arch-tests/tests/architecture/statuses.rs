//! What an error becomes in HTTP is decided in one place, `problem.rs`. Routes may name how things go well.

use crate::workspace::{self, Allowed, File, assert_none, except};

const GOING_WELL: [&str; 7] =
    ["OK", "CREATED", "ACCEPTED", "NO_CONTENT", "PARTIAL_CONTENT", "NOT_MODIFIED", "SEE_OTHER"];
/// `build` takes a status that is named elsewhere, and would be seen there.
const ANSWERS: [&str; 8] =
    ["Ok", "Created", "Accepted", "NoContent", "PartialContent", "NotModified", "SeeOther", "build"];

const ALLOWED: &[Allowed] = &[
    Allowed {
        path: "apps/folkshelf/src/http/edge/internal/peer.rs",
        since: "2026-11-27",
        reason: "it reads what another process answered",
    },
    Allowed {
        path: "apps/folkshelf/src/http/edge/operations.rs",
        since: "2026-11-21",
        reason: "a health check's status is what load balancers go by: a report, no refusal",
    },
];

/// The names that follow `prefix` in a line.
fn named<'l>(line: &'l str, prefix: &'l str) -> impl Iterator<Item = &'l str> {
    line.match_indices(prefix).map(move |(at, _)| {
        let rest = &line[at + prefix.len()..];
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        &rest[..end]
    })
}

fn breaches(files: &[File]) -> Vec<String> {
    let mut breaches = Vec::new();
    let elsewhere = files.iter().filter(|file| file.path != "apps/folkshelf/src/http/edge/problem.rs");
    for file in elsewhere {
        for (number, line) in file.code() {
            let constant = |name: &str| name.starts_with(|c: char| c.is_ascii_uppercase()) || name == "from_u16";
            let status = named(line, "StatusCode::").find(|name| constant(name) && !GOING_WELL.contains(name));
            let answer = named(line, "HttpResponse::").find(|name| !name.is_empty() && !ANSWERS.contains(name));
            let error = named(line, "error::Error").find(|name| !name.is_empty());
            for name in [status, answer, error].into_iter().flatten() {
                breaches.push(format!("{}:{number}: decides on {name}", file.path));
            }
        }
    }
    breaches
}

#[test]
fn statuses_of_errors_are_named_in_problem_rs_alone() {
    let mut files = workspace::files("apps/folkshelf/src", &[".rs"]);
    assert!(!files.is_empty());
    for context in workspace::our_contexts() {
        files.extend(workspace::files(&format!("crates/{context}/src"), &[".rs"]));
    }
    assert_none(&except(breaches(&files), ALLOWED));
}

#[test]
fn canary_a_status_decided_elsewhere_is_seen() {
    let of = |text: &str| breaches(&[File::new("apps/folkshelf/src/http/books.rs", text)]).len();
    for wrong in [
        "return HttpResponse::NotFound().finish();",
        "HttpResponse::new(status)",
        "StatusCode::CONFLICT",
        "StatusCode::from_u16(418)",
        "actix_web::error::ErrorBadRequest(text)",
    ] {
        assert_eq!(of(wrong), 1, "{wrong}");
    }
    for right in [
        "HttpResponse::Created().json(book)",
        "HttpResponse::build(StatusCode::ACCEPTED)",
        "// StatusCode::CONFLICT",
        "use actix_web::http::StatusCode;",
        "fn status(&self) -> StatusCode {",
    ] {
        assert_eq!(of(right), 0, "{right}");
    }
    assert_none(&breaches(&[File::new("apps/folkshelf/src/http/edge/problem.rs", "StatusCode::CONFLICT")]));
}
