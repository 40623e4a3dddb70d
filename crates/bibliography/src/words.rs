//! The words of a text, by which books are found. What was written and what somebody types pass through the same folding,
//! in this program and not in the database, whose idea of a letter depends on its locale.

use kernel::text::{ELISION, fold_marking_elisions, is_mark, stands_alone};

/// Characters of a word that count: it is a key of an index.
pub const WORD_CHARACTERS: usize = 60;

/// One word of a text, folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// `etranger` of `L’Étranger`, `c++` of `C++`.
    pub text: String,
    /// With what was elided before it: `letranger`.
    pub joined: Option<String>,
    /// Without the signs that make another thing of it: `c`, and `net` of `.NET`.
    pub bare: Option<String>,
}

impl Word {
    /// `None`: there is no letter or digit in it.
    fn of(part: &str) -> Option<Self> {
        if !part.chars().any(char::is_alphanumeric) {
            return None;
        }
        let (text, joined) = match part.rsplit_once(ELISION) {
            Some((_, last)) => (last, Some(cut(&part.replace(ELISION, ""), WORD_CHARACTERS).to_owned())),
            None => (part, None),
        };
        let text = cut(text, WORD_CHARACTERS);
        let bare = text.trim_start_matches('.').trim_end_matches(['+', '#']);
        let bare = (bare.len() < text.len()).then(|| bare.to_owned());
        Some(Self { text: text.to_owned(), joined, bare })
    }

    /// Whether it is this word, with or without what was elided.
    pub fn is(&self, word: &str) -> bool {
        self.text == word || self.joined.as_deref() == Some(word)
    }

    /// Every form by which the word is found.
    pub fn into_forms(self) -> impl Iterator<Item = String> {
        [Some(self.text), self.joined, self.bare].into_iter().flatten()
    }
}

/// The words of a text, in its order. None in a text of punctuation alone.
pub fn words(text: &str) -> Vec<Word> {
    let folded = fold_marking_elisions(text);
    let mut words = Vec::new();
    for part in folded.split(' ') {
        if part.is_ascii() {
            words.extend(Word::of(part));
            continue;
        }
        let mut rest = part;
        while let Some((at, c)) = rest.char_indices().find(|(_, c)| stands_alone(*c)) {
            let behind = &rest[at + c.len_utf8()..];
            let marks = behind.find(|c| !is_mark(c)).unwrap_or(behind.len());
            let end = at + c.len_utf8() + marks;
            words.extend(Word::of(&rest[..at]));
            words.extend(Word::of(&rest[at..end]));
            rest = &rest[end..];
        }
        words.extend(Word::of(rest));
    }
    words
}

/// The first characters of a text.
pub fn cut(text: &str, characters: usize) -> &str {
    text.char_indices().nth(characters).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(text: &str) -> Vec<String> {
        words(text).into_iter().map(|word| word.text).collect()
    }

    fn forms(text: &str) -> Vec<String> {
        words(text).into_iter().flat_map(Word::into_forms).collect()
    }

    #[test]
    fn accents_case_punctuation_and_letters_of_other_alphabets_are_forgiven() {
        assert_eq!(texts("Les Misérables, Tome I"), ["les", "miserables", "tome", "i"]);
        assert_eq!(texts("Straße Łódź Søren Æsop"), ["strasse", "lodz", "soren", "aesop"]);
        assert_eq!(words("Pride & Prejudice"), words("pride AND prejudice"));
        assert!(words("?!… --").is_empty());
    }

    #[test]
    fn an_elided_word_is_found_with_and_without_what_was_elided() {
        assert_eq!(forms("L’Étranger"), ["etranger", "letranger"]);
        assert_eq!(forms("Qu'est-ce que l'art ?"), ["est", "quest", "ce", "que", "art", "lart"]);
        assert_eq!(forms("O'Brien, don't"), ["obrien", "dont"]);
        assert_eq!(forms("Salem's Lot"), ["salems", "lot"]);
    }

    #[test]
    fn signs_make_another_word_and_the_bare_one_stays() {
        assert_eq!(forms("C, C++ and C#"), ["c", "c++", "c", "and", "c#", "c"]);
        assert_eq!(forms("Pro .NET"), ["pro", ".net", "net"]);
    }

    #[test]
    fn characters_of_scripts_without_spaces_are_words_with_their_marks() {
        assert_eq!(texts("ノルウェイの森").len(), "ノルウェイの森".chars().count());
        assert_eq!(texts("ガラス").len(), 3);
        assert_eq!(texts("Vol.2 三体"), ["vol", "2", "三", "体"]);
        assert_eq!(texts("किताब").len(), 1);
        assert_eq!(texts("เจ้าชายน้อย").len(), 1);
    }

    proptest! {
        #[test]
        fn every_word_of_foreign_text_fits_an_index_and_needs_no_quoting(text in "\\PC{0,200}") {
            for word in forms(&text) {
                prop_assert!(!word.is_empty() && word.len() <= 4 * WORD_CHARACTERS);
                prop_assert!(!word.contains(['\'', '\\', '&', '|', '!', ':', '*', '(', ')', '<', '>', ' ', '\0']), "{word:?}");
            }
        }
    }
}
