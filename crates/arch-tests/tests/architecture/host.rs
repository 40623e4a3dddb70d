//! The host is a list of contexts: its modules import one way only, and most of them know no context.

use std::collections::{BTreeMap, BTreeSet};

use crate::modules::{Module, Names, circles, names};
use crate::workspace::{self, File, assert_none};

const SOURCE: &str = "apps/folkshelf/src/";

fn host() -> BTreeMap<Module, Names> {
    let names = names(&workspace::files("apps/folkshelf/src", &[".rs"]), SOURCE);
    assert!(names.len() > 30, "there are modules: {names:?}");
    names
}

/// For canaries: a host of these files.
fn of(files: &[(&str, &str)]) -> BTreeMap<Module, Names> {
    let files: Vec<File> = files.iter().map(|(path, text)| File::new(&format!("{SOURCE}{path}"), text)).collect();
    names(&files, SOURCE)
}

// --- no circle ----------------------------------------------------------------------------------------------------------

#[test]
fn the_hosts_modules_import_one_another_in_no_circle() {
    assert_none(&circles(&host()));
}

#[test]
fn canary_a_circle_is_seen() {
    let seen = circles(&of(&[
        ("main.rs", "use crate::app::App;"),
        ("app.rs", "use crate::http::Api;"),
        ("http/mod.rs", "pub use hot::Answers;"),
        ("http/hot.rs", "use super::Api; use crate::leaf;"),
        ("leaf.rs", ""),
    ]));
    assert_eq!(seen, ["http -> http::hot: on a circle", "http::hot -> http: on a circle"]);
}

// --- the edge knows no context --------------------------------------------------------------------------------------

const EDGE: &str = "http::edge";

/// What the edge may use of the rest of the host.
const FOR_THE_EDGE: &[&str] = &["settings"];

fn is_below(module: &str, parent: &str) -> bool {
    module.strip_prefix(parent).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

fn out_of_the_edge(host: &BTreeMap<Module, Names>) -> Vec<String> {
    let edge = host.iter().filter(|(module, _)| is_below(module, EDGE));
    edge.flat_map(|(module, names)| {
        let out = names.modules.iter().filter(|to| !is_below(to, EDGE) && !FOR_THE_EDGE.contains(&to.as_str()));
        out.map(move |to| format!("{module} -> {to}: the edge knows no other part of the host"))
    })
    .collect()
}

#[test]
fn the_edge_imports_no_route_of_a_context() {
    assert_none(&out_of_the_edge(&host()));
}

#[test]
fn canary_an_edge_that_knows_routes_is_seen() {
    let seen = out_of_the_edge(&of(&[
        ("http/mod.rs", ""),
        ("http/edge/server.rs", "use crate::http::books; use super::hot; use crate::settings::Settings;"),
        ("http/edge/hot.rs", ""),
        ("http/books.rs", "use crate::http::edge::hot::Shared;"),
        ("settings.rs", ""),
    ]));
    assert_eq!(seen, ["http::edge::server -> http::books: the edge knows no other part of the host"]);
}

// --- who names a context ---------------------------------------------------------------------------------------------

/// Where a context's crate may be named, besides its own file in `modules` and its routes; and why.
const WHERE_CONTEXTS_MEET: &[(&str, &str)] = &[
    ("ports", "adapters: what one context needs, met by another's command or query"),
    ("letters", "the command line lists the letters of auth and notifications and has them tried again"),
    ("promotion", "the command line finds a member in auth and gives them a role in users"),
    ("recurring", "jobs of the whole host: the figures of a month, and what contexts know of members"),
    ("seed", "a demo community, made by the commands of all contexts"),
];

/// What the routes of one context send to another, because the API shows both at once; and why.
const ROUTES_OF_TWO: &[(&str, &str, &str)] = &[
    ("http::auth", "users", "who signs in is told their name and their role"),
    ("http::books", "borrowing", "the page of a book says when it may be had"),
    (
        "http::users",
        "auth",
        "administrators open accounts and find members by address; one's own page shows the address",
    ),
    ("http::users", "books", "a member's page counts their books"),
    ("http::users", "borrowing", "a member's page counts what they lent"),
];

/// The context to which a module belongs.
fn owner<'c>(module: &str, contexts: &'c [String]) -> Option<&'c String> {
    contexts.iter().find(|it| is_below(module, &format!("modules::{it}")) || is_below(module, &format!("http::{it}")))
}

/// As the variant of `Context` is written.
fn variant(context: &str) -> String {
    let mut letters = context.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn named_elsewhere(host: &BTreeMap<Module, Names>, contexts: &[String], of_two: &[(&str, &str, &str)]) -> Vec<String> {
    let mut breaches = Vec::new();
    let mut used: BTreeSet<&(&str, &str, &str)> = BTreeSet::new();
    for (module, names) in host {
        if WHERE_CONTEXTS_MEET.iter().any(|(meet, _)| is_below(module, meet)) {
            continue;
        }
        let own = owner(module, contexts);
        let excused = of_two.iter().filter(|(of, _, _)| is_below(module, of)).map(|(_, other, _)| *other);
        let excused: Vec<&str> = excused.collect();
        for name in &names.crates {
            let Some(context) = contexts.iter().find(|it| *name == **it || *name == format!("{it}_events")) else {
                continue;
            };
            if excused.contains(&context.as_str()) {
                used.extend(of_two.iter().filter(|(of, other, _)| is_below(module, of) && other == context));
            } else if own != Some(context) {
                breaches.push(format!("{module}: names {name}"));
            }
        }
        // The one match over all of them is in `modules`.
        for named in names.contexts.iter().filter(|_| module != "modules") {
            let known = named == "*" || contexts.iter().any(|it| variant(it) == *named);
            if known && own.map(|own| variant(own)).as_ref() != Some(named) {
                breaches.push(format!("{module}: names Context::{named}"));
            }
        }
    }
    let stale = of_two.iter().filter(|one| !used.contains(*one));
    breaches.extend(stale.map(|(of, other, _)| format!("{of}: may name {other} and does not")));
    breaches
}

#[test]
fn a_context_is_named_in_its_own_files_and_where_contexts_meet() {
    assert_none(&named_elsewhere(&host(), &workspace::our_contexts(), ROUTES_OF_TWO));
}

/// What is wrong with one file of a small host.
fn named_in(path: &str, text: &str, of_two: &[(&str, &str, &str)]) -> Vec<String> {
    let others = [
        ("modules/books.rs", ""),
        ("http/mod.rs", ""),
        ("http/books.rs", ""),
        ("contexts.rs", "pub enum Context { Books, Users }"),
    ];
    let files: Vec<(&str, &str)> =
        others.into_iter().filter(|(other, _)| *other != path).chain([(path, text)]).collect();
    named_elsewhere(&of(&files), &["books", "users"].map(str::to_owned), of_two)
}

#[test]
fn canary_a_context_named_in_the_wiring_is_seen_however_it_is_written() {
    for text in [
        "use books::Books; fn f(_: kernel::BookId) {}",
        "use ::books::Books;",
        "use ::books;",
        "use books;",
        "use books as b;",
        "use {kernel::BookId, books as b};",
        "extern crate books as b;",
        "fn f() -> ::books::Books {}",
        "fn f(a: ::books::Books) { let x: &'static dyn ::books::Gate = a; }",
        "fn f() { select! { _ = books::wait() => {} } }",
    ] {
        assert_eq!(named_in("app.rs", text, &[]), ["app: names books"], "{text}");
        // A module of the same name is another thing.
        assert_eq!(named_in("http/mod.rs", "mod books; pub use books::configure;", &[]), Vec::<String>::new());
    }
    assert_eq!(named_in("http/mod.rs", "mod books; use ::books::Books;", &[]), ["http: names books"]);
    let seen = named_in("http/edge/gate.rs", "fn f() -> users_events::UserEvent {}", &[]);
    assert_eq!(seen, ["http::edge::gate: names users_events"]);
    for text in [
        "fn f() { run(Context::Users) }",
        "use crate::contexts::Context::Users;",
        "use crate::contexts::Context::{Users};",
    ] {
        assert_eq!(named_in("app.rs", text, &[]), ["app: names Context::Users"], "{text}");
    }
    for text in ["use crate::contexts::Context::*;", "use crate::contexts::{Context as C};"] {
        assert_eq!(named_in("app.rs", text, &[]), ["app: names Context::*"], "{text}");
    }
    assert_none(&named_in("app.rs", "use anyhow::Context as _; use crate::contexts::Context;", &[]));
    assert_none(&named_in("app.rs", "fn f() { for it in Context::ALL { it.name() } }", &[]));
}

#[test]
fn canary_a_context_named_in_the_files_of_another_is_seen() {
    assert_none(&named_in("modules/books.rs", "use books::Books; fn f() { pool(Context::Books) }", &[]));
    assert_none(&named_in("http/books/body.rs", "use books::BookInput; use books_events::Lending;", &[]));
    assert_none(&named_in("ports.rs", "impl books::LendingGate for Ports {} fn f() { service(Context::Books) }", &[]));
    assert_none(&named_in(
        "modules/mod.rs",
        "fn f() { match self { Context::Books => &books::Module } }  mod books;",
        &[],
    ));
    assert_eq!(named_in("modules/books.rs", "use users::Users;", &[]), ["modules::books: names users"]);
    assert_eq!(
        named_in("modules/books.rs", "fn f() { pool(Context::Users) }", &[]),
        ["modules::books: names Context::Users"]
    );
    assert_eq!(named_in("http/books.rs", "use users::GetProfile;", &[]), ["http::books: names users"]);
    let excuse = [("http::books", "users", "shows the owner")];
    assert_none(&named_in("http/books.rs", "use users::GetProfile;", &excuse));
    assert_eq!(named_in("http/books.rs", "", &excuse), ["http::books: may name users and does not"]);
}
