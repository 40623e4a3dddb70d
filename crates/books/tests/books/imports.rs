//! Imports: every row once, whatever happens in between.

use std::collections::HashSet;
use std::path::Path;
use std::time::Instant;

use bibliography::table::Format;
use books::{GetImport, ImportSettings, ImportStatus, ListBooks, ListImports, MarkRowRepaired};
use kernel::{PageRequest, UserId};
use testkit::member;
use time::Duration;
use tokio_util::sync::CancellationToken;

use crate::support::{World, a_book, code};

fn plain(rows: &str) -> Vec<u8> {
    format!("title,authors,isbn\n{rows}").into_bytes()
}

async fn shelf_size(world: &World, owner: UserId) -> u64 {
    let mine = ListBooks { owner: Some(owner), ..ListBooks::newest(PageRequest::first(1)) };
    world.list(mine).await.total
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn good_rows_are_imported_and_bad_ones_named_with_row_and_field() {
    let world = World::new().await;
    let ada = world.a_member("Ada").await;
    let file = plain("Emma,Jane Austen,\n,Jane Austen,\nIlias,Homer,0439023484\nOdyssey,Homer,\n");
    let import = world.upload(ada, file).await.unwrap();
    let state = world.until_imported(ada, import).await;
    assert_eq!(state.summary.status, ImportStatus::Completed);
    let summary = &state.summary;
    assert_eq!((summary.total, summary.imported, summary.duplicates, summary.failed, summary.noted), (4, 3, 0, 1, 1));
    assert_eq!((summary.format, state.encoding.as_deref()), (Some(Format::Table), Some("utf-8")));
    assert_eq!((state.errors[0].row, state.errors[0].field.as_str()), (3, "title"));
    assert_eq!(state.errors[0].values.authors, Some(vec!["Jane Austen".to_owned()]));
    // A wrong number does not cost the row.
    let note = &state.notes[0];
    assert_eq!((note.row, note.field.as_str(), note.values.isbn.as_deref()), (4, "isbn", Some("0439023484")));
    let ilias = world.seen(note.book_id).await;
    assert_eq!((ilias.title.as_str(), ilias.isbn13), ("Ilias", None));
    assert_eq!(shelf_size(&world, ada).await, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repaired_row_is_failed_no_more_however_often_that_is_said() {
    let world = World::new().await;
    let (ada, eve) = (world.a_member("Ada").await, world.a_member("Eve").await);
    let import_id = world.upload(ada, plain("Emma,Jane Austen,\n,,1\n,Homer,\nIlias,Homer,1\n")).await.unwrap();
    world.until_imported(ada, import_id).await;
    let rows = async || {
        let state = world.import_state(ada, import_id).await;
        let rows: Vec<i32> = state.errors.iter().map(|error| error.row).collect();
        (rows, state.summary.failed, state.summary.repaired)
    };
    let noted = async || {
        let state = world.import_state(ada, import_id).await;
        (state.notes.iter().map(|note| note.row).collect::<Vec<_>>(), state.summary.noted)
    };
    assert_eq!(rows().await, (vec![3, 3, 4], 2, 0));
    for _ in 0..2 {
        world.send(&member(ada), MarkRowRepaired { import_id, row: 3 }).await.unwrap();
        assert_eq!(rows().await, (vec![4], 1, 1));
    }
    // Of a row that was taken there is nothing to say.
    world.send(&member(ada), MarkRowRepaired { import_id, row: 2 }).await.unwrap();
    assert_eq!(code(world.send(&member(eve), MarkRowRepaired { import_id, row: 4 }).await), "IMPORT_NOT_FOUND");
    assert_eq!(rows().await, (vec![4], 1, 1));
    // A note is dealt with in the same way.
    assert_eq!(noted().await, (vec![5], 1));
    for _ in 0..2 {
        world.send(&member(ada), MarkRowRepaired { import_id, row: 5 }).await.unwrap();
        assert_eq!(noted().await, (vec![], 0));
    }
    assert_eq!(rows().await, (vec![4], 1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ones_imports_are_listed_newest_first_and_nobody_elses() {
    let settings = ImportSettings { unfinished: 3, ..ImportSettings::default() };
    let world = World::with_redis(&testkit::redis_url(), settings).await;
    world.until_served().await;
    let (ada, eve) = (world.a_member("Ada").await, world.a_member("Eve").await);
    let mut uploaded = Vec::new();
    for title in ["Emma", "Ilias", "Odyssey"] {
        world.clock.advance(Duration::SECOND);
        uploaded.insert(0, world.upload(ada, plain(&format!("{title},Somebody,\n"))).await.unwrap());
    }
    world.upload(eve, plain("Emma,Jane Austen,\n")).await.unwrap();
    let state = world.until_imported(ada, uploaded[2]).await;
    let list = async |page| world.ask(&member(ada), ListImports { page }).await.unwrap();
    let page = list(PageRequest::first(2)).await;
    assert_eq!((page.total, page.next_cursor), (3, None));
    assert_eq!(page.items.iter().map(|import| import.id).collect::<Vec<_>>(), uploaded[..2]);
    assert_eq!(list(PageRequest { page: 2, ..PageRequest::first(2) }).await.items, [state.summary]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_book_that_is_on_the_shelf_already_is_not_imported_again() {
    let world = World::new().await;
    let (ada, eve) = (world.a_member("Ada").await, world.a_member("Eve").await);
    world.create(ada, a_book("Emma")).await;
    let file = plain("EMMA.,jane austen,\nGames,Suzanne Collins,0439023483\nOther title,Somebody,9780439023481\n");
    let import = world.upload(ada, file.clone()).await.unwrap();
    let state = world.until_imported(ada, import).await;
    assert_eq!((state.summary.imported, state.summary.duplicates), (1, 2));
    let again = world.upload(ada, file.clone()).await.unwrap();
    assert_eq!(world.until_imported(ada, again).await.summary.duplicates, 3);
    let elsewhere = world.upload(eve, file).await.unwrap();
    assert_eq!(world.until_imported(eve, elsewhere).await.summary.imported, 2, "another shelf");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_goes_on_where_a_killed_worker_left_it() {
    let settings = ImportSettings { batch: 50, ..ImportSettings::default() };
    let world = World::with_redis(&testkit::redis_url(), settings).await;
    world.until_served().await;
    let ada = world.a_member("Ada").await;
    let rows: String = (0..1_000).map(|i| format!("Book {i},Author {i},\n")).collect();
    let import = world.upload(ada, plain(&rows)).await.unwrap();
    // Workers that are dropped at whatever await they have come to, until some of it is done.
    let mut killed = 0;
    while world.import_state(ada, import).await.summary.imported < 500 {
        let books = world.context.clone();
        let worker = tokio::spawn(async move { books.run_imports(CancellationToken::new()).await });
        tokio::time::sleep(std::time::Duration::from_millis(3 + killed % 40)).await;
        worker.abort();
        killed += 7;
    }
    let state = world.until_imported(ada, import).await;
    assert_eq!(
        (state.summary.status, state.summary.imported, state.summary.duplicates),
        (ImportStatus::Completed, 1_000, 0)
    );
    assert_eq!(shelf_size(&world, ada).await, 1_000);
    let titles = "select count(distinct title) from books.book";
    let books: i64 = sqlx::query_scalar(titles).fetch_one(&world.pool).await.unwrap();
    let created = "select count(*) from event_bus.log where name = 'book.created'";
    let events: i64 = sqlx::query_scalar(created).fetch_one(&world.log).await.unwrap();
    assert_eq!((books, events), (1_000, 1_000));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_workers_share_the_imports_of_one_shelf_without_doubles() {
    let settings = ImportSettings { batch: 20, ..ImportSettings::default() };
    let world = World::with_redis(&testkit::redis_url(), settings).await;
    world.until_served().await;
    let ada = world.a_member("Ada").await;
    let rows: String = (0..200).map(|i| format!("Book {i},Author {i},\n")).collect();
    let first = world.upload(ada, plain(&rows)).await.unwrap();
    let second = world.upload(ada, plain(&rows)).await.unwrap();
    let (first, second) = tokio::join!(world.until_imported(ada, first), world.until_imported(ada, second));
    assert_eq!(first.summary.imported + second.summary.imported, 200);
    assert_eq!(first.summary.duplicates + second.summary.duplicates, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_is_not_completed_before_the_views_show_its_books() {
    let world = World::new().await;
    let ada = world.a_member("Ada").await;
    let import = world.upload(ada, plain("Emma,Jane Austen,\n")).await.unwrap();
    world.stop_subscriptions().await;
    assert!(world.context.import_tick().await.unwrap());
    assert!(!world.context.import_tick().await.unwrap());
    let state = world.import_state(ada, import).await;
    assert_eq!(
        (state.summary.status, state.summary.imported),
        (ImportStatus::Running, 1),
        "progress shows, completion does not"
    );
    world.start_subscriptions().await;
    world.until_imported(ada, import).await;
    assert_eq!(shelf_size(&world, ada).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_no_table_leaves_nothing() {
    let world = World::new().await;
    let ada = world.a_member("Ada").await;
    assert_eq!(code(world.upload(ada, b"not,a,table".to_vec()).await), "VALIDATION_ERROR");
    let kept: i64 = sqlx::query_scalar("select count(*) from books.import").fetch_one(&world.pool).await.unwrap();
    assert_eq!(kept, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_beyond_the_bounds_is_refused_and_leaves_nothing() {
    let settings = ImportSettings { max_rows: 600, max_bytes: 50_000, ..ImportSettings::default() };
    let world = World::with_redis(&testkit::redis_url(), settings).await;
    let ada = world.a_member("Ada").await;
    assert_eq!(code(world.upload(ada, plain(&"a,b,\n".repeat(601))).await), "FILE_TOO_LARGE");
    assert_eq!(code(world.upload(ada, plain(&"x".repeat(60_000))).await), "FILE_TOO_LARGE");
    let kept: i64 = sqlx::query_scalar("select count(*) from books.import").fetch_one(&world.pool).await.unwrap();
    assert_eq!(kept, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_errors_are_counted_and_the_first_thousand_shown() {
    let world = World::new().await;
    let ada = world.a_member("Ada").await;
    let import = world.upload(ada, plain(&",Ann,\n".repeat(1_200))).await.unwrap();
    let state = world.until_imported(ada, import).await;
    assert_eq!((state.summary.failed, state.errors.len()), (1_200, 1_000));
    assert_eq!(state.errors[999].row, 1_001);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_is_seen_by_the_one_who_started_it_alone() {
    let world = World::new().await;
    let (ada, eve) = (world.a_member("Ada").await, world.a_member("Eve").await);
    let import_id = world.upload(ada, plain("Emma,Jane Austen,\n")).await.unwrap();
    assert_eq!(code(world.ask(&member(eve), GetImport { import_id }).await), "IMPORT_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_whose_host_died_is_forgotten() {
    let world = World::new().await;
    sqlx::query(
        "insert into books.import (id, owner_id, status, created_at, updated_at)
        select gen_random_uuid(), gen_random_uuid(), 'receiving', $1, $1",
    )
    .bind(testkit::A_SATURDAY)
    .execute(&world.pool)
    .await
    .unwrap();
    world.clock.advance(Duration::minutes(4));
    world.context.sweep().await.unwrap();
    let kept = "select count(*) from books.import";
    assert_eq!(sqlx::query_scalar::<_, i64>(kept).fetch_one(&world.pool).await.unwrap(), 1, "it may still come");
    world.clock.advance(Duration::minutes(2));
    world.context.sweep().await.unwrap();
    let kept: i64 = sqlx::query_scalar("select count(*) from books.import").fetch_one(&world.pool).await.unwrap();
    assert_eq!(kept, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_real_books_are_each_shown_once_over_all_pages() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/goodbooks-10k/books.csv");
    let Ok(file) = std::fs::read(&path) else {
        println!("skipped: the real data are not on this machine");
        return;
    };
    let world = World::new().await;
    let ada = world.a_member("Ada").await;
    let started = Instant::now();
    let import = world.upload(ada, file).await.unwrap();
    let received = started.elapsed();
    let state = world.until_imported(ada, import).await;
    println!("10,000 rows: received in {received:.2?}, completed after {:.2?}", started.elapsed());
    assert_eq!(state.summary.status, ImportStatus::Completed);
    assert_eq!((state.summary.total, state.summary.failed), (10_000, 0));
    assert_eq!(state.summary.imported + state.summary.duplicates, 10_000);
    assert!(state.summary.duplicates < 10, "{}", state.summary.duplicates);
    for by_cursor in [false, true] {
        let all = world.walk(ListBooks::newest(PageRequest::first(100)), 100, by_cursor).await;
        assert_eq!(all.len(), state.summary.imported as usize);
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_that_ended_is_kept_for_thirty_days_and_goes_with_its_rows() {
    let world = World::new().await;
    let ada = world.a_member("Ada").await;
    let file = "title,authors,isbn\n,Ann,\nEmma,Jane Austen,12\nEmma,Jane Austen,\n";
    // More than one transaction forgets.
    for _ in 0..45 {
        let import = world.upload(ada, file.into()).await.unwrap();
        world.until_imported(ada, import).await;
    }
    let rows = async || {
        let all = "select (select count(*) from import), (select count(*) from import_error) +
            (select count(*) from import_note) + (select count(*) from import_left_out) +
            (select count(*) from import_row) + (select count(*) from import_book)";
        sqlx::query_as::<_, (i64, i64)>(all).fetch_one(&world.pool).await.unwrap()
    };
    let before = rows().await;
    assert!(before.0 == 45 && before.1 >= 45, "{before:?}");
    world.clock.advance(Duration::days(29));
    assert_eq!(world.forget_imports().await, 0);
    assert_eq!(rows().await, before);
    world.clock.advance(Duration::days(2));
    assert_eq!(world.forget_imports().await, 45);
    assert_eq!(rows().await, (0, 0));
    assert_eq!(shelf_size(&world, ada).await, 1, "its books stay");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_imports_again_and_again_keeps_the_fifty_newest() {
    let world = World::new().await;
    let (ada, eve) = (world.a_member("Ada").await, world.a_member("Eve").await);
    let hers = world.upload(eve, plain("Emma,Jane Austen,\n")).await.unwrap();
    world.until_imported(eve, hers).await;
    let mut all = Vec::new();
    for nth in 0..52 {
        world.clock.advance(Duration::SECOND);
        let import = world.upload(ada, plain(&format!(",Author {nth},\n"))).await.unwrap();
        world.until_imported(ada, import).await;
        all.push(import);
    }
    let kept: Vec<uuid::Uuid> =
        sqlx::query_scalar("select id from books.import where owner_id = $1 order by created_at")
            .bind(ada.uuid())
            .fetch_all(&world.pool)
            .await
            .unwrap();
    let newest: Vec<uuid::Uuid> = all[2..].iter().map(|import| import.uuid()).collect();
    assert_eq!(kept, newest);
    let rows: i64 = sqlx::query_scalar("select count(*) from books.import_error").fetch_one(&world.pool).await.unwrap();
    assert_eq!(rows, 50, "their bad rows went with them");
    assert_eq!(world.import_state(eve, hers).await.summary.imported, 1, "nobody else's are forgotten");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_kept_of_bad_rows_has_a_bound_in_bytes() {
    let world = World::new().await;
    let ada = world.a_member("Ada").await;
    let said = "x".repeat(7_000);
    let rows: String = (0..650).map(|nth| format!(",Author {nth},{said}\n")).collect();
    let import = world.upload(ada, format!("title,authors,description\n{rows}").into_bytes()).await.unwrap();
    let state = world.until_imported(ada, import).await;
    assert_eq!(state.summary.failed, 650, "all are counted");
    let kept: i64 = sqlx::query_scalar("select sum(octet_length(row_values::text))::bigint from books.import_error")
        .fetch_one(&world.pool)
        .await
        .unwrap();
    assert!((3_000_000..=4_300_000).contains(&kept), "{kept} bytes of {} rows", state.errors.len());
}
