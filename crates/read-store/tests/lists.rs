//! Pages of lists, by number and by cursor.

mod support;

use read_store::{Direction, Document, LeftOut, Listing, Projection, ReadStore};
use support::{Redis, Table, book, id, number, numbers, ready};

use Direction::{Ascending, Descending};

async fn shelf(redis: &Redis, documents: Vec<Document>) -> (ReadStore, Projection) {
    let (store, books) = ready(redis.settings(), &Table::new([])).await;
    books.write(&documents).await.expect("written");
    (store, books)
}

#[tokio::test]
async fn pages_follow_each_other_in_both_directions() {
    let redis = Redis::get().await;
    let (_store, books) = shelf(&redis, (1..=25).map(|n| book(n, 1)).collect()).await;
    let page = books.page("newest", 10, 10, Descending).await.expect("ready");
    assert_eq!(numbers(&page.bodies), (6..=15).rev().collect::<Vec<_>>());
    assert_eq!((page.total, page.last), (25, Some((6.0, id(6)))));
    let page = books.page("newest", 20, 10, Ascending).await.expect("ready");
    assert_eq!(numbers(&page.bodies), [21, 22, 23, 24, 25]);
}

#[tokio::test]
async fn a_page_beyond_the_end_is_empty_and_knows_the_total() {
    let redis = Redis::get().await;
    let (_store, books) = shelf(&redis, (1..=3).map(|n| book(n, 1)).collect()).await;
    for (offset, limit) in [(3, 10), (99_999_999_999_900, 100), (u64::MAX, u32::MAX), (0, 0)] {
        let page = books.page("newest", offset, limit, Descending).await.expect("ready");
        assert_eq!((page.bodies.len(), page.total, page.last), (0, 3, None));
    }
    let none = books.page("owner:nobody", 0, 10, Ascending).await.expect("ready");
    assert_eq!((none.bodies.len(), none.total), (0, 0));
}

#[tokio::test]
async fn a_document_that_comes_twice_in_one_write_is_only_in_the_lists_of_its_last_version() {
    let redis = Redis::get().await;
    let twice = |first: &str, then: &str| {
        let listed = |list: &str, version| Document { lists: vec![Listing::new(list, 1.0)], ..book(7, version) };
        vec![book(1, 1), listed(first, 1), listed(then, 2), book(2, 1)]
    };
    let (_store, books) = shelf(&redis, twice("left", "come into")).await;
    for (list, here) in [("left", 0), ("come into", 1), ("newest", 2)] {
        assert_eq!(books.page(list, 0, 10, Ascending).await.expect("ready").total, here, "{list}");
    }
}

fn tied(n: u128, score: f64) -> Document {
    Document { lists: vec![Listing::new("tied", score)], ..book(n, 1) }
}

async fn walk(books: &Projection, from: (f64, &str), limit: u32, direction: Direction) -> Vec<u128> {
    let mut seen = Vec::new();
    let mut at = (from.0, from.1.to_owned());
    loop {
        let page = books.page_after("tied", (at.0, &at.1), limit, direction).await.expect("ready");
        let Some(last) = page.last else { return seen };
        seen.extend(numbers(&page.bodies));
        at = last;
    }
}

#[tokio::test]
async fn equal_scores_are_ordered_by_id() {
    let redis = Redis::get().await;
    let documents = (1..=9).rev().map(|n| tied(n, 4.5)).chain([tied(10, 1.0), tied(11, 9.0)]).collect();
    let (_store, books) = shelf(&redis, documents).await;
    let order = [10, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11];
    assert_eq!(walk(&books, (f64::MIN, ""), 4, Ascending).await, order);
    let reversed: Vec<u128> = order.into_iter().rev().collect();
    assert_eq!(walk(&books, (f64::MAX, ""), 4, Descending).await, reversed);
}

#[tokio::test]
async fn a_cursor_holds_where_its_document_has_gone() {
    let redis = Redis::get().await;
    let documents = (1..=9).map(|n| tied(n, if n < 4 { 1.0 } else { 2.0 })).collect();
    let (_store, books) = shelf(&redis, documents).await;
    books.write(&[Document::deleted(id(2)), Document::deleted(id(6))]).await.expect("written");
    let moved = Document { version: 2, ..tied(8, 0.5) };
    books.write(&[moved]).await.expect("written");
    assert_eq!(walk(&books, (1.0, &id(2)), 2, Ascending).await, [3, 4, 5, 7, 9]);
    assert_eq!(walk(&books, (2.0, &id(6)), 2, Ascending).await, [7, 9]);
    assert_eq!(walk(&books, (2.0, &id(6)), 2, Descending).await, [5, 4, 3, 1, 8]);
    assert_eq!(walk(&books, (2.0, &id(8)), 2, Descending).await, [7, 5, 4, 3, 1, 8]);
    assert_eq!(walk(&books, (1.5, &id(1)), 2, Descending).await, [3, 1, 8]);
}

#[tokio::test]
async fn ids_are_compared_as_bytes_wherever_the_cursor_stands() {
    let redis = Redis::get().await;
    let names = ["A-b", "Ab", "a-a", "aa", "ab", "b", "\u{e4}"];
    let named = |name: &str| Document { id: name.to_owned(), body: Some(name.into()), ..tied(1, 0.0) };
    let (_store, books) = shelf(&redis, names.iter().map(|name| named(name)).collect()).await;
    for place in ["A", "A-b", "Aa", "B", "a", "a-", "a-b", "aaa", "c", "\u{e4}", "\u{e5}"] {
        let page = books.page_after("tied", (0.0, place), 100, Ascending).await.expect("ready");
        let expected: Vec<&str> = names.into_iter().filter(|name| name.as_bytes() > place.as_bytes()).collect();
        let shown: Vec<&str> = page.bodies.iter().map(|body| std::str::from_utf8(body).expect("text")).collect();
        assert_eq!(shown, expected, "behind {place}");
    }
}

#[tokio::test]
async fn scores_come_back_exactly() {
    let redis = Redis::get().await;
    let scores = [-1e300, -0.1, 0.1 + 0.2, 1_763_700_000_123_457.0, 9_007_199_254_740_991.0, 1e-300];
    let documents = scores.iter().enumerate().map(|(n, score)| tied(n as u128, *score)).collect();
    let (_store, books) = shelf(&redis, documents).await;
    for (n, score) in scores.into_iter().enumerate() {
        let before = books.page_after("tied", (score, ""), 1, Ascending).await.expect("ready");
        assert_eq!(before.last, Some((score, id(n as u128))));
    }
}

#[tokio::test]
async fn a_walk_sees_each_document_once_while_others_are_added() {
    let redis = Redis::get().await;
    let (_store, books) = shelf(&redis, (1..=500).map(|n| tied(n * 2, (n / 10) as f64)).collect()).await;
    let adding = {
        let books = books.clone();
        async move {
            for n in 0..500u128 {
                // Between those that are there, before and behind where the walk is.
                let n = (n * 237 % 500) * 2 + 1;
                books.write(&[tied(n, (n / 20) as f64)]).await.expect("written");
            }
        }
    };
    let (seen, ()) = tokio::join!(walk(&books, (f64::MAX, ""), 7, Descending), adding);
    let mut even: Vec<u128> = seen.iter().copied().filter(|n| n % 2 == 0).collect();
    even.reverse();
    assert_eq!(even, (1..=500).map(|n| n * 2).collect::<Vec<_>>(), "each that was there, once, in order");
    let mut distinct = seen.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), seen.len(), "none twice");
}

#[tokio::test]
async fn a_list_whose_document_was_lost_is_rebuilt_and_never_shown_short() {
    let redis = Redis::get().await;
    let settings = redis.settings();
    let key = format!("{}:{{books}}:1:doc:{}", settings.prefix, id(2));
    let (store, books) = ready(settings, &Table::new((1..=3).map(|n| book(n, 1)))).await;
    let mut connection = redis.connection().await;
    deadpool_redis::redis::cmd("DEL").arg(key).exec_async(&mut connection).await.expect("deleted");

    assert!(books.page("newest", 0, 10, Ascending).await.is_err());
    assert!(books.count("newest").await.is_err(), "the damage is known to all reads");
    store.rebuild("books").await.expect("a rebuild");
    let page = books.page("newest", 0, 10, Ascending).await.expect("ready");
    assert_eq!(page.bodies.iter().map(|body| number(body)).collect::<Vec<_>>(), [1, 2, 3]);
}

#[tokio::test]
async fn a_length_leaves_out_what_is_in_other_lists_too() {
    let redis = Redis::get().await;
    let listed = |n: u128, lists: &[&str]| Document {
        lists: lists.iter().map(|list| Listing::new(*list, 1.0)).collect(),
        ..book(n, 1)
    };
    let many = (100..10_101).map(|n| listed(n, &["all", "many"]));
    let few = [listed(1, &["all", "red", "ada"]), listed(2, &["all", "ada"]), listed(3, &["all", "red", "eve"])];
    let (_store, books) = shelf(&redis, few.into_iter().chain(many).collect()).await;
    let count = async |list: &str, others: &[&str], are_in_the_list| {
        let lists: Vec<String> = others.iter().map(|&other| other.to_owned()).collect();
        books.count_without(list, LeftOut { lists: &lists, are_in_the_list }).await.expect("ready")
    };
    assert_eq!(count("red", &[], false).await, Some(2));
    assert_eq!(count("red", &["ada", "nobody"], false).await, Some(1));
    assert_eq!(count("red", &["ada", "eve"], false).await, Some(0));
    assert_eq!(count("all", &["ada", "many"], true).await, Some(1));
    assert_eq!(count("red", &["many"], false).await, Some(2), "the shorter list is walked");
    assert_eq!(count("all", &["many"], false).await, None, "too much to look up");
    let owners: Vec<String> = (0..2_001).map(|nth| format!("owner:{nth}")).collect();
    let left_out = LeftOut { lists: &owners, are_in_the_list: true };
    assert_eq!(books.count_without("all", left_out).await.expect("ready"), None, "too many to look at");
}
