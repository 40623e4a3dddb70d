//! Every context says on one page what it is.

use crate::workspace::{self, assert_none};

const SECTIONS: [&str; 5] = ["owns", "publishes", "subscribes to", "needs", "invariants"];

/// A section begins with its word, as a heading or in bold.
fn breaches(context: &str, readme: Option<&str>) -> Vec<String> {
    let Some(readme) = readme else {
        return vec![format!("{context}: no README.md")];
    };
    let begins = |section: &str| {
        readme.lines().any(|line| {
            let marked = line.starts_with('#') || line.starts_with("**");
            marked && line.trim_start_matches(['#', '*', ' ']).to_lowercase().starts_with(section)
        })
    };
    SECTIONS
        .iter()
        .filter(|section| !begins(section))
        .map(|section| format!("{context}: README.md has no section \"{section}\""))
        .collect()
}

#[test]
fn every_context_says_what_it_owns_publishes_hears_needs_and_holds() {
    let breaches: Vec<String> = workspace::our_contexts()
        .iter()
        .flat_map(|context| {
            let path = workspace::root().join("crates").join(context).join("README.md");
            breaches(context, std::fs::read_to_string(path).ok().as_deref())
        })
        .collect();
    assert_none(&breaches);
}

#[test]
fn canary_a_missing_page_and_a_missing_section_are_seen() {
    assert_eq!(breaches("books", None), ["books: no README.md"]);
    let page = "# books\n\n**Owns** books.\n\n## Publishes\n\n**Subscribes to** much.\n\n**Needs (ports)** none.\n";
    assert_eq!(breaches("books", Some(page)), ["books: README.md has no section \"invariants\""]);
    assert_none(&breaches("books", Some(&format!("{page}\n## Invariants\n"))));
}
