//! Listing, changing and looking at books.

use books::{BookChanges, BookHistory, BookInput, BookStatus, Change, CountBooks, CreateBook, MyBooks, UpdateBook};
use books::{BookSort, SortOrder};
use books_events::Lending;
use kernel::{PageRequest, Refusal};
use testkit::{a_user, anonymous, member, moderator};
use users_events::{UserDeleted, UserEvent, UserUpdated};

use crate::support::{World, a_book, code};

fn lending(mode: &str) -> BookChanges {
    BookChanges { lending: Change::Set(mode.to_owned()), ..BookChanges::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_book_is_seen_at_once_with_its_owners_name() {
    let world = World::new().await;
    let ada = world.a_member("Ada").await;
    let created =
        world.create(ada, BookInput { isbn: Some("439023483".to_owned()), ..a_book("The Hunger Games") }).await;
    let seen = world.seen(created.id).await;
    assert_eq!(seen, created);
    assert_eq!(seen.owner.name, "Ada");
    assert_eq!(seen.isbn13.as_deref(), Some("9780439023481"));
    assert_eq!(seen.isbn10.as_deref(), Some("0439023483"));
    assert_eq!((seen.status, seen.available, seen.version), (BookStatus::Available, true, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_check_digit_is_refused_and_every_bad_field_is_named() {
    let world = World::new().await;
    let book = BookInput { isbn: Some("0439023484".to_owned()), title: None, ..a_book("") };
    let refused = world.send(&member(a_user()), CreateBook { book }).await.unwrap_err();
    assert_eq!(refused.code(), "VALIDATION_ERROR");
    let fields: Vec<String> = refused.details().into_iter().map(|detail| detail.field).collect();
    assert_eq!(fields, ["title", "isbn"]);
    assert_eq!(code(world.send(&anonymous(), CreateBook { book: a_book("Emma") }).await), "UNAUTHENTICATED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_cannot_flip_anothers_availability() {
    let world = World::new().await;
    let (ada, eve) = (world.a_member("Ada").await, world.a_member("Eve").await);
    let book = world.create(ada, a_book("Emma")).await;
    let update = |changes| UpdateBook { book_id: book.id, expected_version: None, changes };
    assert_eq!(code(world.send(&member(eve), update(lending("off"))).await), "FORBIDDEN");
    assert_eq!(code(world.send(&anonymous(), update(lending("off"))).await), "FORBIDDEN");
    assert!(world.seen(book.id).await.available);

    let off = world.send(&member(ada), update(lending("off"))).await.unwrap();
    assert_eq!((off.available, off.status, off.version), (false, BookStatus::Withdrawn, 2));
    assert_eq!(
        code(world.send(&moderator(eve), update(lending("lend"))).await),
        "BOOK_NOT_FOUND",
        "nor can anybody else"
    );
    world.send(&member(ada), update(lending("give"))).await.unwrap();
    world.send(&moderator(eve), update(lending("lend"))).await.unwrap();
    assert!(world.seen(book.id).await.available);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_is_held_to_the_rules_in_what_it_changes_alone() {
    let world = World::new().await;
    let ada = world.a_member("Ada").await;
    let book = world.create(ada, a_book("Emma")).await;
    // As an older version took it.
    let old = "Em\u{202e}ma";
    let stored =
        "update books.book set title = $2, authors = array[$3], categories = array['Straße', 'STRASSE'] where id = $1";
    sqlx::query(stored).bind(book.id.uuid()).bind(old).bind("\u{200b}").execute(&world.pool).await.unwrap();
    let update = async |changes| {
        world.send(&member(ada), UpdateBook { book_id: book.id, expected_version: None, changes }).await
    };
    let title = |title: &str| Change::Set(title.to_owned());
    let changed = update(lending("off")).await.unwrap();
    assert_eq!((changed.title.as_str(), changed.status), (old, BookStatus::Withdrawn));
    // A form sends every field, also those that nobody touched.
    let form = BookChanges {
        title: title(old),
        authors: Change::Set(vec!["\u{200b}".to_owned()]),
        notes: Change::Set("signed".to_owned()),
        ..lending("lend")
    };
    let changed = update(form).await.unwrap();
    assert_eq!((changed.title.as_str(), changed.notes.as_deref()), (old, Some("signed")));
    let wrong = BookChanges { title: title("Em\u{202e}ma!"), ..BookChanges::default() };
    assert_eq!(code(update(wrong).await), "VALIDATION_ERROR");
    let right = BookChanges { title: title("Emma"), ..BookChanges::default() };
    assert_eq!(update(right).await.unwrap().title, "Emma");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stale_version_changes_nothing() {
    let world = World::new().await;
    let ada = world.a_member("Ada").await;
    let book = world.create(ada, a_book("Emma")).await;
    let rename = |version, title: &str| UpdateBook {
        book_id: book.id,
        expected_version: Some(version),
        changes: BookChanges { title: Change::Set(title.to_owned()), ..BookChanges::default() },
    };
    let renamed = world.send(&member(ada), rename(1, "Emma II")).await.unwrap();
    assert_eq!((renamed.title.as_str(), renamed.authors.len()), ("Emma II", 1));
    assert_eq!(code(world.send(&member(ada), rename(1, "Emma III")).await), "VERSION_MISMATCH");
    assert_eq!(world.seen(book.id).await.title, "Emma II");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn notes_are_for_the_owner_and_moderators_alone() {
    let world = World::new().await;
    let (ada, eve) = (world.a_member("Ada").await, world.a_member("Eve").await);
    let book = world.create(ada, BookInput { notes: Some("signed".to_owned()), ..a_book("Emma") }).await.id;
    assert_eq!(world.get(&member(ada), book).await.unwrap().notes.as_deref(), Some("signed"));
    assert_eq!(world.get(&moderator(eve), book).await.unwrap().notes.as_deref(), Some("signed"));
    assert_eq!(world.get(&member(eve), book).await.unwrap().notes, None);
    assert_eq!(world.newest().await.items[0].notes, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_history_is_for_the_owner_and_moderators_alone() {
    let world = World::new().await;
    let (ada, eve) = (world.a_member("Ada").await, world.a_member("Eve").await);
    let book_id = world.create(ada, a_book("Emma")).await.id;
    world.send(&member(ada), UpdateBook { book_id, expected_version: None, changes: lending("give") }).await.unwrap();
    let history = world.ask(&member(ada), BookHistory { book_id, at: None }).await.unwrap();
    let kinds: Vec<&str> = history.iter().map(|entry| entry.kind.as_str()).collect();
    assert_eq!(kinds, ["book.created", "book.updated"]);
    assert_eq!(history[0].actor.as_ref().map(|actor| actor.name.as_str()), Some("Ada"));
    assert_eq!(code(world.ask(&member(eve), BookHistory { book_id, at: None }).await), "FORBIDDEN");
    assert!(world.ask(&moderator(eve), BookHistory { book_id, at: None }).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_history_of_a_past_moment_ends_there_and_tells_how_the_book_was() {
    let world = World::new().await;
    let ada = world.a_member("Ada").await;
    let book_id = world.create(ada, a_book("Emma")).await.id;
    world.clock.advance(time::Duration::days(1));
    world.send(&member(ada), UpdateBook { book_id, expected_version: None, changes: lending("give") }).await.unwrap();
    let caller = member(ada);
    let ask = |at| world.ask(&caller, BookHistory { book_id, at });
    let all = ask(None).await.unwrap();
    let listed_at = all[0].at;
    let then = ask(Some(listed_at)).await.unwrap();
    assert_eq!(then, all[..1], "the moment itself counts");
    let state = then[0].state.as_ref().expect("its beginning is there");
    assert_eq!((state.title.as_str(), state.lending, state.deleted), ("Emma", Lending::Lend, false));
    assert_eq!(all[1].state.as_ref().map(|state| state.lending), Some(Lending::Give));
    let too_early = ask(Some(listed_at - time::Duration::MICROSECOND)).await;
    assert_eq!(code(too_early), "BOOK_NOT_YET_LISTED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_name_shows_on_every_book_of_the_member() {
    let world = World::new().await;
    let ada = world.a_member("Ada").await;
    let book = world.create(ada, a_book("Emma")).await.id;
    let updated =
        |name: &str, active| UserUpdated { user_id: ada, name: name.to_owned(), active, language: "en".to_owned() };
    world.tell::<UserEvent>(updated("Ada Lovelace", true), 3).await;
    assert_eq!(world.seen(book).await.owner.name, "Ada Lovelace");
    // A late echo of an older state changes nothing.
    world.tell::<UserEvent>(updated("Ada", true), 2).await;
    assert_eq!(world.seen(book).await.owner.name, "Ada Lovelace");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn books_of_a_deactivated_member_are_nowhere_and_come_back() {
    let world = World::new().await;
    let ada = world.a_member("Ada").await;
    let book = world.create(ada, a_book("Emma")).await.id;
    let active = |active| UserUpdated { user_id: ada, name: "Ada".to_owned(), active, language: "en".to_owned() };
    world.tell::<UserEvent>(active(false), 2).await;
    assert_eq!(world.newest().await.total, 0);
    assert_eq!(code(world.get(&member(ada), book).await), "BOOK_NOT_FOUND");
    world.tell::<UserEvent>(active(true), 3).await;
    assert_eq!(world.newest().await.total, 1);
    assert!(world.seen(book).await.available);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_leaves_takes_their_books_along_and_lists_no_more() {
    let world = World::new().await;
    let (ada, eve) = (world.a_member("Ada").await, world.a_member("Eve").await);
    let book = world.create(ada, a_book("Emma")).await.id;
    let kept = world.create(eve, a_book("Persuasion")).await.id;
    let position = world.tell::<UserEvent>(UserDeleted { user_id: ada }, 2).await;
    world.until_heard(position).await;
    testkit::eventually("the book is gone", async || world.get(&anonymous(), book).await.is_err()).await;
    assert_eq!(code(world.get(&anonymous(), book).await), "BOOK_NOT_FOUND");
    assert_eq!(world.seen(kept).await.id, kept);
    assert_eq!(world.newest().await.total, 1);
    assert_eq!(code(world.send(&member(ada), CreateBook { book: a_book("Emma") }).await), "FORBIDDEN");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_sees_their_own_shelf_and_its_size() {
    let world = World::new().await;
    let (ada, eve) = (world.a_member("Ada").await, world.a_member("Eve").await);
    world.create(ada, a_book("Emma")).await;
    world.create(eve, a_book("Persuasion")).await;
    let mine = MyBooks { text: None, sort: BookSort::Title, order: SortOrder::Ascending, page: PageRequest::first(20) };
    let page = world.ask(&member(ada), mine.clone()).await.unwrap();
    assert_eq!((page.total, page.items[0].title.as_str()), (1, "Emma"));
    assert_eq!(world.ask(&anonymous(), CountBooks { owner: ada }).await.unwrap(), 1);
    assert_eq!(code(world.ask(&anonymous(), mine).await), "UNAUTHENTICATED");
}
