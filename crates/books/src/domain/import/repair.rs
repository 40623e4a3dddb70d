//! What programs and spreadsheets do to cells, undone.

use crate::domain::isbn::{Isbn, IsbnError};

/// What follows a comma in a name without beginning another one.
const SUFFIXES: [&str; 9] = ["jr", "jr.", "sr", "sr.", "ii", "iii", "phd", "ph.d.", "m.d."];

/// The parts of a cell, each once whatever its case, none empty.
pub fn split(cell: &str, separators: &[char]) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut seen = Vec::new();
    for part in cell.split(separators) {
        let part = part.split_whitespace().collect::<Vec<_>>().join(" ");
        if part.is_empty() {
            continue;
        }
        let lower = part.to_lowercase();
        if separators.contains(&',')
            && SUFFIXES.contains(&lower.as_str())
            && let Some(last) = parts.last_mut()
        {
            last.push_str(", ");
            last.push_str(&part);
            continue;
        }
        if !seen.contains(&lower) {
            seen.push(lower);
            parts.push(part);
        }
    }
    parts
}

/// `Tolkien, J. R. R.` is `J. R. R. Tolkien`; a name without comma stays.
pub fn first_name_first(name: &str) -> String {
    match name.split_once(',') {
        Some((last, first)) if !first.trim().is_empty() && !first.contains(',') => {
            format!("{} {}", first.trim(), last.trim())
        }
        _ => name.trim().to_owned(),
    }
}

/// A year as tables write it: `2008`, `2008.0`, `-720.0`, `1999-05-01`. 0 stands for unknown.
pub fn year(cell: &str) -> Result<Option<i32>, &'static str> {
    let cell = cell.strip_suffix(".0").unwrap_or(cell);
    let date = cell.split_once('-').map_or(cell, |(year, _)| if year.len() == 4 { year } else { cell });
    match date.parse::<i32>() {
        Ok(0) => Ok(None),
        Ok(year) => Ok(Some(year)),
        Err(_) => Err("must be a year, as in 1999 or -720"),
    }
}

/// The first run of four digits: `c. 1850`, `[1999]`, `Penguin (1997)`.
pub fn year_within(cell: &str) -> Option<i32> {
    if let Ok(year) = year(cell) {
        return year;
    }
    cell.split(|c: char| !c.is_ascii_digit())
        .find(|digits| digits.len() == 4)
        .and_then(|digits| digits.parse().ok())
        .filter(|year| *year != 0)
}

/// The first cell that holds a valid ISBN. None when all are empty (`[]` and `=""` are); else why the first one is wrong.
pub fn isbn<'a>(cells: impl IntoIterator<Item = &'a str>) -> Result<Option<Isbn>, IsbnError> {
    let mut first_error = None;
    for cell in cells {
        if !cell.chars().any(char::is_alphanumeric) {
            continue;
        }
        match Isbn::restore(cell) {
            Ok(isbn) => return Ok(Some(isbn)),
            Err(error) => {
                first_error.get_or_insert(error);
            }
        }
    }
    first_error.map_or(Ok(None), Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authors_are_split_but_not_from_their_suffixes() {
        assert_eq!(
            split("Kurt Vonnegut, Jr., Louis Sachar, louis sachar", &[',']),
            ["Kurt Vonnegut, Jr.", "Louis Sachar"]
        );
        assert_eq!(split(" , ,", &[',']), Vec::<String>::new());
    }

    #[test]
    fn years_are_read_as_tables_write_them() {
        assert_eq!(year("2008.0"), Ok(Some(2008)));
        assert_eq!(year("-720.0"), Ok(Some(-720)));
        assert_eq!(year("1999-05-01"), Ok(Some(1999)));
        assert_eq!(year("0"), Ok(None));
        assert!(year("long ago").is_err());
        assert_eq!(year_within("c. 1850"), Some(1850));
        assert_eq!(year_within("n.d."), None);
    }

    #[test]
    fn a_good_isbn_in_any_cell_wins() {
        let found = isbn(["9.78043902348e+12", "439023483"]).unwrap().unwrap();
        assert_eq!(found.isbn13(), "9780439023481");
        assert_eq!(isbn(["=\"\"", "[]", ""]), Ok(None));
        assert_eq!(isbn(["9.78043902348e+12"]), Err(IsbnError::Rounded));
        assert_eq!(isbn(["0439023484"]), Err(IsbnError::CheckDigit));
    }
}
