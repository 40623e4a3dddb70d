//! Every message that travels to another process has a sample, every sample a message, and a test compares the two.

use std::collections::BTreeSet;

use crate::workspace::{self, File, assert_none};

/// The names of the messages for which these files say how they travel: one message a file.
fn travelling(sources: &[File]) -> Result<BTreeSet<String>, String> {
    let travels = |line: &str| line.contains("travels_as_it_is!(") || line.contains(" Wire for ");
    let name =
        |line: &str| Some(line.trim().strip_prefix("const NAME: &'static str = \"")?.split_once('"')?.0.to_owned());
    sources
        .iter()
        .filter(|file| file.code().any(|(_, line)| travels(line)))
        .map(|file| {
            let named = file.code().find_map(|(_, line)| name(line));
            named.ok_or_else(|| format!("{}: says how something travels that is not declared there", file.path))
        })
        .collect()
}

fn breaches(of: &str, sources: &[File], tests: &[File], samples: &BTreeSet<String>) -> Vec<String> {
    let travelling = match travelling(sources) {
        Ok(travelling) => travelling,
        Err(breach) => return vec![breach],
    };
    let mut breaches = Vec::new();
    if !travelling.is_empty() && !tests.iter().any(|file| file.text.contains("WireSamples::of(")) {
        breaches.push(format!("{of}: no test compares the samples with the messages"));
    }
    breaches.extend(travelling.difference(samples).map(|name| format!("{of}: no sample wire/{name}.json")));
    breaches.extend(samples.difference(&travelling).map(|name| format!("{of}: wire/{name}.json is of no message")));
    breaches
}

#[test]
fn every_message_that_travels_has_a_sample_and_no_sample_outlives_its_message() {
    let mut all = Vec::new();
    for context in workspace::our_contexts() {
        let sources = workspace::files(&format!("crates/{context}/src"), &[".rs"]);
        let tests = workspace::files(&format!("crates/{context}/tests"), &[".rs"]);
        let samples = workspace::files(&format!("crates/{context}/wire"), &[".json"]);
        let name = |file: &File| Some(file.path.rsplit_once('/')?.1.strip_suffix(".json")?.to_owned());
        all.extend(breaches(&context, &sources, &tests, &samples.iter().filter_map(name).collect()));
    }
    assert_none(&all);
}

const GET_BOOK: &str = r#"
    impl Query for GetBook {
        const NAME: &'static str = "get_book";
    }
    cqrs::travels_as_it_is!(GetBook);"#;

const COMPARED: &str = r#"WireSamples::of(env!("CARGO_MANIFEST_DIR")).query(get_book, view).assert_hold();"#;

fn seen(source: &str, test: &str, samples: &[&str]) -> Vec<String> {
    let samples = samples.iter().map(|name| (*name).to_owned()).collect();
    breaches("it", &[File::new("get_book.rs", source)], &[File::new("wire.rs", test)], &samples)
}

#[test]
fn canary_a_missing_and_an_outlived_sample_of_a_message_are_seen() {
    assert_none(&seen(GET_BOOK, COMPARED, &["get_book"]));
    let both = ["it: no sample wire/get_book.json", "it: wire/find_book.json is of no message"];
    assert_eq!(seen(GET_BOOK, COMPARED, &["find_book"]), both);
    let by_hand = GET_BOOK.replace("cqrs::travels_as_it_is!(GetBook);", "impl Wire for GetBook {}");
    assert_eq!(seen(&by_hand, COMPARED, &[]), both[..1]);
}

#[test]
fn canary_a_message_that_travels_uncompared_or_from_elsewhere_is_seen() {
    assert_eq!(seen(GET_BOOK, "", &["get_book"]), ["it: no test compares the samples with the messages"]);
    let elsewhere = seen("cqrs::travels_as_it_is!(GetBook);", COMPARED, &["get_book"]);
    assert_eq!(elsewhere, ["get_book.rs: says how something travels that is not declared there"]);
}
