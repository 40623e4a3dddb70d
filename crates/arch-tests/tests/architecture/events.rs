//! Every published event has a sample, every sample an event, and a test compares the two.

use std::collections::BTreeSet;

use crate::workspace::{self, File, assert_none};

/// The lines of `events!` begin: `"book.deleted" 1 about …`.
fn published(sources: &[File]) -> BTreeSet<String> {
    let lines = sources.iter().flat_map(|file| file.code());
    lines
        .filter_map(|(_, line)| {
            let (name, rest) = line.trim().strip_prefix('"')?.split_once('"')?;
            let (version, rest) = rest.trim().split_once(' ')?;
            let version: u16 = version.parse().ok()?;
            rest.trim_start().starts_with("about ").then(|| format!("{name}.v{version}.json"))
        })
        .collect()
}

fn breaches(of: &str, sources: &[File], samples: &BTreeSet<String>) -> Vec<String> {
    let published = published(sources);
    let mut breaches = Vec::new();
    if published.is_empty() {
        breaches.push(format!("{of}: publishes nothing that could be found"));
    }
    if !sources.iter().any(|file| file.text.contains("assert_samples_hold")) {
        breaches.push(format!("{of}: no test compares the samples with the structs"));
    }
    breaches.extend(published.difference(samples).map(|name| format!("{of}: no sample {name}")));
    breaches.extend(samples.difference(&published).map(|name| format!("{of}: {name} is the sample of no event")));
    breaches
}

#[test]
fn every_published_event_has_a_sample_and_no_sample_outlives_its_event() {
    for context in workspace::our_contexts() {
        let of = format!("{context}-events");
        let mut sources = workspace::files(&format!("crates/{of}/src"), &[".rs"]);
        sources.extend(workspace::files(&format!("crates/{of}/tests"), &[".rs"]));
        let folder = format!("crates/{of}/samples/");
        let samples = workspace::files(&folder, &[".json"]);
        let samples = samples.iter().map(|file| file.path[folder.len()..].to_owned()).collect();
        assert_none(&breaches(&of, &sources, &samples));
    }
}

const SOURCE: &str = r#"
    kernel::events! {
        pub enum BookEvent of "books" {
            "book.created" 2 about "book" by book_id => Created(BookCreated),
            // "book.lost" 1 about "book" by book_id => Lost(BookLost),
        }
    }
    fn samples() { kernel::event::assert_samples_hold::<BookEvent>(); }"#;

fn samples(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn canary_a_missing_and_an_outlived_sample_are_seen() {
    let source = [File::new("lib.rs", SOURCE)];
    assert_none(&breaches("it", &source, &samples(&["book.created.v2.json"])));
    assert_eq!(
        breaches("it", &source, &samples(&["book.created.v1.json"])),
        ["it: no sample book.created.v2.json", "it: book.created.v1.json is the sample of no event"]
    );
}

#[test]
fn canary_samples_that_no_test_compares_are_seen() {
    let source = [File::new("lib.rs", &SOURCE.replace("assert_samples_hold", "nothing"))];
    let seen = breaches("it", &source, &samples(&["book.created.v2.json"]));
    assert_eq!(seen, ["it: no test compares the samples with the structs"]);
}
