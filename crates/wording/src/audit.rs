//! What is held against every locale file, by a test of the context that it belongs to.

use std::collections::BTreeSet;

use crate::Language;

/// That every language has the same texts and keeps its rules of typography.
///
/// # Panics
/// With all that is not so.
pub fn assert_complete(source: impl Fn(Language) -> &'static str) {
    let wrong = faults(Language::ALL.map(|language| (language, source(language))));
    assert!(wrong.is_empty(), "{} faults:\n{}", wrong.len(), wrong.join("\n"));
}

fn faults<const N: usize>(sources: [(Language, &str); N]) -> Vec<String> {
    let all: BTreeSet<String> = sources.iter().flat_map(|(_, source)| names(source)).collect();
    let mut faults = Vec::new();
    for (language, source) in sources {
        let tag = language.tag();
        let here: BTreeSet<String> = names(source).collect();
        faults.extend(all.difference(&here).map(|name| format!("{tag}: there is no {name}")));
        let lines = source.lines().enumerate().filter(|(_, line)| !line.starts_with('#'));
        faults.extend(lines.filter_map(|(nth, line)| {
            let what = misspelt(language, line)?;
            Some(format!("{tag}:{}: {what}: {line}", nth + 1))
        }));
    }
    faults
}

/// The texts of a file and the parts of them: `name = …`, and below it `.part = …`.
fn names(source: &str) -> impl Iterator<Item = String> {
    let mut of = "";
    source.lines().filter_map(move |line| {
        let (name, _) = line.split_once(" =")?;
        if let Some(part) = name.trim_start().strip_prefix('.') {
            return Some(format!("{of}.{part}"));
        }
        let begins_a_text = name.starts_with(|c: char| c.is_ascii_lowercase());
        begins_a_text.then(|| {
            of = name;
            name.to_owned()
        })
    })
}

const NARROW: char = '\u{202f}';
const WIDE: char = '\u{a0}';

/// A rule that a line breaks.
fn misspelt(language: Language, line: &str) -> Option<&'static str> {
    let characters: Vec<char> = line.chars().collect();
    let before = |at: usize| at.checked_sub(1).and_then(|at| characters.get(at)).copied().unwrap_or(' ');
    characters.iter().enumerate().find_map(|(at, c)| match (language, c) {
        (_, '\'' | '"') => Some("a straight apostrophe or quotation mark"),
        (Language::English, '«' | '»' | '\u{202f}' | '\u{a0}') => Some("a sign of French"),
        (Language::French, '“' | '”') => Some("a quotation mark of English"),
        (Language::French, ';' | '!' | '?') if before(at) != NARROW => Some("no narrow space before the sign"),
        (Language::French, ':' | '»') if before(at) != WIDE => Some("no space that does not break before the sign"),
        (Language::French, '«') if characters.get(at + 1) != Some(&WIDE) => {
            Some("no space that does not break after the sign")
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENGLISH: &str = "# Who asks.\nasked =\n    .title = It’s “{ $book }”\n    .body = Well:\nbook = a book\n";

    #[test]
    fn a_text_or_a_part_that_a_language_lacks_is_seen() {
        let french = "asked =\n    .title = C’est «\u{a0}{ $book }\u{a0}»\n";
        let faults = faults([(Language::English, ENGLISH), (Language::French, french)]);
        assert_eq!(faults, ["fr: there is no asked.body", "fr: there is no book"]);
    }

    #[test]
    fn each_language_keeps_its_typography() {
        for right in ["# what's \"this\"?", "a = Bien\u{a0}: «\u{a0}oui\u{a0}»\u{202f}; ou non\u{202f}?"] {
            assert_eq!(faults([(Language::French, right)]), Vec::<String>::new());
        }
        for wrong in ["a = l'ami", "a = Bien: oui", "a = Oui ?", "a = « oui »", "a = “oui”", "a = Oui!"] {
            assert_eq!(faults([(Language::French, wrong)]).len(), 1, "{wrong}");
        }
        assert_eq!(faults([(Language::English, ENGLISH)]), Vec::<String>::new());
        for wrong in ["a = it's", "a = \"yes\"", "a = « yes »"] {
            assert_eq!(faults([(Language::English, wrong)]).len(), 1, "{wrong}");
        }
    }
}
