//! A language that nobody speaks, with the frequencies of one that somebody does: the r-th word is about 1/r as common as
//! the first, the commonest are short, and the beginnings of words are shared.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const ONSETS: [&str; 20] =
    ["b", "br", "c", "ch", "d", "f", "g", "gr", "h", "l", "m", "n", "p", "pr", "r", "s", "st", "t", "th", "v"];
const VOWELS: [&str; 8] = ["a", "e", "i", "o", "u", "ai", "ea", "ou"];
const CODAS: [&str; 12] = ["", "", "", "n", "r", "s", "l", "t", "m", "nd", "ck", "ng"];
/// What the most frequent words of a title are.
const COMMONEST: [&str; 8] = ["the", "of", "and", "a", "in", "to", "for", "love"];

/// Ranks as common as Zipf's law has them, by the inverse of the integral of 1/(r + shift).
pub struct Zipf {
    count: f64,
    shift: f64,
}

impl Zipf {
    #[allow(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
    pub fn new(count: usize, shift: f64) -> Self {
        Self { count: count as f64, shift }
    }

    /// From 0.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and count")]
    pub fn rank(&self, random: &mut StdRng) -> usize {
        let whole = ((self.count + self.shift) / self.shift).ln();
        let rank = self.shift * ((random.random::<f64>() * whole).exp() - 1.0);
        rank.clamp(0.0, self.count - 1.0) as usize
    }
}

pub struct Vocabulary {
    words: Vec<String>,
    zipf: Zipf,
}

impl Vocabulary {
    /// Titles' words: 150,000, of which the commonest is in three of ten titles.
    pub fn of_titles(seed: u64) -> Self {
        Self::new(seed, 150_000, 1.5, &COMMONEST)
    }

    /// Names' words: as many, none of them in more than one book of three hundred.
    pub fn of_names(seed: u64) -> Self {
        Self::new(seed ^ 0x6e61_6d65, 150_000, 30.0, &[])
    }

    fn new(seed: u64, count: usize, shift: f64, commonest: &[&str]) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let mut seen = std::collections::HashSet::new();
        let mut words: Vec<String> = commonest.iter().map(|word| (*word).to_owned()).collect();
        seen.extend(words.iter().cloned());
        while words.len() < count {
            // Common words are short: two syllables to begin with, four in the end.
            let syllables = 1 + usize::from(words.len() > 300) + random.random_range(0..3);
            let word: String = (0..syllables)
                .map(|_| [pick(&ONSETS, &mut random), pick(&VOWELS, &mut random), pick(&CODAS, &mut random)].concat())
                .collect();
            if word.len() >= 3 && seen.insert(word.clone()) {
                words.push(word);
            }
        }
        Self { words, zipf: Zipf::new(count, shift) }
    }

    pub fn word(&self, random: &mut StdRng) -> &str {
        &self.words[self.zipf.rank(random)]
    }

    /// The word of this rank; 0 is the commonest.
    pub fn ranked(&self, rank: usize) -> &str {
        &self.words[rank.min(self.words.len() - 1)]
    }
}

pub fn pick<'a>(from: &[&'a str], random: &mut StdRng) -> &'a str {
    from[random.random_range(0..from.len())]
}

/// With a capital.
pub fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
