use bibliography::export::{HEADER, ShelfRow};
use bibliography::table::{Layout, read};
use proptest::prelude::*;
use serde_json::json;
use time::OffsetDateTime;
use time::macros::datetime;

use super::*;
use crate::domain::{BookDetails, BookInput};

const NOW: OffsetDateTime = datetime!(2026-11-21 10:00 UTC);

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn settled(header: &[&str], cells: &[&str]) -> Result<GoodRow, BadRow> {
    let layout = Layout::of_header(&owned(header), "utf-8");
    layout.check().unwrap();
    settle(read(&layout, &owned(cells)), NOW)
}

/// The fields that cost the row.
fn wrong(header: &[&str], cells: &[&str]) -> Vec<String> {
    settled(header, cells).unwrap_err().wrong.into_iter().map(|detail| detail.field).collect()
}

/// The fields without which the row was taken.
fn noted(header: &[&str], cells: &[&str]) -> Vec<String> {
    settled(header, cells).unwrap().notes.into_iter().map(|detail| detail.field).collect()
}

#[test]
fn only_a_title_and_an_author_cost_the_row_everything_else_is_noted() {
    let header = ["title", "authors", "isbn", "year", "language", "condition", "lending", "copies"];
    let row = ["Emma", "Jane Austen", "0439023484", "long ago", "Klingon", "eaten", "sell", "some"];
    let taken = settled(&header, &row).unwrap();
    let fields: Vec<String> = taken.notes.into_iter().map(|detail| detail.field).collect();
    assert_eq!(fields, ["isbn", "publishedYear", "language", "condition", "lending", "copies"]);
    assert_eq!((taken.book.isbn, taken.book.published_year, taken.book.condition), (None, None, None));
    assert_eq!(taken.book.lending.as_str(), "off", "what nobody understands is not offered");
    assert_eq!(
        serde_json::to_value(taken.values).unwrap(),
        json!({"title": "Emma", "authors": ["Jane Austen"], "isbn": "0439023484", "publishedYear": "long ago",
            "language": "Klingon", "condition": "eaten", "lending": "sell"})
    );
    assert_eq!(wrong(&header, &["", "Jane Austen", "0439023484"]), ["title"]);
    assert_eq!(wrong(&header, &["Emma"]), ["authors"]);
    assert_eq!(noted(&header, &["Emma", "Jane Austen", "", "2028"]), ["publishedYear"], "it is to come");
}

#[test]
fn a_cell_too_many_costs_the_row_unless_it_is_empty() {
    let header = ["title", "authors", "year"];
    assert_eq!(wrong(&header, &["Emma", " or not", "Jane Austen", "1815"]), ["row"]);
    assert_eq!(noted(&header, &["Emma", "Jane Austen", "1815", "", " "]), [""; 0]);
    // What is in the wrong column is seen.
    let kept = settled(&header, &["Emma", " or not", "Jane Austen", "1815"]).unwrap_err().values;
    assert_eq!(
        serde_json::to_value(kept).unwrap(),
        json!({"title": "Emma", "authors": ["or not"], "publishedYear": "Jane Austen", "lending": "lend"})
    );
}

#[test]
fn of_an_endless_row_only_the_beginning_is_kept() {
    let header = ["title", "authors", "notes"];
    let values =
        settled(&header, &["", &format!("{}; Ben", "x".repeat(199)), &"more ".repeat(4_000)]).unwrap_err().values;
    let kept = serde_json::to_string(&values).unwrap();
    assert!(kept.len() < 1_500, "notes were cut to what a book may hold: {}", kept.len());
}

fn row(book: &BookDetails) -> ShelfRow {
    ShelfRow {
        title: book.title.to_string(),
        authors: book.authors.iter().map(ToString::to_string).collect(),
        isbn13: book.isbn.as_ref().map(ToString::to_string),
        published_year: book.published_year,
        language: book.language.map(|language| language.tag().to_owned()),
        categories: book.categories.iter().map(ToString::to_string).collect(),
        description: book.description.as_ref().map(ToString::to_string),
        condition: book.condition.map(|condition| condition.as_str().to_owned()),
        notes: book.notes.as_ref().map(ToString::to_string),
        lending: book.lending.as_str().to_owned(),
    }
}

proptest! {
    #[test]
    fn whatever_was_taken_once_reads_back_unchanged(
        title in "[=+@'-]?\\PC{1,60}",
        authors in proptest::collection::vec("[=,;|\\\\\"' \\PC]{1,30}", 1..4),
        categories in proptest::collection::vec("[=,;|\\\\\"' a-z]{1,30}", 0..4),
        description in "[=+@';\t \\PC\n]{0,60}",
        year in proptest::option::of(-5000i32..2000),
    ) {
        let input = BookInput {
            title: Some(title),
            authors: Some(authors),
            isbn: Some("0439023483".to_owned()),
            published_year: year,
            language: Some("pt-BR".to_owned()),
            categories: Some(categories),
            description: Some(description),
            condition: Some("like_new".to_owned()),
            notes: Some("-1".to_owned()),
            lending: Some("give".to_owned()),
        };
        if let Ok(book) = input.check(NOW) {
            let good = settled(&HEADER, &row(&book).cells().each_ref().map(String::as_str));
            prop_assert_eq!(good, Ok(GoodRow { book, notes: Vec::new(), values: None }));
        }
    }
}
