//! Which crates the workflow tests after a change: `.github/affected.mjs`, run as the workflow runs it.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::workspace::{packages, root};

/// The two lines it prints for a change of these files.
fn affected(files: &str) -> (Vec<String>, bool) {
    let mut program = Command::new("node")
        .arg(root().join(".github/affected.mjs"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node, which ./dev installs");
    program.stdin.take().expect("piped").write_all(files.as_bytes()).expect("it reads");
    let output = program.wait_with_output().expect("it ends");
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).expect("text");
    let line = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).expect("the line");
    let crates = line("crates=").trim_matches(['[', ']']).split(',').filter(|name| !name.is_empty());
    (crates.map(|name| name.trim_matches('"').to_owned()).collect(), line("web=") == "true")
}

#[test]
fn a_change_is_tested_where_it_is_and_where_it_is_used() {
    assert_eq!(affected("crates/borrowing/src/lib.rs\n"), (vec!["borrowing".into(), "folkshelf".into()], true));
    let (of_event, _) = affected("crates/borrowing-events/src/lib.rs\n");
    for hears in ["books", "borrowing", "notifications"] {
        assert!(of_event.iter().any(|name| name == hears), "{hears}: {of_event:?}");
    }
    assert!(!of_event.iter().any(|name| name == "users"), "{of_event:?}");
    assert!(affected("migrations/books/0001_books.sql\n").0.contains(&"books".to_owned()));
    assert_eq!(affected("apps/web/src/main.tsx\n"), (vec!["folkshelf".into()], true));
}

#[test]
fn texts_are_tested_by_nobody_and_what_belongs_to_no_crate_by_all() {
    assert_eq!(affected("docs/performance.md\nREADME.md\n"), (Vec::new(), false));
    let (all, web) = affected("docs/performance.md\nCargo.lock\n");
    let apart = packages().iter().filter(|package| !package.name.ends_with("-events")).count();
    assert_eq!((all.len(), web), (apart, true), "{all:?}");
}
