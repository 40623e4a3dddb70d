//! The forms by which books are found. What members wrote and what somebody types pass through the same folding, in this
//! program and not in the database, whose idea of a letter depends on its locale.

use std::collections::HashSet;

use serde::Serialize;

use super::isbn::Isbn;
use super::keys::{author_words, fold};

/// The longest query, in characters.
pub const LONGEST_QUERY: usize = 200;
/// Words of a query that count.
const WORDS: usize = 16;
/// Characters of a word, and of the beginning of a title, that count: both are keys of an index.
const WORD_CHARACTERS: usize = 60;
const TITLE_CHARACTERS: usize = 100;
/// A shorter beginning of a word is that of too many.
const SHORTEST_BEGINNING: usize = 4;
/// Words that narrow nothing down; they count only where nothing else is asked for.
const FILLERS: [&str; 6] = ["the", "a", "an", "and", "of", "by"];
const ARTICLES: [&str; 3] = ["the ", "a ", "an "];

pub fn is_filler(word: &str) -> bool {
    FILLERS.contains(&word)
}

/// Letters that are no other letter with an accent and are typed as these.
fn plain_letter(c: char) -> Option<&'static str> {
    Some(match c {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'þ' => "th",
        'ı' => "i",
        'ħ' => "h",
        _ => return None,
    })
}

/// Scripts that do not part words: each character is found by itself.
fn stands_alone(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// As [`fold`], and forgiving more: `ß` is `ss`, `&` is `and`.
fn folded(text: &str) -> String {
    let text = if text.contains('&') { fold(&text.replace('&', " and ")) } else { fold(text) };
    if text.is_ascii() {
        return text;
    }
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match plain_letter(c) {
            Some(letters) => plain.push_str(letters),
            None => plain.push(c),
        }
    }
    plain
}

fn cut(text: &str, characters: usize) -> &str {
    text.char_indices().nth(characters).map_or(text, |(end, _)| &text[..end])
}

/// The words of a text, in its order, folded. None in a text of punctuation alone.
pub fn words(text: &str) -> Vec<String> {
    let folded = folded(text);
    let mut words = Vec::new();
    for part in folded.split(' ') {
        if part.is_ascii() {
            words.push(part);
            continue;
        }
        let mut rest = part;
        while let Some((at, c)) = rest.char_indices().find(|(_, c)| stands_alone(*c)) {
            words.push(&rest[..at]);
            words.push(&rest[at..at + c.len_utf8()]);
            rest = &rest[at + c.len_utf8()..];
        }
        words.push(rest);
    }
    words
        .into_iter()
        .filter(|word| word.chars().any(char::is_alphanumeric))
        .map(|word| cut(word, WORD_CHARACTERS).to_owned())
        .collect()
}

/// A title without the series that follows it in parentheses: `Equal Rites` of `Equal Rites (Discworld, #3)`.
pub fn main_title(title: &str) -> &str {
    let title = title.trim_end();
    match title.strip_suffix(')').and_then(|inner| inner.rfind('(')) {
        Some(open) if !title[..open].trim().is_empty() => title[..open].trim_end(),
        _ => title,
    }
}

/// The beginning of a title as people type it: folded, without the article.
pub fn title_beginning(text: &str) -> String {
    let text = folded(text);
    let bare = ARTICLES.iter().find_map(|article| text.strip_prefix(article)).unwrap_or(&text);
    cut(bare, TITLE_CHARACTERS).trim_end().to_owned()
}

/// `J. R. R. Tolkien` is also found by `jrr`.
fn joined_initials(words: &[String]) -> Vec<String> {
    words
        .split(|word| word.chars().count() > 1)
        .filter(|initials| initials.len() > 1)
        .map(|initials| initials.concat())
        .collect()
}

/// By what one book is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchForms {
    pub title: String,
    /// Each once.
    pub words: Vec<String>,
}

impl SearchForms {
    pub fn new<'a>(
        title: &str,
        authors: impl IntoIterator<Item = &'a str>,
        categories: impl IntoIterator<Item = &'a str>,
        isbn13: Option<&str>,
    ) -> Self {
        let mut all = words(title);
        for author in authors {
            let name = words(author);
            all.extend(joined_initials(&name));
            all.extend(name);
        }
        all.extend(categories.into_iter().flat_map(words));
        all.extend(isbn13.map(str::to_owned));
        all.sort_unstable();
        all.dedup();
        Self { title: title_beginning(main_title(title)), words: all }
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
    pub key: String,
    pub name: String,
    /// As in the column by which authors are filtered.
    pub words: Vec<String>,
}

impl AuthorKey {
    pub fn of(name: &str) -> Vec<Self> {
        let words = words(name);
        let Some((last, first)) = words.split_last() else { return Vec::new() };
        let (whole, turned) = (words.join(" "), format!("{last} {}", first.join(" ")));
        let key = |key: &str| Self {
            key: cut(key.trim_end(), TITLE_CHARACTERS).to_owned(),
            name: name.to_owned(),
            words: author_words([name]),
        };
        let mut keys = vec![key(&whole)];
        if !first.is_empty() {
            keys.push(key(&turned));
        }
        keys
    }
}

/// Why a query is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QueryTextError {
    #[error("must be at most {LONGEST_QUERY} characters")]
    TooLong,
    #[error("must not contain control characters")]
    ControlCharacter,
}

/// What somebody typed, understood.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct QueryText {
    pub isbn: Option<Isbn>,
    /// As the whole title would begin.
    pub title: String,
    /// What a book must have, in any order, each once. None when only punctuation was typed.
    pub words: Vec<String>,
    /// The word under way: a book's word need only begin with it.
    pub beginning: Option<String>,
}

impl QueryText {
    pub fn read(text: &str) -> Result<Self, QueryTextError> {
        if text.chars().take(LONGEST_QUERY + 1).count() > LONGEST_QUERY {
            return Err(QueryTextError::TooLong);
        }
        if text.chars().any(char::is_control) {
            return Err(QueryTextError::ControlCharacter);
        }
        let typed = words(text);
        let beginning = typed.last().filter(|word| word.chars().count() >= SHORTEST_BEGINNING).cloned();
        let mut seen = HashSet::new();
        let mut words: Vec<String> = typed.into_iter().filter(|word| seen.insert(word.clone())).collect();
        if words.iter().any(|word| !is_filler(word)) {
            words.retain(|word| !is_filler(word));
        }
        words.truncate(WORDS);
        let beginning = beginning.filter(|word| words.contains(word));
        Ok(Self { isbn: Isbn::parse(text).ok(), title: title_beginning(text), words, beginning })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn accents_case_punctuation_and_letters_of_other_alphabets_are_forgiven() {
        assert_eq!(words("Les Misérables, Tome I"), ["les", "miserables", "tome", "i"]);
        assert_eq!(words("Straße Łódź Søren Æsop"), ["strasse", "lodz", "soren", "aesop"]);
        assert_eq!(words("Pride & Prejudice"), words("pride AND prejudice"));
        assert_eq!(words("ノルウェイの森").len(), "ノルウェイの森".chars().count());
        assert!(words("?!… --").is_empty());
    }

    #[test]
    fn a_series_and_an_article_are_no_part_of_the_title_one_types() {
        let forms = SearchForms::new("The Hunger Games (The Hunger Games, #1)", ["Suzanne Collins"], [], None);
        assert_eq!(forms.title, "hunger games");
        assert_eq!(forms.words, ["1", "collins", "games", "hunger", "suzanne", "the"]);
        assert_eq!(main_title("(What I Really Mean)"), "(What I Really Mean)");
        assert_eq!(title_beginning("???"), "???");
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
    fn fillers_count_only_where_nothing_else_is_asked_for() {
        assert_eq!(QueryText::read("the lord of the rings").unwrap().words, ["lord", "rings"]);
        assert_eq!(QueryText::read("The").unwrap().words, ["the"]);
        assert_eq!(QueryText::read("rings the").unwrap().beginning, None);
        assert_eq!(QueryText::read("lord of the ring").unwrap().beginning.as_deref(), Some("ring"));
    }

    #[test]
    fn an_author_is_suggested_by_either_end_of_the_name() {
        let keys: Vec<String> = AuthorKey::of("J.R.R. Tolkien").into_iter().map(|author| author.key).collect();
        assert_eq!(keys, ["j r r tolkien", "tolkien j r r"]);
        assert_eq!(AuthorKey::of("Homer").len(), 1);
        assert!(AuthorKey::of("???").is_empty());
    }

    #[test]
    fn what_is_too_long_or_holds_control_characters_says_so() {
        assert_eq!(QueryText::read(&"x".repeat(201)), Err(QueryTextError::TooLong));
        assert_eq!(QueryText::read("a\0b"), Err(QueryTextError::ControlCharacter));
        assert_eq!(QueryText::read("").unwrap(), QueryText::default());
    }

    proptest! {
        #[test]
        fn every_word_fits_an_index_and_needs_no_quoting(text in "\\PC{0,200}") {
            for word in words(&text) {
                prop_assert!(!word.is_empty() && word.len() <= 4 * WORD_CHARACTERS);
                prop_assert!(!word.contains(['\'', '\\', '&', '|', '!', ':', '*', '(', ')', '<', '>', ' ', '\0']), "{word:?}");
            }
            prop_assert!(title_beginning(&text).chars().count() <= TITLE_CHARACTERS);
        }

        #[test]
        fn a_book_is_found_by_each_word_of_its_title(title in "\\PC{1,100}") {
            let forms = SearchForms::new(&title, [], [], None);
            let typed = QueryText::read(&title).unwrap();
            prop_assert!(typed.words.iter().all(|word| forms.words.contains(word)));
        }
    }
}
