//! What two spellings of a text have in common. Search, suggestions, filters, sorting and the recognition of doubles compare
//! folded texts. Unicode says what is a letter, a mark, a capital and a compatible form; the tables below hold what its data
//! does not say.

use icu_casemap::CaseMapper;
use icu_normalizer::DecomposingNormalizerBorrowed;
use icu_properties::props::GeneralCategory;

use super::character::{category, decimal_digit, is_elongation, is_ignorable, is_optional_mark};

/// Words that lose their last vowel before another: French, Italian, Catalan.
const ELIDED: [&str; 39] = [
    "l", "d", "qu", "j", "n", "s", "c", "m", "t", "jusqu", "lorsqu", "puisqu", "quoiqu", "quelqu", "presqu", "dell",
    "dall", "nell", "sull", "all", "coll", "degl", "dagl", "negl", "sugl", "agl", "gl", "un", "quell", "quest", "bell",
    "sant", "tutt", "mezz", "dov", "com", "cos", "anch", "senz",
];

/// Letters that are no other letter with a mark, and what is typed for them: CLDR's `Latin-ASCII`, and the letters that
/// Arabic keyboards of several countries give for one.
fn plain_letter(c: char) -> Option<&'static str> {
    Some(match c {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        'ø' | 'ɔ' => "o",
        'ł' => "l",
        'đ' | 'ð' | 'ɗ' => "d",
        'ı' | 'ɨ' => "i",
        'ħ' => "h",
        'ŧ' => "t",
        'ŋ' | 'ɲ' => "n",
        'ɓ' => "b",
        'ƙ' => "k",
        'ƴ' => "y",
        'ə' | 'ǝ' | 'ɛ' => "e",
        'ٱ' => "ا",
        'ى' | 'ی' => "ي",
        'ک' => "ك",
        'ة' => "ه",
        _ => return None,
    })
}

/// Within a word these are left out: apostrophes of every kind, and the letters that transliterations put for a hamza, an
/// ayin or a soft sign.
fn is_apostrophe(c: char) -> bool {
    matches!(
        c,
        '\'' | '`' | '\u{2018}' | '\u{2019}' | '\u{201b}' | '\u{2032}' | '\u{2b9}'
            ..='\u{2bf}' | '\u{2ee}' | '\u{55a}' | '\u{5f3}'
    )
}

/// Words of a text, parted by single spaces: lower case, without marks where readers may leave them out and without
/// punctuation. What makes another thing of a word stays: `c++`, `c#`, `.net`. A text of punctuation alone stays as it is.
pub fn fold(text: &str) -> String {
    let folded = fold_marking_elisions(text);
    if folded.is_empty() {
        return without_words(text);
    }
    if folded.contains(ELISION) { folded.replace(ELISION, " ") } else { folded }
}

/// What stands between an elided word and the next in [`fold_marking_elisions`].
pub const ELISION: char = '\'';

/// As [`fold`], but `L’Étranger` is `l'etranger`, and nothing remains of a text without a letter or a digit.
pub fn fold_marking_elisions(text: &str) -> String {
    let mut words = Words { folded: String::with_capacity(text.len()), word: 0, pending: Pending::Nothing };
    if text.is_ascii() {
        // The same with less to look up: searches fold thousands of titles.
        for byte in text.bytes() {
            let c = char::from(byte);
            match byte {
                b'a'..=b'z' | b'0'..=b'9' => words.letter(c),
                b'A'..=b'Z' => words.letter(c.to_ascii_lowercase()),
                _ => words.other(c),
            }
        }
    } else {
        words.any(text);
    }
    words.finished()
}

/// `???`, `!!!` and `❤` are titles too.
fn without_words(text: &str) -> String {
    let plain = DecomposingNormalizerBorrowed::new_nfkd().normalize_iter(text.chars());
    let seen: String = plain.filter(|c| !is_ignorable(*c)).collect();
    CaseMapper::new().fold_string(seen.trim()).into_owned()
}

/// What was read and counts only together with what follows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pending {
    Nothing,
    Apostrophe,
    /// One dot that no word is before.
    Dot,
    /// More of them.
    Dots,
    /// `+` or `#` behind a word, from here on.
    Signs(usize),
}

struct Words {
    folded: String,
    /// Where the word under way begins.
    word: usize,
    pending: Pending,
}

impl Words {
    fn any(&mut self, text: &str) {
        // The acute accent as a character of its own stands for an apostrophe; it would become a space.
        let characters = text.chars().map(|c| if matches!(c, '\u{b4}' | '\u{1ffd}') { '\'' } else { c });
        let mut letter = ' ';
        for c in DecomposingNormalizerBorrowed::new_nfkd().normalize_iter(characters) {
            if c.is_ascii() {
                letter = c;
                if c.is_ascii_alphanumeric() {
                    self.letter(c.to_ascii_lowercase())
                } else {
                    self.other(c)
                }
                continue;
            }
            match category(c) {
                GeneralCategory::NonspacingMark => {
                    if !is_ignorable(c) && !is_optional_mark(c, letter) {
                        self.letter(c);
                    }
                }
                GeneralCategory::EnclosingMark => {}
                _ if is_ignorable(c) || is_elongation(c) => {}
                _ if is_apostrophe(c) => {
                    letter = ' ';
                    self.other('\'');
                }
                GeneralCategory::UppercaseLetter
                | GeneralCategory::LowercaseLetter
                | GeneralCategory::TitlecaseLetter
                | GeneralCategory::ModifierLetter
                | GeneralCategory::OtherLetter
                | GeneralCategory::LetterNumber
                | GeneralCategory::OtherNumber
                | GeneralCategory::SpacingMark => {
                    letter = c;
                    self.folded_letter(CaseMapper::new().simple_fold(c));
                }
                GeneralCategory::DecimalNumber => {
                    letter = decimal_digit(c).map_or(c, |digit| char::from(b'0' + digit));
                    self.letter(letter);
                }
                _ => {
                    letter = ' ';
                    // The sharp of music, as careful people write C♯.
                    self.other(if c == '\u{266f}' { '#' } else { c });
                }
            }
        }
    }

    fn folded_letter(&mut self, c: char) {
        match plain_letter(c) {
            Some(letters) => letters.chars().for_each(|letter| self.letter(letter)),
            None => self.letter(c),
        }
    }

    fn in_word(&self) -> bool {
        self.word < self.folded.len()
    }

    fn letter(&mut self, c: char) {
        match std::mem::replace(&mut self.pending, Pending::Nothing) {
            Pending::Nothing | Pending::Dots => {}
            Pending::Apostrophe => {
                let vowel = matches!(c, 'a' | 'e' | 'i' | 'o' | 'u' | 'y' | 'h');
                if vowel && ELIDED.contains(&&self.folded[self.word..]) {
                    self.folded.push(ELISION);
                    self.word = self.folded.len();
                }
            }
            Pending::Dot => {
                if c.is_alphabetic() {
                    self.folded.push('.');
                }
            }
            Pending::Signs(from) => {
                // `C++17`, but neither `a+b` nor `no#1`.
                let stay = c.is_ascii_digit() && (&self.folded[from..] == "++" || from == self.word + 1);
                if !stay {
                    self.folded.truncate(from);
                }
                self.part();
            }
        }
        self.folded.push(c);
    }

    /// What is no letter: it parts words, or it is part of one.
    fn other(&mut self, c: char) {
        match (c, self.pending) {
            ('\'' | '`', Pending::Nothing) if self.in_word() => self.pending = Pending::Apostrophe,
            ('\'' | '`', Pending::Nothing | Pending::Apostrophe) => {}
            ('.', Pending::Nothing) if !self.in_word() => self.pending = Pending::Dot,
            ('.', Pending::Dot | Pending::Dots) => self.pending = Pending::Dots,
            ('+' | '#', Pending::Nothing) if self.folded[self.word..].ends_with(char::is_alphabetic) => {
                self.pending = Pending::Signs(self.folded.len());
                self.folded.push(c);
            }
            ('+' | '#', Pending::Signs(from)) if self.folded.len() - from < 3 => self.folded.push(c),
            ('&', _) => {
                self.part();
                self.folded.push_str("and");
                self.part();
            }
            _ => self.part(),
        }
    }

    fn part(&mut self) {
        self.pending = Pending::Nothing;
        if self.in_word() {
            self.folded.push(' ');
        }
        self.word = self.folded.len();
    }

    fn finished(mut self) -> String {
        self.folded.truncate(self.folded.trim_end().len());
        self.folded
    }
}

#[cfg(test)]
mod tests;
