//! What is found by what people type, and in which order.

use books::{BookChanges, Change, DeleteBook};
use books::{BookInput, BookSort, BookView, ListBooks, MyBooks, SearchBooks, SortOrder, SuggestBooks, UpdateBook};
use borrowing_events::{BorrowEvent, BorrowHandedOver, Parties};
use kernel::{BorrowId, Page, PageRequest, Refusal, UserId};
use testkit::{anonymous, member};

use crate::support::{World, a_book, code};

impl World {
    async fn search(&self, text: &str) -> Page<BookView> {
        self.ask(&anonymous(), SearchBooks::new(text, PageRequest::first(20))).await.unwrap()
    }

    async fn titles(&self, text: &str) -> Vec<String> {
        self.search(text).await.items.into_iter().map(|book| book.title).collect()
    }

    async fn suggestions(&self, text: &str) -> Vec<String> {
        let suggestions = self.ask(&anonymous(), SuggestBooks { text: text.to_owned() }).await.unwrap();
        suggestions.into_iter().map(|suggestion| suggestion.text).collect()
    }
}

fn by(author: &str, title: &str) -> BookInput {
    BookInput { authors: Some(vec![author.to_owned()]), ..a_book(title) }
}

async fn a_shelf(world: &World) -> UserId {
    let ada = world.a_member("Ada").await;
    for book in [
        by("Jane Austen", "Emma"),
        by("Alexander McCall Smith", "Emma: A Modern Retelling"),
        by("Emma Donoghue", "Room"),
        by("Victor Hugo", "Les Misérables"),
        by("Terry Pratchett", "Equal Rites (Discworld, #3)"),
        BookInput { categories: Some(vec!["Space Opera".to_owned()]), ..by("Iain M. Banks", "Consider Phlebas") },
        BookInput { isbn: Some("0439023483".to_owned()), ..by("Suzanne Collins", "The Hunger Games") },
        by("Jo Nesbø", "The Snowman"),
        by("Nobody", "???"),
    ] {
        world.create(ada, book).await;
    }
    ada
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn title_author_isbn_series_and_category_find_a_book_however_they_are_typed() {
    let world = World::new().await;
    a_shelf(&world).await;
    for (text, title) in [
        ("emma", "Emma"),
        ("EMMA!", "Emma"),
        ("les miserables", "Les Misérables"),
        ("miserables hugo", "Les Misérables"),
        ("misreables", "Les Misérables"),
        ("nesbo", "The Snowman"),
        ("snow", "The Snowman"),
        ("discworld #3", "Equal Rites (Discworld, #3)"),
        ("space opera", "Consider Phlebas"),
        ("opera banks", "Consider Phlebas"),
        ("0439023483", "The Hunger Games"),
        ("978-0-439-02348-1", "The Hunger Games"),
        ("ISBN 0 439 02348 3", "The Hunger Games"),
        ("439023483", "The Hunger Games"),
        ("hungr gams", "The Hunger Games"),
        ("gaems hunger colins", "The Hunger Games"),
        ("hunger games xqzwv", "The Hunger Games"),
        ("???", "???"),
    ] {
        assert_eq!(world.titles(text).await.first().map(String::as_str), Some(title), "{text}");
    }
    assert_eq!(world.titles("emma").await, ["Emma", "Emma: A Modern Retelling", "Room"]);
    assert!(world.titles("xqzwv").await.is_empty());
    let either = world.titles("persuade hunger").await;
    assert_eq!(either, ["The Hunger Games"], "a word that no book has is left out");
    let either = world.titles("discworld hunger").await;
    assert_eq!(either, ["The Hunger Games", "Equal Rites (Discworld, #3)"], "no book has both");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_free_copy_comes_before_the_lent_one_and_filters_narrow() {
    let world = World::new().await;
    let (ada, eve) = (world.a_member("Ada").await, world.a_member("Eve").await);
    let free = world.create(ada, a_book("Emma")).await.id;
    let lent = world.create(eve, a_book("Emma")).await.id;
    let borrow =
        Parties { borrow_id: BorrowId::new(testkit::A_SATURDAY), book_id: lent, owner_id: eve, borrower_id: ada };
    world.tell::<BorrowEvent>(BorrowHandedOver { parties: borrow, due_at: Some(testkit::A_SATURDAY) }, 3).await;
    let ids = |page: Page<BookView>| page.items.iter().map(|book| book.id).collect::<Vec<_>>();
    assert_eq!(ids(world.search("emma").await), [free, lent]);
    let narrowed = async |list: ListBooks| {
        ids(world.ask(&anonymous(), SearchBooks { text: "emma".to_owned(), list }).await.unwrap())
    };
    let all = || ListBooks::newest(PageRequest::first(20));
    assert_eq!(narrowed(ListBooks { available: Some(false), ..all() }).await, [lent]);
    assert_eq!(narrowed(ListBooks { owner: Some(ada), ..all() }).await, [free]);
    assert!(narrowed(ListBooks { author: Some("tolkien".to_owned()), ..all() }).await.is_empty());
    assert!(narrowed(ListBooks { category: Some("art".to_owned()), ..all() }).await.is_empty());
    assert!(narrowed(ListBooks { language: Some("fi".to_owned()), ..all() }).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_is_filtered_by_what_is_typed_in_any_order() {
    let world = World::new().await;
    let ada = world.a_member("Ada").await;
    for title in ["The Emma Papers", "Emma", "Persuasion"] {
        world.create(ada, a_book(title)).await;
    }
    let list = |sort, order| ListBooks {
        text: Some("emma".to_owned()),
        sort,
        order,
        ..ListBooks::newest(PageRequest::first(1))
    };
    let first = async |query| world.list(query).await.items[0].title.clone();
    assert_eq!(first(list(BookSort::Relevance, SortOrder::Descending)).await, "Emma");
    assert_eq!(first(list(BookSort::Title, SortOrder::Descending)).await, "The Emma Papers");
    let by_title = list(BookSort::Title, SortOrder::Ascending);
    assert_eq!(world.walk(by_title.clone(), 1, true).await, world.walk(by_title, 1, false).await);
    let blank = ListBooks { text: Some("  ".to_owned()), ..ListBooks::newest(PageRequest::first(9)) };
    assert_eq!(world.list(blank).await.total, 3);
    let mine = MyBooks {
        text: Some("emma".to_owned()),
        sort: BookSort::Relevance,
        order: SortOrder::Descending,
        page: PageRequest::first(9),
    };
    assert_eq!(world.ask(&member(ada), mine).await.unwrap().total, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_a_search_show_each_book_once() {
    let world = World::new().await;
    let ada = world.a_member("Ada").await;
    for nth in 0..25 {
        world.create(ada, a_book(&format!("Volume {nth:02}"))).await;
    }
    let mut all = Vec::new();
    for page in 1..=4 {
        let request = PageRequest { page, limit: 8, cursor: None };
        let found = world.ask(&anonymous(), SearchBooks::new("volume", request)).await.unwrap();
        assert_eq!(found.total, 25);
        all.extend(found.items.into_iter().map(|book| book.id));
    }
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 25);
    let far = PageRequest { page: u64::MAX, limit: 100, cursor: None };
    assert!(world.ask(&anonymous(), SearchBooks::new("volume", far)).await.unwrap().items.is_empty());
    let cursor = PageRequest { cursor: Some("c.1.x".to_owned()), ..PageRequest::first(8) };
    assert_eq!(code(world.ask(&anonymous(), SearchBooks::new("volume", cursor)).await), "VALIDATION_ERROR");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_or_deleted_book_is_found_as_it_now_is() {
    let world = World::new().await;
    let ada = world.a_member("Ada").await;
    let book_id = world.create(ada, by("Jane Austen", "Emma")).await.id;
    let changes = BookChanges {
        title: Change::Set("Persuasion".to_owned()),
        authors: Change::Set(vec!["J. Austen".to_owned()]),
        ..BookChanges::default()
    };
    world.send(&member(ada), UpdateBook { book_id, expected_version: None, changes }).await.unwrap();
    assert!(world.titles("emma").await.is_empty());
    assert_eq!(world.titles("persausion austen").await, ["Persuasion"]);
    assert!(world.suggestions("jane").await.is_empty(), "no book has that name any more");
    world.send(&member(ada), DeleteBook { book_id, expected_version: None }).await.unwrap();
    assert!(world.titles("persuasion").await.is_empty());
    assert!(world.suggestions("pers").await.is_empty());
    assert!(world.suggestions("austen").await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn books_from_before_searches_are_made_findable() {
    let world = World::new().await;
    let ada = world.a_member("Ada").await;
    world.create(ada, a_book("Emma")).await;
    sqlx::raw_sql(
        "update book set search = null, search_title = null; delete from word; delete from word_slip;
        delete from author_name",
    )
    .execute(&world.pool)
    .await
    .unwrap();
    assert!(world.titles("emma").await.is_empty());
    world.context.sweep().await.unwrap();
    assert_eq!(world.titles("emma").await, ["Emma"]);
    assert_eq!(world.titles("emna").await, ["Emma"]);
    assert_eq!(world.suggestions("aus").await, ["Jane Austen"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_can_be_typed_fails() {
    let world = World::new().await;
    a_shelf(&world).await;
    for text in [
        "",
        " ",
        "'",
        "''",
        "\"",
        "\\",
        "\\'",
        "emma'--",
        "'; drop table book; --",
        "&|!:*()",
        "a & b",
        "!emma",
        "emma:*",
        "(emma",
        "emma)",
        "<->",
        "emma <-> austen",
        "%",
        "_",
        "%_%",
        "$1",
        "{}",
        "😀",
        "😀😀 emma",
        "مرحبا بالعالم",
        "שלום",
        "\u{202e}ammE",
        "...",
        "—",
        "-",
        "+",
        "e\u{301}",
        "\u{301}",
        "\u{fdfa}\u{fdfa}",
        "ﬁne",
        "村上春樹",
        "a b c d e f g h",
        "x x x x x x x x x x x x x x x x x x x x",
        "NULL",
        "\u{feff}",
        "\u{10ffff}",
        "İstanbul",
        "ǅ",
        "978",
        "9780439023481 9",
    ] {
        let found = world.ask(&anonymous(), SearchBooks::new(text, PageRequest::first(100))).await;
        assert!(found.is_ok(), "{text:?}: {found:?}");
        let suggested = world.ask(&anonymous(), SuggestBooks { text: text.to_owned() }).await;
        assert!(suggested.is_ok(), "{text:?}: {suggested:?}");
    }
    let longest = "\u{fdfa}".repeat(200);
    assert!(world.ask(&anonymous(), SearchBooks::new(longest, PageRequest::first(1))).await.is_ok());
    for text in ["x".repeat(10_000), "a\0b".to_owned(), "a\nb".to_owned()] {
        let refused = world.ask(&anonymous(), SearchBooks::new(&text, PageRequest::first(1))).await.unwrap_err();
        assert_eq!((refused.code(), refused.details()[0].field.as_str()), ("VALIDATION_ERROR", "q"));
        let refused = world.ask(&anonymous(), SuggestBooks { text }).await.unwrap_err();
        assert_eq!((refused.code(), refused.details()[0].field.as_str()), ("VALIDATION_ERROR", "q"));
    }
    // A title without a single space, whose letters unfold to eighteen times as many.
    let owner = world.a_member("Eve").await;
    world.create(owner, by(&"\u{fdfa}".repeat(200), &"\u{fdfa}".repeat(500))).await;
    world.create(owner, by("😀", "😀")).await;
    assert_eq!(world.titles("😀").await, ["😀"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn titles_and_authors_are_suggested_by_how_they_begin() {
    let world = World::new().await;
    let ada = a_shelf(&world).await;
    world.create(ada, by("Jane Austen", "Emma")).await;
    assert_eq!(world.suggestions("em").await, ["Emma", "Emma: A Modern Retelling", "Emma Donoghue"]);
    assert_eq!(world.suggestions("the hun").await, ["The Hunger Games"]);
    assert_eq!(world.suggestions("equal").await, ["Equal Rites"], "without the series");
    assert_eq!(world.suggestions("aust").await, ["Jane Austen"]);
    assert_eq!(world.suggestions("jane a").await, ["Jane Austen"]);
    assert!(world.suggestions("").await.is_empty());
    for nth in 0..20 {
        world.create(ada, by(&format!("Zed {nth:02}"), &format!("Zed {nth:02}"))).await;
    }
    let suggested = world.suggestions("zed").await;
    assert_eq!(suggested.len(), 10);
    assert_eq!(suggested[..5], ["Zed 00", "Zed 01", "Zed 02", "Zed 03", "Zed 04"]);
}
