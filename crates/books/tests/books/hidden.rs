//! What its owner does not offer, and the books of an owner who is not active, are met nowhere.

use books::{BookChanges, BookSort, Change, SortOrder};
use books::{
    BookHistory, BookInput, CountBooks, CountFacets, DeleteBook, GetBook, ImportSettings, ListBooks, MyBooks,
    SearchBooks, SuggestBooks, UpdateBook,
};
use cqrs::Caller;
use kernel::{BookId, PageRequest, UserId};
use testkit::{PrivateRedis, anonymous, eventually, member, moderator};
use users_events::{UserBlocked, UserEvent, UserUnblocked, UserUpdated};

use crate::support::{World, a_book, code};

fn hidden(title: &str) -> BookInput {
    BookInput {
        authors: Some(vec!["Zoe Unmatched".to_owned()]),
        categories: Some(vec!["Secrets".to_owned()]),
        isbn: Some("9780141439587".to_owned()),
        lending: Some("off".to_owned()),
        ..a_book(title)
    }
}

/// Where `caller` meets the book, by every way there is.
async fn met(world: &World, caller: &Caller, owner: UserId, book: BookId) -> Vec<&'static str> {
    let mut met = Vec::new();
    let mut note = |way: &'static str, is_met: bool| {
        if is_met {
            met.push(way);
        }
    };
    let all = || ListBooks::newest(PageRequest::first(100));
    note("single read", world.ask(caller, GetBook { book_id: book }).await.is_ok());
    let lists = [
        ("newest", all()),
        ("by title", ListBooks { sort: BookSort::Title, order: SortOrder::Ascending, ..all() }),
        ("owner", ListBooks { owner: Some(owner), ..all() }),
        ("shelf of another", ListBooks { owner: Some(owner), whole_shelf: true, ..all() }),
        ("category", ListBooks { category: Some("secrets".to_owned()), ..all() }),
        ("author", ListBooks { author: Some("unmatched".to_owned()), ..all() }),
        ("not available", ListBooks { available: Some(false), ..all() }),
    ];
    for (way, list) in lists {
        let page = world.ask(caller, list).await.unwrap().page;
        note(way, page.items.iter().any(|found| found.id == book) || page.total > 0);
    }
    for text in ["quixotica", "quixotca", "9780141439587", "unmatched"] {
        let found = world.ask(caller, SearchBooks::new(text, PageRequest::first(20))).await.unwrap();
        note("search", found.total > 0);
    }
    for text in ["quix", "zoe"] {
        note("suggestion", !world.ask(caller, SuggestBooks { text: text.to_owned() }).await.unwrap().is_empty());
    }
    note("count", world.ask(caller, CountBooks { owner }).await.unwrap() > 0);
    let of_owner = CountFacets { owner: Some(owner), ..CountFacets::default() };
    note("facet", !world.ask(caller, of_owner).await.unwrap().categories.is_empty());
    note("facets", !world.ask(caller, CountFacets::default()).await.unwrap().categories.is_empty());
    note("history", world.ask(caller, BookHistory { book_id: book, at: None }).await.is_ok());
    met
}

async fn nobody_else_meets_it(world: &World, owner: UserId, eve: UserId, book: BookId) {
    for caller in [anonymous(), member(eve), moderator(eve)] {
        assert_eq!(met(world, &caller, owner, book).await, Vec::<&str>::new());
        let changes = BookChanges { lending: Change::Set("lend".to_owned()), ..BookChanges::default() };
        let update = UpdateBook { book_id: book, expected_version: None, changes };
        assert_eq!(code(world.send(&caller, update).await), "BOOK_NOT_FOUND");
        let delete = DeleteBook { book_id: book, expected_version: None };
        assert_eq!(code(world.send(&caller, delete).await), "BOOK_NOT_FOUND");
    }
}

fn mine() -> MyBooks {
    let page = PageRequest::first(10);
    MyBooks { text: None, sort: BookSort::CreatedAt, order: SortOrder::Descending, page }
}

async fn the_owner_sees_it(world: &World, owner: UserId, book: BookId) {
    let ada = member(owner);
    assert_eq!(world.get(&ada, book).await.unwrap().id, book);
    let shelf = world.ask(&ada, mine()).await.unwrap();
    assert_eq!((shelf.total, shelf.items[0].id), (1, book));
    let found = world.ask(&ada, MyBooks { text: Some("quixotica".to_owned()), ..mine() }).await.unwrap();
    assert_eq!(found.items.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_book_that_is_not_offered_is_met_by_nobody_but_its_owner() {
    let world = World::new().await;
    let (ada, eve) = (world.a_member("Ada").await, world.a_member("Eve").await);
    let book = world.create(ada, hidden("Quixotica")).await.id;
    nobody_else_meets_it(&world, ada, eve, book).await;
    the_owner_sees_it(&world, ada, book).await;
    // A number alone is not told whose title it is.
    let import = world.upload(eve, b"9780141439587\n9780141439587\n".to_vec()).await.unwrap();
    let state = world.until_imported(eve, import).await;
    assert_eq!(state.summary.imported, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nor_where_redis_is_away() {
    let mut redis = PrivateRedis::start().await;
    let world = World::with_redis(&redis.url(), ImportSettings::default()).await;
    let (ada, eve) = (world.a_member("Ada").await, world.a_member("Eve").await);
    let book = world.create(ada, hidden("Quixotica")).await.id;
    redis.stop().await;
    nobody_else_meets_it(&world, ada, eve, book).await;
    the_owner_sees_it(&world, ada, book).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_books_of_an_owner_who_is_not_active_are_gone_and_come_back() {
    let world = World::new().await;
    let (ada, eve) = (world.a_member("Ada").await, world.a_member("Eve").await);
    let book = world.create(ada, BookInput { lending: Some("lend".to_owned()), ..hidden("Quixotica") }).await.id;
    let everywhere = met(&world, &anonymous(), ada, book).await.len();
    assert!(everywhere > 10);
    let changed = |active| UserUpdated { user_id: ada, name: "Ada".to_owned(), language: "en".to_owned(), active };
    world.tell::<UserEvent>(changed(false), 2).await;
    world.clock.advance(time::Duration::minutes(2));
    eventually("nobody meets it", async || met(&world, &anonymous(), ada, book).await.is_empty()).await;
    nobody_else_meets_it(&world, ada, eve, book).await;
    world.tell::<UserEvent>(changed(true), 3).await;
    // The count of all facets is a minute old.
    world.clock.advance(time::Duration::minutes(2));
    eventually("it is back", async || met(&world, &anonymous(), ada, book).await.len() == everywhere).await;
}

fn blocked(user_id: UserId, blocked_id: UserId) -> UserEvent {
    UserBlocked { user_id, blocked_id }.into()
}

fn unblocked(user_id: UserId, blocked_id: UserId) -> UserEvent {
    UserUnblocked { user_id, blocked_id }.into()
}

async fn what_a_blocked_member_does_is_refused_as_for_no_book(world: &World, eve: UserId, book: BookId) {
    let changes = BookChanges { lending: Change::Set("off".to_owned()), ..BookChanges::default() };
    let update = UpdateBook { book_id: book, expected_version: None, changes };
    assert_eq!(code(world.send(&member(eve), update).await), "BOOK_NOT_FOUND");
    assert_eq!(
        code(world.send(&member(eve), DeleteBook { book_id: book, expected_version: None }).await),
        "BOOK_NOT_FOUND"
    );
    assert_eq!(code(world.ask(&member(eve), BookHistory { book_id: book, at: None }).await), "BOOK_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_members_of_whom_one_blocks_the_other_neither_meets_the_others_books() {
    let mut redis = PrivateRedis::start().await;
    let world = World::with_redis(&redis.url(), ImportSettings::default()).await;
    world.until_served().await;
    let (ada, eve, grace) = (world.a_member("Ada").await, world.a_member("Eve").await, world.a_member("Grace").await);
    let book = world.create(ada, BookInput { lending: Some("lend".to_owned()), ..hidden("Quixotica") }).await.id;
    let everywhere = met(&world, &anonymous(), ada, book).await.len();
    for (round, (blocker, other)) in [(ada, eve), (eve, ada)].into_iter().enumerate() {
        assert_eq!(met(&world, &member(eve), ada, book).await.len(), everywhere);
        world.tell_and_hear(blocked(blocker, other), 1).await;
        assert_eq!(met(&world, &member(eve), ada, book).await, Vec::<&str>::new(), "round {round}");
        what_a_blocked_member_does_is_refused_as_for_no_book(&world, eve, book).await;
        for caller in [anonymous(), member(grace), member(ada), moderator(eve)] {
            assert!(met(&world, &caller, ada, book).await.len() >= everywhere, "round {round}");
        }
        world.tell_and_hear(unblocked(blocker, other), 2).await;
        // An older event that comes late changes nothing.
        world.tell_and_hear(blocked(blocker, other), 1).await;
        assert_eq!(met(&world, &member(eve), ada, book).await.len(), everywhere);
    }
    // Of members whom nothing is hidden from, this process knows it.
    assert!(world.context.sees_all_but(eve).is_some() && world.context.sees_all_but(grace).is_some());
    world.tell_and_hear(blocked(ada, eve), 3).await;
    assert!(world.context.sees_all_but(eve).is_none());
    redis.stop().await;
    assert_eq!(met(&world, &member(eve), ada, book).await, Vec::<&str>::new(), "without Redis");
    eventually("nothing is known without hearing of changes", async || world.context.sees_all_but(grace).is_none())
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn totals_and_facets_leave_out_what_is_hidden_and_blocks_go_with_their_members() {
    let world = World::new().await;
    let (ada, eve) = (world.a_member("Ada").await, world.a_member("Eve").await);
    for title in ["Emma", "Persuasion"] {
        world.create(ada, BookInput { categories: Some(vec!["Novel".to_owned()]), ..a_book(title) }).await;
    }
    let own = world.create(eve, BookInput { categories: Some(vec!["Novel".to_owned()]), ..a_book("Dune") }).await.id;
    world.tell_and_hear(blocked(ada, eve), 1).await;
    let page = world.ask(&member(eve), ListBooks::newest(PageRequest::first(1))).await.unwrap();
    let ids: Vec<BookId> = page.page.items.iter().map(|book| book.id).collect();
    assert_eq!((page.page.total, ids, page.is_for_everybody), (1, vec![own], false));
    let facets = world.ask(&member(eve), CountFacets::default()).await.unwrap();
    assert_eq!((facets.categories[0].name.as_str(), facets.categories[0].count), ("Novel", 1));
    assert_eq!(world.newest().await.total, 3);
    world.tell::<UserEvent>(users_events::UserDeleted { user_id: eve }, 2).await;
    let left: i64 = sqlx::query_scalar("select count(*) from books.block").fetch_one(&world.pool).await.unwrap();
    assert_eq!(left, 0);
}
