//! What is derived from a book goes with it, whoever takes it away and whatever happens meanwhile.

use std::sync::atomic::{AtomicBool, Ordering};

use books::{BookChanges, BookInput, Change, DeleteBook, SearchBooks, UpdateBook};
use kernel::{BookId, PageRequest, UserId};
use testkit::{anonymous, eventually, member};
use users_events::{UserDeleted, UserEvent};

use crate::support::{World, a_book};

fn by(author: &str, title: &str) -> BookInput {
    BookInput { authors: Some(vec![author.to_owned()]), ..a_book(title) }
}

/// `kestrelaab` is a word that no other number makes.
fn word(nth: usize) -> String {
    let letters = [nth / 676 % 26, nth / 26 % 26, nth % 26].map(|at| char::from(b"abcdefghijklmnopqrstuvwxyz"[at]));
    format!("kestrel{}", letters.iter().collect::<String>())
}

impl World {
    async fn number(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.unwrap()
    }

    /// Words, slips beyond those of the words, names, and what waits to be looked at.
    async fn derived(&self) -> [i64; 4] {
        [
            self.number("select count(*) from word").await,
            self.number(
                "select (select count(*) from word_slip) - (select count(*) from word, one_letter_less(word.word))",
            )
            .await,
            self.number("select count(*) from author_name").await,
            self.number("select count(*) from left_behind").await,
        ]
    }

    /// Words that some book has and no search would correct to, and those of which a slip is missing.
    async fn missing(&self) -> i64 {
        self.number(
            "select count(*) from (select distinct unnest(tsvector_to_array(search)) as word from book) used
            where length(word) > 2 and (
                not exists (select from word where word.word = used.word)
                or exists (select from one_letter_less(used.word) form
                    where not exists (select from word_slip where (slip, word) = (form, used.word)))
            )",
        )
        .await
    }

    async fn sweep_until(&self, what: &str, expected: [i64; 4]) {
        eventually(what, async || {
            self.context.sweep().await.unwrap();
            self.derived().await == expected
        })
        .await;
    }

    async fn retitle(&self, owner: UserId, book_id: BookId, title: String, author: String) {
        let changes =
            BookChanges { title: Change::Set(title), authors: Change::Set(vec![author]), ..BookChanges::default() };
        self.send(&member(owner), UpdateBook { book_id, expected_version: None, changes }).await.unwrap();
    }

    async fn delete(&self, owner: UserId, book_id: BookId) {
        self.send(&member(owner), DeleteBook { book_id, expected_version: None }).await.unwrap();
    }

    async fn found(&self, text: &str) -> Vec<String> {
        let page = self.ask(&anonymous(), SearchBooks::new(text, PageRequest::first(100))).await.unwrap();
        page.items.into_iter().map(|book| book.title).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_edits_of_a_book_leave_what_one_leaves_and_its_deletion_nothing() {
    let world = World::new().await;
    let ada = world.a_member("Ada").await;
    let title = |nth: usize| (nth * 30..nth * 30 + 30).map(word).collect::<Vec<_>>().join(" ");
    let book = world.create(ada, by(&word(900), &title(0))).await.id;
    let of_one = world.derived().await;
    for nth in 1..=20 {
        world.retitle(ada, book, title(nth), word(900 + nth)).await;
    }
    world.sweep_until("only the last title is known", of_one).await;
    assert_eq!(world.missing().await, 0);
    world.delete(ada, book).await;
    world.sweep_until("nothing is left of the book", [0; 4]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_import_derived_goes_with_its_owner_and_what_another_has_too_stays() {
    let world = World::new().await;
    let (ada, bert) = (world.a_member("Ada").await, world.a_member("Bert").await);
    world.create(bert, by("Jane Austen", "Persuasion")).await;
    let of_bert = world.derived().await;
    let rows: String = (0..150).map(|nth| format!("{} persuasion,{}\n", word(nth), word(nth + 500))).collect();
    let import = world.upload(ada, format!("title,authors\n{rows},Jane Austen\n").into_bytes()).await.unwrap();
    world.until_imported(ada, import).await;
    assert!(world.derived().await[0] > 300);
    world.tell::<UserEvent>(UserDeleted { user_id: ada }, 2).await;
    world.sweep_until("only Bert's book is known", of_bert).await;
    assert_eq!(world.missing().await, 0);
    assert_eq!(world.found("persausion").await, ["Persuasion"]);
}

/// Its transaction began before the word was marked, and saw no mark.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_word_stays_while_a_book_that_has_it_is_not_committed_yet() {
    let world = World::new().await;
    let ada = world.a_member("Ada").await;
    let book = world.create(ada, by("Jane Austen", "Persuasion")).await.id;
    let before = world.derived().await;
    let mut writer = world.pool.begin().await.unwrap();
    sqlx::query("set local idle_in_transaction_session_timeout = 0").execute(&mut *writer).await.unwrap();
    sqlx::query(
        "insert into book (id, owner_id, title, title_sort, shelf_key, authors, author_words, categories, category_keys,
            lending, search_title, search, folding, version, created_at, updated_at)
        select gen_random_uuid(), owner_id, title, title_sort, shelf_key, authors, author_words, categories,
            category_keys, lending, search_title, search, -folding, 1, created_at, updated_at
        from book where id = $1",
    )
    .bind(book.uuid())
    .execute(&mut *writer)
    .await
    .unwrap();
    world.delete(ada, book).await;
    world.context.sweep().await.unwrap();
    let marked = "select count(*) from word where folding = 0";
    assert_eq!(world.number(marked).await, before[0], "no book has them, as far as one can see");
    assert_eq!(world.derived().await, before, "they stay for all that");
    writer.commit().await.unwrap();
    eventually("the words are in use again", async || {
        world.context.sweep().await.unwrap();
        world.number(marked).await == 0
    })
    .await;
    assert_eq!((world.derived().await, world.missing().await), (before, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_word_is_never_missing_while_books_gain_and_lose_it_at_once() {
    let world = World::new().await;
    let ada = world.a_member("Ada").await;
    let over = AtomicBool::new(false);
    let sweeper = async {
        let mut looks = 0;
        while !over.load(Ordering::SeqCst) {
            world.context.sweep().await.unwrap();
            assert_eq!(world.missing().await, 0, "at look {looks}");
            looks += 1;
        }
    };
    let writer = |first: usize| {
        let world = &world;
        async move {
            let mut kept = None;
            for round in 0..40 {
                let shared = word(round / 4);
                let book = world.create(ada, by(&shared, &format!("{shared} {}", word(first + round)))).await.id;
                if let Some(last) = kept.replace(book) {
                    world.delete(ada, last).await;
                }
            }
            world.delete(ada, kept.unwrap()).await;
        }
    };
    let writers = async {
        tokio::join!(writer(100), writer(200));
        over.store(true, Ordering::SeqCst);
    };
    tokio::join!(sweeper, writers);
    world.sweep_until("nothing is left of them", [0; 4]).await;
}

/// What a host of the version before, a crash or a hand in the database left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leftovers_are_found_wherever_they_are() {
    let world = World::new().await;
    let ada = world.a_member("Ada").await;
    world.create(ada, by("Jane Austen", "Persuasion")).await;
    let clean = world.derived().await;
    sqlx::raw_sql(
        "insert into word (word, folding) select 'left' || chr(97 + nth / 26) || chr(97 + nth % 26), 1
            from generate_series(0, 650) nth;
        insert into word_slip select slip, word from word, one_letter_less(word) slip on conflict do nothing;
        insert into word_slip select slip, 'wordless' from one_letter_less('wordless') slip;
        insert into author_name (key, name, words, folding)
            select 'nobody ' || nth, 'Nobody ' || nth, array['nobody', nth::text], 1 from generate_series(0, 600) nth",
    )
    .execute(&world.pool)
    .await
    .unwrap();
    let found = world.do_job(&world.context.jobs(), "books.forget_words").await;
    assert!(found["words"] == 651 && found["names"] == 601 && found["slips"] == 1, "{found:?}");
    world.sweep_until("the leftovers have gone", clean).await;
    assert_eq!(world.missing().await, 0);
    assert_eq!(world.found("persausion").await, ["Persuasion"]);
}

/// Two hosts learn the same words in the same moment, each with its own order of books.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hosts_that_learn_the_same_words_at_once_do_not_wait_for_each_other_in_a_ring() {
    let world = World::new().await;
    let (ada, bert) = (world.a_member("Ada").await, world.a_member("Bert").await);
    for round in 0..10 {
        let titles = |of: usize| -> Vec<String> {
            let shared: Vec<String> = (round * 30..round * 30 + 30).map(word).collect();
            let title =
                |nth: usize| shared.iter().cycle().skip(nth * 7).take(20).cloned().collect::<Vec<_>>().join(" ");
            let titles = (0..6).map(title);
            if of == 0 { titles.collect() } else { titles.rev().collect() }
        };
        let writer = |owner: UserId, titles: Vec<String>| {
            let world = &world;
            async move {
                let file: String = titles.iter().map(|title| format!("{title},Jane Austen\n")).collect();
                let import = world.upload(owner, format!("title,authors\n{file}").into_bytes()).await.unwrap();
                world.until_imported(owner, import).await.summary.imported
            }
        };
        let listed = async {
            for title in titles(1) {
                world.create(bert, by("Jane Austen", &title)).await;
            }
        };
        let (imported, more, ()) = tokio::join!(writer(ada, titles(0)), writer(bert, titles(1)), listed);
        assert!(imported == 6 && more <= 6);
    }
    assert_eq!(world.missing().await, 0);
}

/// A host dies between marking a word and removing it, wherever it is in its work.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sweeper_that_is_killed_leaves_a_mark_that_another_finishes_or_takes_back() {
    let world = World::new().await;
    let ada = world.a_member("Ada").await;
    for round in 0..6 {
        let title = (0..20).map(|nth| word(round * 20 + nth)).collect::<Vec<_>>().join(" ");
        let book = world.create(ada, by("Jane Austen", &title)).await.id;
        world.delete(ada, book).await;
        // As long as somebody writes, what is marked is not removed.
        let mut writer = world.pool.begin().await.unwrap();
        sqlx::query("set local idle_in_transaction_session_timeout = 0").execute(&mut *writer).await.unwrap();
        sqlx::query("select pg_current_xact_id()").execute(&mut *writer).await.unwrap();
        let context = world.context.clone();
        let sweeper = tokio::spawn(async move { context.sweep().await });
        eventually("the words are marked", async || {
            world.number("select count(*) from word where folding = 0").await > 0
        })
        .await;
        sweeper.abort();
        assert!(sweeper.await.is_err(), "it was killed before it was done");
        writer.rollback().await.unwrap();
        assert!(world.number("select count(*) from word where folding = 0").await > 0, "the marks stay");
        if round % 2 == 0 {
            // A book that comes back finds its words, whatever became of the marks.
            let again = world.create(ada, by("Jane Austen", &title)).await.id;
            assert_eq!(world.missing().await, 0, "in round {round}");
            world.context.sweep().await.unwrap();
            assert_eq!(world.missing().await, 0, "in round {round}, after another has swept");
            world.delete(ada, again).await;
        }
    }
    world.sweep_until("nothing is left of them", [0; 4]).await;
}
