//! Texts as people have them: whatever a title, a name or a number is written with, it is found, and it is one.

use books::{BookInput, ListBooks, SearchBooks, SuggestBooks};
use kernel::{PageRequest, Refusal, UserId};
use testkit::{anonymous, eventually, member};

use crate::support::{World, a_book};

fn by(author: &str, title: &str) -> BookInput {
    BookInput { authors: Some(vec![author.to_owned()]), ..a_book(title) }
}

async fn found(world: &World, text: &str) -> Vec<String> {
    let page = world.ask(&anonymous(), SearchBooks::new(text, PageRequest::first(100))).await.unwrap();
    page.items.into_iter().map(|book| book.title).collect()
}

async fn of_author(world: &World, author: &str) -> Vec<String> {
    let list = ListBooks { author: Some(author.to_owned()), ..ListBooks::newest(PageRequest::first(100)) };
    world.list(list).await.items.into_iter().map(|book| book.title).collect()
}

async fn suggested(world: &World, text: &str) -> Vec<String> {
    let suggestions = world.ask(&anonymous(), SuggestBooks { text: text.to_owned() }).await.unwrap();
    suggestions.into_iter().map(|suggestion| suggestion.text).collect()
}

async fn an_international_shelf(world: &World) -> UserId {
    let ada = world.a_member("Ada").await;
    for book in [
        by("Jo Nesbø", "Snømannen"),
        by("Emil Strauß", "Freund Hein"),
        by("Işık Ergüden", "Sürgün"),
        by("Łukasz Orbitowski", "Święto ognia"),
        by("Νίκος Καζαντζάκης", "Βίος και πολιτεία του Αλέξη Ζορμπά"),
        by("نَجِيب مَحْفُوظ", "أَوْلَادُ حَارَتِنَا"),
        by("שַׁ״י עַגְנוֹן", "תְּמוֹל שִׁלְשׁוֹם"),
        by("Nguyễn Du", "Truyện Kiều"),
        by("प्रेमचंद", "गोदान"),
        by("แดนอรัญ แสงทอง", "เจ้าการะเกด"),
        by("村上春樹", "ノルウェイの森"),
        by("Jean d’Ormesson", "Au plaisir de Dieu"),
        by("Flann O’Brien", "At Swim-Two-Birds"),
        by("Theodor Storm", "Der Schimmel\u{ad}rei\u{200b}ter"),
        by("Nobody", "😀"),
    ] {
        world.create(ada, book).await;
    }
    ada
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn search_and_the_author_filter_find_the_same_however_it_is_typed() {
    let world = World::new().await;
    an_international_shelf(&world).await;
    for (typed, title) in [
        ("nesbo", "Snømannen"),
        ("STRAUSS", "Freund Hein"),
        ("ışık", "Sürgün"),
        ("isik", "Sürgün"),
        ("IŞIK", "Sürgün"),
        ("lukasz", "Święto ognia"),
        ("ΝΙΚΟΣ", "Βίος και πολιτεία του Αλέξη Ζορμπά"),
        ("νικος", "Βίος και πολιτεία του Αλέξη Ζορμπά"),
        ("نجيب محفوظ", "أَوْلَادُ حَارَتِنَا"),
        ("עגנון", "תְּמוֹל שִׁלְשׁוֹם"),
        ("nguyen", "Truyện Kiều"),
        ("प्रेमचंद", "गोदान"),
        ("แดนอรัญ", "เจ้าการะเกด"),
        ("村上", "ノルウェイの森"),
        ("d'ormesson", "Au plaisir de Dieu"),
        ("ormesson", "Au plaisir de Dieu"),
        ("dormesson", "Au plaisir de Dieu"),
        ("o'brien", "At Swim-Two-Birds"),
        ("OBRIEN", "At Swim-Two-Birds"),
        ("o\u{2bc}brien\u{200e}", "At Swim-Two-Birds"),
    ] {
        assert_eq!(of_author(&world, typed).await, [title], "author {typed}");
        assert_eq!(found(&world, typed).await.first().map(String::as_str), Some(title), "search {typed}");
    }
    for (typed, title) in [
        ("اولاد حارتنا", "أَوْلَادُ حَارَتِنَا"),
        ("תמול שלשום", "תְּמוֹל שִׁלְשׁוֹם"),
        ("truyen kieu", "Truyện Kiều"),
        ("ノルウェイ", "ノルウェイの森"),
        ("เจ้าการะ", "เจ้าการะเกด"),
        ("गोदान", "गोदान"),
        ("swieto", "Święto ognia"),
        ("schimmelreiter", "Der Schimmel\u{ad}rei\u{200b}ter"),
        ("schimmel\u{ad}reiter", "Der Schimmel\u{ad}rei\u{200b}ter"),
        ("😀", "😀"),
    ] {
        assert_eq!(found(&world, typed).await.first().map(String::as_str), Some(title), "search {typed}");
    }
    assert_eq!(suggested(&world, "dorm").await, ["Jean d’Ormesson"]);
    assert_eq!(suggested(&world, "d'orm").await, ["Jean d’Ormesson"]);
    assert_eq!(suggested(&world, "NESB").await, ["Jo Nesbø"]);
    assert_eq!(suggested(&world, "נ").await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_elided_article_hides_no_title_however_many_books_hold_the_bare_word() {
    let world = World::new().await;
    let ada = world.a_member("Ada").await;
    let rows: String = (0..260).map(|nth| format!("Un étranger {nth:03},Ann\n")).collect();
    let import = world.upload(ada, format!("title,authors\n{rows}").into_bytes()).await.unwrap();
    world.until_imported(ada, import).await;
    world.create(ada, by("Albert Camus", "L’Étranger")).await;
    for typed in ["étranger", "etranger", "l'étranger", "L’ETRANGER", "letranger", "étranger camus"] {
        assert_eq!(found(&world, typed).await.first().map(String::as_str), Some("L’Étranger"), "{typed}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c_and_its_relatives_are_different_things() {
    let world = World::new().await;
    let ada = world.a_member("Ada").await;
    let file = "title,authors\nC,Ann\nC++,Ann\nC#,Ann\nF#,Ann\nR,Ann\nExpert C Programming,Ann\nC++ Primer,Ann\nPro .NET,Ann\n\
        ASP.NET in Action,Ann\nc♯,Ann\n";
    let import = world.upload(ada, file.as_bytes().to_vec()).await.unwrap();
    let state = world.until_imported(ada, import).await;
    assert_eq!((state.summary.imported, state.summary.duplicates), (9, 1), "C♯ is C#, and the others are themselves");
    assert_eq!(found(&world, "c++").await, ["C++", "C++ Primer"]);
    assert_eq!(found(&world, "C#").await, ["C#"]);
    assert_eq!(found(&world, "f#").await, ["F#"]);
    assert_eq!(found(&world, "r").await, ["R"]);
    assert_eq!(found(&world, ".net").await, ["Pro .NET", "ASP.NET in Action"]);
    let c = found(&world, "c").await;
    assert_eq!(c[..2], ["C", "Expert C Programming"]);
    assert!(c.contains(&"C++ Primer".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pasted_number_is_read_when_a_book_is_listed_and_when_it_is_searched() {
    let world = World::new().await;
    let ada = world.a_member("Ada").await;
    let pasted = "\u{feff}ISBN-13\u{a0}: \u{200e}978\u{2011}0\u{2011}439\u{2011}02348\u{2011}1\u{200e}";
    let book = BookInput { isbn: Some(pasted.to_owned()), ..a_book("The Hunger Games") };
    assert_eq!(world.create(ada, book).await.isbn13.as_deref(), Some("9780439023481"));
    for typed in
        [pasted, "“9780439023481”", "ISBN 10: 0439023483", "0\u{2013}439\u{2013}02348\u{2013}3", "٩٧٨٠٤٣٩٠٢٣٤٨١"]
    {
        assert_eq!(found(&world, typed).await, ["The Hunger Games"], "{typed:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_read_is_no_text() {
    let world = World::new().await;
    let ada = world.a_member("Ada").await;
    for nothing in ["\u{200b}", "\u{2060}", "\u{200e}", "\u{3164}", "\u{2800}", "\u{ad}"] {
        let blank = BookInput {
            title: Some(nothing.to_owned()),
            authors: Some(vec![nothing.to_owned()]),
            categories: Some(vec![nothing.to_owned()]),
            ..a_book("x")
        };
        let refused = world.send(&member(ada), books::CreateBook { book: blank }).await.unwrap_err();
        let fields: Vec<String> = refused.details().into_iter().map(|detail| detail.field).collect();
        assert_eq!(fields, ["title", "authors[0]", "categories[0]"], "{nothing:?}");
        let optional = BookInput {
            isbn: Some(nothing.to_owned()),
            description: Some(nothing.to_owned()),
            notes: Some(nothing.to_owned()),
            ..a_book(&format!("Emma {nothing:?}"))
        };
        let book = world.create(ada, optional).await;
        assert_eq!((book.isbn13, book.description, book.notes), (None, None, None), "{nothing:?}");
        assert!(found(&world, nothing).await.is_empty());
    }
    let turned = BookInput { title: Some("Emma \u{202e}nema".to_owned()), ..a_book("x") };
    let refused = world.send(&member(ada), books::CreateBook { book: turned }).await.unwrap_err();
    assert_eq!(refused.details()[0].field, "title");
}

/// What a host of an older version writes: its own keys, and nothing about a folding.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn books_of_an_older_folding_are_folded_again_and_what_it_alone_knew_is_forgotten() {
    let world = World::new().await;
    let ada = world.a_member("Ada").await;
    let etranger = world.create(ada, by("Albert Camus", "L’Étranger")).await;
    let nesbo = world.create(ada, by("Jo Nesbø", "Sorgenfri")).await;
    sqlx::raw_sql(
        "update word set folding = 0; update author_name set folding = 0;
        update book set title_sort = 'letranger', search_title = 'letranger', shelf_key = '\\x00',
            author_words = '{albert,camus}', search = array_to_tsvector('{letranger,oldword,albert,camus}'),
            version = version + 1
        where title like 'L%';
        update book set author_words = '{jo,nesbø}', search = null, search_title = null where title = 'Sorgenfri';
        insert into word (word) values ('oldword');
        insert into word_slip (slip, word) select slip, 'oldword' from one_letter_less('oldword') slip;
        insert into author_name (key, name, words) values ('oldname', 'Old Name', '{oldname}');
        update author_name set words = '{jo,nesbø}' where name = 'Jo Nesbø'",
    )
    .execute(&world.pool)
    .await
    .unwrap();
    let waiting: i64 =
        sqlx::query_scalar("select count(*) from book where folding = 0").fetch_one(&world.pool).await.unwrap();
    assert_eq!(waiting, 2, "whoever writes keys without a word of their folding leaves a book to fold again");
    assert!(of_author(&world, "nesbo").await.is_empty());

    // A word that only the older folding knew goes when the transactions that are open now have ended.
    eventually("all is folded again, and the rest forgotten", async || {
        world.context.sweep().await.unwrap();
        let stale: i64 = sqlx::query_scalar(
            "select (select count(*) from word where folding = 0) + (select count(*) from author_name where folding = 0)",
        )
        .fetch_one(&world.pool)
        .await
        .unwrap();
        stale == 0
    })
    .await;
    assert_eq!(found(&world, "etranger").await, ["L’Étranger"]);
    assert_eq!(of_author(&world, "nesbo").await, ["Sorgenfri"]);
    assert_eq!(suggested(&world, "nesb").await, ["Jo Nesbø"]);
    assert_eq!(found(&world, "sorgenfry").await, ["Sorgenfri"], "its words are known again");
    let left: Vec<String> = sqlx::query_scalar(
        "select word from word where folding = 0 union all select word from word_slip where word = 'oldword'
        union all select name from author_name where folding = 0
        union all select title from book where folding <> 1",
    )
    .fetch_all(&world.pool)
    .await
    .unwrap();
    assert!(left.is_empty(), "{left:?}");
    // Nothing that is shown has changed.
    let versions: Vec<i64> =
        sqlx::query_scalar("select version from book order by title").fetch_all(&world.pool).await.unwrap();
    assert_eq!(versions, [etranger.version + 1, nesbo.version], "the older host alone changed what is shown");
}
