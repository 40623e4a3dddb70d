//! Files from anywhere: whatever the bytes, reading them ends, and what is taken keeps the rules.
//! `just foreign-bytes` tries many more cases than a usual run.

use bibliography::table::read;
use proptest::prelude::*;
use serde_json::Value;
use time::OffsetDateTime;
use time::macros::datetime;

use super::tests::read_all;
use super::{FileError, ImportSettings};
use crate::domain::row::{RowValues, settle};
use crate::domain::{BookDetails, BookInput};

const NOW: OffsetDateTime = datetime!(2026-11-21 10:00 UTC);

/// A header that is understood, then lines that look like rows more often than not.
fn nearly_a_file() -> impl Strategy<Value = Vec<u8>> {
    let header = prop_oneof![
        Just("title,authors,isbn,year,language,categories"),
        Just("Title;Author;ISBN;Notes;copies;status"),
        Just(
            "Book Id,Title,Author,Additional Authors,ISBN,ISBN13,Original Publication Year,Bookshelves,Exclusive Shelf,Private Notes,Owned Copies,Condition"
        ),
        Just(
            "Book Id\tTitle\tPrimary Author\tSecondary Author\tDate\tTags\tCollections\tLanguages\tISBN\tISBNs\tCopies"
        ),
        Just("book_id,goodreads_book_id,isbn,isbn13,authors,original_publication_year,title,language_code"),
        Just("Title,Authors,ISBN/UID,Read Status,Tags,Owned?"),
        Just("authors,author_sort,comments,isbn,languages,pubdate,tags,title,title_sort"),
        Just("title,author,description,status,deleted,publication_year,isbn,olid,tags,my_review,notes"),
        Just("title,authors,isbn,published year,language,categories,description,condition,notes,lending,folkshelf"),
        Just("Titre|Auteur|ISBN|Date de publication|Statut"),
        Just("\u{feff}title,authors"),
        Just("sep=;\ntitle;authors"),
        Just("9780439023481"),
    ];
    let cell = prop_oneof![
        4 => "[\\PC]{0,12}".prop_map(String::into_bytes),
        2 => "(=\")?[0-9]{8,13}[0-9Xx]?\"?".prop_map(String::into_bytes),
        1 => "-?[0-9]{1,6}(\\.0)?(e\\+[0-9]{1,3})?".prop_map(String::into_bytes),
        1 => proptest::collection::vec(any::<u8>(), 0..8),
        1 => "\"[a-z\"\n,]{0,9}\"?".prop_map(String::into_bytes),
        1 => "<(p|br/|b)>[a-z&;<]{0,9}(&amp;|</p>)?".prop_map(String::into_bytes),
        1 => Just("true".into()),
    ];
    let separator = prop_oneof![8 => Just(","), 2 => Just(";"), 2 => Just("\t"), 3 => Just("\n"), 1 => Just("\r\n"), 1 => Just("\r")];
    (header, proptest::collection::vec((cell, separator), 0..60)).prop_map(|(header, cells)| {
        let mut file = format!("{header}\n").into_bytes();
        cells.into_iter().for_each(|(cell, separator)| {
            file.extend(cell);
            file.extend(separator.as_bytes());
        });
        file
    })
}

/// JSON, more often than not of books.
fn nearly_json() -> impl Strategy<Value = Vec<u8>> {
    let key = prop_oneof![Just("title"), Just("primaryauthor"), Just("author"), Just("isbn"), Just("x"), Just("11")];
    let leaf = prop_oneof!["\"[a-zé0-9 ]{0,9}\"", "-?[0-9]{1,9}", Just("null".to_owned()), Just("tru".to_owned())];
    let value = leaf.prop_recursive(4, 40, 5, move |inner| {
        let member = (key.clone(), inner.clone()).prop_map(|(key, value)| format!("\"{key}\": {value}"));
        prop_oneof![
            3 => proptest::collection::vec(member, 0..5).prop_map(|members| format!("{{{}}}", members.join(", "))),
            1 => proptest::collection::vec(inner, 0..4).prop_map(|values| format!("[{}]", values.join(","))),
        ]
    });
    value.prop_map(String::into_bytes)
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

/// All that is kept of a row that was not taken as it stood.
fn texts(values: &RowValues) -> String {
    let values = serde_json::to_value(values).unwrap();
    let texts = values.as_object().unwrap().values().flat_map(|value| match value {
        Value::Array(texts) => texts.clone(),
        text => vec![text.clone()],
    });
    texts.map(|text| text.as_str().unwrap().to_owned()).collect()
}

fn keeps_the_rules(file: &[u8], review: bool) -> Result<(), TestCaseError> {
    let (layout, rows) = match read_all(file, &ImportSettings::default(), review) {
        Ok(read) => read,
        Err(FileError::Kept(error)) => return Err(TestCaseError::fail(error.to_string())),
        Err(_) => return Ok(()),
    };
    let mut last = 0;
    for row in rows {
        prop_assert!(row.row > last, "row {} comes after row {last}", row.row);
        last = row.row;
        prop_assert!(row.cells.iter().all(|cell| !cell.contains('\0')), "PostgreSQL keeps no NUL");
        let reading = read(&layout, &row.cells);
        prop_assert!(reading.copies.is_none_or(|copies| (1..=50).contains(&copies)));
        let values = match settle(reading, NOW) {
            Ok(good) => {
                prop_assert_eq!(input(&good.book).check(NOW), Ok(good.book));
                prop_assert_eq!(good.notes.is_empty(), good.values.is_none());
                let Some(values) = good.values else { continue };
                values
            }
            Err(bad) => {
                prop_assert!(!bad.wrong.is_empty() && bad.wrong.iter().all(|detail| !detail.field.is_empty()));
                let costly =
                    |field: &str| ["title", "authors", "row"].contains(&field.split('[').next().unwrap_or(field));
                prop_assert!(bad.wrong.iter().all(|detail| costly(&detail.field)), "{:?}", bad.wrong);
                bad.values
            }
        };
        let kept = texts(&values);
        prop_assert!(kept.chars().count() <= 8_000);
        prop_assert!(kept.chars().all(|c| !c.is_control() || c == '\n' || c == '\t'), "{kept:?}");
    }
    Ok(())
}

proptest! {
    #[test]
    fn foreign_bytes_are_read_to_their_end(file in proptest::collection::vec(any::<u8>(), 0..2000), review: bool) {
        keeps_the_rules(&file, review)?;
    }

    #[test]
    fn foreign_rows_that_are_taken_could_have_been_typed_in(file in nearly_a_file(), review: bool) {
        keeps_the_rules(&file, review)?;
    }

    #[test]
    fn foreign_json_is_read_to_its_end(file in nearly_json(), review: bool) {
        keeps_the_rules(&file, review)?;
    }
}
