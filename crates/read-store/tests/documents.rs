//! Write-if-newer: which version of a document is seen, and in which lists.

mod support;

use futures_util::future::join_all;
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};
use read_store::{Direction, Document, Listing, ReadStore, ReadStoreError};
use support::{Redis, Table, book, id, numbers, ready};

#[tokio::test]
async fn an_older_or_equal_version_changes_nothing() {
    let redis = Redis::get().await;
    let (_store, books) = ready(redis.settings(), &Table::new([])).await;
    books.write(&[book(1, 5)]).await.expect("written");
    for version in [4, 5] {
        let mut late = book(1, version);
        late.body = Some(b"late".to_vec());
        late.lists = vec![Listing::new("late", 1.0)];
        books.write(&[late]).await.expect("ignored");
    }
    assert_eq!(books.get(&id(1)).await.expect("ready"), book(1, 5).body);
    assert_eq!(books.count("late").await.expect("ready"), 0);
    books.write(&[book(1, 6)]).await.expect("written");
    assert_eq!(books.get(&id(1)).await.expect("ready"), book(1, 6).body);
}

#[tokio::test]
async fn versions_beyond_the_precision_of_a_double_are_told_apart() {
    let redis = Redis::get().await;
    let (_store, books) = ready(redis.settings(), &Table::new([])).await;
    let big = 1 << 60;
    for (version, seen) in [(big, big), (big + 1, big + 1), (big, big + 1)] {
        books.write(&[book(1, version)]).await.expect("written");
        assert_eq!(books.get(&id(1)).await.expect("ready"), book(1, seen).body);
    }
}

#[tokio::test]
async fn a_deleted_document_stays_deleted_whatever_comes_late() {
    let redis = Redis::get().await;
    let settings = redis.settings();
    let prefix = settings.prefix.clone();
    let (_store, books) = ready(settings, &Table::new([])).await;
    let gone = Document { version: 7, body: None, ..book(1, 7) };
    books.write(&[book(1, 6), gone, book(1, 6), book(1, 7)]).await.expect("written");
    assert_eq!(books.get(&id(1)).await.expect("ready"), None);
    assert_eq!(books.count("newest").await.expect("ready"), 0);

    books.write(&[book(2, 1), Document::deleted(id(2)), book(2, 900)]).await.expect("written");
    assert_eq!(books.get(&id(2)).await.expect("ready"), None);

    // A tombstone is the only thing that ever runs out, and one that is written over no longer does.
    let mut connection = redis.connection().await;
    let ttl = async |n, connection: &mut _| {
        let key = format!("{prefix}:{{books}}:1:doc:{}", id(n));
        deadpool_redis::redis::cmd("TTL").arg(key).query_async::<i64>(connection).await.expect("a TTL")
    };
    assert!((3_500..=3_600).contains(&ttl(1, &mut connection).await));
    books.write(&[book(1, 8)]).await.expect("written");
    assert_eq!(ttl(1, &mut connection).await, -1);
    assert_eq!(books.get(&id(1)).await.expect("ready"), book(1, 8).body);
}

#[tokio::test]
async fn a_document_leaves_the_lists_that_its_new_version_does_not_name() {
    let redis = Redis::get().await;
    let (_store, books) = ready(redis.settings(), &Table::new([])).await;
    let in_lists = |version, lists: &[&str]| Document {
        lists: lists.iter().map(|list| Listing::new(*list, version as f64)).collect(),
        ..book(1, version)
    };
    let counts = async || {
        let mut counts = Vec::new();
        for list in ["newest", "available", "owner:ada", "owner:grace"] {
            counts.push(books.count(list).await.expect("ready"));
        }
        counts
    };
    books.write(&[in_lists(1, &["newest", "available", "owner:ada"])]).await.expect("written");
    assert_eq!(counts().await, [1, 1, 1, 0]);
    books.write(&[in_lists(2, &["newest", "owner:grace"])]).await.expect("written");
    assert_eq!(counts().await, [1, 0, 0, 1]);
    let page = books.page("newest", 0, 10, Direction::Ascending).await.expect("ready");
    assert_eq!(page.last, Some((2.0, id(1))), "the score has moved along");
    books.write(&[in_lists(3, &[])]).await.expect("written");
    assert_eq!(counts().await, [0, 0, 0, 0]);
}

#[tokio::test]
async fn what_redis_would_store_wrongly_is_refused() {
    let redis = Redis::get().await;
    let (_store, books) = ready(redis.settings(), &Table::new([])).await;
    let bad = [
        Document { id: String::new(), ..book(1, 1) },
        book(1, -1),
        Document { lists: vec![Listing::new("newest", f64::NAN)], ..book(1, 1) },
        Document { lists: vec![Listing::new("two\nlines", 1.0)], ..book(1, 1) },
    ];
    for document in bad {
        assert!(matches!(books.write(&[book(2, 1), document]).await, Err(ReadStoreError::Invalid { .. })));
    }
    assert_eq!(books.get(&id(2)).await.expect("ready"), None);
}

#[tokio::test]
async fn bodies_are_bytes_and_ids_need_not_be_uuids() {
    let redis = Redis::get().await;
    let (_store, books) = ready(redis.settings(), &Table::new([])).await;
    let body = (0..=255).collect::<Vec<u8>>();
    let odd = Document { id: "a:b {c} \u{1f4d6}".to_owned(), body: Some(body.clone()), ..book(1, 1) };
    let empty = Document { body: Some(Vec::new()), ..book(2, 1) };
    books.write(&[odd, empty]).await.expect("written");
    let found = books.get_many(&["a:b {c} \u{1f4d6}".to_owned(), id(9), id(2)]).await.expect("ready");
    assert_eq!(found, [Some(body), None, Some(Vec::new())]);
}

#[tokio::test]
async fn projections_and_communities_do_not_see_each_other() {
    let redis = Redis::get().await;
    let (store, books) = ready(redis.settings(), &Table::new([])).await;
    let (_, elsewhere) = ready(redis.settings(), &Table::new([])).await;
    books.write(&[book(1, 1)]).await.expect("written");
    assert_eq!(elsewhere.get(&id(1)).await.expect("ready"), None);
    assert_eq!(elsewhere.count("newest").await.expect("ready"), 0);
    assert!(matches!(store.projection("users").get(&id(1)).await, Err(ReadStoreError::NotReady)));
}

#[tokio::test]
async fn what_is_not_built_is_not_ready_and_writes_to_it_do_no_harm() {
    let redis = Redis::get().await;
    let store = ReadStore::connect(redis.settings()).expect("good settings");
    let books = store.register(Table::new([book(1, 1)]));
    books.write(&[book(1, 1)]).await.expect("the rebuild will read it");
    assert!(matches!(books.get(&id(1)).await, Err(ReadStoreError::NotReady)));
    assert!(matches!(books.count("newest").await, Err(ReadStoreError::NotReady)));
    let page = books.page("newest", 0, 10, Direction::Ascending).await;
    assert!(matches!(page, Err(ReadStoreError::NotReady)));
    store.rebuild("books").await.expect("a rebuild");
    assert_eq!(books.count("newest").await.expect("ready"), 1);
}

/// One step of the life of document `n`: a version with or without a body, in some of four lists.
fn change() -> impl Strategy<Value = Document> {
    (0..4u128, 0..12i64, prop::bool::weighted(0.8), prop::collection::vec(0..4usize, 0..4)).prop_map(
        |(n, version, lives, lists)| {
            let mut document = book(n, version);
            // As a row would: one version has one content, whoever writes it.
            let seed = n as usize + version as usize;
            document.body = document.body.filter(|_| lives || !seed.is_multiple_of(3));
            document.lists =
                lists.iter().map(|l| Listing::new(format!("list{}", (l + seed) % 4), version as f64)).collect();
            document
        },
    )
}

#[tokio::test]
async fn in_whatever_order_writes_come_the_newest_version_and_its_lists_remain() {
    let redis = Redis::get().await;
    let mut runner = TestRunner::new(Config::default());
    let histories = prop::collection::vec(change(), 1..60);
    for _ in 0..60 {
        let mut history = histories.new_tree(&mut runner).expect("a history").current();
        // The first with a version is what that version is.
        let mut known = std::collections::HashMap::new();
        for change in &mut history {
            *change = known.entry((change.id.clone(), change.version)).or_insert_with(|| change.clone()).clone();
        }
        let (_store, books) = ready(redis.settings(), &Table::new([])).await;
        join_all(history.chunks(3).map(|part| books.write(part))).await.into_iter().for_each(|w| w.expect("written"));

        let mut lists = std::collections::BTreeMap::<String, Vec<u128>>::new();
        for n in 0..4 {
            let newest = history.iter().filter(|d| d.id == id(n)).max_by_key(|d| d.version);
            let expected = newest.and_then(|document| document.body.clone());
            assert_eq!(books.get(&id(n)).await.expect("ready"), expected, "{history:#?}");
            if let Some(document) = newest.filter(|document| document.body.is_some()) {
                let names = document.lists.iter().map(|listing| listing.list.clone());
                for list in names.collect::<std::collections::BTreeSet<_>>() {
                    lists.entry(list).or_default().push(n);
                }
            }
        }
        for list in ["list0", "list1", "list2", "list3"] {
            let page = books.page(list, 0, 100, Direction::Ascending).await.expect("ready");
            let mut shown = numbers(&page.bodies);
            shown.sort_unstable();
            assert_eq!(shown, lists.remove(list).unwrap_or_default(), "{list} after {history:#?}");
            assert_eq!(page.total, shown.len() as u64);
        }
    }
}
