//! The host is a list of contexts: its modules import one way only, and most of them know no context.

use std::collections::BTreeMap;

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
    ("promotion", "the command line finds a member in auth and gives them a role in users"),
    ("seed", "a demo community, made by the commands of all contexts"),
];

fn named_elsewhere(host: &BTreeMap<Module, Names>, contexts: &[String]) -> Vec<String> {
    let mut breaches = Vec::new();
    for (module, names) in host {
        let own =
            contexts.iter().any(|it| *module == format!("modules::{it}") || is_below(module, &format!("http::{it}")));
        if own || WHERE_CONTEXTS_MEET.iter().any(|(meet, _)| is_below(module, meet)) {
            continue;
        }
        let crates = names.crates.iter().filter(|name| contexts.contains(&name.replace("_events", "")));
        breaches.extend(crates.map(|name| format!("{module}: names {name}")));
    }
    breaches
}

#[test]
fn a_context_is_named_in_its_own_files_and_where_contexts_meet() {
    assert_none(&named_elsewhere(&host(), &workspace::our_contexts()));
}

#[test]
fn canary_a_context_named_in_the_wiring_is_seen() {
    let host = of(&[
        ("app.rs", "use books::Books; fn f(_: kernel::BookId) {}"),
        ("http/edge/gate.rs", "fn f() -> users_events::UserEvent {}"),
        ("http/books/body.rs", "use books::BookInput;"),
        ("modules/mod.rs", "mod books; use books::BooksModule;"),
        ("modules/books.rs", "use books::Books;"),
        ("ports.rs", "impl books::LendingGate for Ports {}"),
    ]);
    let contexts = ["books", "users"].map(str::to_owned);
    assert_eq!(named_elsewhere(&host, &contexts), ["app: names books", "http::edge::gate: names users_events"]);
}
