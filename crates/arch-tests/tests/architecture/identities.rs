//! Who may speak as a context: the host's ports, where it is certain which context calls. Who may speak as the system: the
//! few who have a reason.

use crate::workspace::{self, Allowed, File, assert_none, except};

/// The adapters of the ports.
const PORTS: &str = "apps/folkshelf/src/ports";

/// Where the identity is defined.
const DEFINED: [&str; 3] = ["crates/kernel/src/actor.rs", "crates/kernel/src/actor/form.rs", "crates/cqrs/src/call.rs"];

fn is_port(path: &str) -> bool {
    path.strip_prefix(PORTS).is_some_and(|rest| rest.starts_with('/') || rest == ".rs")
}

fn other_speakers(files: &[File]) -> Vec<String> {
    let mut breaches = Vec::new();
    let others = files
        .iter()
        .filter(|file| file.path.contains("/src/") && !is_port(&file.path) && !DEFINED.contains(&file.path.as_str()));
    for file in others {
        let speaks = file.code().filter(|(_, line)| line.contains("as_service("));
        breaches.extend(speaks.map(|(number, _)| format!("{}:{number}: speaks as a context", file.path)));
    }
    breaches
}

/// Calls of an adapter that do not say for which context they are.
fn nameless_calls(files: &[File]) -> Vec<String> {
    let mut breaches = Vec::new();
    for file in files.iter().filter(|file| is_port(&file.path)) {
        let calls = file.code().filter(|(_, line)| [".send(caller", ".ask(caller"].iter().any(|it| line.contains(it)));
        breaches.extend(calls.map(|(number, _)| format!("{}:{number}: calls as whoever called", file.path)));
    }
    breaches
}

fn sources() -> Vec<File> {
    let mut files = workspace::files("crates", &[".rs"]);
    files.extend(workspace::files("apps", &[".rs"]));
    files.extend(workspace::files("loadtest", &[".rs"]));
    files
}

#[test]
fn only_the_hosts_ports_speak_as_a_context_and_all_of_them_do() {
    let files = sources();
    let speaks = |file: &File| is_port(&file.path) && file.text.contains("as_service(");
    assert!(files.iter().any(speaks), "there are ports");
    assert_none(&other_speakers(&files));
    assert_none(&nameless_calls(&files));
}

#[test]
fn canary_a_route_that_speaks_as_a_context_and_a_port_that_does_not_are_seen() {
    let text = "// caller.as_service(\"books\")\nsend(&caller.as_service(\"books\"), WithdrawBook { book })";
    let files = [
        File::new("apps/folkshelf/src/http/books.rs", text),
        File::new("apps/folkshelf/src/ports.rs", text),
        File::new("crates/borrowing/tests/races.rs", text),
    ];
    assert_eq!(other_speakers(&files), ["apps/folkshelf/src/http/books.rs:2: speaks as a context"]);
    let files = ["routes.get_book.send(caller, it)", "routes.get_book.ask(caller, it)", "routes.get_book.ask(&it, it)"]
        .map(|text| File::new("apps/folkshelf/src/ports/mail.rs", text));
    let seen = nameless_calls(&files);
    assert_eq!(seen, ["apps/folkshelf/src/ports/mail.rs:1: calls as whoever called"; 2]);
}

// --- the system -------------------------------------------------------------------------------------------------------

/// Who else may speak as Folkshelf itself, to whom every command says yes.
const SYSTEM: &[Allowed] = &[
    Allowed {
        path: "apps/folkshelf/src/cli.rs",
        since: "2026-11-26",
        reason: "whoever runs the command line has the database's password anyway",
    },
    Allowed {
        path: "apps/folkshelf/src/seed/mod.rs",
        since: "2026-11-26",
        reason: "a demo community is made before it has an administrator",
    },
    Allowed {
        path: "apps/folkshelf/src/modules/auth.rs",
        since: "2026-11-27",
        reason: "the gate asks whose session or key it is before it knows any caller",
    },
    Allowed {
        path: "apps/folkshelf/src/modules/users.rs",
        since: "2026-11-26",
        reason: "the gate asks what roles permit before it knows any caller",
    },
    Allowed {
        path: "apps/folkshelf/src/recurring/months.rs",
        since: "2026-11-27",
        reason: "the job that counts a month asks for figures, and for titles that everybody sees",
    },
    Allowed {
        path: "apps/folkshelf/src/recurring/reconcile.rs",
        since: "2026-11-27",
        reason: "the job that compares members reads what contexts know of them, and has users tell it again",
    },
    Allowed {
        path: "apps/folkshelf/src/http/auth.rs",
        since: "2026-11-26",
        reason: "a sign-in is answered with the member's name and role before they have shown their new session",
    },
    Allowed {
        path: "crates/books/src/commands/delete_book.rs",
        since: "2026-11-26",
        reason: "the sweeper finishes a deletion that somebody asked for who was allowed to",
    },
];

fn system_speakers(files: &[File]) -> Vec<String> {
    let mut breaches = Vec::new();
    let sources = files.iter().filter(|file| file.path.contains("/src/") && !DEFINED.contains(&file.path.as_str()));
    for file in sources {
        let tests = file.text.find("#[cfg(test)]\nmod tests").unwrap_or(file.text.len());
        let program = File::new(&file.path, &file.text[..tests]);
        let speaks = |line: &str| ["Caller::system(", "Actor::System(\""].iter().any(|it| line.contains(it));
        let lines = program.code().filter(|(_, line)| speaks(line));
        breaches.extend(lines.map(|(number, _)| format!("{}:{number}: speaks as the system", file.path)));
    }
    breaches
}

#[test]
fn nobody_speaks_as_the_system_without_a_reason() {
    assert_none(&except(system_speakers(&sources()), SYSTEM));
}

#[test]
fn canary_a_route_that_speaks_as_the_system_is_seen() {
    let text = "fn f() { send(&Caller::system(\"route\"), x) }\nfn g() { Caller::new(Actor::System(\"route\"), \"\") }\n\
        fn h() { matches!(actor, Actor::System(_)) }\n#[cfg(test)]\nmod tests { fn i() { Caller::system(\"test\") } }";
    let seen = system_speakers(&[File::new("apps/folkshelf/src/http/books.rs", text)]);
    let expected = [1, 2].map(|line| format!("apps/folkshelf/src/http/books.rs:{line}: speaks as the system"));
    assert_eq!(seen, expected);
}
