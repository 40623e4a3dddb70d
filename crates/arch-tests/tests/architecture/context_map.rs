//! The graph of our crates is checked in, so that a new edge shows in review.

use crate::workspace::{self, Package, package};

const MAP: &str = "docs/context-map.txt";

fn map(packages: &[Package]) -> String {
    let mut text = String::from(
        "# Which of our crates depends on which. Written by `just context-map`; a new line here wants a reason in review.\n",
    );
    for package in packages {
        let mut to: Vec<String> = package
            .dependencies
            .iter()
            .filter(|dependency| dependency.ours)
            .map(|dependency| format!("  {}{}\n", dependency.name, if dependency.dev { " (tests)" } else { "" }))
            .collect();
        to.sort();
        to.dedup();
        text.push_str(&format!("\n{}\n{}", package.name, to.concat()));
    }
    text
}

/// Compares a text with the file that is checked in, or writes the file where `just context-map` asks for it.
#[track_caller]
pub fn assert_golden(file: &str, now: &str) {
    let path = workspace::root().join(file);
    if std::env::var_os("FOLKSHELF_UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, now).expect("the file is written");
    }
    let checked_in = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(now == checked_in, "{file} is not what the crates say; `just context-map` writes it anew:\n{now}");
}

#[test]
fn the_context_map_is_the_one_checked_in() {
    assert_golden(MAP, &map(&workspace::packages()));
}

#[test]
fn canary_a_new_edge_changes_the_map() {
    let before = map(&[package("books", &["kernel"])]);
    assert!(before.ends_with("\nbooks\n  kernel\n"));
    assert_ne!(before, map(&[package("books", &["kernel", "users"])]));
    assert_ne!(before, map(&[package("books", &["kernel", "~testkit"])]));
}
