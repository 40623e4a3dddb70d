use serde_json::json;
use time::OffsetDateTime;
use time::macros::datetime;

use super::*;
use crate::domain::BookDetails;

const NOW: OffsetDateTime = datetime!(2026-11-21 10:00 UTC);

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn settled(header: &[&str], cells: &[&str]) -> Result<GoodRow, BadRow> {
    let layout = Layout::of_header(&owned(header), "utf-8");
    layout.check().unwrap();
    read(&layout, &owned(cells)).settle(NOW)
}

fn book(header: &[&str], cells: &[&str]) -> BookDetails {
    settled(header, cells).unwrap().book
}

fn authors(book: &BookDetails) -> Vec<&str> {
    book.authors.iter().map(|author| author.as_str()).collect()
}

fn categories(book: &BookDetails) -> Vec<&str> {
    book.categories.iter().map(|c| c.as_str()).collect()
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
fn plain_columns_come_in_any_order_and_case() {
    let book = book(
        &["LENDING", "Published Year", "isbn", "Authors", "title", "categories", "condition", "language"],
        &[
            "Give",
            "1815",
            "0-439-02348-3",
            "Jane Austen; A. N. Other",
            "Emma",
            "Novel, Classics",
            "Like New",
            "English",
        ],
    );
    assert_eq!(book.lending.as_str(), "give");
    assert_eq!(book.published_year, Some(1815));
    assert_eq!(authors(&book), ["Jane Austen", "A. N. Other"]);
    assert_eq!(categories(&book), ["Novel", "Classics"]);
    assert_eq!(book.condition.map(|c| c.as_str()), Some("like_new"));
    assert_eq!(book.language.map(|l| l.tag()), Some("en"));
}

#[test]
fn columns_are_known_in_the_languages_of_our_readers() {
    for (header, cells) in [
        (
            ["Titel", "Autor", "Erscheinungsjahr", "Sprache", "Bemerkungen"],
            ["Emma", "Jane Austen", "1815", "Englisch", "signiert"],
        ),
        (
            ["Titre", "Auteur", "Année de parution", "Langue", "Remarques"],
            ["Emma", "Jane Austen", "1815", "anglais", "signiert"],
        ),
        (
            ["Título", "Autores", "Año de publicación", "Idioma", "Notas"],
            ["Emma", "Jane Austen", "1815", "inglés", "signiert"],
        ),
        (
            ["Titolo", "Autore", "Anno", "Lingua", "Note personali"],
            ["Emma", "Jane Austen", "1815", "inglese", "signiert"],
        ),
    ] {
        let book = book(&header, &cells);
        assert_eq!(
            (book.title.as_str(), authors(&book), book.published_year),
            ("Emma", vec!["Jane Austen"], Some(1815))
        );
        assert_eq!(book.language.map(|l| l.tag()), Some("en"), "{header:?}");
        assert_eq!(book.notes.map(|notes| notes.to_string()).as_deref(), Some("signiert"));
    }
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
    assert_eq!(book(&header, &["Emma", "Jane Austen", "1815", "", " "]).title.as_str(), "Emma");
    // What is in the wrong column is seen.
    let kept = settled(&header, &["Emma", " or not", "Jane Austen", "1815"]).unwrap_err().values;
    assert_eq!(
        serde_json::to_value(kept).unwrap(),
        json!({"title": "Emma", "authors": ["or not"], "publishedYear": "Jane Austen", "lending": "lend"})
    );
}

#[test]
fn a_letter_that_could_not_be_read_is_noted_where_it_matters() {
    let header = ["title", "author", "subjects", "publisher"];
    assert_eq!(noted(&header, &["Caf\u{fffd}", "Ann", "", ""]), ["title"]);
    assert_eq!(noted(&header, &["Cafe", "Ann", "", "Marab\u{fffd}"]), [""; 0]);
}

#[test]
fn what_is_too_long_or_too_many_is_cut_and_noted() {
    let header = ["title", "authors", "description", "tags", "notes"];
    let (title, name) = ("x".repeat(501), format!("{}; Ben", "y".repeat(201)));
    let (text, many) = ("z".repeat(5_001), (0..21).map(|i| format!("tag {i}")).collect::<Vec<_>>().join(","));
    let row = [title.as_str(), &name, &text, &many, "3rd\u{7} shelf"];
    let taken = settled(&header, &row).unwrap();
    let fields: Vec<String> = taken.notes.into_iter().map(|detail| detail.field).collect();
    assert_eq!(fields, ["title", "authors", "categories", "description"]);
    assert_eq!((taken.book.title.as_str().len(), taken.book.categories.len()), (500, 20));
    assert_eq!(taken.book.notes.map(|notes| notes.to_string()).as_deref(), Some("3rd  shelf"));
}

#[test]
fn of_an_endless_row_only_the_beginning_is_kept() {
    let header = ["title", "authors", "notes"];
    let values =
        settled(&header, &["", &format!("{}; Ben", "x".repeat(199)), &"more ".repeat(4_000)]).unwrap_err().values;
    let kept = serde_json::to_string(&values).unwrap();
    assert!(kept.len() < 1_500, "notes were cut to what a book may hold: {}", kept.len());
}

#[test]
fn html_becomes_text() {
    let book = book(
        &["title", "author", "description"],
        &["Ty&ouml;p&auml;iv&auml; &amp; <i>muuta</i>", "Meril&auml;inen", "<div><p>One.</p><p>Two &lt;3</p></div>"],
    );
    assert_eq!(book.title.as_str(), "Työpäivä & muuta");
    assert_eq!(authors(&book), ["Meriläinen"]);
    assert_eq!(book.description.map(|text| text.to_string()).as_deref(), Some("One.\nTwo <3"));
}

#[test]
fn a_comma_in_a_single_author_is_part_of_the_name() {
    assert_eq!(authors(&book(&["title", "author"], &["Emma", "Austen, Jane"])), ["Austen, Jane"]);
}

#[test]
fn copies_are_counted_and_bounded() {
    let layout = Layout::of_header(&owned(&["title", "author", "copies"]), "utf-8");
    let of = |cell: &str| read(&layout, &owned(&["Emma", "Jane Austen", cell]));
    for (cell, copies) in [("4", Some(4)), ("1.0", Some(1)), ("", None), ("51", Some(50)), ("many", Some(1))] {
        assert_eq!(of(cell).copies, copies, "{cell}");
    }
    assert_eq!(of("0").left_out, Some(LeftOutReason::NotOwned));
    assert_eq!(of("51").settle(NOW).unwrap().notes[0].field, "copies");
    let goodreads = Layout::of_header(&owned(&["Title", "Author", "Exclusive Shelf", "Owned Copies"]), "utf-8");
    let nobody_counted = read(&goodreads, &owned(&["Emma", "Jane Austen", "read", "0"]));
    assert_eq!((nobody_counted.copies, nobody_counted.left_out), (None, None));
}

#[test]
fn a_rows_own_word_outweighs_its_shelf() {
    let layout = Layout::of_header(&owned(&["Title", "Authors", "ISBN/UID", "Read Status", "Owned?"]), "utf-8");
    for (status, owns, reason, shelf) in [
        ("read", "Yes", None, "read"),
        ("read", "No", Some(LeftOutReason::NotOwned), "read · Owned? No"),
        ("to-read", "Yes", None, "to-read · Owned? Yes"),
        ("to-read", "No", Some(LeftOutReason::NotOwned), "to-read"),
        ("to-read", "", Some(LeftOutReason::NotOwned), "to-read"),
        ("", "No", Some(LeftOutReason::NotOwned), "Owned? No"),
    ] {
        let cells = owned(&["Emma", "Jane Austen", "", status, owns]);
        assert_eq!(read(&layout, &cells).left_out, reason, "{status} {owns}");
        let mut surveyed = layout.clone();
        surveyed.survey(&cells);
        assert_eq!(surveyed.shelves[0].name, shelf);
        // And the member's own choice outweighs both.
        surveyed.shelves[0].owned = !surveyed.shelves[0].owned;
        let chosen = read(&surveyed, &cells).left_out;
        assert_eq!(chosen.is_some(), reason.is_none(), "{status} {owns}");
    }
}

#[test]
fn columns_that_nobody_reads_are_known_with_what_is_in_them() {
    let mut layout = Layout::of_header(&owned(&["title", "author", "publisher", "weight"]), "utf-8");
    layout.survey(&owned(&["Emma", "Jane Austen", "Hill & Dale", ""]));
    let ignored: Vec<(&str, u32)> = layout
        .columns
        .iter()
        .filter(|column| column.field.is_none() && column.filled > 0)
        .map(|column| (column.name.as_str(), column.filled))
        .collect();
    assert_eq!(ignored, [("publisher", 1)]);
}

#[test]
fn the_delimiter_is_the_most_frequent_outside_quotes() {
    assert_eq!(delimiter("title,authors"), b',');
    assert_eq!(delimiter("title;authors;\"a,b,c,d\""), b';');
    assert_eq!(delimiter("title\tauthors\tisbn"), b'\t');
    assert_eq!(delimiter("title|authors|isbn"), b'|');
    assert_eq!(delimiter("title"), b',');
}
