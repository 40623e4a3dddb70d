//! Files from anywhere: whatever the bytes, reading them ends, and what is taken keeps the rules.
//! `just foreign-bytes` tries many more cases than a usual run.

use proptest::prelude::*;
use serde_json::Value;
use time::OffsetDateTime;
use time::macros::datetime;
use tokio::sync::mpsc;

use super::{FileError, ImportSettings, Parsed, parse};
use crate::domain::import::RowValues;
use crate::domain::{BookDetails, BookInput};

const NOW: OffsetDateTime = datetime!(2026-11-21 10:00 UTC);

fn read(file: &[u8]) -> Result<Vec<Parsed>, FileError> {
    let (sender, mut receiver) = mpsc::channel(100);
    parse(file, &ImportSettings::default(), NOW, &sender)?;
    drop(sender);
    Ok(std::iter::from_fn(|| receiver.blocking_recv()).flatten().collect())
}

/// A header that is understood, then lines that look like rows more often than not.
fn nearly_a_file() -> impl Strategy<Value = Vec<u8>> {
    let header = prop_oneof![
        Just("title,authors,isbn,year,language,categories"),
        Just("Title;Author;ISBN;Notes"),
        Just("Book Id,Title,Author,Additional Authors,ISBN,ISBN13,Original Publication Year,Bookshelves,Private Notes"),
        Just("Book Id\tTitle\tPrimary Author\tSecondary Author\tDate\tTags\tLanguages\tISBN\tISBNs"),
        Just("book_id,goodreads_book_id,isbn,isbn13,authors,original_publication_year,title,language_code"),
        Just("\u{feff}title,authors"),
    ];
    let cell = prop_oneof![
        4 => "[\\PC]{0,12}".prop_map(String::into_bytes),
        2 => "(=\")?[0-9]{8,13}[0-9Xx]?\"?".prop_map(String::into_bytes),
        1 => "-?[0-9]{1,6}(\\.0)?(e\\+[0-9]{1,3})?".prop_map(String::into_bytes),
        1 => proptest::collection::vec(any::<u8>(), 0..8),
        1 => "\"[a-z\"\n,]{0,9}\"?".prop_map(String::into_bytes),
    ];
    let separator = prop_oneof![8 => Just(","), 2 => Just(";"), 2 => Just("\t"), 3 => Just("\n"), 1 => Just("\r\n")];
    (header, proptest::collection::vec((cell, separator), 0..60)).prop_map(|(header, cells)| {
        let mut file = format!("{header}\n").into_bytes();
        cells.into_iter().for_each(|(cell, separator)| {
            file.extend(cell);
            file.extend(separator.as_bytes());
        });
        file
    })
}

/// A book as somebody would type it in again.
fn input(book: &BookDetails) -> BookInput {
    BookInput {
        title: Some(book.title.as_str().to_owned()),
        authors: Some(book.authors.iter().map(|author| author.as_str().to_owned()).collect()),
        isbn: book.isbn.as_ref().map(|isbn| isbn.isbn13().to_owned()),
        published_year: book.published_year.map(i32::from),
        language: book.language.as_ref().map(|language| language.tag().to_owned()),
        categories: Some(book.categories.iter().map(|category| category.as_str().to_owned()).collect()),
        description: book.description.as_ref().map(|text| text.as_str().to_owned()),
        condition: book.condition.map(|condition| condition.as_str().to_owned()),
        notes: book.notes.as_ref().map(|text| text.as_str().to_owned()),
        lending: Some(book.lending.as_str().to_owned()),
    }
}

/// All that is kept of a row that was not taken.
fn texts(values: &RowValues) -> String {
    let values = serde_json::to_value(values).unwrap();
    let texts = values.as_object().unwrap().values().flat_map(|value| match value {
        Value::Array(texts) => texts.clone(),
        text => vec![text.clone()],
    });
    texts.map(|text| text.as_str().unwrap().to_owned()).collect()
}

fn keeps_the_rules(file: &[u8]) -> Result<(), TestCaseError> {
    let Ok(rows) = read(file) else { return Ok(()) };
    let mut last = 1;
    for parsed in rows {
        prop_assert!(parsed.row > last, "row {} comes after row {last}", parsed.row);
        last = parsed.row;
        match parsed.book {
            Ok(book) => prop_assert_eq!(input(&book).check(NOW), Ok(book)),
            Err(bad) => {
                prop_assert!(!bad.wrong.is_empty() && bad.wrong.iter().all(|detail| !detail.field.is_empty()));
                let kept = texts(&bad.values);
                prop_assert!(kept.chars().count() <= 8_000);
                prop_assert!(kept.chars().all(|c| !c.is_control() || c == '\n' || c == '\t'), "{kept:?}");
            }
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn foreign_bytes_are_read_to_their_end(file in proptest::collection::vec(any::<u8>(), 0..2000)) {
        keeps_the_rules(&file)?;
    }

    #[test]
    fn foreign_rows_that_are_taken_could_have_been_typed_in(file in nearly_a_file()) {
        keeps_the_rules(&file)?;
    }
}
