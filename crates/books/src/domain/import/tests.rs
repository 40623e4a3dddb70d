use serde_json::json;
use time::macros::datetime;

use super::*;

const NOW: OffsetDateTime = datetime!(2026-11-21 10:00 UTC);

fn read(header: &[&str], cells: &[&str]) -> Result<BookDetails, BadRow> {
    let cells: Vec<&[u8]> = cells.iter().map(|cell| cell.as_bytes()).collect();
    Layout::of_header(header.iter().copied()).unwrap().read(&cells, NOW)
}

fn authors(book: &BookDetails) -> Vec<&str> {
    book.authors.iter().map(|author| author.as_str()).collect()
}

fn categories(book: &BookDetails) -> Vec<&str> {
    book.categories.iter().map(|c| c.as_str()).collect()
}

fn fields(result: Result<BookDetails, BadRow>) -> Vec<String> {
    result.unwrap_err().wrong.into_iter().map(|detail| detail.field).collect()
}

/// What is kept of a row that is not taken.
fn kept(header: &[&str], cells: &[&str]) -> serde_json::Value {
    serde_json::to_value(read(header, cells).unwrap_err().values).unwrap()
}

const GOODREADS: [&str; 10] = [
    "Book Id",
    "Title",
    "Author",
    "Author l-f",
    "Additional Authors",
    "ISBN",
    "ISBN13",
    "Original Publication Year",
    "Bookshelves",
    "Private Notes",
];

const LIBRARYTHING: [&str; 9] =
    ["Book Id", "Title", "Primary Author", "Secondary Author", "Date", "Tags", "Languages", "ISBN", "ISBNs"];

const GOODBOOKS: [&str; 8] = [
    "book_id",
    "goodreads_book_id",
    "isbn",
    "isbn13",
    "authors",
    "original_publication_year",
    "title",
    "language_code",
];

#[test]
fn the_header_tells_who_wrote_the_file() {
    for (header, source) in [
        (&GOODREADS[..], Source::Goodreads),
        (&LIBRARYTHING[..], Source::LibraryThing),
        (&GOODBOOKS[..], Source::Goodbooks),
        (&["AUTHORS", "Title"][..], Source::Plain),
    ] {
        let layout = Layout::of_header(header.iter().copied()).unwrap();
        assert_eq!(layout.source(), source);
    }
}

#[test]
fn a_file_without_titles_or_authors_is_refused() {
    assert_eq!(Layout::of_header([""]).err(), Some(LayoutError::Empty));
    assert_eq!(Layout::of_header(["name", "isbn"]).err(), Some(LayoutError::NoTitle));
    assert_eq!(Layout::of_header(["title"]).err(), Some(LayoutError::NoAuthors));
}

#[test]
fn plain_columns_come_in_any_order_and_case() {
    let book = read(
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
    )
    .unwrap();
    assert_eq!(book.lending.as_str(), "give");
    assert_eq!(book.published_year, Some(1815));
    assert_eq!(authors(&book), ["Jane Austen", "A. N. Other"]);
    assert_eq!(categories(&book), ["Novel", "Classics"]);
    assert_eq!(book.condition.map(|c| c.as_str()), Some("like_new"));
    assert_eq!(book.language.map(|l| l.tag()), Some("en"));
}

#[test]
fn a_plain_row_names_every_bad_field() {
    let header = ["title", "authors", "isbn", "year", "condition", "lending"];
    assert_eq!(
        fields(read(&header, &["", "Jane Austen", "0439023484", "long ago", "mint", "sell"])),
        ["isbn", "publishedYear", "title", "condition", "lending"]
    );
    assert_eq!(fields(read(&header, &["Emma"])), ["authors"]);
    assert_eq!(fields(read(&header, &["Emma"; 7])), ["row"]);
}

#[test]
fn a_row_that_is_not_utf8_is_reported() {
    let layout = Layout::of_header(["title", "author"]).unwrap();
    let bad = layout.read(&[b"Caf\xe9", b"Ann"], NOW);
    assert_eq!(bad.as_ref().unwrap_err().values.title.as_deref(), Some("Caf\u{fffd}"));
    assert_eq!(fields(bad), ["row"]);
}

#[test]
fn what_a_bad_row_said_is_kept_with_the_cells_that_mean_nothing() {
    let header = ["title", "authors", "isbn", "year", "language", "tags", "condition", "notes"];
    let row = ["", "Jane Austen; A. N. Other", "0-439-02348-4", "long ago", "eng", "a,b", "Mint", "3rd\u{7} shelf"];
    assert_eq!(
        kept(&header, &row),
        json!({"authors": ["Jane Austen", "A. N. Other"], "isbn": "0-439-02348-4", "publishedYear": "long ago",
            "language": "en", "categories": ["a", "b"], "condition": "mint", "lending": "lend", "notes": "3rd  shelf"})
    );
    // A comma that nobody quoted: what is in the wrong column is seen.
    assert_eq!(
        kept(&["title", "authors", "year"], &["Emma", " or not", "Jane Austen", "1815"]),
        json!({"title": "Emma", "authors": ["or not"], "publishedYear": "Jane Austen", "lending": "lend"})
    );
    let row = ["1", "Emma", "Austen, Jane", "", "1815", "", "English", "[0618002218]", "0618002218, 1"];
    assert_eq!(
        kept(&LIBRARYTHING, &row),
        json!({"title": "Emma", "authors": ["Jane Austen"], "isbn": "[0618002218]", "publishedYear": "1815",
            "language": "en", "lending": "lend"})
    );
}

#[test]
fn of_an_endless_row_only_the_beginning_is_kept() {
    let values = read(&["title", "authors", "notes"], &["x".repeat(7_990).as_str(), "Ann; Ben", "more"]).unwrap_err();
    assert_eq!(values.values.title.map(|title| title.len()), Some(7_990));
    assert_eq!(values.values.authors, Some(vec!["Ann".to_owned(), "Ben".to_owned()]));
    assert_eq!(values.values.notes, None, "behind lending, which took the last four");
}

#[test]
fn a_comma_in_a_single_author_is_part_of_the_name() {
    let book = read(&["title", "author"], &["Emma", "Austen, Jane"]).unwrap();
    assert_eq!(authors(&book), ["Austen, Jane"]);
}

#[test]
fn a_goodreads_row_is_read() {
    let book = read(
        &GOODREADS,
        &[
            "3",
            "Harry Potter and the Sorcerer's Stone (Harry Potter, #1)",
            "J.K. Rowling",
            "Rowling, J.K.",
            "Mary GrandPré",
            "=\"0439554934\"",
            "=\"\"",
            "1997",
            "to-read, fantasy",
            "from Ann",
        ],
    )
    .unwrap();
    assert_eq!(book.title.as_str(), "Harry Potter and the Sorcerer's Stone (Harry Potter, #1)");
    assert_eq!(authors(&book), ["J.K. Rowling", "Mary GrandPré"]);
    assert_eq!(book.isbn.as_ref().map(|i| i.isbn13()), Some("9780439554930"));
    assert_eq!(categories(&book), ["fantasy"]);
    assert_eq!(book.notes.as_ref().map(|n| n.as_str()), Some("from Ann"));
}

#[test]
fn a_librarything_row_is_read() {
    let book = read(
        &LIBRARYTHING,
        &[
            "1",
            "The Hobbit",
            "Tolkien, J. R. R.",
            "Lee, Alan|Howe, John",
            "1937",
            "fantasy,dragons",
            "English",
            "[0618002219]",
            "0618002219, 9780618002214",
        ],
    )
    .unwrap();
    assert_eq!(authors(&book), ["J. R. R. Tolkien", "Alan Lee", "John Howe"]);
    assert_eq!(book.isbn.as_ref().map(|i| i.isbn13()), Some("9780618002214"));
    assert_eq!(book.language.map(|l| l.tag()), Some("en"));
    assert_eq!(book.published_year, Some(1937));
}

#[test]
fn goodbooks_quirks_are_repaired() {
    let row = |isbn, year, language| {
        read(
            &GOODBOOKS,
            &[
                "1",
                "2767052",
                isbn,
                "9.78043902348e+12",
                "Suzanne Collins, Suzanne Collins",
                year,
                "The Hunger Games (The Hunger Games, #1)",
                language,
            ],
        )
        .unwrap()
    };
    let book = row("439023483", "2008.0", "eng");
    assert_eq!(book.isbn.as_ref().and_then(|i| i.isbn10()), Some("0439023483"));
    assert_eq!(book.isbn.as_ref().map(|i| i.isbn13()), Some("9780439023481"));
    assert_eq!(book.published_year, Some(2008));
    assert_eq!(authors(&book), ["Suzanne Collins"]);
    assert_eq!(row("", "-720.0", "mul").published_year, Some(-720));
    assert_eq!(row("", "", "mul").language, None);
    assert_eq!(row("812971060", "", "en-US").isbn, None, "it cannot be restored");
}

#[test]
fn the_delimiter_is_the_most_frequent_outside_quotes() {
    assert_eq!(delimiter("title,authors"), b',');
    assert_eq!(delimiter("title;authors;\"a,b,c,d\""), b';');
    assert_eq!(delimiter("title\tauthors\tisbn"), b'\t');
    assert_eq!(delimiter("title"), b',');
}
