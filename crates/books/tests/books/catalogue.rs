//! Lists: every book once over all pages, from Redis and from PostgreSQL alike.

use std::collections::HashSet;

use books::{
    BookInput, BookSort, CategoryCount, CountFacets, Facets, ImportSettings, LanguageCount, ListBooks, SortOrder,
};
use borrowing_events::{BorrowEvent, BorrowHandedOver, Parties};
use kernel::{BookId, BorrowId, PageRequest, Refusal};
use testkit::{A_SATURDAY, PrivateRedis, anonymous};
use time::Duration;
use users_events::{UserEvent, UserUpdated};

use crate::support::{World, a_book, code};

fn all() -> ListBooks {
    ListBooks::newest(PageRequest::first(20))
}

/// `count` books of one owner, all created at the same moment.
async fn a_shelf(world: &World, count: usize) -> Vec<BookId> {
    let ada = world.a_member("Ada").await;
    let rows: String = (0..count).map(|i| format!("Book {i:05},Author {i},{}\n", 1000 + i % 7)).collect();
    let import = world.upload(ada, format!("title,authors,year\n{rows}").into_bytes()).await.unwrap();
    let state = world.until_imported(ada, import).await;
    assert_eq!(state.summary.imported as usize, count);
    world.walk(all(), 100, false).await
}

fn each_once(ids: &[BookId], count: usize) {
    assert_eq!(ids.len(), count);
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), count);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_than_the_first_12_books_are_visible() {
    let world = World::new().await;
    let shelf = a_shelf(&world, 45).await;
    each_once(&shelf, 45);
    let third = world.list(ListBooks::newest(PageRequest { page: 3, ..PageRequest::first(20) })).await;
    assert_eq!((third.items.len(), third.total), (5, 45));
    assert_eq!(third.next_cursor, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ties_are_broken_alike_in_redis_and_in_postgresql() {
    let mut redis = PrivateRedis::start().await;
    let world = World::with_redis(&redis.url(), ImportSettings::default()).await;
    world.until_served().await;
    let by_page = a_shelf(&world, 250).await;
    each_once(&by_page, 250);
    assert_eq!(world.walk(all(), 33, true).await, by_page, "by cursor");
    let first = world.list(ListBooks::newest(PageRequest::first(33))).await;

    redis.stop().await;
    assert_eq!(world.walk(all(), 33, false).await, by_page, "from PostgreSQL, by page");
    assert_eq!(world.walk(all(), 33, true).await, by_page, "from PostgreSQL, by cursor");
    // A walk that began in Redis goes on in PostgreSQL.
    let rest = PageRequest { cursor: first.next_cursor, ..PageRequest::first(33) };
    let second: Vec<BookId> = world.list(ListBooks::newest(rest)).await.items.iter().map(|book| book.id).collect();
    assert_eq!(second, by_page[33..66]);
    let ascending = world.walk(ListBooks { order: SortOrder::Ascending, ..all() }, 33, true).await;
    assert!(ascending.iter().rev().eq(&by_page));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_order_and_filter_shows_each_book_once() {
    let world = World::new().await;
    let shelf = a_shelf(&world, 60).await;
    for sort in [BookSort::CreatedAt, BookSort::Title, BookSort::PublishedYear] {
        for order in [SortOrder::Ascending, SortOrder::Descending] {
            for by_cursor in [false, true] {
                each_once(&world.walk(ListBooks { sort, order, ..all() }, 7, by_cursor).await, 60);
            }
        }
    }
    let titles = ListBooks { sort: BookSort::Title, order: SortOrder::Ascending, ..all() };
    assert_eq!(world.list(titles).await.items[0].title, "Book 00000");
    let author = ListBooks { author: Some("AUTHOR 7".to_owned()), ..all() };
    assert_eq!(world.walk(author, 5, true).await.len(), 1);
    let owner = Some(world.seen(shelf[0]).await.owner.id);
    each_once(&world.walk(ListBooks { owner, available: Some(true), ..all() }, 7, true).await, 60);
    assert_eq!(world.list(ListBooks { available: Some(false), ..all() }).await.total, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn categories_and_languages_are_found_whatever_their_spelling() {
    let world = World::new().await;
    let ada = world.a_member("Ada").await;
    let novel = BookInput {
        categories: Some(vec!["Science Fiction".to_owned()]),
        language: Some("en-GB".to_owned()),
        ..a_book("Frankenstein")
    };
    world.create(ada, novel).await;
    world.create(ada, a_book("Emma")).await;
    let category = |name: &str| ListBooks { category: Some(name.to_owned()), ..all() };
    assert_eq!(world.list(category("science fiction")).await.total, 1);
    assert_eq!(world.list(category("science")).await.total, 0);
    let language = |tag: &str| ListBooks { language: Some(tag.to_owned()), ..all() };
    assert_eq!(world.list(language("eng")).await.total, 1);
    let both = ListBooks { category: Some("SCIENCE FICTION".to_owned()), ..language("en") };
    assert_eq!(world.list(both).await.total, 1);
    assert_eq!(code(world.ask(&anonymous(), language("klingon")).await), "VALIDATION_ERROR");
}

/// What the catalogue can be narrowed down by, as `name count`.
async fn facets(world: &World) -> (Vec<String>, Vec<String>) {
    facets_of(world, CountFacets::default()).await
}

async fn facets_of(world: &World, query: CountFacets) -> (Vec<String>, Vec<String>) {
    let Facets { categories, languages } = world.ask(&anonymous(), query).await.unwrap();
    let category = |CategoryCount { name, count }| format!("{name} {count}");
    let language = |LanguageCount { code, count }| format!("{code} {count}");
    (categories.into_iter().map(category).collect(), languages.into_iter().map(language).collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn facets_count_what_lists_show_whatever_the_spelling_and_are_a_minute_old_at_most() {
    let world = World::new().await;
    assert_eq!(facets(&world).await, (vec![], vec![]));
    let (ada, eve) = (world.a_member("Ada").await, world.a_member("Eve").await);
    let about = |title: &str, language: Option<&str>, categories: &[&str]| BookInput {
        categories: Some(categories.iter().map(|&name| name.to_owned()).collect()),
        language: language.map(str::to_owned),
        ..a_book(title)
    };
    world.create(ada, about("Frankenstein", Some("en-GB"), &["science fiction", "Classics"])).await;
    world.create(ada, about("Kallocain", Some("sv"), &["Science Fiction"])).await;
    world.create(ada, about("Solaris", None, &["Science Fiction"])).await;
    world.create(eve, about("Emma", Some("en"), &["Classics", "Satire"])).await;
    world.clock.advance(Duration::seconds(59));
    assert_eq!(facets(&world).await, (vec![], vec![]), "kept for a minute");
    world.clock.advance(Duration::seconds(1));
    let (categories, languages) = facets(&world).await;
    assert_eq!(categories, ["Science Fiction 3", "Classics 2", "Satire 1"]);
    assert_eq!(languages, ["en 2", "sv 1"]);

    let gone = UserUpdated { user_id: eve, name: "Eve".to_owned(), active: false, language: "en".to_owned() };
    world.tell::<UserEvent>(gone, 1).await;
    world.clock.advance(Duration::minutes(1));
    let (categories, languages) = facets(&world).await;
    assert_eq!(categories, ["Science Fiction 3", "Classics 1"]);
    assert_eq!(languages, ["en 1", "sv 1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_facet_counts_what_its_choice_finds_beside_the_query_and_the_other_filters() {
    let world = World::new().await;
    let (ada, eve) = (world.a_member("Ada").await, world.a_member("Eve").await);
    let about = |title: &str, author: &str, language: Option<&str>, categories: &[&str]| BookInput {
        authors: Some(vec![author.to_owned()]),
        categories: Some(categories.iter().map(|&name| name.to_owned()).collect()),
        language: language.map(str::to_owned),
        ..a_book(title)
    };
    world.create(ada, about("The Hobbit", "J.R.R. Tolkien", Some("en"), &["Fantasy"])).await;
    world.create(ada, about("Le Hobbit", "J.R.R. Tolkien", Some("fr"), &["fantasy", "Jeunesse"])).await;
    world.create(eve, about("Letters", "J.R.R. Tolkien", Some("en"), &["Letters"])).await;
    world.create(eve, about("Emma", "Jane Austen", Some("en"), &["Novel"])).await;
    let solaris = world.create(eve, about("Solaris", "Lem", None, &["Novel"])).await;
    let parties =
        Parties { borrow_id: BorrowId::new(A_SATURDAY), book_id: solaris.id, owner_id: eve, borrower_id: ada };
    world.tell::<BorrowEvent>(BorrowHandedOver { parties, due_at: Some(A_SATURDAY) }, 3).await;

    let text = |text: &str| CountFacets { text: Some(text.to_owned()), ..CountFacets::default() };
    let novel = |query| CountFacets { category: Some("novel".to_owned()), ..query };
    let french = |query| CountFacets { language: Some("fre".to_owned()), ..query };
    let none = CountFacets::default;
    type Counts<'a> = (&'a [&'a str], &'a [&'a str]);
    let cases: [(CountFacets, Counts); 10] = [
        (text("tolkien"), (&["Fantasy 2", "Letters 1", "Jeunesse 1"], &["en 2", "fr 1"])),
        // Choosing a category nobody found shows which there are, and no language.
        (novel(text("tolkien")), (&["Fantasy 2", "Letters 1", "Jeunesse 1"], &[])),
        (french(text("tolkein")), (&["fantasy 1", "Jeunesse 1"], &["en 2", "fr 1"])),
        (text("nothing like it"), (&[], &[])),
        (text("  "), (&["Fantasy 2", "Novel 2", "Jeunesse 1", "Letters 1"], &["en 3", "fr 1"])),
        (novel(none()), (&["Fantasy 2", "Novel 2", "Jeunesse 1", "Letters 1"], &["en 1"])),
        (french(none()), (&["fantasy 1", "Jeunesse 1"], &["en 3", "fr 1"])),
        (CountFacets { owner: Some(eve), ..none() }, (&["Novel 2", "Letters 1"], &["en 2"])),
        (
            CountFacets { available: Some(true), ..novel(none()) },
            (&["Fantasy 2", "Jeunesse 1", "Letters 1", "Novel 1"], &["en 1"]),
        ),
        (
            CountFacets { author: Some("tolkien".to_owned()), ..none() },
            (&["Fantasy 2", "Jeunesse 1", "Letters 1"], &["en 2", "fr 1"]),
        ),
    ];
    for (query, (categories, languages)) in cases {
        let mut expected: Vec<&str> = categories.to_vec();
        let asked = format!("{query:?}");
        let (mut counted, spoken) = facets_of(&world, query.clone()).await;
        expected.sort_unstable();
        counted.sort_unstable();
        assert_eq!(
            (counted, spoken),
            (expected.iter().map(|&c| c.to_owned()).collect(), languages.iter().map(|&l| l.to_owned()).collect()),
            "{asked}"
        );
        // What is counted is found.
        for CategoryCount { name, count } in world.ask(&anonymous(), query.clone()).await.unwrap().categories {
            let CountFacets { text, available, owner, language, author, .. } = query.clone();
            let list = ListBooks { text, category: Some(name), available, owner, language, author, ..all() };
            assert_eq!(world.list(list).await.total, u64::try_from(count).unwrap(), "{asked}");
        }
    }
    assert_eq!(
        code(world.ask(&anonymous(), CountFacets { language: Some("klingon".to_owned()), ..none() }).await),
        "VALIDATION_ERROR"
    );
    assert_eq!(code(world.ask(&anonymous(), text("a\0b")).await), "VALIDATION_ERROR");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn page_ten_to_the_twelve_is_empty_and_a_false_cursor_is_refused() {
    let world = World::new().await;
    a_shelf(&world, 3).await;
    for sort in [BookSort::CreatedAt, BookSort::Title] {
        let page = PageRequest { page: 1_000_000_000_000, ..PageRequest::first(100) };
        let far = world.list(ListBooks { sort, ..ListBooks::newest(page) }).await;
        assert_eq!((far.items.len(), far.total), (0, 3));
    }
    let page = PageRequest { cursor: Some("c.x.y".to_owned()), ..PageRequest::first(5) };
    let refused = world.ask(&anonymous(), ListBooks::newest(page)).await.unwrap_err();
    assert_eq!((refused.code(), refused.details()[0].field.as_str()), ("VALIDATION_ERROR", "cursor"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn catalogue_does_not_shrink_when_redis_is_wiped_or_time_passes() {
    let mut redis = PrivateRedis::start().await;
    let world = World::with_redis(&redis.url(), ImportSettings::default()).await;
    world.until_served().await;
    let shelf = a_shelf(&world, 120).await;
    world.clock.advance(Duration::days(400));
    assert_eq!(world.walk(all(), 50, false).await, shelf);

    // Redis forgets everything: at every moment until it is rebuilt, and after, the list is whole.
    redis.kill().await;
    redis.start_again().await;
    testkit::eventually("the projection is built again", async || {
        assert_eq!(world.walk(all(), 50, true).await, shelf);
        world.store.status().await.is_ok_and(|all| all.iter().all(|projection| projection.ready))
    })
    .await;
    assert_eq!(world.walk(all(), 50, true).await, shelf);
}
