//! Imports that wait for their owner, and what of a file stays out.

use bibliography::table::{Field, ShelfColumns};
use books::{
    AddLeftOutRow, CancelImport, ImportSettings, ImportStatus, ImportView, LayoutChoice, LeftOutReason, ListBooks,
    OpenImportRows, ReviewShelves, StartReviewedImport,
};
use kernel::{ImportId, PageRequest, Refusal, UserId};
use testkit::member;
use time::Duration;

use crate::support::{World, a_book, code};

async fn titles(world: &World, owner: UserId) -> Vec<String> {
    let mine = ListBooks { owner: Some(owner), ..ListBooks::newest(PageRequest::first(100)) };
    let mut titles: Vec<String> = world.list(mine).await.items.into_iter().map(|book| book.title).collect();
    titles.sort_unstable();
    titles
}

async fn imported(world: &World, owner: UserId, file: &str) -> ImportView {
    let import = world.upload(owner, file.as_bytes().to_vec()).await.unwrap();
    world.until_imported(owner, import).await
}

fn left_out(state: &ImportView) -> Vec<(i32, LeftOutReason)> {
    state.left_out.iter().map(|row| (row.row, row.reason)).collect()
}

const SHELVES: &str = "Title,Author,Exclusive Shelf,Bookshelves,Publisher\n\
    Emma,Jane Austen,read,,Hill & Dale\nIlias,Homer,to-read,,\nOdyssey,Homer,read,,\nDune,Frank Herbert,borrowed,,\n";

async fn start(world: &World, owner: UserId, import_id: ImportId, choice: LayoutChoice) -> Result<(), &'static str> {
    let started = world.send(&member(owner), StartReviewedImport { import_id, choice }).await;
    started.map_err(|refused| refused.code())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reviewed_import_waits_and_takes_what_its_owner_chose() {
    let world = World::new().await;
    let ada = world.a_member("Ada").await;
    let import = world.upload_for(ada, SHELVES.as_bytes().to_vec(), true).await.unwrap();
    while world.context.import_tick().await.unwrap() {}
    let state = world.import_state(ada, import).await;
    assert_eq!((state.summary.status, state.summary.total, state.summary.imported), (ImportStatus::Review, 4, 0));
    let review = state.review.unwrap();
    let columns: Vec<(&str, Option<Field>)> =
        review.columns.iter().map(|column| (column.name.as_str(), column.field)).collect();
    assert_eq!(
        columns,
        [
            ("Title", Some(Field::Title)),
            ("Author", Some(Field::Authors)),
            ("Exclusive Shelf", Some(Field::Shelf)),
            ("Bookshelves", Some(Field::Categories)),
            ("Publisher", None),
        ]
    );
    assert_eq!(review.columns[0].samples, ["Emma", "Ilias", "Odyssey"]);
    assert_eq!(review.rows[1], ["Ilias", "Homer", "to-read", "", ""]);
    let shelves: Vec<(&str, u32, bool)> =
        review.shelves.iter().map(|shelf| (shelf.name.as_str(), shelf.count, shelf.owned)).collect();
    assert_eq!(shelves, [("read", 2, true), ("to-read", 1, false), ("borrowed", 1, false)]);
    assert_eq!(state.ignored_columns[0].name, "Publisher");

    let choice = LayoutChoice {
        columns: vec![(4, Some(Field::Notes))],
        shelves: Some(vec!["read".to_owned(), "to-read".to_owned()]),
    };
    start(&world, ada, import, choice.clone()).await.unwrap();
    let state = world.until_imported(ada, import).await;
    assert_eq!((state.summary.status, state.summary.imported, state.summary.skipped), (ImportStatus::Completed, 3, 1));
    assert_eq!(left_out(&state), [(5, LeftOutReason::NotOwned)]);
    assert_eq!((state.review.is_none(), state.ignored_columns.len()), (true, 0));
    assert_eq!(titles(&world, ada).await, ["Emma", "Ilias", "Odyssey"]);
    assert_eq!(start(&world, ada, import, choice).await, Err("IMPORT_NOT_IN_REVIEW"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_that_nobody_knows_is_read_as_its_owner_says() {
    let world = World::new().await;
    let (ada, eve) = (world.a_member("Ada").await, world.a_member("Eve").await);
    let file = b"what;who;place\nEmma;Jane Austen;hall\n".to_vec();
    assert_eq!(code(world.upload(ada, file.clone()).await), "VALIDATION_ERROR");
    let import = world.upload_for(ada, file, true).await.unwrap();
    let columns = |columns: &[(usize, Option<Field>)]| LayoutChoice { columns: columns.to_vec(), shelves: None };
    for wrong in [
        columns(&[]),
        columns(&[(0, Some(Field::Title))]),
        columns(&[(9, Some(Field::Title))]),
        columns(&[(0, Some(Field::Title)), (1, Some(Field::Title))]),
    ] {
        assert_eq!(start(&world, ada, import, wrong).await, Err("VALIDATION_ERROR"));
    }
    let right = columns(&[(0, Some(Field::Title)), (1, Some(Field::Authors)), (2, Some(Field::Notes))]);
    assert_eq!(start(&world, eve, import, right.clone()).await, Err("IMPORT_NOT_FOUND"));
    start(&world, ada, import, right).await.unwrap();
    assert_eq!(world.until_imported(ada, import).await.summary.imported, 1);
    assert_eq!(titles(&world, ada).await, ["Emma"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_review_is_cancelled_or_forgotten_and_few_may_wait_at_once() {
    let settings = ImportSettings { reviews: 2, ..ImportSettings::default() };
    let world = World::with_redis(&testkit::redis_url(), settings).await;
    world.until_served().await;
    let (ada, eve) = (world.a_member("Ada").await, world.a_member("Eve").await);
    let file = SHELVES.as_bytes().to_vec();
    let first = world.upload_for(ada, file.clone(), true).await.unwrap();
    world.upload_for(ada, file.clone(), true).await.unwrap();
    assert_eq!(code(world.upload_for(ada, file.clone(), true).await), "TOO_MANY_IMPORTS");
    world.upload_for(eve, file.clone(), true).await.unwrap();
    assert_eq!(code(world.send(&member(eve), CancelImport { import_id: first }).await), "IMPORT_NOT_FOUND");
    world.send(&member(ada), CancelImport { import_id: first }).await.unwrap();
    let done = world.upload(ada, file.clone()).await.unwrap();
    world.until_imported(ada, done).await;
    assert_eq!(code(world.send(&member(ada), CancelImport { import_id: done }).await), "IMPORT_NOT_IN_REVIEW");
    let open = world.ask(&member(ada), OpenImportRows).await.unwrap();
    assert_eq!(open.reviews.len(), 1);

    world.clock.advance(Duration::days(6));
    world.forget_imports().await;
    assert_eq!(world.ask(&member(ada), OpenImportRows).await.unwrap().reviews.len(), 1);
    world.clock.advance(Duration::days(2));
    world.forget_imports().await;
    assert_eq!(world.ask(&member(ada), OpenImportRows).await.unwrap().reviews.len(), 0);
    let rows = "select count(*) from books.import_row";
    let rows: i64 = sqlx::query_scalar(rows).fetch_one(&world.pool).await.unwrap();
    assert_eq!(rows, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shelves_are_counted_anew_for_the_columns_that_their_owner_takes_for_them() {
    let world = World::new().await;
    let (ada, eve) = (world.a_member("Ada").await, world.a_member("Eve").await);
    let file = "title,author,status,alpha,beta\nEmma,Jane Austen,read,Living room,yes\nIlias,Homer,read,Wishlist,yes\n\
        Odyssey,Homer,read,Living room,no\nDune,Frank Herbert,read,,\n";
    let import_id = world.upload_for(ada, file.as_bytes().to_vec(), true).await.unwrap();
    let counted = async |who, columns| {
        let counted = world.ask(&member(who), ReviewShelves { import_id, columns }).await?;
        Ok::<_, cqrs::AskError<books::ReviewShelvesError>>(
            counted.shelves.into_iter().map(|shelf| (shelf.name, shelf.count, shelf.owned)).collect::<Vec<_>>(),
        )
    };
    let shelf = |name: &str, count, owned| (name.to_owned(), count, owned);
    let by = |shelf, owned| ShelfColumns { shelf, owned, copies: None };
    assert_eq!(counted(ada, by(Some(2), None)).await.unwrap(), [shelf("read", 4, true)]);
    let rooms = [shelf("Living room", 2, true), shelf("Wishlist", 1, false)];
    assert_eq!(counted(ada, by(Some(3), None)).await.unwrap(), rooms);
    let words = [
        shelf("Living room", 1, true),
        shelf("Wishlist · beta yes", 1, true),
        shelf("Living room · beta no", 1, false),
    ];
    assert_eq!(counted(ada, by(Some(3), Some(4))).await.unwrap(), words);
    assert_eq!(counted(ada, by(None, None)).await.unwrap(), []);
    let refused = counted(ada, by(Some(3), Some(5))).await.unwrap_err();
    assert_eq!((refused.code(), refused.details()[0].field.as_str()), ("VALIDATION_ERROR", "owned"));
    assert_eq!(code(counted(eve, by(Some(3), None)).await), "IMPORT_NOT_FOUND");

    let columns = vec![(2, None), (3, Some(Field::Shelf))];
    let choice = |owned: &str| LayoutChoice { columns: columns.clone(), shelves: Some(vec![owned.to_owned()]) };
    assert_eq!(start(&world, ada, import_id, choice("read")).await, Err("VALIDATION_ERROR"));
    start(&world, ada, import_id, choice("Wishlist")).await.unwrap();
    let state = world.until_imported(ada, import_id).await;
    assert_eq!(left_out(&state), [(2, LeftOutReason::NotOwned), (4, LeftOutReason::NotOwned)]);
    assert_eq!(titles(&world, ada).await, ["Dune", "Ilias"]);
    assert_eq!(code(counted(ada, by(Some(3), None)).await), "IMPORT_NOT_IN_REVIEW");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_review_outlives_a_clock_that_is_set_back_and_is_forgotten_whole_by_one_that_jumps_ahead() {
    let world = World::new().await;
    let ada = world.a_member("Ada").await;
    let file = || SHELVES.as_bytes().to_vec();
    let (early, late) =
        (world.upload_for(ada, file(), true).await.unwrap(), world.upload_for(ada, file(), true).await.unwrap());
    world.clock.advance(-Duration::days(30));
    world.forget_imports().await;
    start(&world, ada, early, LayoutChoice::default()).await.unwrap();
    let state = world.until_imported(ada, early).await;
    assert_eq!((state.summary.status, state.summary.imported), (ImportStatus::Completed, 2));
    assert_eq!(world.import_state(ada, late).await.summary.status, ImportStatus::Review);

    world.clock.advance(Duration::days(40));
    // One that was started just before is not taken for a review any more.
    let started = world.upload_for(ada, file(), true).await.unwrap();
    start(&world, ada, started, LayoutChoice::default()).await.unwrap();
    world.clock.advance(Duration::days(40));
    world.forget_imports().await;
    world.clock.advance(-Duration::days(50));
    assert_eq!(start(&world, ada, late, LayoutChoice::default()).await, Err("IMPORT_NOT_FOUND"));
    let state = world.until_imported(ada, started).await;
    assert_eq!((state.summary.status, state.summary.duplicates), (ImportStatus::Completed, 2));
    let rows = "select count(*) from books.import_row";
    let rows: i64 = sqlx::query_scalar(rows).fetch_one(&world.pool).await.unwrap();
    assert_eq!(rows, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_starts_at_once_one_counts() {
    let world = World::new().await;
    for _ in 0..10 {
        let ada = world.a_member("Ada").await;
        let import = world.upload_for(ada, SHELVES.as_bytes().to_vec(), true).await.unwrap();
        let owned = |shelf: &str| LayoutChoice { shelves: Some(vec![shelf.to_owned()]), ..LayoutChoice::default() };
        let (one, other) =
            tokio::join!(start(&world, ada, import, owned("read")), start(&world, ada, import, owned("to-read")));
        let expected: &[&str] = match (one, other) {
            (Ok(()), Err("IMPORT_NOT_IN_REVIEW")) => &["Emma", "Odyssey"],
            (Err("IMPORT_NOT_IN_REVIEW"), Ok(())) => &["Ilias"],
            both => panic!("{both:?}"),
        };
        world.until_imported(ada, import).await;
        assert_eq!(titles(&world, ada).await, expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_row_left_out_says_why_and_which_book_it_equals_and_is_added_once() {
    let world = World::new().await;
    let (ada, eve) = (world.a_member("Ada").await, world.a_member("Eve").await);
    let emma = world.create(ada, a_book("Emma")).await;
    let file = "title,authors,isbn,status\nEmma,Jane Austen,,\nIlias,Homer,9780439023481,\nIlias!,Homer,0439023483,\n\
        Dune,Frank Herbert,,wishlist\n,,,wishlist\nIlias,Homer,9780618002214,\n";
    let state = imported(&world, ada, file).await;
    let expected = [
        (2, LeftOutReason::AlreadyOnShelf),
        (4, LeftOutReason::TwiceInFile),
        (5, LeftOutReason::NotOwned),
        (6, LeftOutReason::NotOwned),
    ];
    assert_eq!(left_out(&state), expected);
    assert_eq!((state.summary.imported, state.summary.duplicates, state.summary.skipped), (2, 2, 2));
    let counts: Vec<(LeftOutReason, i32)> =
        state.left_out_counts.iter().map(|count| (count.reason, count.count)).collect();
    assert_eq!(
        counts,
        [(LeftOutReason::AlreadyOnShelf, 1), (LeftOutReason::NotOwned, 2), (LeftOutReason::TwiceInFile, 1)]
    );
    assert_eq!(state.left_out[0].book_id, Some(emma.id));
    assert_eq!(world.seen(state.left_out[1].book_id.unwrap()).await.title, "Ilias");
    assert_eq!((state.left_out[2].title.as_deref(), state.left_out[2].book_id), (Some("Dune"), None));

    let import_id = state.summary.id;
    let add = async |who, row| world.send(&member(who), AddLeftOutRow { import_id, row }).await;
    let added = add(ada, 2).await.unwrap();
    assert_eq!(add(ada, 2).await.unwrap(), added, "twice adds once");
    add(ada, 5).await.unwrap();
    assert_eq!(code(add(ada, 6).await), "IMPORT_ROW_IS_NO_BOOK");
    assert_eq!(code(add(ada, 3).await), "IMPORT_ROW_NOT_FOUND");
    assert_eq!(code(add(eve, 4).await), "IMPORT_NOT_FOUND");
    let state = world.import_state(ada, import_id).await;
    assert_eq!(left_out(&state), [(4, LeftOutReason::TwiceInFile), (6, LeftOutReason::NotOwned)]);
    assert_eq!((state.summary.imported, state.summary.duplicates, state.summary.skipped), (4, 1, 1));
    assert_eq!(titles(&world, ada).await, ["Dune", "Emma", "Emma", "Ilias", "Ilias"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn copies_are_copies_and_the_same_file_again_adds_none() {
    let world = World::new().await;
    let ada = world.a_member("Ada").await;
    let file = "title,author,isbn,copies\nReader,Ann,9780439023481,1\nReader,Ann,9780439023481,1\n\
        Reader (large print),Ann,0439023483,1\nOther,Ann,,4\n";
    let first = imported(&world, ada, file).await;
    assert_eq!((first.summary.imported, first.summary.duplicates), (7, 0));
    let again = imported(&world, ada, file).await;
    assert_eq!((again.summary.imported, again.summary.duplicates), (0, 4));
    assert!(again.left_out.iter().all(|row| row.reason == LeftOutReason::AlreadyOnShelf && row.book_id.is_some()));
    let more = imported(&world, ada, &file.replace(",,4", ",,5")).await;
    assert_eq!((more.summary.imported, more.summary.duplicates), (1, 3));
    let rows = "select count(*) from books.import_book";
    let rows: i64 = sqlx::query_scalar(rows).fetch_one(&world.pool).await.unwrap();
    assert_eq!(rows, 0, "what stood for what is forgotten at the end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_row_that_comes_again_is_to_be_repaired_once() {
    let world = World::new().await;
    let (ada, eve) = (world.a_member("Ada").await, world.a_member("Eve").await);
    let file = "title,authors\nEmma,Jane Austen\n,Homer\n,\"Ann; Ben\"\n";
    let first = imported(&world, ada, file).await.summary.id;
    imported(&world, eve, file).await;
    assert_eq!(world.ask(&member(ada), OpenImportRows).await.unwrap().failed, 2);
    world.clock.advance(Duration::SECOND);
    let second = imported(&world, ada, "title,authors\n,Homer\n,Somebody\n").await;
    let first = world.import_state(ada, first).await;
    assert_eq!((first.summary.failed, first.summary.superseded, second.summary.failed), (1, 1, 2));
    assert_eq!(first.errors.iter().map(|error| error.row).collect::<Vec<_>>(), [4]);
    let open = world.ask(&member(ada), OpenImportRows).await.unwrap();
    assert_eq!((open.failed, open.imports), (3, vec![second.summary.id, first.summary.id]));
    assert_eq!(world.ask(&member(eve), OpenImportRows).await.unwrap().failed, 2, "nobody else's are struck");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_alone_get_their_titles_from_books_that_members_show() {
    let world = World::new().await;
    let (ada, eve) = (world.a_member("Ada").await, world.a_member("Eve").await);
    imported(&world, eve, "title,authors,isbn,year\nThe Hunger Games,Suzanne Collins,9780439023481,2008\n").await;
    let state = imported(&world, ada, "0-439-02348-3\n9780618002214\n").await;
    assert_eq!((state.summary.imported, state.summary.failed), (1, 1));
    let fields: Vec<(i32, &str)> = state.errors.iter().map(|error| (error.row, error.field.as_str())).collect();
    assert_eq!(fields, [(2, "title"), (2, "authors")]);
    assert_eq!(state.errors[0].values.isbn.as_deref(), Some("9780618002214"));
    let mine = ListBooks { owner: Some(ada), ..ListBooks::newest(PageRequest::first(1)) };
    let book = world.list(mine).await.items.remove(0);
    assert_eq!((book.title.as_str(), book.published_year), ("The Hunger Games", Some(2008)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_a_host_of_the_version_before_left_are_put_on_the_shelf() {
    let world = World::new().await;
    let ada = world.a_member("Ada").await;
    let import: uuid::Uuid = sqlx::query_scalar(
        "with import as (
            insert into books.import (id, owner_id, status, total, created_at, updated_at)
            values (gen_random_uuid(), $1, 'running', 1, $2, $2) returning id
        )
        insert into books.import_row (import_id, row, book) select id, 2, $3 from import returning import_id",
    )
    .bind(ada.uuid())
    .bind(testkit::A_SATURDAY)
    .bind(serde_json::json!({"title": "Emma", "authors": ["Jane Austen"], "isbn": null, "publishedYear": 1815,
        "language": "en", "categories": [], "description": null, "condition": null, "notes": null, "lending": "lend"}))
    .fetch_one(&world.pool)
    .await
    .unwrap();
    let state = world.until_imported(ada, import.into()).await;
    assert_eq!(
        (state.summary.status, state.summary.imported, state.summary.format),
        (ImportStatus::Completed, 1, None)
    );
    assert_eq!(titles(&world, ada).await, ["Emma"]);
}
