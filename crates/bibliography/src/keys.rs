//! What two spellings have in common: the forms of titles, names and categories by which books are sorted, filtered and
//! recognised.

use kernel::text::fold;
use sha2::{Digest, Sha256};

use super::words::{Word, words};

/// Characters of a title that take part in sorting.
const SORTED_CHARACTERS: usize = 100;

/// By what lists sort titles: its beginning, folded.
pub fn title_sort(title: &str) -> String {
    fold(title).chars().take(SORTED_CHARACTERS).collect()
}

/// Title and first author, cut down to 16 bytes: the same book on one shelf has the same key, whatever its edition.
pub fn shelf_key(title: &str, first_author: &str) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update(fold(title));
    hash.update([0]);
    hash.update(fold(first_author));
    hash.finalize()[..16].to_vec()
}

/// Every form of every word of the authors' names, each once: a filter finds `J.R.R. Tolkien` by `tolkien`, and
/// `Jean d’Ormesson` by `ormesson`, `d'ormesson` and `dormesson`.
pub fn author_words<'a>(authors: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut all: Vec<String> = authors
        .into_iter()
        .flat_map(|author| or_itself(author, words(author).into_iter().flat_map(Word::into_forms).collect()))
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// What the words of an author must hold who is asked for by this name.
pub fn asked_author_words(name: &str) -> Vec<String> {
    or_itself(name, words(name).into_iter().map(|word| word.text).collect())
}

/// A name of punctuation alone is its own word.
fn or_itself(name: &str, words: Vec<String>) -> Vec<String> {
    let name = if words.is_empty() { Some(fold(name)) } else { None };
    words.into_iter().chain(name.filter(|name| !name.is_empty())).collect()
}

/// Categories are one where they fold alike; `C`, `C++` and `C#` are three.
pub fn category_key(category: &str) -> String {
    fold(category)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_case_and_punctuation_do_not_tell_titles_apart() {
        assert_eq!(fold("  'Salem's   Lot! "), "salems lot");
        assert_eq!(fold("Les Misérables"), "les miserables");
        assert_eq!(shelf_key("Don Quixote", "Miguel de Cervantes"), shelf_key("DON QUIXOTE.", "Miguel De Cervantes"));
    }

    #[test]
    fn volumes_and_other_scripts_stay_apart() {
        assert_ne!(fold("Bone (Bone, #1)"), fold("Bone (Bone, #2)"));
        assert_eq!(fold("किताब"), "किताब");
        assert_ne!(fold("???"), fold("!!!"));
        assert_ne!(shelf_key("a", "b c"), shelf_key("a b", "c"));
        let languages = ["C", "C++", "C#", "F#", "R", ".NET"].map(|title| shelf_key(title, ""));
        assert_eq!(languages.iter().collect::<std::collections::HashSet<_>>().len(), languages.len());
    }

    #[test]
    fn spellings_of_one_category_are_one() {
        assert_eq!(category_key("Science-Fiction"), category_key("science fiction"));
        assert_eq!(category_key("Poésie"), category_key("POESIE"));
        assert_eq!(category_key("Edebİyat"), category_key("edebiyat"));
        assert_ne!(category_key("C++"), category_key("C#"));
        assert_ne!(category_key("C"), category_key("C#"));
    }

    #[test]
    fn an_author_is_found_by_any_word_of_the_name() {
        assert_eq!(author_words(["J.R.R. Tolkien", "Alan Lee"]), ["alan", "j", "lee", "r", "tolkien"]);
        assert_eq!(author_words(["Jean d’Ormesson"]), ["dormesson", "jean", "ormesson"]);
        assert_eq!(author_words(["村上春樹"]), ["上", "春", "村", "樹"]);
        assert_eq!(author_words(["???"]), ["???"]);
        for (name, asked) in [
            ("Jo Nesbø", "NESBO"),
            ("Strauß", "STRAUSS"),
            ("IŞIK", "ışık"),
            ("Işık", "isik"),
            ("Łukasz", "lukasz"),
            ("Νίκος", "ΝΙΚΟΣ"),
            ("Jean d’Ormesson", "d'Ormesson"),
            ("Jean d’Ormesson", "Dormesson"),
            ("Jean d’Ormesson", "ormesson jean"),
            ("Flann O’Brien", "o'brien"),
            ("نَجِيب مَحْفُوظ", "نجيب محفوظ"),
            ("שַׁ״י עַגְנוֹן", "עגנון"),
            ("村上春樹", "村上"),
            ("Nguyễn Du", "nguyen"),
            ("???", "???"),
        ] {
            let words = author_words([name]);
            assert!(asked_author_words(asked).iter().all(|word| words.contains(word)), "{name} by {asked}: {words:?}");
        }
    }
}
