//! Which known words a mistyped one may be meant for.

use strsim::osa_distance;

/// As many known words may stand for one that was typed.
const ALTERNATIVES: usize = 8;

/// Insertions, deletions, substitutions and swapped neighbours that are forgiven in a word of this many characters.
fn forgiven(characters: usize) -> usize {
    match characters {
        0..=2 => 0,
        3..=4 => 1,
        _ => 2,
    }
}

/// The nearest of `known`, with the number of slips; 0 is the word itself. Of equally near ones the first given are kept.
pub fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<(String, u8)> {
    let most = forgiven(typed.chars().count());
    let mut near: Vec<(String, u8)> = known
        .into_iter()
        .map(|word| (word, osa_distance(typed, word)))
        .filter(|(_, slips)| *slips <= most)
        .map(|(word, slips)| (word.to_owned(), u8::try_from(slips).unwrap_or(u8::MAX)))
        .collect();
    near.sort_by_key(|(_, slips)| *slips);
    near.truncate(ALTERNATIVES);
    near
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fewest_slips_come_first_and_strangers_not_at_all() {
        let near = nearest("tolkein", ["token", "tolkien", "tolstoy", "tolkein"]);
        assert_eq!(near, [("tolkein".to_owned(), 0), ("tolkien".to_owned(), 1), ("token".to_owned(), 2)]);
    }

    #[test]
    fn a_short_word_is_forgiven_less() {
        assert_eq!(nearest("teh", ["the", "ten", "he", "tree"]).len(), 2);
        assert!(nearest("ab", ["abc"]).is_empty());
        assert!(nearest("emma", ["gammas"]).is_empty());
    }
}
