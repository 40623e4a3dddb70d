//! What `docs/security.md` names as the holder of a promise is a test that exists.

use std::collections::BTreeSet;

use crate::workspace::{self, File, assert_none};

/// A name of at least three words is a test's; what else stands between backticks is a command or a setting.
fn tests_named(row: &str) -> Vec<&str> {
    let is_test = |name: &&str| {
        name.split('_').count() >= 3
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_' || byte.is_ascii_digit())
    };
    row.split('`').skip(1).step_by(2).filter(is_test).collect()
}

/// Rows of the table of promises whose last column holds no test, command or "no".
fn breaches(page: &str, tests: &BTreeSet<String>) -> Vec<String> {
    let rows = page.lines().filter(|line| line.starts_with("| V"));
    let mut breaches = Vec::new();
    for row in rows {
        let held = row.trim_end_matches(['|', ' ']).rsplit('|').next().unwrap_or_default().trim();
        let named = tests_named(held);
        for test in &named {
            if !tests.contains(*test) {
                breaches.push(format!("docs/security.md: there is no test {test}"));
            }
        }
        let said = held == "no" || held.starts_with("no:") || held.ends_with("no") || held.contains('`');
        if named.is_empty() && !said {
            breaches.push(format!("docs/security.md: nothing holds \"{row}\""));
        }
    }
    breaches
}

fn tests_of(files: &[File]) -> BTreeSet<String> {
    let mut tests = BTreeSet::new();
    for file in files {
        let mut marked = false;
        for line in file.text.lines().map(str::trim) {
            if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
                marked = true;
            } else if marked && let Some((_, rest)) = line.split_once("fn ") {
                tests.insert(rest.split('(').next().unwrap_or_default().to_owned());
                marked = false;
            }
        }
    }
    tests
}

#[test]
fn every_promise_names_a_test_that_exists_or_says_no() {
    let page = std::fs::read_to_string(workspace::root().join("docs/security.md")).expect("the page");
    let mut files = workspace::files("crates", &[".rs"]);
    files.extend(workspace::files("apps", &[".rs"]));
    assert!(page.lines().filter(|line| line.starts_with("| V")).count() > 30, "the table is there");
    assert_none(&breaches(&page, &tests_of(&files)));
}

#[test]
fn canary_a_promise_without_a_test_is_seen() {
    let code = "#[tokio::test]\nasync fn a_door_is_shut() {}\nfn no_test_at_all() {}\n";
    let tests = tests_of(&[File::new("a.rs", code)]);
    let page = "| V1 | a | `a_door_is_shut`, `./dev lint` |\n| V2 | b | no |\n| V3 | c | `no_test_at_all` |\n| V4 | d | we hope |\n";
    assert_eq!(
        breaches(page, &tests),
        [
            "docs/security.md: there is no test no_test_at_all",
            "docs/security.md: nothing holds \"| V4 | d | we hope |\""
        ]
    );
}
