//! What is counted for a member from whom books are hidden, and what their blocks cost others.

use books::{BookChanges, BookInput, BookSort, Change, CountFacets, ListBooks, SortOrder, UpdateBook};
use cqrs::Caller;
use kernel::{BookId, PageRequest, UserId};
use sqlx::types::Uuid;
use testkit::{a_user, anonymous, eventually, member};
use users_events::{UserBlocked, UserEvent};

use crate::support::{World, a_book};

fn blocked(user_id: UserId, blocked_id: UserId) -> UserEvent {
    UserBlocked { user_id, blocked_id }.into()
}

fn novel(title: &str, lending: &str) -> BookInput {
    BookInput { lending: Some(lending.to_owned()), categories: Some(vec!["Novel".to_owned()]), ..a_book(title) }
}

fn by_title() -> ListBooks {
    ListBooks { sort: BookSort::Title, order: SortOrder::Ascending, ..ListBooks::newest(PageRequest::first(10)) }
}

/// Lists of which Redis knows the length.
fn lists() -> [(&'static str, ListBooks); 4] {
    [
        ("newest", ListBooks::newest(PageRequest::first(10))),
        ("by title", by_title()),
        ("category", ListBooks { category: Some("novel".to_owned()), ..by_title() }),
        ("available", ListBooks { available: Some(true), ..by_title() }),
    ]
}

impl World {
    /// The total, and the titles of the page.
    async fn told_of(&self, caller: &Caller, list: ListBooks) -> (u64, Vec<String>) {
        let page = self.ask(caller, list).await.unwrap().page;
        (page.total, page.items.into_iter().map(|book| book.title).collect())
    }

    /// Committed, and nobody has heard of it.
    async fn lends_unheard(&self, books: &[BookId]) {
        let ids: Vec<Uuid> = books.iter().map(|book| book.uuid()).collect();
        let lent = sqlx::query("update books.book set lending = 'lend', version = version + 1 where id = any($1)");
        let lent = lent.bind(ids).execute(&self.pool).await.unwrap();
        assert_eq!(lent.rows_affected(), books.len() as u64);
    }

    /// Writes the books of the tables into Redis. Nobody hears that owners show books now.
    async fn shows_in_redis(&self) {
        let documents = self.context.rebuild().documents(None, 1_000).await.unwrap();
        self.projection().write(&documents).await.unwrap();
    }

    async fn novels(&self, caller: &Caller) -> i64 {
        self.ask(caller, CountFacets::default()).await.unwrap().categories.first().map_or(0, |novels| novels.count)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_total_does_not_dip_while_the_projection_is_behind() {
    let world = World::new().await;
    let (ada, eve, bert) = (world.a_member("Ada").await, world.a_member("Eve").await, world.a_member("Bert").await);
    for title in ["Emma", "Middlemarch", "Persuasion"] {
        world.create(bert, novel(title, "lend")).await;
    }
    world.create(eve, novel("Dune", "lend")).await;
    let mut of_eve = Vec::new();
    for nth in 0..5 {
        of_eve.push(world.create(eve, novel(&format!("Solaris {nth}"), "off")).await.id);
    }
    world.tell_and_hear(blocked(eve, ada), 1).await;
    world.until_level().await;
    world.stop_subscriptions().await;
    world.lends_unheard(&of_eve).await;
    for (which, list) in lists() {
        let (total, titles) = world.told_of(&member(ada), list).await;
        assert_eq!((total, titles.len()), (3, 3), "{which}");
    }
    // For others the total is never below the number of books on their pages.
    let (total, titles) = world.told_of(&anonymous(), by_title()).await;
    assert_eq!((total, titles.len()), (9, 9));
    let second = ListBooks { page: PageRequest { page: 2, ..PageRequest::first(5) }, ..by_title() };
    assert_eq!(world.told_of(&anonymous(), second).await.0, 9);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn facets_do_not_dip_by_what_was_added_since_everything_was_counted() {
    let world = World::new().await;
    let (ada, eve, bert) = (world.a_member("Ada").await, world.a_member("Eve").await, world.a_member("Bert").await);
    for title in ["Emma", "Middlemarch", "Persuasion"] {
        world.create(bert, novel(title, "lend")).await;
    }
    world.create(eve, novel("Dune", "lend")).await;
    world.tell_and_hear(blocked(eve, ada), 1).await;
    assert_eq!((world.novels(&anonymous()).await, world.novels(&member(ada)).await), (4, 3));
    world.clock.advance(time::Duration::seconds(1));
    for nth in 0..5 {
        world.create(eve, novel(&format!("Solaris {nth}"), "lend")).await;
    }
    assert_eq!((world.novels(&anonymous()).await, world.novels(&member(ada)).await), (4, 3));
    world.clock.advance(time::Duration::minutes(2));
    assert_eq!((world.novels(&anonymous()).await, world.novels(&member(ada)).await), (9, 3));
}

/// What many members think of an owner is nobody else's business, and nobody else's work.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_makes_nobody_else_read_anew_however_many_block_its_owner() {
    let world = World::new().await;
    let eve = world.a_member("Eve").await;
    let dune = world.create(eve, novel("Dune", "lend")).await.id;
    let blockers: Vec<Uuid> = (0..2_000).map(|_| a_user().uuid()).collect();
    let block = sqlx::query("insert into books.block select unnest($1::uuid[]), $2, true, 1");
    block.bind(&blockers).bind(eve.uuid()).execute(&world.pool).await.unwrap();
    let bystanders: Vec<UserId> = (0..200).map(|_| a_user()).collect();
    for bystander in &bystanders {
        world.told_of(&member(*bystander), by_title()).await;
    }
    let remembered = || bystanders.iter().filter(|bystander| world.context.sees_all_but(**bystander).is_some()).count();
    assert!(remembered() > 190);
    let title = BookChanges { title: Change::Set("Dune, again".to_owned()), ..BookChanges::default() };
    world.send(&member(eve), UpdateBook { book_id: dune, expected_version: None, changes: title }).await.unwrap();
    world.until_level().await;
    // Heard in order: what was told of the edit was told before this.
    let last = bystanders[0];
    world.projection().outdate(&[last.to_string()]).await.unwrap();
    eventually("all of it is heard", async || world.context.sees_all_but(last).is_none()).await;
    // One in some thousands shares a counter with what has changed.
    assert!(remembered() > 190, "{} of 200 are remembered", remembered());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_total_counts_the_first_book_of_a_hidden_owner_until_that_is_heard_and_no_longer() {
    let world = World::new().await;
    let (ada, eve, bert) = (world.a_member("Ada").await, world.a_member("Eve").await, world.a_member("Bert").await);
    let dune = world.create(eve, novel("Dune", "off")).await.id;
    world.clock.advance(time::Duration::seconds(1));
    world.create(bert, novel("Emma", "lend")).await;
    world.tell_and_hear(blocked(eve, ada), 1).await;
    let first = || ListBooks::newest(PageRequest::first(1));
    let emma = |total| (total, vec!["Emma".to_owned()]);
    assert_eq!(world.told_of(&member(ada), first()).await, emma(1));
    assert_eq!(world.context.sees_all_but(ada).as_deref(), Some([eve.uuid()].as_slice()));
    let lent = BookChanges { lending: Change::Set("lend".to_owned()), ..BookChanges::default() };
    world.send(&member(eve), UpdateBook { book_id: dune, expected_version: None, changes: lent }).await.unwrap();
    assert_eq!(world.told_of(&anonymous(), first()).await, emma(2));
    eventually("her total is without it", async || world.told_of(&member(ada), first()).await == emma(1)).await;
    assert_eq!(world.context.sees_all_but(ada), None);
}

/// A process hears of a change some moments after Redis shows it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_redis_shows_no_book_of_a_hidden_owner_who_has_just_begun() {
    let world = World::new().await;
    let (ada, eve, bert) = (world.a_member("Ada").await, world.a_member("Eve").await, world.a_member("Bert").await);
    world.create(bert, novel("Emma", "lend")).await;
    let dune = world.create(eve, novel("Dune", "off")).await.id;
    world.tell_and_hear(blocked(eve, ada), 1).await;
    let newest = || ListBooks::newest(PageRequest::first(10));
    let emma = (1, vec!["Emma".to_owned()]);
    assert_eq!(world.told_of(&member(ada), newest()).await, emma);
    world.until_level().await;
    world.stop_subscriptions().await;
    world.lends_unheard(&[dune]).await;
    world.shows_in_redis().await;
    assert_eq!(world.told_of(&anonymous(), newest()).await.0, 2);
    assert!(world.context.sees_all_but(ada).is_some(), "nobody has told of it");
    assert_eq!(world.told_of(&member(ada), newest()).await, emma);
    assert_eq!(world.told_of(&member(ada), newest()).await, emma, "it is known now");
    assert_eq!(world.context.sees_all_but(ada), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mistyped_word_costs_few_books_however_many_hidden_ones_have_a_word_near_to_it() {
    let world = World::new().await;
    let eve = world.a_member("Eve").await;
    let rows: String = (0..300).map(|nth| format!("Quixotica {nth},Author {nth}\n")).collect();
    let import = world.upload(eve, format!("title,authors\n{rows}").into_bytes()).await.unwrap();
    world.until_imported(eve, import).await;
    let mut tx = world.pool.begin().await.unwrap();
    let near: Vec<String> = sqlx::query_scalar("select books.near_shown_words('quixotca', null, $1)")
        .bind(vec![eve.uuid()])
        .fetch_all(&mut *tx)
        .await
        .unwrap();
    let looked_at: i64 = sqlx::query_scalar(
        "select idx_tup_fetch from pg_stat_xact_user_tables where schemaname = 'books' and relname = 'book'",
    )
    .fetch_one(&mut *tx)
    .await
    .unwrap();
    assert_eq!(near, Vec::<String>::new());
    assert!((1..=100).contains(&looked_at), "{looked_at} books were looked at");
}
