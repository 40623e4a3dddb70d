//! One small file for each program we know, under its true header, and what is made of every row.

use bibliography::table::{Format, Layout, read};
use time::macros::datetime;

use super::ImportSettings;
use super::tests::read_all;
use crate::domain::row::settle;

/// One line a row: what is taken, what is noted, or why it stays out.
fn told(file: &str) -> (Layout, Vec<String>) {
    let (layout, rows) = read_all(file.as_bytes(), &ImportSettings::default(), false).unwrap();
    let told = rows.iter().map(|row| {
        let reading = read(&layout, &row.cells);
        if let Some(reason) = reading.left_out {
            return format!("{} {reason:?}", row.row);
        }
        let copies = reading.copies.map_or(String::new(), |copies| format!(" ×{copies}"));
        match settle(reading, datetime!(2026-11-21 10:00 UTC)) {
            Err(bad) => format!("{} wrong: {}", row.row, bad.wrong[0].field),
            Ok(good) => {
                let book = good.book;
                let list = |texts: Vec<String>| texts.join(", ");
                let mut line = format!(
                    "{} {} / {}",
                    row.row,
                    book.title,
                    list(book.authors.iter().map(ToString::to_string).collect())
                );
                let mut add = |text: Option<String>| {
                    if let Some(text) = text {
                        line.push_str(" / ");
                        line.push_str(&text);
                    }
                };
                add(book.isbn.map(|isbn| isbn.to_string()));
                add(book.published_year.map(|year| year.to_string()));
                add(book.language.map(|language| language.to_string()));
                add((!book.categories.is_empty())
                    .then(|| format!("#{}", list(book.categories.iter().map(ToString::to_string).collect()))));
                add(book.condition.map(|condition| condition.as_str().to_owned()));
                add(book.description.map(|text| format!("{:?}", text.as_str())));
                add(book.notes.map(|text| format!("({text})")));
                add((book.lending.as_str() != "lend").then(|| book.lending.as_str().to_owned()));
                add((!good.notes.is_empty())
                    .then(|| format!("!{}", list(good.notes.into_iter().map(|note| note.field).collect()))));
                line + &copies
            }
        }
    });
    let told = told.collect();
    (layout, told)
}

fn ignored(layout: &Layout) -> Vec<&str> {
    let ignored = layout.columns.iter().filter(|column| column.field.is_none() && column.filled > 0);
    ignored.map(|column| column.name.as_str()).collect()
}

#[test]
fn goodreads() {
    let (layout, rows) = told(
        "Book Id,Title,Author,Author l-f,Additional Authors,ISBN,ISBN13,My Rating,Average Rating,Publisher,Binding,Number of Pages,Year Published,Original Publication Year,Date Read,Date Added,Bookshelves,Bookshelves with positions,Exclusive Shelf,My Review,Spoiler,Private Notes,Read Count,Owned Copies,Condition\n\
        1,\"Emma (Highbury, #1)\",Jane  Austen,\"Austen, Jane\",\"Ana   Prado, Kurt Vonnegut, Jr.\",\"=\"\"0439023483\"\"\",\"=\"\"9780439023481\"\"\",0,3.9,X,,,2015,1815,,2024/03/02,\"garden, read\",,read,\"Good:<br/>yes\",,from aunt,1,0,\n\
        2,No Number,Ben Bauer,,,\"=\"\"\"\"\",\"=\"\"\"\"\",0,,,,,1978,,,,did-not-finish,,did-not-finish,,,,1,2,Very Good\n\
        3,Wrong Number,Ben Bauer,,,\"=\"\"0439023484\"\"\",,0,,,,,,-750,,,,,read,,,,1,0,\n\
        4,Wanted,Cleo Court,,,,,0,,,,,,,,,to-read,,to-read,,,,0,0,\n\
        5,Wanted and There,Cleo Court,,,,,0,,,,,,,,,to-read,,to-read,,,,0,1,\n",
    );
    assert_eq!(layout.format, Format::Goodreads);
    assert_eq!(
        rows,
        [
            "2 Emma (Highbury, #1) / Jane Austen, Ana Prado, Kurt Vonnegut, Jr. / 9780439023481 / 1815 / #garden / (from aunt)",
            "3 No Number / Ben Bauer / 1978 / good ×2",
            "4 Wrong Number / Ben Bauer / -750 / !isbn",
            "5 NotOwned",
            "6 Wanted and There / Cleo Court ×1",
        ]
    );
    let shelves: Vec<(&str, bool)> = layout.shelves.iter().map(|shelf| (shelf.name.as_str(), shelf.owned)).collect();
    let expected = [("read", true), ("did-not-finish", true), ("to-read", false), ("to-read · Owned Copies", true)];
    assert_eq!(shelves, expected);
    assert!(ignored(&layout).contains(&"My Review"));
}

#[test]
fn librarything_as_a_table() {
    let (layout, rows) = told(
        "Book Id\tTitle\tPrimary Author\tSecondary Author\tDate\tPrivate Comment\tTags\tCollections\tLanguages\tISBN\tISBNs\tSubjects\tCopies\n\
        1\tLes marées\tKervella, Yann\tMoreau, Élise|Duval, Paul\t1979\tin the hall\tmer, roman\tYour library\tFrench\t[207000001X]\t9780439023481\tSea\t1\n\
        2\t\"Surely\" You Jest\tHale, Rufus\t\tc. 1985\t\tessays\tYour library, To read\tEnglish\t[]\t\t\t2\n\
        3\tSomeday\tAbara, Chi\t\t2020\t\t\tWishlist, Favorites\t(blank)\t[]\t\t\t1\n",
    );
    assert_eq!(layout.format, Format::Librarything);
    assert_eq!(
        rows,
        [
            "2 Les marées / Yann Kervella, Élise Moreau, Paul Duval / 9782070000012 / 1979 / fr / #mer, roman / (in the hall) ×1",
            "3 \"Surely\" You Jest / Rufus Hale / 1985 / en / #essays ×2",
            "4 NotOwned",
        ]
    );
    assert_eq!(ignored(&layout), ["Book Id", "Subjects"]);
}

#[test]
fn librarything_as_json() {
    let (layout, rows) = told(
        r#"{"70000001": {"books_id": "70000001", "title": "Les marées du nord", "primaryauthor": "Kervella, Yann",
            "authors": [{"lf": "Kervella, Yann", "fl": "Yann Kervella", "role": "Author"}, {"lf": "Moreau, Élise", "fl": "Élise Moreau"}],
            "collections": ["Your library", "Currently reading"], "originalisbn": "0439023483", "isbn": {"0": "0439023483", "2": "9780439023481"},
            "date": "1979", "language": ["French"], "tags": ["mer", "roman"], "copies": "1", "privatecomment": "in the hall",
            "ddc": {"code": ["843"], "wording": ["Fiction"]}},
          "70000002": {"books_id": "70000002", "title": "Someday", "primaryauthor": "Abara, Chi", "isbn": [], "collections": ["Wishlist"], "copies": "1"}}"#,
    );
    assert_eq!(layout.format, Format::Librarything);
    assert_eq!(
        rows,
        [
            "1 Les marées du nord / Yann Kervella, Élise Moreau / 9780439023481 / 1979 / fr / #mer, roman / (in the hall) ×1",
            "2 NotOwned",
        ]
    );
    assert_eq!(ignored(&layout), ["books_id", "ddc.code", "ddc.wording"]);
}

#[test]
fn storygraph() {
    let (layout, rows) = told(
        "Title,Authors,Contributors,ISBN/UID,Format,Read Status,Date Added,Read Count,Star Rating,Review,Tags,Owned?\n\
        Emma,\"Jane Austen, Ben Bauer\",,9780439023481,paperback,read,2023/05/10,1,4.25,<div>Lovely.</div>,\"swap, garden\",Yes\n\
        Short,Ines Okafor,,0439023483,hardcover,read,,1,,,,Yes\n\
        An ASIN,Sil Verhoeven,Ana Prado   (Translator),B0ABCDEFGH,digital,read,,1,,,,Yes\n\
        An Inner Id,Chi Abara,,3f2b9c1e-0d4a-4a57-9a43-6a0d1f7b2c11,audio,did-not-finish,,0,,,,Yes\n\
        \"Bloom, Vol. 3\",,,,,read,,1,,,,Yes\n\
        Not Mine,Kofi Osei,,9780439023481,paperback,to-read,,0,,,,No\n",
    );
    assert_eq!(layout.format, Format::Storygraph);
    assert_eq!(
        rows,
        [
            "2 Emma / Jane Austen, Ben Bauer / 9780439023481 / #swap, garden",
            "3 Short / Ines Okafor / 9780439023481",
            "4 An ASIN / Sil Verhoeven",
            "5 An Inner Id / Chi Abara",
            "6 wrong: authors",
            "7 NotOwned",
        ]
    );
    assert!(ignored(&layout).contains(&"Contributors"));
}

#[test]
fn calibre() {
    let (layout, rows) = told(
        "\u{feff}\"author_sort\",\"authors\",\"comments\",\"identifiers\",\"isbn\",\"languages\",\"library_name\",\"pubdate\",\"tags\",\"title\",\"title_sort\",\"uuid\"\n\
        \"\",\"Mara Lindqvist & Tomás Ferreira\",\"<div><p>First.</p>\n<p>Second &amp; last.</p></div>\",\"isbn:9780439023481,goodreads:1\",\"\",\"eng\",\"Books\",\"2015-04-01T02:00:00+02:00\",\"Garden, Novel\",\"The Quiet Orchard\",\"\",\"x\"\n\
        \"\",\"Harriet Moon, Jr.\",\"\",\"\",\"\",\"fra, deu\",\"Books\",\"0101-01-01T00:00:00+00:00\",\"\",\"Pages\",\"\",\"x\"\n\
        \"\",\"Unknown\",\"\",\"mobi-asin:B0ABCDEFGH\",\"B0ABCDEFGH\",\"und\",\"Books\",\"1999-12-31T23:00:00+00:00\",\"\",\"Turn of the Year\",\"\",\"x\"\n",
    );
    assert_eq!(layout.format, Format::Calibre);
    assert_eq!(
        rows,
        [
            "2 The Quiet Orchard / Mara Lindqvist, Tomás Ferreira / 9780439023481 / 2015 / en / #Garden, Novel / \"First.\\nSecond & last.\"",
            "3 Pages / Harriet Moon, Jr. / fr / !language",
            "4 Turn of the Year / Unknown / 2000",
        ]
    );
}

#[test]
fn openreads() {
    let (layout, rows) = told(
        "title,subtitle,author,description,status,favourite,deleted,rating,pages,publication_year,isbn,olid,tags,my_review,notes,book_format,readings,date_added,date_modified\n\
        The Quiet Orchard,A Garden Novel,Mara Lindqvist,\"First.\n\nSecond \"\"paragraph\"\".\",finished,true,false,4.5,312,2015,9780439023481,OL1M,swap|||||garden,,hall,paperback,,,\n\
        The Road,,\"Verhoeven, Sil\",,in_progress,false,false,,,2016,,,,,,paperback,,,\n\
        Thrown Away,,Ines Okafor,,finished,false,true,,,1978,,,,,,,,,\n\
        Wanted,,Chi Abara,,planned,false,false,,,2023,,,,,,ebook,,,\n",
    );
    assert_eq!(layout.format, Format::Openreads);
    assert_eq!(
        rows,
        [
            "2 The Quiet Orchard / Mara Lindqvist / 9780439023481 / 2015 / #swap, garden / \"First.\\n\\nSecond \\\"paragraph\\\".\" / (hall)",
            "3 The Road / Sil Verhoeven / 2016",
            "4 Deleted",
            "5 NotOwned",
        ]
    );
    assert!(ignored(&layout).contains(&"subtitle"));
}

#[test]
fn bookwyrm() {
    let (layout, rows) = told(
        "title,author_text,remote_id,openlibrary_key,inventaire_id,librarything_key,goodreads_key,bnf_id,viaf,wikidata,asin,aasin,isfdb,isbn_10,isbn_13,oclc_number,start_date,finish_date,stopped_date,rating,review_name,review_cw,review_content,review_published,shelf,shelf_name,shelf_date\n\
        Solaris,Stanislaw Lem,https://example.test/book/1,,,,,,,,,,,0439023483,9780439023481,,2024-01-02,,,4,,,Fine.,,read,Read,2024-02-03\n\
        Someday,\"Ann Author, Ben Bauer\",,,,,,,,,,,,,,,,,,,,,,,to-read,To Read,\n",
    );
    assert_eq!(layout.format, Format::Bookwyrm);
    assert_eq!(rows, ["2 Solaris / Stanislaw Lem / 9780439023481", "3 NotOwned"]);
}

#[test]
fn inventaire_as_a_table_and_as_json() {
    let (layout, rows) = told(
        "Item URL,Item details,Item notes,Item visibility,Item transaction,Item created,Shelves,Edition URL,Edition ISBN-13,Edition ISBN-10,Edition title,Edition subtitle,Edition publication date,Edition cover,Edition number of pages,Edition language,Works URLs,Works labels,Original language,Works Series ordinals,Authors URLs,Authors labels,Translators labels,Translators URLs,Series URLs,Series labels,Genres URLs,Genres labels,Subjects URLs,Subjects labels,Publisher URLs,Publisher label\n\
        https://inventaire.io/items/1,Dog-eared.,from aunt,friends,giving,2025-12-05T06:10:16.091Z,\"living room,swap\",,978-0-439-02348-1,,Martin Eden,,1999-09-12,,,français,,Martin Eden,anglais,,,\"Jack London,Ana Prado\",,,,,,Künstlerroman,,,,\n\
        https://inventaire.io/items/2,,,,lending,,,,,,,,,,,,,The Work Alone,,,,Ben Bauer,,,,,,,,,,\n",
    );
    assert_eq!(layout.format, Format::Inventaire);
    assert_eq!(
        rows,
        [
            "2 Martin Eden / Jack London, Ana Prado / 9780439023481 / 1999 / fr / #living room, swap, Künstlerroman / \"Dog-eared.\" / (from aunt) / give",
            "3 The Work Alone / Ben Bauer",
        ]
    );
    let (layout, rows) = told(
        r#"{"items": [{"_id": "1", "entity": "isbn:9780439023481", "transaction": "inventorying", "details": "Dog-eared.",
            "snapshot": {"entity:title": "Martin Eden", "entity:authors": "Jack London, Ana Prado", "entity:lang": "fr"}},
            {"_id": "2", "entity": "wd:Q1", "transaction": "lending", "snapshot": {"entity:title": "The Work", "entity:authors": ["Ben Bauer"]}}]}"#,
    );
    assert_eq!(layout.format, Format::Inventaire);
    assert_eq!(
        rows,
        [
            "1 Martin Eden / Jack London, Ana Prado / 9780439023481 / fr / \"Dog-eared.\" / off",
            "2 The Work / Ben Bauer"
        ]
    );
}

#[test]
fn babelio() {
    let (layout, rows) = told(
        "ISBN;Titre;Auteur;Editeur;Date de publication;Date d'entrée Babelio;Statut;Note\n\
        9780439023481;L’étang;Jack London;10/18;01/09/1999;02/03/2024;Lu;4\n\
        ;Un jour;Chi Abara;;;;Pense-bête;\n",
    );
    assert_eq!(layout.format, Format::Babelio);
    assert_eq!(rows, ["2 L’étang / Jack London / 9780439023481 / 1999", "3 NotOwned"]);
    assert_eq!(ignored(&layout), ["Editeur", "Date d'entrée Babelio", "Note"]);
}

#[test]
fn libib() {
    let (layout, rows) = told(
        "item_type,title,creators,first_name,last_name,collection,ean_isbn13,upc_isbn10,description,publisher,publish_date,group,tags,notes,price,length,rating,review,review_date,status,began,completed,added,copies\n\
        book,The Dispossessed,\"Ursula K. Le Guin, Ann Author\",Ursula K.,Le Guin,My Books,9780439023481,0439023483,A novel.,Harper,1974-05-01,Shelf 2,sci-fi,signed,,304,4,,,Completed,,,2026-01-05,2\n\
        movie,Solaris,Andrei Tarkovsky,,,My Films,,,,,,,,,,,,,,,,,,1\n\
        book,Someday,Chi Abara,,,Wishlist,,,,,,,,,,,,,,,,,,1\n",
    );
    assert_eq!(layout.format, Format::Libib);
    assert_eq!(
        rows,
        [
            "2 The Dispossessed / Ursula K. Le Guin, Ann Author / 9780439023481 / 1974 / #sci-fi, Shelf 2 / \"A novel.\" / (signed) ×2",
            "3 NotABook",
            "4 NotOwned",
        ]
    );
}

#[test]
fn goodbooks_10k() {
    let (layout, rows) = told(
        "book_id,goodreads_book_id,best_book_id,work_id,books_count,isbn,isbn13,authors,original_publication_year,original_title,title,language_code\n\
        1,2767052,2767052,2792775,272,439023483,9.78043902348e+12,\"Suzanne Collins, Suzanne Collins\",2008.0,The Hunger Games,\"The Hunger Games (The Hunger Games, #1)\",eng\n\
        2,1,1,1,1,812971060,,Homer,-720.0,,The Odyssey,mul\n",
    );
    assert_eq!(layout.format, Format::Goodbooks);
    assert_eq!(
        rows,
        [
            "2 The Hunger Games (The Hunger Games, #1) / Suzanne Collins / 9780439023481 / 2008 / en",
            "3 The Odyssey / Homer / -720 / !isbn",
        ]
    );
}

#[test]
fn our_own_export() {
    let (layout, rows) = told(
        "title,authors,isbn,published year,language,categories,description,condition,notes,lending,folkshelf\n\
        '=Emma &amp; <b>,\"Austen, Jane; A\\; B\",9780439023481,1815,en,novel,\"a;' =b\",good,,give,2\n\
        'Emma,Ann,,,,,x;'y,,,lend,\n",
    );
    assert_eq!(layout.format, Format::Folkshelf);
    assert_eq!(
        rows,
        [
            "2 =Emma &amp; <b> / Austen, Jane, A; B / 9780439023481 / 1815 / en / #novel / good / \"a; =b\" / give ×1",
            "3 Emma / Ann / \"x;'y\" ×1",
        ]
    );
}

#[test]
fn a_list_of_numbers() {
    let (layout, rows) = told("9780439023481\n0439023484\n");
    assert_eq!(layout.format, Format::IsbnList);
    assert_eq!(rows, ["1 wrong: title", "2 wrong: title"], "titles come from the shelves of members");
}

#[test]
fn anybodys_table() {
    let (layout, rows) = told(
        "Nr.;Titel;Autor/in;ISBN;Jahr;Genre;Zustand;Anzahl;Besitz\n\
        1;Straße nach Süden;Jörg Müßig;978-0-439-02348-1;1999;Reise;gut;2;ja\n\
        2;Wunsch;Ann Author;;;;;;nein\n",
    );
    assert_eq!(layout.format, Format::Table);
    assert_eq!(rows, ["2 Straße nach Süden / Jörg Müßig / 9780439023481 / 1999 / #Reise / good ×2", "3 NotOwned"]);
    assert_eq!(ignored(&layout), ["Nr."]);
}
