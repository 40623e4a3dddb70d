//! Authors as programs write them.

use std::collections::HashSet;

use super::column_names;
use super::format::plain;

/// How the names of one cell are parted and turned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// One name, whatever is in it.
    One,
    /// `Ann Author, Ben Bauer`, where `Jr.` begins no name.
    Commas,
    /// `Ann Author & Ben Bauer`.
    Ampersands,
    /// `Author, Ann|Bauer, Ben`.
    LastFirst,
    /// `Ann Author, Ben Bauer`, or a single `Author, Ann`.
    CommasOrLastFirst,
    /// Parted by `;` or `|`, and by commas where the column's name is a plural.
    ByHeader,
}

/// What follows a comma in a name without beginning another one.
const SUFFIXES: [&str; 11] = ["jr", "jr.", "sr", "sr.", "ii", "iii", "iv", "phd", "ph.d.", "m.d.", "md"];
/// What may stand before a last name of several words: `van der Berg, Ann`.
const PARTICLES: [&str; 22] = [
    "al", "da", "dal", "de", "del", "den", "der", "di", "do", "dos", "du", "el", "la", "le", "mac", "o'", "saint",
    "st.", "ten", "van", "von", "zu",
];
/// What a name may have in parentheses behind it.
const ROLES: [&str; 14] = [
    "adapter",
    "afterword",
    "author",
    "contributor",
    "editor",
    "foreword",
    "goodreads author",
    "illustrator",
    "introduction",
    "narrator",
    "photographer",
    "preface",
    "reader",
    "translator",
];

impl Names {
    /// Each name once whatever its case, in the order of the cell. `column` is the column's name.
    pub fn read(self, cell: &str, column: &str) -> Vec<String> {
        let cell = cell.trim();
        let names = match self {
            Names::One => split(cell, &["\n"]),
            Names::Commas => split(cell, &[","]),
            Names::Ampersands => split(cell, &[" & "]),
            Names::LastFirst => split(cell, &["|", ";"]).iter().map(|name| first_name_first(name)).collect(),
            Names::CommasOrLastFirst if is_last_first(cell) => vec![first_name_first(cell)],
            Names::CommasOrLastFirst => split(cell, &[",", ";"]),
            Names::ByHeader if cell.contains([';', '|']) => split(cell, &[";", "|"]),
            Names::ByHeader if several(column) => split(cell, &[","]),
            Names::ByHeader => split(cell, &["\n"]),
        };
        let mut seen = HashSet::new();
        let bare = names.iter().map(|name| without_role(name).to_owned());
        bare.filter(|name| !name.is_empty() && seen.insert(name.to_lowercase())).collect()
    }
}

fn several(column: &str) -> bool {
    let column = plain(column);
    column_names::SEVERAL_AUTHORS.iter().any(|name| plain(name) == column)
}

/// The parts of a cell, each once whatever its case, none empty, runs of spaces made one.
pub fn split(cell: &str, separators: &[&str]) -> Vec<String> {
    let mut pieces = vec![cell];
    for separator in separators {
        pieces = pieces.into_iter().flat_map(|piece| piece.split(separator)).collect();
    }
    let mut parts: Vec<String> = Vec::new();
    let mut seen = HashSet::new();
    for part in pieces {
        let part = one_line(part);
        if part.is_empty() {
            continue;
        }
        let lower = part.to_lowercase();
        if separators.contains(&",")
            && SUFFIXES.contains(&lower.as_str())
            && let Some(last) = parts.last_mut()
        {
            last.push_str(", ");
            last.push_str(&part);
            continue;
        }
        if seen.insert(lower) {
            parts.push(part);
        }
    }
    parts
}

/// Line breaks and runs of spaces become one space.
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `Tolkien, J. R. R.` is `J. R. R. Tolkien`; a name without comma stays, as does `King, Jr.`.
pub fn first_name_first(name: &str) -> String {
    match name.split_once(',') {
        Some((last, first))
            if !first.trim().is_empty()
                && !first.contains(',')
                && !SUFFIXES.contains(&first.trim().to_lowercase().as_str()) =>
        {
            format!("{} {}", first.trim(), last.trim())
        }
        _ => name.trim().to_owned(),
    }
}

/// One comma, and before it a last name: one word, or one with particles.
fn is_last_first(cell: &str) -> bool {
    let Some((last, first)) = cell.split_once(',') else { return false };
    let (first, words) = (first.trim(), last.split_whitespace().collect::<Vec<_>>());
    let Some((_, before)) = words.split_last() else { return false };
    !first.is_empty()
        && !first.contains(',')
        && !SUFFIXES.contains(&first.to_lowercase().as_str())
        && before.iter().all(|word| PARTICLES.contains(&word.to_lowercase().as_str()))
}

fn without_role(name: &str) -> &str {
    let Some((bare, role)) = name.strip_suffix(')').and_then(|name| name.rsplit_once('(')) else { return name };
    if ROLES.contains(&role.trim().to_lowercase().as_str()) { bare.trim() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_part_names_but_no_suffix_from_its_name() {
        for (cell, names) in [
            ("Kurt Vonnegut, Jr., Louis Sachar, louis sachar", &["Kurt Vonnegut, Jr.", "Louis Sachar"][..]),
            ("Tomás Ferreira, Ana   Prado", &["Tomás Ferreira", "Ana Prado"]),
            (" , ,", &[]),
        ] {
            assert_eq!(Names::Commas.read(cell, ""), names);
        }
    }

    #[test]
    fn an_ampersand_parts_names_and_a_comma_does_not() {
        assert_eq!(Names::Ampersands.read("Mara Lindqvist & Tomás Ferreira", ""), ["Mara Lindqvist", "Tomás Ferreira"]);
        assert_eq!(Names::Ampersands.read("Harriet Moon, Jr.", ""), ["Harriet Moon, Jr."]);
    }

    #[test]
    fn last_names_that_come_first_are_turned() {
        assert_eq!(Names::LastFirst.read("Lee, Alan|Howe, John|Anonymous", ""), ["Alan Lee", "John Howe", "Anonymous"]);
        for (cell, names) in [
            ("Verhoeven, Sil", &["Sil Verhoeven"][..]),
            ("van der Berg, Ann", &["Ann van der Berg"]),
            ("Le Guin, Ursula K.", &["Ursula K. Le Guin"]),
            ("Sil Verhoeven, Ana Prado", &["Sil Verhoeven", "Ana Prado"]),
            ("Harriet Moon, Jr.", &["Harriet Moon, Jr."]),
            ("Mara Lindqvist", &["Mara Lindqvist"]),
        ] {
            assert_eq!(Names::CommasOrLastFirst.read(cell, ""), names, "{cell}");
        }
    }

    #[test]
    fn a_comma_parts_authors_in_a_column_of_several_alone() {
        assert_eq!(Names::ByHeader.read("Austen, Jane", "Author"), ["Austen, Jane"]);
        assert_eq!(Names::ByHeader.read("Jane Austen, A. N. Other", "Authors"), ["Jane Austen", "A. N. Other"]);
        assert_eq!(Names::ByHeader.read("Austen, Jane; Other, A. N.", "authors"), ["Austen, Jane", "Other, A. N."]);
    }

    #[test]
    fn a_role_is_no_part_of_a_name() {
        assert_eq!(
            Names::Commas.read("Ana Prado   (Translator), Ann (Nan) Smith", ""),
            ["Ana Prado", "Ann (Nan) Smith"]
        );
    }
}
