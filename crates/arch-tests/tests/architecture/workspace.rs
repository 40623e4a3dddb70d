//! The workspace as the rules see it. Nothing is listed here: crates, contexts and files are what is found.

use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, MetadataCommand};

/// A crate of the workspace.
#[derive(Debug, Clone, PartialEq)]
pub struct Package {
    pub name: String,
    /// The features that are on unless somebody turns them off.
    pub default_features: Vec<String>,
    pub dependencies: Vec<Dependency>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Dependency {
    pub name: String,
    /// For tests, examples and benches alone.
    pub dev: bool,
    /// Another crate of the workspace.
    pub ours: bool,
    /// There only with a feature.
    pub optional: bool,
    /// Its features that are turned on here.
    pub features: Vec<String>,
}

/// A text file, by its path from the root.
#[derive(Debug, Clone)]
pub struct File {
    pub path: String,
    pub text: String,
}

impl File {
    pub fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// The lines that are no comment, with their numbers.
    pub fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let comment = if self.path.ends_with(".sql") { "--" } else { "//" };
        self.text
            .lines()
            .enumerate()
            .filter(move |(_, line)| !line.trim_start().starts_with(comment))
            .map(|(index, line)| (index + 1, line))
    }
}

/// The workspace, or the copy of it that another test has made.
pub fn root() -> PathBuf {
    let root = std::env::var_os("FOLKSHELF_ARCH_ROOT").map(PathBuf::from);
    let root = root.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."));
    root.canonicalize().expect("the workspace is there")
}

pub fn packages() -> Vec<Package> {
    let metadata =
        MetadataCommand::new().manifest_path(root().join("Cargo.toml")).no_deps().exec().expect("cargo metadata");
    let mut packages: Vec<Package> = metadata
        .packages
        .iter()
        .map(|package| Package {
            name: package.name.to_string(),
            default_features: package.features.get("default").cloned().unwrap_or_default(),
            dependencies: package
                .dependencies
                .iter()
                .map(|dependency| Dependency {
                    name: dependency.name.clone(),
                    dev: dependency.kind == DependencyKind::Development,
                    ours: dependency.path.is_some(),
                    optional: dependency.optional,
                    features: dependency.features.clone(),
                })
                .collect(),
        })
        .collect();
    packages.sort_by(|a, b| a.name.cmp(&b.name));
    packages
}

/// A crate is a context when there is a crate of what it publishes.
pub fn contexts(packages: &[Package]) -> Vec<String> {
    let names: Vec<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    names
        .iter()
        .filter(|name| names.contains(&format!("{name}-events").as_str()))
        .map(|name| (*name).to_owned())
        .collect()
}

pub fn our_contexts() -> Vec<String> {
    let contexts = contexts(&packages());
    assert!(contexts.len() >= 5, "there are contexts: {contexts:?}");
    contexts
}

/// The files below `folder` whose names end in one of `endings`, except what is built or belongs to nobody here.
pub fn files(folder: &str, endings: &[&str]) -> Vec<File> {
    files_of(&root(), folder, endings)
}

/// As [`files`], of the workspace in `root`.
pub fn files_of(root: &Path, folder: &str, endings: &[&str]) -> Vec<File> {
    let mut found = Vec::new();
    collect(root, &root.join(folder), endings, &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn collect(root: &Path, folder: &Path, endings: &[&str], found: &mut Vec<File>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.expect("a readable folder").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            if !["target", "node_modules", "dist"].contains(&name.as_str()) && !name.starts_with('.') {
                collect(root, &path, endings, found);
            }
        } else if endings.iter().any(|ending| name.ends_with(ending)) {
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            let path = path.strip_prefix(root).expect("below the root").to_string_lossy().into_owned();
            found.push(File { path, text });
        }
    }
}

/// Fails with every line, so that one run shows all there is to mend.
#[track_caller]
pub fn assert_none(breaches: &[String]) {
    assert!(breaches.is_empty(), "{} breaches:\n{}", breaches.len(), breaches.join("\n"));
}

/// An exception to a rule: the file, since when, and why.
pub struct Allowed {
    pub path: &'static str,
    pub since: &'static str,
    pub reason: &'static str,
}

/// The breaches that no exception covers, and the exceptions that cover none or do not say since when and why.
pub fn except(breaches: Vec<String>, allowed: &[Allowed]) -> Vec<String> {
    let covers =
        |one: &Allowed, breach: &String| breach.strip_prefix(one.path).is_some_and(|rest| rest.starts_with(':'));
    let stale = allowed.iter().filter(|one| {
        let explained = one.since.len() == "2026-01-31".len() && !one.reason.is_empty();
        !explained || !breaches.iter().any(|breach| covers(one, breach))
    });
    let stale: Vec<String> = stale.map(|one| format!("{}: an exception, stale or unexplained", one.path)).collect();
    let left = breaches.into_iter().filter(|breach| !allowed.iter().any(|one| covers(one, breach)));
    left.chain(stale).collect()
}

/// For canaries: a crate with these dependencies; `~` marks one for tests.
pub fn package(name: &str, dependencies: &[&str]) -> Package {
    let dependencies = dependencies
        .iter()
        .map(|dependency| Dependency {
            name: dependency.trim_start_matches('~').to_owned(),
            dev: dependency.starts_with('~'),
            ours: true,
            optional: false,
            features: Vec::new(),
        })
        .collect();
    Package { name: name.to_owned(), default_features: Vec::new(), dependencies }
}

#[test]
fn a_context_is_discovered_by_the_crate_of_its_events() {
    let found = contexts(&[package("books", &[]), package("books-events", &[]), package("kernel", &[])]);
    assert_eq!(found, ["books"]);
}

#[test]
fn canary_an_exception_that_is_stale_or_unexplained_is_seen() {
    let breaches = || vec!["a.rs: 401 lines".to_owned()];
    let excuse = |path, since| Allowed { path, since, reason: "a table" };
    assert_none(&except(breaches(), &[excuse("a.rs", "2026-01-31")]));
    assert_eq!(except(breaches(), &[]), breaches());
    for (path, since) in [("a.rs", ""), ("b.rs", "2026-01-31"), ("a", "2026-01-31")] {
        assert!(!except(breaches(), &[excuse(path, since)]).is_empty(), "{path} {since}");
    }
}
