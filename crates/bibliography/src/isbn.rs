//! The number of an edition. Kept as ISBN-13; the ISBN-10 is derived where one exists.

use std::fmt;

use isbn::{Isbn10, Isbn13};
use kernel::text::as_typed;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A valid ISBN, in whichever form it was written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Isbn {
    isbn13: String,
    isbn10: Option<String>,
}

/// Why a text is no ISBN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IsbnError {
    /// Neither 10 nor 13 digits, nor the nine of an SBN.
    #[error("must have 10 or 13 digits")]
    Length,
    /// There is something else in it than a number.
    #[error("must consist of digits, hyphens and, at the end of an ISBN-10, an X")]
    Character,
    /// A digit is wrong, or two are swapped.
    #[error("has a wrong check digit")]
    CheckDigit,
    /// The number of something else: sheet music, a pen.
    #[error("must begin with 978 or 979 when it has 13 digits")]
    Prefix,
    /// A spreadsheet took it for a number: `9.78043902348e+12`.
    #[error("has lost digits: a spreadsheet wrote it as a rounded number")]
    Rounded,
}

/// The shortest number that [`Isbn::restore`] takes: more than four lost zeros do not occur in any registrant's range,
/// and each further one makes a wrong guess likelier.
const SHORTEST_TO_RESTORE: usize = 6;

impl Isbn {
    /// Reads an ISBN-10 or ISBN-13 as it is pasted: with hyphens and spaces of any kind, marks that nobody sees, digits of
    /// any script, quotation marks, a word such as `ISBN-13 :` before it, a binding in parentheses behind it. Nine digits
    /// are an SBN of before 1970, which is an ISBN-10 without its leading zero. The check digit is verified.
    ///
    /// ```
    /// use bibliography::{Isbn, IsbnError};
    ///
    /// let isbn = Isbn::parse("ISBN-10: 0-439-02348-3 (pbk.)")?;
    /// assert_eq!((isbn.isbn13(), isbn.isbn10()), ("9780439023481", Some("0439023483")));
    /// assert_eq!(Isbn::parse("0439023484"), Err(IsbnError::CheckDigit));
    /// # Ok::<(), IsbnError>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, IsbnError> {
        Self::from_bare(&bare(text)?, 9)
    }

    /// As [`Self::parse`], and puts back the leading zeros of an ISBN-10 that went through a spreadsheet as a number.
    pub fn restore(text: &str) -> Result<Self, IsbnError> {
        Self::from_bare(&bare(text)?, SHORTEST_TO_RESTORE)
    }

    fn from_bare(bare: &str, shortest: usize) -> Result<Self, IsbnError> {
        match bare.len() {
            13 => {
                let isbn13 = Isbn13::new(digits(bare)?).map_err(|_| IsbnError::CheckDigit)?;
                // 979-0 numbers sheet music.
                if !(bare.starts_with("978") || bare.starts_with("979")) || bare.starts_with("9790") {
                    return Err(IsbnError::Prefix);
                }
                Ok(Self::of(isbn13))
            }
            length if (shortest..=10).contains(&length) => {
                let isbn10 = Isbn10::new(digits(&format!("{bare:0>10}"))?).map_err(|_| IsbnError::CheckDigit)?;
                Ok(Self::of(Isbn13::from(isbn10)))
            }
            _ => Err(IsbnError::Length),
        }
    }

    fn of(isbn13: Isbn13) -> Self {
        Self { isbn13: isbn13.to_string(), isbn10: Isbn10::try_from(isbn13).ok().map(|isbn| isbn.to_string()) }
    }

    /// Thirteen digits.
    pub fn isbn13(&self) -> &str {
        &self.isbn13
    }

    /// Ten characters; none for a number of the 979 range.
    pub fn isbn10(&self) -> Option<&str> {
        self.isbn10.as_deref()
    }
}

/// What is left without decoration: `="0439023483"`, `[0439023483]`, `ISBN-13: 978-…`, `9780439023481.0`.
fn bare(text: &str) -> Result<String, IsbnError> {
    let text = as_typed(text).to_ascii_uppercase();
    let text = without_label(text.trim_matches(is_around));
    // `0439023483 (pbk.)`
    let text = text.split_once('(').map_or(text, |(number, _)| number);
    let text = text.trim_matches(is_around);
    if text.contains("E+") || (text.contains(['.', ',']) && text.contains('E')) {
        return Err(IsbnError::Rounded);
    }
    let text = text.strip_suffix(".0").unwrap_or(text);
    text.chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .map(|c| if c.is_ascii_digit() || c == 'X' { Ok(c) } else { Err(IsbnError::Character) })
        .collect()
}

fn is_around(c: char) -> bool {
    c.is_whitespace() || "=\"'`[](){}<>,;:-".contains(c)
}

/// Without `ISBN`, `ISBN-13 :`, `EAN:`, `urn:isbn:`.
fn without_label(text: &str) -> &str {
    let Some(text) = ["URN:ISBN", "ISBN", "EAN"].iter().find_map(|label| text.strip_prefix(label)) else { return text };
    let between = |c: char| is_around(c) || matches!(c, '.' | '#' | '/');
    let text = text.trim_start_matches(between);
    let is_whole = |text: &str| matches!(text.chars().filter(char::is_ascii_alphanumeric).count(), 9 | 10 | 13);
    for form in ["13", "10"] {
        if let Some(rest) = text.strip_prefix(form) {
            let number = rest.trim_start_matches(between);
            // A number may begin with these digits too: then it is whole with them.
            if rest.trim_start().starts_with(':') || (is_whole(number) && !is_whole(text)) {
                return number;
            }
        }
    }
    text
}

/// The value of each character; an X counts 10, and only at the end of ten.
fn digits<const N: usize>(bare: &str) -> Result<[u8; N], IsbnError> {
    let mut digits = [0; N];
    for (place, c) in bare.bytes().enumerate() {
        digits[place] = match c {
            b'X' if N == 10 && place == 9 => 10,
            b'X' => return Err(IsbnError::Character),
            digit => digit - b'0',
        };
    }
    Ok(digits)
}

impl fmt::Display for Isbn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.isbn13)
    }
}

impl Serialize for Isbn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.isbn13)
    }
}

impl<'de> Deserialize<'de> for Isbn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn both(text: &str) -> Result<(String, Option<String>), IsbnError> {
        Isbn::parse(text).map(|isbn| (isbn.isbn13, isbn.isbn10))
    }

    #[test]
    fn every_way_of_writing_it_is_the_same_number() {
        let hunger_games = Ok(("9780439023481".to_owned(), Some("0439023483".to_owned())));
        for text in [
            "0439023483",
            "0-439-02348-3",
            "0 439 02348 3",
            "439023483",
            "9780439023481",
            "978-0-439-02348-1",
            "978\u{2011}0\u{2011}439\u{2011}02348\u{2011}1",
            "=\"0439023483\"",
            "[0439023483]",
            "ISBN 0439023483",
            "ISBN-13: 978-0439023481",
            "ISBN-10: 0439023483",
            "9780439023481.0",
            "\u{feff}9780439023481",
            "\u{200e}978-0439023481\u{200e}",
            "\u{202a}978\u{2010}0\u{2012}439\u{2013}02348\u{2014}1\u{202c}",
            "978\u{2212}0\u{fe63}439\u{ff0d}02348\u{2015}1",
            "978\u{ad}0439\u{200b}023481",
            "978\u{a0}0\u{202f}439\u{2009}02348\u{3000}1",
            "９７８０４３９０２３４８１",
            "٩٧٨٠٤٣٩٠٢٣٤٨١",
            "ISBN-13 :\u{a0}978-0439023481",
            "ISBN-13 \u{200f} : \u{200e} 978-0439023481",
            "ISBN\u{2011}10 : 0439023483",
            "ISBN 10: 0439023483",
            "ISBN10 0439023483",
            "isbn13=9780439023481",
            "ISBN-13 978-0-439-02348-1",
            "ISBN-13: 0439023483",
            "ISBN: 9780439023481",
            "ISBN: \"9780439023481\"",
            "EAN 9780439023481",
            "EAN-13: 9780439023481",
            "urn:isbn:9780439023481",
            "“9780439023481”",
            "«\u{a0}9780439023481\u{a0}»",
            "0439023483 (pbk.)",
            "(0439023483)",
        ] {
            assert_eq!(both(text), hunger_games, "{text}");
        }
    }

    #[test]
    fn an_x_is_a_digit_at_the_end_of_ten_alone() {
        assert_eq!(both("ISBN 13 0-8044-2957-x"), both("080442957X"));
        assert_eq!(both("ISBN 1000000079"), both("1000000079"), "a number that begins as the word ISBN-10 goes on");
        assert_eq!(both("０８０４４２９５７Ｘ"), both("080442957X"));
        assert_eq!(both("0-8044-2957-x"), Ok(("9780804429573".to_owned(), Some("080442957X".to_owned()))));
        assert_eq!(both("X804429570"), Err(IsbnError::Character));
        assert_eq!(both("978080442957X"), Err(IsbnError::Character));
    }

    #[test]
    fn the_979_range_has_no_ten_digit_form() {
        assert_eq!(both("979-10-90636-07-1"), Ok(("9791090636071".to_owned(), None)));
        assert_eq!(both("9790260000438"), Err(IsbnError::Prefix), "sheet music");
        assert_eq!(both("4006381333931"), Err(IsbnError::Prefix), "a pen");
    }

    #[test]
    fn what_is_no_isbn_says_why() {
        assert_eq!(both("0439023484"), Err(IsbnError::CheckDigit));
        assert_eq!(both("9780439023482"), Err(IsbnError::CheckDigit));
        assert_eq!(both(""), Err(IsbnError::Length));
        assert_eq!(both("97804390234812"), Err(IsbnError::Length));
        assert_eq!(both("B00KXYZ12A"), Err(IsbnError::Character));
        assert_eq!(both("9.78043902348e+12"), Err(IsbnError::Rounded));
        assert_eq!(both("0439\u{0}23483"), Err(IsbnError::Character));
    }

    #[test]
    fn only_a_restoration_adds_more_than_one_zero() {
        assert_eq!(both("60256656"), Err(IsbnError::Length));
        assert_eq!(Isbn::restore("60256656").as_ref().map(Isbn::isbn13), Ok("9780060256654"));
        assert_eq!(Isbn::restore("17"), Err(IsbnError::Length));
    }

    proptest! {
        #[test]
        fn any_nine_digits_with_their_check_digit_read_back_in_both_forms(body in "[0-9]{9}", hyphen in 0usize..9) {
            let sum: u32 = body.bytes().enumerate().map(|(i, d)| u32::from(d - b'0') * (10 - i as u32)).sum();
            let check = match (11 - sum % 11) % 11 { 10 => "X".to_owned(), digit => digit.to_string() };
            let isbn10 = format!("{body}{check}");
            let isbn = Isbn::parse(&isbn10).unwrap();
            prop_assert_eq!(isbn.isbn10(), Some(isbn10.as_str()));
            prop_assert_eq!(&Isbn::parse(isbn.isbn13()).unwrap(), &isbn);

            let mut hyphenated = isbn10.clone();
            hyphenated.insert(hyphen, '-');
            prop_assert_eq!(&Isbn::parse(&hyphenated).unwrap(), &isbn);

            let without_zeros = isbn10.trim_start_matches('0');
            if without_zeros.len() >= SHORTEST_TO_RESTORE {
                prop_assert_eq!(&Isbn::restore(without_zeros).unwrap(), &isbn);
            }
        }

        #[test]
        fn whatever_foreign_signs_a_number_is_pasted_with_it_is_the_same(
            body in "[0-9]{9}",
            signs in proptest::collection::vec((0usize..13, "[-\u{2010}-\u{2015}\u{2212}\u{fe58}\u{fe63}\u{ff0d}\u{ad} \u{a0}\u{2000}-\u{200f}\u{202a}-\u{202f}\u{2060}-\u{2069}\u{3000}\u{feff}]"), 0..6),
            label in prop::sample::select(vec!["", "ISBN", "ISBN:", "ISBN-13 :", "isbn 13 ", "EAN: ", "=\"", "« "]),
        ) {
            let body = format!("978{body}");
            let sum: u32 = body.bytes().enumerate().map(|(i, d)| u32::from(d - b'0') * if i % 2 == 0 { 1 } else { 3 }).sum();
            let right = format!("{body}{}", (10 - sum % 10) % 10);
            let mut pasted: Vec<String> = right.chars().map(String::from).collect();
            for (place, sign) in signs {
                pasted[place].push_str(&sign);
            }
            let pasted = format!("{label}{}", pasted.concat());
            let read = Isbn::parse(&pasted);
            prop_assert_eq!(read.as_ref().map(Isbn::isbn13), Ok(right.as_str()), "{:?}", pasted);
        }

        #[test]
        fn one_wrong_digit_never_passes(body in "[0-9]{12}", place in 3usize..12, shift in 1u8..10) {
            let body = format!("978{}", &body[3..]);
            let sum: u32 = body.bytes().enumerate().map(|(i, d)| u32::from(d - b'0') * if i % 2 == 0 { 1 } else { 3 }).sum();
            let right = format!("{body}{}", (10 - sum % 10) % 10);
            let mut wrong = right.clone().into_bytes();
            wrong[place] = b'0' + (wrong[place] - b'0' + shift) % 10;
            prop_assert!(Isbn::parse(&right).is_ok());
            prop_assert_eq!(Isbn::parse(&String::from_utf8(wrong).unwrap()), Err(IsbnError::CheckDigit));
        }

        #[test]
        fn whatever_is_taken_reads_back_as_the_same(
            text in prop_oneof!["\\PC{0,40}", "[=\"']{0,2}(ISBN[-: ]?)?[0-9Xx -]{0,18}(\\.0)?[\"']?", "97[89][0-9]{10}"],
        ) {
            for isbn in [Isbn::parse(&text), Isbn::restore(&text)].into_iter().flatten() {
                prop_assert_eq!(isbn.isbn13().len(), 13);
                prop_assert_eq!(Isbn::parse(isbn.isbn13()), Ok(isbn.clone()));
                if let Some(isbn10) = isbn.isbn10() {
                    prop_assert_eq!(Isbn::parse(isbn10), Ok(isbn.clone()));
                }
            }
        }
    }
}
