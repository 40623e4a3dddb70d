//! A sixth context comes and goes: `scripts/new-context` makes it in a copy of the sources, and `docs/adding-a-context.md`
//! lists what that touches. `just toy-context` compiles it as well and runs its tests.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use crate::workspace::{File, files_of, root};

const LIST: &str = "docs/adding-a-context.md";

/// What the rules look at.
const COPIED: [&str; 13] = [
    "Cargo.toml",
    "Cargo.lock",
    "deny.toml",
    "clippy.toml",
    "apps/folkshelf",
    "apps/web/src/api/schema.d.ts",
    "crates",
    "docs",
    "faults",
    "loadtest",
    "migrations",
    "scripts",
    "templates",
];

fn run(program: &mut Command) -> (bool, String) {
    let output = program.output().expect("it starts");
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    (output.status.success(), text)
}

fn copy_to(folder: &Path) {
    let mut copy = Command::new("cp");
    copy.current_dir(root()).args(["--archive", "--parents"]).args(COPIED).arg(folder);
    let (copied, said) = run(&mut copy);
    assert!(copied, "{said}");
}

fn texts(folder: &Path) -> BTreeMap<String, String> {
    files_of(folder, "", &[""]).into_iter().map(|File { path, text }| (path, text)).collect()
}

/// The first cells of the table, which are files, `reviews` and all.
fn listed(document: &str) -> BTreeSet<String> {
    let rows = document.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    rows.map(|(file, _)| file.to_owned()).filter(|file| file.contains('/') || file.ends_with(".toml")).collect()
}

/// Every rule of this crate, held against another copy of the sources: those that fail.
fn broken_rules(folder: &Path, update: bool) -> BTreeSet<String> {
    let mut rules = Command::new(std::env::current_exe().expect("this program"));
    // Those of PostgreSQL know the migrations of the sources that they were compiled with.
    rules.env("FOLKSHELF_ARCH_ROOT", folder).args(["--skip", "rights", "--skip", "older_build"]);
    rules.args(["--skip", "toy_context", "--skip", "affected"]);
    rules.env_remove("FOLKSHELF_UPDATE_GOLDEN");
    if update {
        rules.env("FOLKSHELF_UPDATE_GOLDEN", "1");
    }
    let (_, said) = run(&mut rules);
    assert!(said.contains("test result: "), "{said}");
    let failed = said.lines().filter_map(|line| line.strip_prefix("test ")?.strip_suffix(" ... FAILED"));
    failed.map(str::to_owned).collect()
}

fn new_context(folder: &Path, names: &[&str]) -> (bool, String) {
    run(Command::new(folder.join("scripts/new-context")).args(names))
}

#[test]
fn a_sixth_context_touches_what_is_listed_and_the_rules_hold_for_it() {
    let folder = tempfile::tempdir().expect("a folder");
    copy_to(folder.path());
    let before = texts(folder.path());
    let (made, said) = new_context(folder.path(), &["reviews", "review"]);
    assert!(made, "{said}");

    let after = texts(folder.path());
    let touched: BTreeSet<String> =
        after.iter().filter(|(path, text)| before.get(*path) != Some(text)).map(|(path, _)| path.clone()).collect();
    let list = std::fs::read_to_string(root().join(LIST)).expect("the list");
    assert_eq!(touched, listed(&list), "{LIST} has another list than what scripts/new-context touches");
    let lost: Vec<&String> = before.keys().filter(|path| !after.contains_key(*path)).collect();
    assert!(lost.is_empty(), "{lost:?}");

    // The two golden files ask to be written anew, and nothing else is wrong.
    let asked = broken_rules(folder.path(), false);
    let golden = [
        "context_map::the_context_map_is_the_one_checked_in",
        "public_surface::each_public_name_of_a_context_has_a_kind_and_is_checked_in",
    ];
    assert_eq!(asked, golden.map(str::to_owned).into());
    assert_eq!(broken_rules(folder.path(), true), BTreeSet::new());
    for golden in ["docs/context-map.txt", "docs/public-surface.txt"] {
        let text = std::fs::read_to_string(folder.path().join(golden)).expect("written");
        assert!(text.contains("\nreviews\n"), "{golden}");
    }
}

#[test]
fn a_context_may_have_any_name_that_is_free() {
    let folder = tempfile::tempdir().expect("a folder");
    copy_to(folder.path());
    for refused in
        [&["books", "book"][..], &["Reviews", "review"], &["wish-lists", "wish"], &["wishes", "wishes"], &["wishes"]]
    {
        assert!(!new_context(folder.path(), refused).0, "{refused:?}");
    }
    let before = texts(folder.path());
    let (made, said) = new_context(folder.path(), &["wishes", "wish"]);
    assert!(made, "{said}");
    let changed = texts(folder.path());
    let new: Vec<_> = changed.iter().filter(|(path, text)| before.get(*path) != Some(text)).collect();
    for (path, text) in new {
        let lines: Vec<&str> = text.lines().filter(|line| line.to_lowercase().contains("review")).collect();
        let lines: Vec<&str> =
            lines.into_iter().filter(|line| !before.get(path).is_some_and(|it| it.contains(line))).collect();
        assert!(lines.is_empty(), "{path} still has the template's name: {lines:?}");
    }
    let broken = broken_rules(folder.path(), true);
    assert_eq!(broken, BTreeSet::new());
}

#[test]
fn canary_a_file_that_the_list_lacks_is_seen() {
    let list = listed(
        "| file | what |\n|---|---|\n| `Cargo.toml` | two lines |\n| `crates/reviews/src/lib.rs` | the index |\n| `just fmt` | x |",
    );
    assert_eq!(list, ["Cargo.toml", "crates/reviews/src/lib.rs"].map(str::to_owned).into());
}

#[test]
fn canary_a_context_that_breaks_a_rule_is_seen() {
    let folder = tempfile::tempdir().expect("a folder");
    copy_to(folder.path());
    assert!(new_context(folder.path(), &["reviews", "review"]).0);
    std::fs::remove_file(folder.path().join("crates/reviews/README.md")).expect("removed");
    let broken = broken_rules(folder.path(), true);
    assert_eq!(broken, ["readmes::every_context_says_what_it_owns_publishes_hears_needs_and_holds".to_owned()].into());
}
