//! Who may depend on whom.

use crate::workspace::{self, Dependency, Package, assert_none, package};

/// What the crates that are no context may use of ours. A new crate is unknown until it stands here.
const FOUNDATION: &[(&str, &[&str])] = &[
    ("kernel", &[]),
    // What is known of books everywhere. See `PURE`.
    ("bibliography", &["kernel"]),
    ("trace", &[]),
    ("breaker", &[]),
    // Bugs that only the program has in which the checker of faults must find them.
    ("planted", &[]),
    ("database", &["breaker", "kernel", "planted"]),
    ("event-bus", &["kernel", "trace", "database", "planted"]),
    // NATS between databases.
    ("event-road", &["kernel", "event-bus"]),
    ("cqrs", &["kernel", "event-bus", "trace", "database", "planted"]),
    ("read-store", &["kernel", "breaker", "planted"]),
    // What hosts do by the clock.
    ("jobs", &["kernel", "event-bus", "database"]),
    // How often somebody may ask, and who that is behind proxies.
    ("limits", &["read-store"]),
    // Whose turn it is where few may work at once.
    ("turns", &[]),
    ("telemetry", &["kernel", "trace"]),
    ("provision", &[]),
    ("wording", &[]),
    // PostgreSQL and Redis as processes of a test's own.
    ("servers", &[]),
    // It judges what it knows from outside alone: nothing of the code under test may be in it.
    ("faults", &["servers"]),
    ("testkit", &["kernel", "event-bus", "cqrs", "jobs", "read-store", "provision", "servers"]),
    ("arch-tests", &[]),
    // Fills a database with what a context keeps there, and asks its queries.
    ("loadtest", &["kernel", "event-bus", "cqrs", "read-store", "provision", "books", "testkit"]),
];

const HOST: &str = "folkshelf";

/// What a context may use of ours, besides the crates of events.
const FOR_CONTEXTS: &[&str] =
    &["kernel", "bibliography", "database", "event-bus", "cqrs", "jobs", "read-store", "turns", "wording"];

/// What a crate of events may use of others: serde writes the payloads, and the `events!` macro of kernel names the rest.
const FOR_EVENTS: &[(&str, &str)] = &[
    ("serde", "derives what is written"),
    ("serde_json", "the macro's payloads are JSON values; samples are compared as such"),
    ("time", "payloads hold moments"),
    ("uuid", "the macro answers with the aggregate's id"),
];

/// Crates of ours without I/O, and all that they may use of others, tests aside.
const PURE: &[(&str, &[(&str, &str)])] = &[(
    "bibliography",
    &[
        ("html-escape", "the entities of HTML"),
        ("isbn", "check digits, and one form of a number from the other"),
        ("serde", "numbers, languages and layouts are stored as JSON"),
        ("sha2", "the key by which a book is recognised has one length"),
        ("strsim", "the distance between two words"),
        ("thiserror", "what is wrong with a text"),
        ("time", "dates in cells; since when a book is there"),
        ("unicode-normalization", "column names without accents"),
        ("utoipa", "schemas, behind a feature"),
    ],
)];

/// Crates that only these of ours may use, whether for tests or not.
/// loadtest has bare servers to measure the host against.
const DOORS: &[(&str, &[&str])] = &[
    ("actix-web", &[HOST, "loadtest"]),
    ("async-nats", &["event-road"]),
    ("deadpool-redis", &["read-store", "testkit", "loadtest"]),
    ("redis", &["read-store", "testkit"]),
];

/// What describes the API is compiled for the host alone: this crate is optional everywhere else, behind this feature.
const DESCRIPTIONS: (&str, &str) = ("utoipa", "openapi");

fn described_without_the_host(packages: &[Package]) -> Vec<String> {
    let (described_by, feature) = DESCRIPTIONS;
    let mut breaches = Vec::new();
    for package in packages.iter().filter(|package| package.name != HOST) {
        let name = &package.name;
        if package.default_features.iter().any(|it| it == feature) {
            breaches.push(format!("{name}: {feature} is on by default"));
        }
        for dependency in &package.dependencies {
            let (to, manner) = (&dependency.name, manner(dependency));
            if to == described_by && !dependency.optional {
                breaches.push(format!("{name} -> {to}{manner}: not behind the feature {feature}"));
            }
            if dependency.features.iter().any(|it| it == feature) {
                breaches.push(format!("{name} -> {to}{manner}: turns on {feature}, as only the host may"));
            }
        }
    }
    breaches
}

#[test]
fn only_the_host_compiles_descriptions_of_the_api() {
    assert_none(&described_without_the_host(&workspace::packages()));
}

#[test]
fn canary_a_description_that_is_always_compiled_is_seen() {
    let seen = |change: fn(&mut Package)| {
        let mut books = package("books", &["kernel", "utoipa"]);
        books.dependencies[1].optional = true;
        change(&mut books);
        described_without_the_host(&[books, package(HOST, &["utoipa"])])
    };
    assert_none(&seen(|_| {}));
    let always = seen(|books| books.dependencies[1].optional = false);
    assert_eq!(always, ["books -> utoipa: not behind the feature openapi"]);
    let default = seen(|books| books.default_features.push("openapi".to_owned()));
    assert_eq!(default, ["books: openapi is on by default"]);
    let turned_on = seen(|books| books.dependencies[0].features.push("openapi".to_owned()));
    assert_eq!(turned_on, ["books -> kernel: turns on openapi, as only the host may"]);
}

/// What contexts do for a tool alone, behind a feature: the context, the feature, and who may turn it on.
const FOR_TOOLS: &[(&str, &str, &str)] = &[("books", "bulk", "loadtest")];

fn tools_elsewhere(packages: &[Package]) -> Vec<String> {
    let contexts = workspace::contexts(packages);
    let mut breaches = Vec::new();
    for package in packages {
        let name = &package.name;
        if contexts.contains(name) && !package.default_features.is_empty() {
            breaches.push(format!("{name}: a context has no features that are on by default"));
        }
        for dependency in package.dependencies.iter().filter(|dependency| contexts.contains(&dependency.name)) {
            let to = dependency.name.as_str();
            let known = |feature: &str| feature == DESCRIPTIONS.1 || FOR_TOOLS.contains(&(to, feature, name.as_str()));
            let unknown = dependency.features.iter().filter(|feature| !known(feature));
            breaches.extend(unknown.map(|it| format!("{name} -> {to}: turns on {it}, which is not for it")));
        }
    }
    breaches
}

#[test]
fn what_a_context_does_for_a_tool_is_turned_on_by_that_tool_alone() {
    assert_none(&tools_elsewhere(&workspace::packages()));
}

#[test]
fn canary_a_host_that_turns_on_what_is_for_a_tool_is_seen() {
    let with = |name: &str, feature: &str| {
        let mut package = package(name, &["books"]);
        package.dependencies[0].features.push(feature.to_owned());
        tools_elsewhere(&[
            crate::workspace::package("books", &[]),
            crate::workspace::package("books-events", &[]),
            package,
        ])
    };
    assert_none(&with("loadtest", "bulk"));
    assert_none(&with(HOST, "openapi"));
    assert_eq!(with(HOST, "bulk"), ["folkshelf -> books: turns on bulk, which is not for it"]);
}

fn breaches(packages: &[Package]) -> Vec<String> {
    let contexts = workspace::contexts(packages);
    let mut breaches = Vec::new();
    for package in packages {
        let name = package.name.as_str();
        let foundation = FOUNDATION.iter().find(|(known, _)| *known == name).map(|(_, allowed)| *allowed);
        let is_context = contexts.iter().any(|context| context == name);
        let is_events = name.strip_suffix("-events").is_some_and(|base| contexts.iter().any(|c| c == base));
        if !(foundation.is_some() || is_context || is_events || name == HOST) {
            breaches.push(format!("{name}: unknown; say in arch-tests what it may depend on"));
            continue;
        }
        for dependency in &package.dependencies {
            let to = dependency.name.as_str();
            let allowed = if dependency.ours {
                match foundation {
                    Some(allowed) => allowed.contains(&to),
                    None if name == HOST => to != "testkit",
                    None if is_events => to == "kernel",
                    None => FOR_CONTEXTS.contains(&to) || to.ends_with("-events"),
                }
            } else {
                !is_events || FOR_EVENTS.iter().any(|(crate_name, _)| *crate_name == to)
            };
            let testkit = to == "testkit" && dependency.dev;
            if !(allowed || testkit) {
                breaches.push(format!("{name} -> {to}{}", manner(dependency)));
            }
            if DOORS.iter().any(|(guarded, may)| *guarded == to && !may.contains(&name)) {
                breaches.push(format!("{name} -> {to}{}: not through this door", manner(dependency)));
            }
        }
    }
    breaches
}

/// What a crate that is to be pure uses of others without being allowed to.
fn impurities(packages: &[Package]) -> Vec<String> {
    let mut breaches = Vec::new();
    for (name, allowed) in PURE {
        let Some(package) = packages.iter().find(|package| package.name == *name) else {
            breaches.push(format!("{name}: is to be pure, and is not there"));
            continue;
        };
        let foreign = package.dependencies.iter().filter(|dependency| !dependency.ours && !dependency.dev);
        let used: Vec<&str> = foreign.map(|dependency| dependency.name.as_str()).collect();
        let strange = used.iter().filter(|used| !allowed.iter().any(|(known, _)| known == *used));
        breaches.extend(strange.map(|to| format!("{name} -> {to}: say in arch-tests why it is pure")));
        let stale = allowed.iter().filter(|(known, _)| !used.contains(known));
        breaches.extend(stale.map(|(to, _)| format!("{name} -> {to}: is allowed and not used")));
    }
    breaches
}

fn manner(dependency: &Dependency) -> &'static str {
    if dependency.dev { " (tests)" } else { "" }
}

#[test]
fn every_crate_depends_only_on_what_its_kind_allows() {
    assert_none(&breaches(&workspace::packages()));
}

#[test]
fn what_is_pure_uses_nothing_that_does_io() {
    assert_none(&impurities(&workspace::packages()));
}

#[test]
fn canary_a_pure_crate_that_learns_io_is_seen() {
    let (name, allowed) = PURE[0];
    let pure = |dependencies: &[&str]| {
        let mut package = package(name, dependencies);
        package.dependencies.iter_mut().for_each(|dependency| dependency.ours = dependency.name == "kernel");
        impurities(&[package])
    };
    let mut used: Vec<&str> = allowed.iter().map(|(known, _)| *known).chain(["kernel", "~csv"]).collect();
    assert_none(&pure(&used));
    used.push("tokio");
    assert_eq!(pure(&used), [format!("{name} -> tokio: say in arch-tests why it is pure")]);
    used.pop();
    used.remove(0);
    assert_eq!(pure(&used), [format!("{name} -> {}: is allowed and not used", allowed[0].0)]);
    assert_eq!(impurities(&[]), [format!("{name}: is to be pure, and is not there")]);
}

/// The breaches of a small workspace in which `books` depends on these besides kernel.
fn of_books(dependencies: &[&str]) -> Vec<String> {
    let mut books = package("books", dependencies);
    books.dependencies.extend(package("", &["kernel"]).dependencies);
    for dependency in &mut books.dependencies {
        dependency.ours = !["actix-web", "redis", "sqlx"].contains(&dependency.name.as_str());
    }
    breaches(&[
        books,
        package("books-events", &["kernel"]),
        package("users", &["kernel", "books-events"]),
        package("users-events", &["kernel"]),
    ])
}

#[test]
fn a_context_may_use_the_foundation_and_everybodys_events() {
    assert_none(&of_books(&["event-bus", "cqrs", "read-store", "users-events", "books-events", "~testkit", "sqlx"]));
}

#[test]
fn canary_a_context_that_depends_on_another_is_seen() {
    assert_eq!(of_books(&["users"]), ["books -> users"]);
    assert_eq!(of_books(&["~users"]), ["books -> users (tests)"]);
}

#[test]
fn canary_a_context_that_knows_http_or_redis_or_the_test_kit_is_seen() {
    assert_eq!(of_books(&["actix-web"]), ["books -> actix-web: not through this door"]);
    assert_eq!(of_books(&["~redis"]), ["books -> redis (tests): not through this door"]);
    assert_eq!(of_books(&["testkit"]), ["books -> testkit"]);
    assert_eq!(of_books(&["provision"]), ["books -> provision"]);
}

#[test]
fn canary_events_that_know_more_than_the_kernel_are_seen() {
    let mut events = package("books-events", &["users-events", "sqlx"]);
    events.dependencies[1].ours = false;
    let seen = breaches(&[package("books", &[]), events]);
    assert_eq!(seen, ["books-events -> users-events", "books-events -> sqlx"]);
}

#[test]
fn canary_an_unknown_crate_is_seen() {
    let seen = breaches(&[package("helpers", &[])]);
    assert_eq!(seen, ["helpers: unknown; say in arch-tests what it may depend on"]);
}

#[test]
fn canary_a_foundation_that_knows_a_context_is_seen() {
    assert_eq!(breaches(&[package("event-bus", &["books"])]), ["event-bus -> books"]);
    let seen =
        breaches(&[package("books", &[]), package("books-events", &[]), package("bibliography", &["books-events"])]);
    assert_eq!(seen, ["bibliography -> books-events"]);
}
