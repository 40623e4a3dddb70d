use super::*;

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn reading(header: &[&str], cells: &[&str]) -> Reading {
    let layout = Layout::of_header(&owned(header), "utf-8");
    layout.check().unwrap();
    read(&layout, &owned(cells))
}

fn book(header: &[&str], cells: &[&str]) -> BookText {
    reading(header, cells).text
}

fn texts(texts: &Option<Vec<String>>) -> Vec<&str> {
    texts.iter().flatten().map(String::as_str).collect()
}

/// The fields that could not be read.
fn misread(header: &[&str], cells: &[&str]) -> Vec<&'static str> {
    reading(header, cells).misread.into_iter().map(|misread| misread.field).collect()
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
    assert_eq!((book.lending.as_deref(), book.published_year), (Some("give"), Some(1815)));
    assert_eq!(book.isbn.as_deref(), Some("9780439023481"));
    assert_eq!(texts(&book.authors), ["Jane Austen", "A. N. Other"]);
    assert_eq!(texts(&book.categories), ["Novel", "Classics"]);
    assert_eq!((book.condition.as_deref(), book.language.as_deref()), (Some("like_new"), Some("en")));
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
        assert_eq!((book.title.as_deref(), texts(&book.authors)), (Some("Emma"), vec!["Jane Austen"]), "{header:?}");
        assert_eq!((book.published_year, book.language.as_deref()), (Some(1815), Some("en")), "{header:?}");
        assert_eq!(book.notes.as_deref(), Some("signiert"), "{header:?}");
    }
}

#[test]
fn what_cannot_be_read_is_noted_with_its_cell() {
    let header = ["title", "authors", "isbn", "year", "language", "condition", "lending", "copies"];
    let row = ["Emma", "Jane Austen", "0439023484", "long ago", "Klingon", "eaten", "sell", "some"];
    let reading = reading(&header, &row);
    let misread: Vec<(&str, Option<&str>)> =
        reading.misread.iter().map(|misread| (misread.field, misread.cell.as_deref())).collect();
    let expected = [
        ("isbn", Some("0439023484")),
        ("publishedYear", Some("long ago")),
        ("language", Some("Klingon")),
        ("condition", Some("eaten")),
        ("lending", Some("sell")),
        ("copies", Some("some")),
    ];
    assert_eq!(misread, expected);
    let lending = Some("off".to_owned());
    let text = BookText {
        title: Some("Emma".to_owned()),
        authors: Some(owned(&["Jane Austen"])),
        lending,
        ..BookText::default()
    };
    assert_eq!(reading.text, text, "what nobody understands is not offered");
    assert_eq!((reading.copies, reading.fault, reading.left_out), (Some(1), None, None));
}

#[test]
fn a_cell_too_many_is_a_fault_of_the_row_unless_it_is_empty() {
    let header = ["title", "authors", "year"];
    let fault = reading(&header, &["Emma", " or not", "Jane Austen", "1815"]).fault.map(|fault| fault.field);
    assert_eq!(fault.as_deref(), Some("row"));
    assert_eq!(reading(&header, &["Emma", "Jane Austen", "1815", "", " "]).fault, None);
}

#[test]
fn a_letter_that_could_not_be_read_is_noted_where_it_matters() {
    let header = ["title", "author", "subjects", "publisher"];
    assert_eq!(misread(&header, &["Caf\u{fffd}", "Ann", "", ""]), ["title"]);
    assert_eq!(misread(&header, &["Cafe", "Ann", "", "Marab\u{fffd}"]), [""; 0]);
}

#[test]
fn what_is_too_long_or_too_many_is_cut_and_noted() {
    let header = ["title", "authors", "description", "tags", "notes"];
    let (title, name) = ("x".repeat(501), format!("{}; Ben", "y".repeat(201)));
    let (text, many) = ("z".repeat(5_001), (0..21).map(|i| format!("tag {i}")).collect::<Vec<_>>().join(","));
    let row = [title.as_str(), &name, &text, &many, "3rd\u{7} shelf"];
    assert_eq!(misread(&header, &row), ["title", "authors", "categories", "description"]);
    let book = book(&header, &row);
    assert_eq!((book.title.unwrap().len(), texts(&book.categories).len()), (500, 20));
    assert_eq!((texts(&book.authors)[0].len(), book.description.unwrap().len()), (200, 5_000));
    assert_eq!(book.notes.as_deref(), Some("3rd  shelf"));
}

#[test]
fn html_becomes_text() {
    let book = book(
        &["title", "author", "description"],
        &["Ty&ouml;p&auml;iv&auml; &amp; <i>muuta</i>", "Meril&auml;inen", "<div><p>One.</p><p>Two &lt;3</p></div>"],
    );
    assert_eq!((book.title.as_deref(), texts(&book.authors)), (Some("Työpäivä & muuta"), vec!["Meriläinen"]));
    assert_eq!(book.description.as_deref(), Some("One.\nTwo <3"));
}

#[test]
fn a_comma_in_a_single_author_is_part_of_the_name() {
    assert_eq!(texts(&book(&["title", "author"], &["Emma", "Austen, Jane"]).authors), ["Austen, Jane"]);
}

#[test]
fn copies_are_counted_and_bounded() {
    let layout = Layout::of_header(&owned(&["title", "author", "copies"]), "utf-8");
    let of = |cell: &str| read(&layout, &owned(&["Emma", "Jane Austen", cell]));
    for (cell, copies) in [("4", Some(4)), ("1.0", Some(1)), ("", None), ("51", Some(50)), ("many", Some(1))] {
        assert_eq!(of(cell).copies, copies, "{cell}");
    }
    assert_eq!(of("0").left_out, Some(LeftOut::NotOwned));
    assert_eq!(of("51").misread[0].field, "copies");
    let goodreads = Layout::of_header(&owned(&["Title", "Author", "Exclusive Shelf", "Owned Copies"]), "utf-8");
    let nobody_counted = read(&goodreads, &owned(&["Emma", "Jane Austen", "read", "0"]));
    assert_eq!((nobody_counted.copies, nobody_counted.left_out), (None, None));
}

#[test]
fn a_rows_own_word_outweighs_its_shelf() {
    let layout = Layout::of_header(&owned(&["Title", "Authors", "ISBN/UID", "Read Status", "Owned?"]), "utf-8");
    for (status, owns, reason, shelf) in [
        ("read", "Yes", None, "read"),
        ("read", "No", Some(LeftOut::NotOwned), "read · Owned? No"),
        ("to-read", "Yes", None, "to-read · Owned? Yes"),
        ("to-read", "No", Some(LeftOut::NotOwned), "to-read"),
        ("to-read", "", Some(LeftOut::NotOwned), "to-read"),
        ("", "No", Some(LeftOut::NotOwned), "Owned? No"),
    ] {
        let cells = owned(&["Emma", "Jane Austen", "", status, owns]);
        assert_eq!(read(&layout, &cells).left_out, reason, "{status} {owns}");
        let mut surveyed = layout.clone();
        surveyed.survey(&cells);
        assert_eq!(surveyed.shelves[0].name, shelf);
        // And a person's own choice outweighs both.
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
