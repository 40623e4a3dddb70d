//! What programs and spreadsheets do to single cells, undone.

use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use super::format::plain;
use crate::condition::Condition;
use crate::isbn::{Isbn, IsbnError};
use crate::language::Language;

/// Copies of one row that are taken.
pub const MOST_COPIES: u32 = 50;

/// A year as tables write it: `2008`, `2008.0`, `-720.0`, `1999-05-01`, `29/02/2012`, `c. 1850`, `[1999]`. `None`: unknown,
/// which is also written `0`, `?` or `n.d.`, and as the year 101 by Calibre.
pub fn year(cell: &str) -> Result<Option<i32>, &'static str> {
    let bare = cell.strip_suffix(".0").unwrap_or(cell).trim();
    if let Ok(year) = bare.parse::<i32>() {
        return Ok((year != 0).then_some(year));
    }
    if let Ok(moment) = OffsetDateTime::parse(bare, &Rfc3339) {
        // Midnight where the book was entered, written in another zone: 23:00 in UTC is the next day in Europe.
        let year = moment.checked_add(Duration::hours(12)).unwrap_or(moment).year();
        return Ok((year != 101).then_some(year));
    }
    let digits = bare.split(|c: char| !c.is_ascii_digit()).find(|digits| digits.len() == 4);
    if let Some(year) = digits.and_then(|digits| digits.parse::<i32>().ok()) {
        return Ok((year != 0).then_some(year));
    }
    let unknown = ["", "nd", "sd", "oj", "sa", "unknown", "unbekannt", "inconnu", "inconnue", "none", "na"];
    if unknown.contains(&plain(bare).as_str()) { Ok(None) } else { Err("must be a year, as in 1999 or -720") }
}

/// The first valid ISBN of several cells. `None` when there is none to read: cells are empty (`[]` and `=""` are) or hold the
/// number of something else. Else the first cell that is wrong, and why.
pub fn isbn<'a>(cells: impl IntoIterator<Item = &'a str>) -> Result<Option<Isbn>, (&'a str, IsbnError)> {
    let mut wrong = None;
    for cell in cells {
        let cell = cell.trim();
        if let Ok(isbn) = Isbn::restore(cell) {
            return Ok(Some(isbn));
        }
        let mut parts = cell.split([',', ';', '|', '/', '\n']).map(str::trim).filter(|part| is_a_number(part));
        if let Some(isbn) = parts.clone().find_map(|part| Isbn::restore(part).ok()) {
            return Ok(Some(isbn));
        }
        if is_a_number(cell)
            && parts.next().is_some()
            && wrong.is_none()
            && let Err(error) = Isbn::restore(cell)
        {
            wrong = Some((cell, error));
        }
    }
    wrong.map_or(Ok(None), Err)
}

/// Whether a text is meant as an ISBN: not an ASIN, not the id of a database, not the number of another scheme.
fn is_a_number(text: &str) -> bool {
    let upper = text.to_ascii_uppercase();
    let asin = upper.len() == 10 && upper.starts_with('B') && upper.chars().all(|c| c.is_ascii_alphanumeric());
    let uuid = text.len() == 36 && text.split('-').map(str::len).eq([8, 4, 4, 4, 12]);
    let other_scheme = text.split_once(':').is_some_and(|(scheme, _)| !scheme.to_ascii_uppercase().contains("ISBN"));
    text.chars().any(char::is_alphanumeric) && !asin && !uuid && !other_scheme
}

/// What is read of a language cell.
pub enum Spoken {
    None,
    One(Language),
    /// The first of several.
    First(Language),
    Unknown,
}

/// A code or a name, in English or in the language itself; the first of several.
pub fn language(cell: &str) -> Spoken {
    const NOTHING: [&str; 10] =
        ["", "blank", "und", "mul", "zxx", "unknown", "undetermined", "inconnu", "unbekannt", "multiple"];
    let mut known: Vec<Language> = Vec::new();
    let mut named = false;
    for part in cell.split([',', ';', '|', '/', '&']) {
        let word = plain(part);
        if NOTHING.contains(&word.as_str()) {
            continue;
        }
        named = true;
        let own_name = OWN_NAMES.iter().find(|(name, _)| *name == word).map_or(part, |(_, tag)| tag);
        if let Ok(language) = Language::parse(own_name)
            && !known.contains(&language)
        {
            known.push(language);
        }
    }
    match known[..] {
        [] if named => Spoken::Unknown,
        [] => Spoken::None,
        [language] => Spoken::One(language),
        [language, ..] => Spoken::First(language),
    }
}

/// Languages as people name them who do not write English. English names and codes are in `language_table`.
const OWN_NAMES: [(&str, &str); 40] = [
    ("anglais", "en"),
    ("englisch", "en"),
    ("ingles", "en"),
    ("inglese", "en"),
    ("engels", "en"),
    ("francais", "fr"),
    ("franzosisch", "fr"),
    ("frances", "fr"),
    ("francese", "fr"),
    ("frans", "fr"),
    ("deutsch", "de"),
    ("allemand", "de"),
    ("aleman", "de"),
    ("tedesco", "de"),
    ("duits", "de"),
    ("espanol", "es"),
    ("espagnol", "es"),
    ("spanisch", "es"),
    ("castellano", "es"),
    ("spagnolo", "es"),
    ("italiano", "it"),
    ("italien", "it"),
    ("italienisch", "it"),
    ("portugues", "pt"),
    ("portugais", "pt"),
    ("portugiesisch", "pt"),
    ("nederlands", "nl"),
    ("neerlandais", "nl"),
    ("niederlandisch", "nl"),
    ("svenska", "sv"),
    ("norsk", "no"),
    ("dansk", "da"),
    ("suomi", "fi"),
    ("polski", "pl"),
    ("cestina", "cs"),
    ("русскии", "ru"),
    ("русский", "ru"),
    ("russe", "ru"),
    ("russisch", "ru"),
    ("日本語", "ja"),
];

/// How well a copy is kept, in the words of shops and exports.
pub fn condition(cell: &str) -> Option<Condition> {
    const WORDS: [(Condition, &[&str]); 5] = [
        (Condition::New, &["new", "brandnew", "neu", "neuf", "nuevo", "nuovo", "nieuw"]),
        (
            Condition::LikeNew,
            &[
                "likenew",
                "asnew",
                "mint",
                "nearmint",
                "fine",
                "nearfine",
                "excellent",
                "wieneu",
                "neuwertig",
                "commeneuf",
                "comonuevo",
                "comenuovo",
                "alsnieuw",
            ],
        ),
        (
            Condition::Good,
            &[
                "good",
                "verygood",
                "gut",
                "sehrgut",
                "bon",
                "tresbon",
                "bonetat",
                "tresbonetat",
                "bueno",
                "muybueno",
                "buono",
                "ottimo",
                "goed",
                "zeergoed",
            ],
        ),
        (
            Condition::Fair,
            &[
                "fair",
                "acceptable",
                "ok",
                "okay",
                "average",
                "akzeptabel",
                "correct",
                "moyen",
                "etatmoyen",
                "regular",
                "aceptable",
                "discreto",
                "redelijk",
            ],
        ),
        (
            Condition::Poor,
            &[
                "poor",
                "bad",
                "worn",
                "damaged",
                "schlecht",
                "beschadigt",
                "mauvais",
                "mauvaisetat",
                "abime",
                "use",
                "malo",
                "cattivo",
                "slecht",
            ],
        ),
    ];
    let word = plain(cell);
    WORDS.iter().find(|(_, words)| words.contains(&word.as_str())).map(|(condition, _)| *condition)
}

/// What an owner does with the book, in one of several words.
pub fn lending(cell: &str) -> Option<&'static str> {
    match plain(cell).as_str() {
        "lend" | "lending" | "yes" | "true" | "1" | "oui" | "ja" | "si" | "x" => Some("lend"),
        "give" | "giving" | "gift" | "donner" | "don" | "verschenken" | "regalar" => Some("give"),
        "off" | "no" | "false" | "0" | "non" | "nein" | "never" | "inventorying" | "selling" => Some("off"),
        _ => None,
    }
}

/// Yes or no.
pub fn yes_or_no(cell: &str) -> Option<bool> {
    match plain(cell).as_str() {
        "yes" | "y" | "true" | "1" | "oui" | "ja" | "si" | "sim" | "x" | "owned" | "da" => Some(true),
        "no" | "n" | "false" | "0" | "non" | "nein" | "nao" | "nee" | "notowned" | "unowned" => Some(false),
        _ if ["✓", "✔", "☑", "✅"].contains(&cell.trim()) => Some(true),
        _ => None,
    }
}

/// How many copies, as tables write it.
pub fn copies(cell: &str) -> Option<u32> {
    cell.strip_suffix(".0").unwrap_or(cell).trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years_are_read_as_tables_write_them() {
        for (cell, expected) in [
            ("2008.0", Some(2008)),
            ("-720.0", Some(-720)),
            ("-750", Some(-750)),
            ("1999-05-01", Some(1999)),
            ("29/02/2012", Some(2012)),
            ("2004-05", Some(2004)),
            ("c. 1850", Some(1850)),
            ("Penguin (1997)", Some(1997)),
            ("2015-04-01T02:00:00+02:00", Some(2015)),
            ("9999-12-31T23:59:59Z", Some(9999)),
            ("1999-12-31T23:00:00+00:00", Some(2000)),
            ("0101-01-01T00:00:00+00:00", None),
            ("0", None),
            ("?", None),
            ("n.d.", None),
        ] {
            assert_eq!(year(cell), Ok(expected), "{cell}");
        }
        assert!(year("long ago").is_err());
        assert!(year("99999999999").is_err());
    }

    #[test]
    fn a_good_isbn_in_any_cell_wins() {
        fn found(cells: &[&str]) -> Option<String> {
            isbn(cells.iter().copied()).ok().flatten().map(|isbn| isbn.isbn13().to_owned())
        }
        for cells in [
            &["9.78043902348e+12", "439023483"][..],
            &["[0439023483]"],
            &["0439023483, 1"],
            &["isbn:9780439023481,mobi-asin:B0ABCDEFGH"],
            &["9780439023481 / 0439023483"],
        ] {
            assert_eq!(found(cells).as_deref(), Some("9780439023481"), "{cells:?}");
        }
    }

    #[test]
    fn the_number_of_something_else_is_no_wrong_isbn() {
        for cell in
            ["=\"\"", "[]", "", "B0ABCDEFGH", "3f2b9c1e-0d4a-4a57-9a43-6a0d1f7b2c11", "mobi-asin:B0ABCDEFGH", "inv:1"]
        {
            assert_eq!(isbn([cell]), Ok(None), "{cell}");
        }
        assert_eq!(isbn(["9,78044E+12"]), Err(("9,78044E+12", IsbnError::Rounded)));
        assert_eq!(isbn(["", "0439023484"]), Err(("0439023484", IsbnError::CheckDigit)));
        assert_eq!(isbn(["9790260000438"]), Err(("9790260000438", IsbnError::Prefix)));
    }

    #[test]
    fn languages_are_known_by_code_and_by_name() {
        let tag = |cell| match language(cell) {
            Spoken::One(language) | Spoken::First(language) => language.tag(),
            Spoken::None => "",
            Spoken::Unknown => "?",
        };
        for (cell, expected) in [
            ("eng", "en"),
            ("French", "fr"),
            ("français", "fr"),
            ("Französisch", "fr"),
            ("fra, deu", "fr"),
            ("русский", "ru"),
            ("(blank)", ""),
            ("und", ""),
            ("", ""),
            ("Klingon", "?"),
        ] {
            assert_eq!(tag(cell), expected, "{cell}");
        }
        assert!(matches!(language("fra, deu"), Spoken::First(_)));
    }

    #[test]
    fn conditions_and_answers_are_read_in_several_languages() {
        assert_eq!(condition("Very Good"), Some(Condition::Good));
        assert_eq!(condition("comme neuf"), Some(Condition::LikeNew));
        assert_eq!(condition("like_new"), Some(Condition::LikeNew));
        assert_eq!(condition("eaten by the dog"), None);
        assert_eq!(lending("Give"), Some("give"));
        assert_eq!(lending("friends only"), None);
        assert_eq!(yes_or_no("Nein"), Some(false));
        assert_eq!(copies("4"), Some(4));
        assert_eq!(copies("-1"), None);
    }
}
