//! The forms by which books are found, made of their words.

use std::collections::HashSet;

use kernel::text::{ELISION, fold, fold_marking_elisions, has_control_characters, is_blank};
use serde::Serialize;

use super::isbn::Isbn;
use super::keys::asked_author_words;
use super::words::{Word, cut, words};

/// The longest query, in characters.
pub const LONGEST_QUERY: usize = 200;
/// Words of a query that count.
const WORDS: usize = 16;
/// Characters of the beginning of a title that count: it is a key of an index.
const TITLE_CHARACTERS: usize = 100;
/// A shorter beginning of a word is that of too many.
const SHORTEST_BEGINNING: usize = 4;
/// Words that narrow nothing down; they count only where nothing else is asked for.
const FILLERS: [&str; 6] = ["the", "a", "an", "and", "of", "by"];
const ARTICLES: [&str; 3] = ["the ", "a ", "an "];
/// Forms by which one book is found, its number apart. Those of the title come first, then authors, then categories; a book that
/// would have more is not found by the last of them.
pub const MOST_FORMS: usize = 600;
/// Of these, as many are found when they are mistyped: each is stored with what is left of it without one letter.
pub const MOST_SPELT: usize = 100;
/// Letters of these words together: a word has at most one slip for each letter.
pub const MOST_SLIPS: usize = 800;
/// Authors of one book who are suggested by their names.
pub const MOST_SUGGESTED: usize = 20;
/// French and Italian articles before a vowel.
const ELIDED_ARTICLES: [&str; 3] = ["l", "un", "gl"];

/// Whether a word narrows nothing down: `the`, `of`.
pub fn is_filler(word: &str) -> bool {
    FILLERS.contains(&word)
}

/// A title without the series that follows it in parentheses: `Equal Rites` of `Equal Rites (Discworld, #3)`.
pub fn main_title(title: &str) -> &str {
    let title = title.trim_end();
    match title.strip_suffix(')').and_then(|inner| inner.rfind('(')) {
        Some(open) if !title[..open].trim().is_empty() => title[..open].trim_end(),
        _ => title,
    }
}

/// The beginning of a title as people type it: folded, without the article. `L’Étranger` begins with `etranger`.
pub fn title_beginning(text: &str) -> String {
    let folded = fold_marking_elisions(text);
    let folded = if folded.is_empty() { fold(text) } else { folded };
    let bare = match folded.split_once(ELISION) {
        Some((article, rest)) if ELIDED_ARTICLES.contains(&article) => rest,
        _ => ARTICLES.iter().find_map(|article| folded.strip_prefix(article)).unwrap_or(&folded),
    };
    cut(bare, TITLE_CHARACTERS).trim_end().replace(ELISION, " ")
}

/// `J. R. R. Tolkien` is also found by `jrr`.
fn joined_initials(words: &[Word]) -> Vec<String> {
    words
        .split(|word| word.text.chars().count() > 1)
        .filter(|initials| initials.len() > 1)
        .map(|initials| initials.iter().map(|word| word.text.as_str()).collect())
        .collect()
}

/// By what one book is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchForms {
    /// The beginning of its title: see [`title_beginning`].
    pub title: String,
    /// The forms of the words of its title, authors and categories, at most [`MOST_FORMS`], and its ISBN; each once, sorted.
    pub words: Vec<String>,
    /// Those of the words that are found when they are mistyped: at most [`MOST_SPELT`] with [`MOST_SLIPS`] letters.
    pub spelt: Vec<String>,
}

impl SearchForms {
    /// `isbn13`: in thirteen digits.
    pub fn new<'a>(
        title: &str,
        authors: impl IntoIterator<Item = &'a str>,
        categories: impl IntoIterator<Item = &'a str>,
        isbn13: Option<&str>,
    ) -> Self {
        let of = |text: &str| words(text).into_iter().flat_map(Word::into_forms);
        let of_author = |author: &str| {
            let name = words(author);
            let initials = joined_initials(&name);
            name.into_iter().flat_map(Word::into_forms).chain(initials)
        };
        let all = of(title).chain(authors.into_iter().flat_map(of_author)).chain(categories.into_iter().flat_map(of));
        let mut seen = HashSet::new();
        let mut forms: Vec<String> = all.filter(|form| seen.insert(form.clone())).take(MOST_FORMS).collect();
        let mut slips = 0;
        let spelt = forms.iter().filter(|form| can_be_mistyped(form)).take(MOST_SPELT).take_while(|form| {
            slips += form.chars().count();
            slips <= MOST_SLIPS
        });
        let spelt = spelt.cloned().collect();
        forms.extend(isbn13.map(str::to_owned));
        forms.sort_unstable();
        forms.dedup();
        Self { title: title_beginning(main_title(title)), words: forms, spelt }
    }
}

/// Whether a word can be told by what it is like: no numbers, nothing too short to be told from others.
pub fn can_be_mistyped(word: &str) -> bool {
    let length = word.chars().count();
    (3..=40).contains(&length) && word.chars().all(char::is_alphabetic)
}

/// What an author is suggested by: the beginning of the name, and that of its last word.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct AuthorKey {
    /// The words of the name, folded. Typing its beginning suggests the author.
    pub key: String,
    /// The name as it is written.
    pub name: String,
    /// As [`asked_author_words`] makes them.
    pub words: Vec<String>,
}

impl AuthorKey {
    /// `Jean d’Ormesson` is suggested for `ormesson` and for `dormesson`.
    pub fn of(name: &str) -> Vec<Self> {
        let words = words(name);
        let apart: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
        let joined: Vec<&str> = words.iter().map(|word| word.joined.as_deref().unwrap_or(&word.text)).collect();
        let mut keys: Vec<Self> = [apart, joined]
            .iter()
            .filter_map(|words| words.split_last())
            .flat_map(|(last, first)| [[first, &[*last]].concat(), [&[*last], first].concat()])
            .map(|words| Self {
                key: cut(&words.join(" "), TITLE_CHARACTERS).trim_end().to_owned(),
                name: name.to_owned(),
                words: asked_author_words(name),
            })
            .collect();
        let mut seen = HashSet::new();
        keys.retain(|author| seen.insert(author.key.clone()));
        keys
    }
}

/// Why a query is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QueryTextError {
    /// More than [`LONGEST_QUERY`].
    #[error("must be at most {LONGEST_QUERY} characters")]
    TooLong,
    /// Tabs and line breaks are such.
    #[error("must not contain control characters")]
    ControlCharacter,
}

/// What somebody typed, understood.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct QueryText {
    /// The number, if it is one.
    pub isbn: Option<Isbn>,
    /// As the whole title would begin.
    pub title: String,
    /// What a book must have, in any order, each once. None when only punctuation was typed.
    pub words: Vec<Word>,
    /// The word under way: a book's word need only begin with it.
    pub beginning: Option<String>,
}

impl QueryText {
    /// Understands what was typed; only its length and control characters can be refused.
    pub fn read(text: &str) -> Result<Self, QueryTextError> {
        if text.chars().take(LONGEST_QUERY + 1).count() > LONGEST_QUERY {
            return Err(QueryTextError::TooLong);
        }
        if has_control_characters(text) {
            return Err(QueryTextError::ControlCharacter);
        }
        let typed = words(text);
        let last = typed.last().map(|word| word.text.clone());
        let beginning = last.filter(|word| word.chars().count() >= SHORTEST_BEGINNING);
        let mut seen = HashSet::new();
        let mut words: Vec<Word> = typed.into_iter().filter(|word| seen.insert(word.text.clone())).collect();
        if words.iter().any(|word| !is_filler(&word.text)) {
            words.retain(|word| !is_filler(&word.text));
        }
        words.truncate(WORDS);
        let beginning = beginning.filter(|beginning| words.iter().any(|word| word.text == *beginning));
        Ok(Self { isbn: Isbn::parse(text).ok(), title: title_beginning(text), words, beginning })
    }

    /// As [`Self::read`]; `None` where there is nothing to read in it.
    pub fn read_unless_blank(text: Option<&str>) -> Result<Option<Self>, QueryTextError> {
        text.filter(|text| !is_blank(text)).map(Self::read).transpose()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(query: &str) -> Vec<String> {
        QueryText::read(query).unwrap().words.into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn a_series_and_an_article_are_no_part_of_the_title_one_types() {
        let forms = SearchForms::new("The Hunger Games (The Hunger Games, #1)", ["Suzanne Collins"], [], None);
        assert_eq!(forms.title, "hunger games");
        assert_eq!(forms.words, ["1", "collins", "games", "hunger", "suzanne", "the"]);
        assert_eq!(main_title("(What I Really Mean)"), "(What I Really Mean)");
        assert_eq!(title_beginning("???"), "???");
        assert_eq!(title_beginning("L’Étranger"), "etranger");
        assert_eq!(title_beginning("Un'altra vita"), "altra vita");
        assert_eq!(title_beginning("D'un château l'autre"), "d un chateau l autre");
        assert_eq!(title_beginning("C++ Primer"), "c++ primer");
    }

    #[test]
    fn initials_are_found_together_and_apart() {
        let forms = SearchForms::new("The Hobbit", ["J.R.R. Tolkien"], ["Fantasy"], Some("9780618260300"));
        for word in ["j", "r", "jrr", "tolkien", "fantasy", "9780618260300"] {
            assert!(forms.words.contains(&word.to_owned()), "{word}");
        }
        let words: Vec<&String> = forms.words.iter().filter(|word| can_be_mistyped(word)).collect();
        assert_eq!(words, ["fantasy", "hobbit", "jrr", "the", "tolkien"]);
    }

    #[test]
    fn a_book_of_many_words_is_found_by_the_first_of_them_and_adds_no_more_slips_than_the_bound() {
        let letters =
            |nth: usize| [nth / 676, nth / 26 % 26, nth % 26].map(|at| char::from(b"abcdefghijklmnopqrstuvwxyz"[at]));
        let word = |nth: usize| letters(nth).iter().collect::<String>() + "kengarten";
        let name = |author: usize| (0..15).map(|nth| word(author * 15 + nth)).collect::<Vec<_>>().join(" ");
        let authors: Vec<String> = (0..50).map(name).collect();
        let forms = SearchForms::new(
            "The Lord of the Rings",
            authors.iter().map(String::as_str),
            ["Fantasy"],
            Some("9780618260300"),
        );
        assert_eq!(forms.words.len(), MOST_FORMS + 1);
        for found in ["lord", "rings", &word(0), "9780618260300"] {
            assert!(forms.words.contains(&found.to_owned()), "{found}");
        }
        assert_eq!(forms.spelt[..2], ["the", "lord"]);
        assert!(forms.spelt.len() <= MOST_SPELT);
        let slips: usize = forms.spelt.iter().map(|word| word.chars().count()).sum();
        assert!((MOST_SLIPS - 20..=MOST_SLIPS).contains(&slips), "{slips}");
        let short: Vec<String> = (0..200).map(|nth| letters(nth).iter().collect()).collect();
        assert_eq!(SearchForms::new(&short.join(" "), [], [], None).spelt.len(), MOST_SPELT);
    }

    #[test]
    fn fillers_count_only_where_nothing_else_is_asked_for() {
        assert_eq!(texts("the lord of the rings"), ["lord", "rings"]);
        assert_eq!(texts("The"), ["the"]);
        assert_eq!(QueryText::read("rings the").unwrap().beginning, None);
        assert_eq!(QueryText::read("lord of the ring").unwrap().beginning.as_deref(), Some("ring"));
    }

    #[test]
    fn an_author_is_suggested_by_either_end_of_the_name() {
        let keys: Vec<String> = AuthorKey::of("J.R.R. Tolkien").into_iter().map(|author| author.key).collect();
        assert_eq!(keys, ["j r r tolkien", "tolkien j r r"]);
        assert_eq!(AuthorKey::of("Homer").len(), 1);
        assert!(AuthorKey::of("???").is_empty());
        let keys: Vec<String> = AuthorKey::of("Jean d’Ormesson").into_iter().map(|author| author.key).collect();
        assert_eq!(keys, ["jean ormesson", "ormesson jean", "jean dormesson", "dormesson jean"]);
    }

    #[test]
    fn what_is_too_long_or_holds_control_characters_says_so() {
        assert_eq!(QueryText::read(&"x".repeat(201)), Err(QueryTextError::TooLong));
        assert_eq!(QueryText::read("a\0b"), Err(QueryTextError::ControlCharacter));
        assert_eq!(QueryText::read("").unwrap(), QueryText::default());
    }

    proptest! {
        #[test]
        fn the_beginning_of_a_foreign_title_fits_an_index(text in "\\PC{0,200}") {
            prop_assert!(title_beginning(&text).chars().count() <= TITLE_CHARACTERS);
        }

        #[test]
        fn a_book_is_found_by_each_word_of_its_title(title in "\\PC{1,100}") {
            let forms = SearchForms::new(&title, [], [], None);
            let typed = QueryText::read(&title).unwrap();
            prop_assert!(typed.words.iter().all(|word| forms.words.contains(&word.text)));
        }
    }
}
