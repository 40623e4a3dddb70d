//! One function per source: cells to an input that is then checked like any other. What a source is known to damage is
//! left out where it cannot be restored; what a member wrote wrongly is reported.

use super::Misread;
use super::columns::Row;
use super::repair::{first_name_first, isbn, split, year, year_within};
use crate::domain::book::{BookInput, Category, MAX_AUTHORS, MAX_CATEGORIES};
use crate::domain::export;
use crate::domain::language::Language;

type Read = (BookInput, Vec<Misread>);

/// Shelves of Goodreads that say what was read and not what a book is about.
const READING_SHELVES: [&str; 3] = ["read", "to-read", "currently-reading"];

/// Headers of ours, in any order. Several authors or categories stand in one cell, parted by `;` or `|`, or by commas
/// in a column whose name is a plural.
pub fn plain(row: &Row<'_>) -> Read {
    let mut misread = Vec::new();
    let authors = match (row.text("authors"), row.text("author")) {
        (Some(authors), _) if authors.contains([';', '|']) => Some(split(authors, &[';', '|'])),
        (Some(authors), _) => Some(split(authors, &[','])),
        (None, Some(author)) => Some(split(author, &[';', '|'])),
        (None, None) => None,
    };
    let categories = row.first(&["categories", "category", "tags"]).map(|cell| split(cell, &[';', '|', ',']));
    let found = isbn_in(["isbn13", "isbn", "isbn10"].iter().filter_map(|column| row.text(column)), &mut misread);
    let published_year =
        year_in(row.first(&["published year", "year", "publication year", "year published"]), &mut misread);
    let input = BookInput {
        title: row.line("title"),
        authors,
        isbn: found,
        published_year,
        language: row.first(&["language", "languages", "language code"]).and_then(language),
        categories,
        description: row.text("description").map(str::to_owned),
        condition: row.text("condition").map(|cell| cell.to_lowercase().replace([' ', '-'], "_")),
        notes: row.text("notes").map(str::to_owned),
        lending: row.text("lending").map(str::to_lowercase),
    };
    (input, misread)
}

/// Our own export: nothing is guessed, every cell says exactly what was there.
pub fn folkshelf(row: &Row<'_>) -> Read {
    let mut misread = Vec::new();
    let cell = |column| row.text(column).map(export::bare);
    let published_year = year_in(cell("published year"), &mut misread);
    let input = BookInput {
        title: cell("title").map(str::to_owned),
        authors: cell("authors").map(export::parts),
        isbn: cell("isbn").map(str::to_owned),
        published_year,
        language: cell("language").map(str::to_owned),
        categories: cell("categories").map(export::parts),
        description: cell("description").map(str::to_owned),
        condition: cell("condition").map(str::to_owned),
        notes: cell("notes").map(str::to_owned),
        lending: cell("lending").map(str::to_owned),
    };
    (input, misread)
}

/// The export of Goodreads. ISBNs stand in `="…"`.
pub fn goodreads(row: &Row<'_>) -> Read {
    let mut misread = Vec::new();
    let mut names = row.line("author").map(|name| vec![name]).unwrap_or_default();
    if let Some(more) = row.text("additional authors") {
        for name in split(more, &[',']) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    let found = isbn_in(["isbn13", "isbn"].iter().filter_map(|column| row.text(column)), &mut misread);
    let input = BookInput {
        title: row.line("title"),
        authors: some_authors(names),
        isbn: found,
        published_year: row.first(&["original publication year", "year published"]).and_then(year_within),
        categories: row
            .text("bookshelves")
            .map(|cell| tags(cell).into_iter().filter(|shelf| !READING_SHELVES.contains(&shelf.as_str())).collect()),
        notes: row.text("private notes").map(str::to_owned),
        ..BookInput::default()
    };
    (input, misread)
}

/// The tab-separated or CSV export of LibraryThing. ISBNs stand in brackets, authors with their last name first.
pub fn librarything(row: &Row<'_>) -> Read {
    let mut misread = Vec::new();
    let mut names: Vec<String> =
        row.line("primary author").map(|name| vec![first_name_first(&name)]).unwrap_or_default();
    if let Some(more) = row.text("secondary author") {
        for name in split(more, &['|', ';']) {
            let name = first_name_first(&name);
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    let cells = [row.text("isbn"), row.text("isbns")];
    let found = isbn_in(cells.into_iter().flatten().flat_map(|cell| cell.split([',', ';'])), &mut misread);
    let input = BookInput {
        title: row.line("title"),
        authors: some_authors(names),
        isbn: found,
        published_year: row.text("date").and_then(year_within),
        language: row.first(&["languages", "language"]).and_then(|cell| cell.split([',', ';', '|']).find_map(language)),
        categories: row.text("tags").map(tags),
        notes: row.text("private comment").map(str::to_owned),
        ..BookInput::default()
    };
    (input, misread)
}

/// The table of goodbooks-10k. It passed through a spreadsheet: `isbn` has lost its leading zeros and sometimes more,
/// `isbn13` is a rounded number. An ISBN that cannot be restored is left out, the book is not.
pub fn goodbooks(row: &Row<'_>) -> Read {
    let input = BookInput {
        title: row.line("title").or_else(|| row.line("original_title")),
        authors: row.text("authors").map(|cell| some_of(split(cell, &[',']), MAX_AUTHORS)),
        isbn: isbn(row.text("isbn")).ok().flatten().map(|isbn| isbn.isbn13().to_owned()),
        published_year: row.text("original_publication_year").and_then(year_within),
        language: row.text("language_code").and_then(language),
        ..BookInput::default()
    };
    (input, Vec::new())
}

fn isbn_in<'a>(cells: impl Iterator<Item = &'a str> + Clone, misread: &mut Vec<Misread>) -> Option<String> {
    match isbn(cells.clone()) {
        Ok(found) => found.map(|isbn| isbn.isbn13().to_owned()),
        Err(error) => {
            let cell =
                cells.map(str::trim).find(|cell| cell.contains(char::is_alphanumeric)).unwrap_or_default().to_owned();
            misread.push(Misread { field: "isbn", cell, message: error.to_string() });
            None
        }
    }
}

fn year_in(cell: Option<&str>, misread: &mut Vec<Misread>) -> Option<i32> {
    let cell = cell?;
    year(cell).unwrap_or_else(|message| {
        misread.push(Misread { field: "publishedYear", cell: cell.to_owned(), message: message.to_owned() });
        None
    })
}

/// No import fails for a language we do not know.
fn language(cell: &str) -> Option<String> {
    Language::parse(cell).ok().map(|language| language.to_string())
}

/// Other programs limit neither tags nor their number: those we cannot keep are left out.
fn tags(cell: &str) -> Vec<String> {
    let fitting = split(cell, &[',', ';']).into_iter().filter(|tag| Category::new(tag).is_ok()).collect();
    some_of(fitting, MAX_CATEGORIES)
}

fn some_authors(names: Vec<String>) -> Option<Vec<String>> {
    (!names.is_empty()).then(|| some_of(names, MAX_AUTHORS))
}

fn some_of(mut parts: Vec<String>, most: usize) -> Vec<String> {
    parts.truncate(most);
    parts
}
