//! What hidden books cost those who do not see them, and what they must not be told of them.

use books::{
    BookChanges, BookInput, BookSort, Change, CountFacets, DeleteBook, GetBook, ImportSettings, ListBooks, SearchBooks,
    SortOrder, SuggestBooks, UpdateBook,
};
use cqrs::Caller;
use kernel::{BookId, ErrorKind, PageRequest, Refusal, UserId};
use testkit::{anonymous, eventually, member};
use users_events::{UserBlocked, UserDeleted, UserEvent, UserUpdated};

use crate::support::{World, a_book, code};

fn blocked(user_id: UserId, blocked_id: UserId) -> UserEvent {
    UserBlocked { user_id, blocked_id }.into()
}

fn with(title: &str, lending: &str) -> BookInput {
    BookInput { lending: Some(lending.to_owned()), ..a_book(title) }
}

fn all() -> ListBooks {
    ListBooks::newest(PageRequest::first(1))
}

impl World {
    async fn lend(&self, owner: UserId, book_id: BookId, lending: &str) {
        let changes = BookChanges { lending: Change::Set(lending.to_owned()), ..BookChanges::default() };
        self.send(&member(owner), UpdateBook { book_id, expected_version: None, changes }).await.unwrap();
    }

    /// The total, and whether the answer is everybody's.
    async fn total_for(&self, caller: &Caller, list: ListBooks) -> (u64, bool) {
        let page = self.ask(caller, list).await.unwrap();
        (page.page.total, page.is_for_everybody)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_shows_no_book_costs_nothing_to_those_whom_they_block() {
    let world = World::new().await;
    let (ada, eve, bert) = (world.a_member("Ada").await, world.a_member("Eve").await, world.a_member("Bert").await);
    world.create(bert, a_book("Emma")).await;
    world.tell::<UserEvent>(blocked(eve, ada), 1).await;
    // What has changed is heard of a moment later: a host waits for that before it answers the command.
    let sees = async |what: &str, total: u64, shares: bool| {
        eventually(what, async || {
            world.total_for(&member(ada), all()).await == (total, shares)
                && world.context.sees_all_but(ada).is_some() == shares
        })
        .await;
    };
    sees("what all share is hers too", 1, true).await;
    // That nothing is hidden any more saves work and is not told: what is remembered ends by itself.
    let a_minute_later = || world.clock.advance(time::Duration::seconds(61));

    // The first book that is shown is hidden, by the command's own way and by the events'.
    let book = world.create(eve, with("Dune", "off")).await.id;
    sees("not offered", 1, true).await;
    for _ in 0..2 {
        world.lend(eve, book, "lend").await;
        sees("the first one", 1, false).await;
        assert_eq!(code(world.get(&member(ada), book).await), "BOOK_NOT_FOUND");
        world.lend(eve, book, "off").await;
        a_minute_later();
        sees("no longer", 1, true).await;
    }
    let import = world.upload(eve, b"title,authors\nSolaris,Stanislaw Lem\n".to_vec()).await.unwrap();
    world.until_imported(eve, import).await;
    world.until_level().await;
    assert_eq!(world.total_for(&anonymous(), all()).await.0, 2);
    sees("by an import", 1, false).await;
    let active = |active| UserUpdated { user_id: eve, name: "Eve".to_owned(), language: "en".to_owned(), active };
    world.tell::<UserEvent>(active(false), 2).await;
    a_minute_later();
    sees("nobody sees her books", 1, true).await;
    world.tell::<UserEvent>(active(true), 3).await;
    sees("they are back", 1, false).await;
    let solaris = world.newest().await.items.into_iter().find(|book| book.title == "Solaris").unwrap().id;
    world.send(&member(eve), DeleteBook { book_id: solaris, expected_version: None }).await.unwrap();
    world.until_level().await;
    a_minute_later();
    sees("deleted", 1, true).await;
}

/// PostgreSQL has a book from its commit on; that a member must read anew what is hidden from them is told a moment later.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_book_of_who_blocks_a_member_is_not_found_before_their_list_is_read_anew() {
    let world = World::new().await;
    let (ada, eve, bert) = (world.a_member("Ada").await, world.a_member("Eve").await, world.a_member("Bert").await);
    world.create(bert, a_book("Emma")).await;
    let space = BookInput {
        authors: Some(vec!["Stanislaw Lem".to_owned()]),
        categories: Some(vec!["Space".to_owned()]),
        ..with("Solaris", "off")
    };
    let solaris = world.create(eve, space).await;
    world.until_level().await;
    world.tell_and_hear(blocked(eve, ada), 1).await;
    assert_eq!(world.total_for(&member(ada), all()).await, (1, true));
    world.stop_subscriptions().await;
    // Committed, and nobody has heard of it.
    let shown = sqlx::query("update books.book set lending = 'lend' where id = $1").bind(solaris.id.uuid());
    assert_eq!(shown.execute(&world.pool).await.unwrap().rows_affected(), 1);
    assert!(world.context.sees_all_but(ada).is_some(), "what is remembered of her is not outdated yet");

    let by_title = || ListBooks { sort: BookSort::Title, order: SortOrder::Ascending, ..all() };
    let met = async |caller: Caller| {
        let mut met = Vec::new();
        let found = world.ask(&caller, SearchBooks::new("solaris", PageRequest::first(20))).await.unwrap();
        met.extend(found.items.iter().map(|book| ("search", book.id)));
        let titles = ListBooks { page: PageRequest::first(20), ..by_title() };
        let titles = world.ask(&caller, titles).await.unwrap().page.items;
        met.extend(titles.iter().filter(|book| book.title == "Solaris").map(|book| ("by title", book.id)));
        let mut ways: Vec<&str> = met.iter().map(|(way, _)| *way).collect();
        for text in ["sola", "stanis"] {
            let suggested = world.ask(&caller, SuggestBooks { text: text.to_owned() }).await.unwrap();
            ways.extend(suggested.iter().map(|_| "suggestion"));
        }
        let facets = world.ask(&caller, CountFacets::default()).await.unwrap();
        ways.extend(facets.categories.iter().map(|_| "facet"));
        (ways, met.first().map(|(_, id)| *id))
    };
    let (ways, book) = met(anonymous()).await;
    assert_eq!(ways, ["search", "by title", "suggestion", "suggestion", "facet"], "the canary");
    assert_eq!(met(member(ada)).await, (Vec::new(), None));
    assert_eq!(code(world.get(&member(ada), book.unwrap()).await), "BOOK_NOT_FOUND");
    assert!(!world.total_for(&member(ada), by_title()).await.1, "others are not given what leaves the book out");
    assert!(world.context.sees_all_but(ada).is_some(), "all of it was told by what is remembered of her");

    // However late she is told, what is remembered is not trusted for ever.
    world.clock.advance(time::Duration::seconds(61));
    assert!(world.context.sees_all_but(ada).is_none());
    assert!(!world.total_for(&member(ada), all()).await.1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_left_does_not_cost_others_their_blocks_for_ever() {
    let world = World::new().await;
    let (ada, eve) = (world.a_member("Ada").await, world.a_member("Eve").await);
    world.create(eve, a_book("Dune")).await;
    world.tell_and_hear(blocked(eve, ada), 1).await;
    assert_eq!(world.total_for(&member(ada), all()).await, (0, false));
    world.tell_and_hear(UserDeleted { user_id: eve }, 2).await;
    world.until_level().await;
    world.clock.advance(time::Duration::seconds(61));
    assert_eq!(world.total_for(&member(ada), all()).await, (0, true));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn totals_are_as_exact_for_who_does_not_see_all_as_for_everybody() {
    let world = World::new().await;
    let (ada, eve, bert) = (world.a_member("Ada").await, world.a_member("Eve").await, world.a_member("Bert").await);
    let rows: String = (0..1_100).map(|nth| format!("Book {nth},Author {nth},Novel\n")).collect();
    let import = world.upload(bert, format!("title,authors,categories\n{rows}").into_bytes()).await.unwrap();
    world.until_imported(bert, import).await;
    for title in ["Dune", "Emma"] {
        world.create(eve, BookInput { categories: Some(vec!["Novel".to_owned()]), ..a_book(title) }).await;
    }
    world.until_level().await;
    world.tell_and_hear(blocked(eve, ada), 1).await;
    let lists = [
        ("all", all()),
        ("by title", ListBooks { sort: BookSort::Title, order: SortOrder::Ascending, ..all() }),
        ("category", ListBooks { category: Some("novel".to_owned()), ..all() }),
        ("available", ListBooks { available: Some(true), ..all() }),
    ];
    for (which, list) in lists {
        assert_eq!(world.total_for(&anonymous(), list.clone()).await, (1_102, true), "{which}");
        assert_eq!(world.total_for(&member(ada), list).await, (1_100, false), "{which}");
    }
    let of_eve = ListBooks { owner: Some(eve), ..all() };
    assert_eq!(world.total_for(&member(ada), of_eve).await.0, 0);
    let novels = async |caller| world.ask(&caller, CountFacets::default()).await.unwrap().categories[0].count;
    assert_eq!((novels(anonymous()).await, novels(member(ada)).await), (1_102, 1_100));
}

/// A word that nothing is near to is left out of a search, one that some book has is not: that must not tell what is hidden.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_does_not_tell_which_words_hidden_books_have() {
    let world = World::new().await;
    let (ada, eve, bert) = (world.a_member("Ada").await, world.a_member("Eve").await, world.a_member("Bert").await);
    for title in ["Gardens", "Rivers"] {
        world.create(bert, a_book(title)).await;
    }
    let queries = ["quixotica gardens rivers", "quixotca gardens rivers", "gardens rivers quixo"];
    let found = async |caller: Caller| {
        let mut found = Vec::new();
        for text in queries {
            let page = world.ask(&caller, SearchBooks::new(text, PageRequest::first(20))).await.unwrap();
            found.push(page.items.into_iter().map(|book| book.title).collect::<Vec<_>>());
        }
        found
    };
    let before = found(anonymous()).await;
    assert!(before.iter().all(|titles| titles.len() == 2), "{before:?}");

    let book = world.create(eve, with("Quixotica", "off")).await.id;
    assert_eq!(found(anonymous()).await, before, "of a book that is not offered");
    assert_eq!(found(member(bert)).await, before);
    world.lend(eve, book, "lend").await;
    assert_ne!(found(member(ada)).await, before, "the canary: of a book that is shown");
    world.tell_and_hear(blocked(eve, ada), 1).await;
    assert_eq!(found(member(ada)).await, before, "of a book that is hidden from her");
    let inactive = UserUpdated { user_id: eve, name: "Eve".to_owned(), language: "en".to_owned(), active: false };
    world.tell_and_hear(inactive, 2).await;
    assert_eq!(found(anonymous()).await, before, "of an owner who is not active");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slips_on_the_own_shelf_are_forgiven_also_of_what_is_not_offered() {
    let world = World::new().await;
    let ada = world.a_member("Ada").await;
    world.create(ada, with("Quixotica", "off")).await;
    let page = PageRequest::first(10);
    let mine = books::MyBooks {
        text: Some("quixotca".to_owned()),
        sort: BookSort::CreatedAt,
        order: SortOrder::Descending,
        page,
    };
    assert_eq!(world.ask(&member(ada), mine).await.unwrap().total, 1);
}

/// A member who lists hidden books, by authors whose names come first, must not keep other authors from being suggested.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn authors_of_hidden_books_do_not_crowd_others_out_of_the_suggestions() {
    let world = World::new().await;
    let (ada, eve, bert) = (world.a_member("Ada").await, world.a_member("Eve").await, world.a_member("Bert").await);
    let by = |author: String, lending: &str| BookInput { authors: Some(vec![author]), ..with("Emma", lending) };
    for nth in 0..50 {
        world.create(eve, by(format!("Zora{nth:02} Aaron"), "off")).await;
    }
    world.create(bert, by("Zorro Vega".to_owned(), "lend")).await;
    let suggested = async |caller: Caller| -> Vec<String> {
        let all = world.ask(&caller, SuggestBooks { text: "zor".to_owned() }).await.unwrap();
        all.into_iter().map(|one| one.text).collect()
    };
    assert_eq!(suggested(anonymous()).await, ["Zorro Vega"]);
    world.create(eve, by("Zora99 Aaron".to_owned(), "lend")).await;
    assert_eq!(suggested(anonymous()).await, ["Zora99 Aaron", "Zorro Vega"]);
    world.tell_and_hear(blocked(eve, ada), 1).await;
    assert_eq!(suggested(member(ada)).await, ["Zorro Vega"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_blocks_cannot_be_read_only_a_catalogue_that_is_open_to_anybody_is_shown() {
    for is_closed in [false, true] {
        let world = World::where_the_catalogue_is(is_closed, &testkit::redis_url(), ImportSettings::default()).await;
        world.until_served().await;
        let (ada, eve, bert) = (world.a_member("Ada").await, world.a_member("Eve").await, world.a_member("Bert").await);
        let book = world.create(eve, a_book("Dune")).await.id;
        world.tell_and_hear(blocked(eve, ada), 1).await;
        // This process knows what is hidden from one of the two.
        assert_eq!(world.total_for(&member(ada), all()).await, (0, false));
        world.until_level().await;
        world.pool.close().await;
        assert_eq!(code(world.get(&member(ada), book).await), "BOOK_NOT_FOUND");
        let (list, one) =
            (world.ask(&member(bert), all()).await, world.ask(&member(bert), GetBook { book_id: book }).await);
        if is_closed {
            let kinds = [list.unwrap_err().kind(), one.unwrap_err().kind()];
            assert_eq!(kinds, [ErrorKind::Unavailable; 2]);
        } else {
            assert_eq!((list.unwrap().page.total, one.unwrap().id), (1, book));
        }
    }
}
