//! Whose turn it is: to be read, and to be put on the shelf.

use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::sync::atomic::Ordering;

use books::{ImportSettings, ImportStatus, LayoutChoice, StartImport, StartReviewedImport, Upload};
use kernel::{ErrorKind, Refusal};
use testkit::member;
use time::Duration;
use tokio_util::sync::CancellationToken;

use crate::support::{World, code};

fn plain(rows: &str) -> Vec<u8> {
    format!("title,authors,isbn\n{rows}").into_bytes()
}

/// A file that is read no further until it may.
struct Gated {
    file: Cursor<Vec<u8>>,
    open: std::sync::mpsc::Receiver<()>,
}

impl Read for Gated {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        // Nobody holds it back any more: the sender is gone.
        self.open.recv().unwrap_or(());
        self.file.read(into)
    }
}

impl Seek for Gated {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_waits_a_moment_for_its_turn_to_be_read_and_is_told_to_come_back() {
    let settings = ImportSettings { concurrent_uploads: 1, ..ImportSettings::default() };
    let world = World::with_redis(&testkit::redis_url(), settings).await;
    let (ada, eve) = (world.a_member("Ada").await, world.a_member("Eve").await);
    let (gate, open) = std::sync::mpsc::channel();
    let file = Gated { file: Cursor::new(plain("Emma,Jane Austen,\n")), open };
    let caller = member(eve);
    let held = world.send(&caller, StartImport { upload: Upload::new(file, [1; 32]), review: false });
    let others = async {
        // It has its turn once there is an import.
        testkit::eventually("the first is being read", || async { imports(&world).await == 1 }).await;
        let refused = world.upload(ada, plain("Ilias,Homer,\n")).await.unwrap_err();
        assert_eq!((refused.kind(), refused.code()), (ErrorKind::Unavailable, "UNAVAILABLE"));
        drop(gate);
    };
    let (held, ()) = tokio::join!(held, others);
    held.unwrap();
    world.upload(ada, plain("Ilias,Homer,\n")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_with_two_files_has_one_turn_to_read_and_leaves_the_other_to_somebody_else() {
    let settings = ImportSettings { concurrent_uploads: 2, ..ImportSettings::default() };
    let world = World::with_redis(&testkit::redis_url(), settings).await;
    let (ada, eve) = (world.a_member("Ada").await, world.a_member("Eve").await);
    let (first_gate, first_open) = std::sync::mpsc::channel();
    let (second_gate, second_open) = std::sync::mpsc::channel();
    let caller = member(eve);
    let gated = |open, nth| {
        let file = Gated { file: Cursor::new(plain("Emma,Jane Austen,\n")), open };
        world.send(&caller, StartImport { upload: Upload::new(file, [nth; 32]), review: false })
    };
    let others = async {
        testkit::eventually("the first is being read", || async { imports(&world).await == 1 }).await;
        // Both of Eve's are there, and a turn is free: it is for others.
        world.upload(ada, plain("Ilias,Homer,\n")).await.unwrap();
        drop((first_gate, second_gate));
    };
    let (first, second, ()) = tokio::join!(gated(first_open, 1), gated(second_open, 2), others);
    first.unwrap();
    // It was read after the first one, unless it has waited too long for that.
    assert!(second.is_ok() || world.upload(eve, plain("Ilias,Homer,\n")).await.is_ok());
}

async fn imports(world: &World) -> i64 {
    sqlx::query_scalar("select count(*) from books.import").fetch_one(&world.pool).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_that_is_cut_off_does_not_count_any_more() {
    let settings = ImportSettings { unfinished: 1, ..ImportSettings::default() };
    let world = World::with_redis(&testkit::redis_url(), settings).await;
    let eve = world.a_member("Eve").await;
    let (gate, open) = std::sync::mpsc::channel();
    let file = Gated { file: Cursor::new(plain("Emma,Jane Austen,\n")), open };
    let caller = member(eve);
    let cut_off = world.send(&caller, StartImport { upload: Upload::new(file, [1; 32]), review: false });
    tokio::select! {
        _ = cut_off => panic!("it cannot end: its file is not read"),
        () = testkit::eventually("the file is being read", || async { imports(&world).await == 1 }) => {}
    }
    // Nobody waits for it any more.
    testkit::eventually("it is forgotten", || async { imports(&world).await == 0 }).await;
    drop(gate);
    world.upload(eve, plain("Ilias,Homer,\n")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_that_was_swept_meanwhile_is_not_said_to_be_under_way() {
    let world = World::new().await;
    let eve = world.a_member("Eve").await;
    let (gate, open) = std::sync::mpsc::channel();
    let file = Gated { file: Cursor::new(plain("Emma,Jane Austen,\n")), open };
    let caller = member(eve);
    let swept = world.send(&caller, StartImport { upload: Upload::new(file, [1; 32]), review: false });
    let sweeper = async {
        testkit::eventually("the file is being read", || async { imports(&world).await == 1 }).await;
        world.clock.advance(Duration::minutes(6));
        world.context.sweep().await.unwrap();
        assert_eq!(imports(&world).await, 0);
        drop(gate);
    };
    let (swept, ()) = tokio::join!(swept, sweeper);
    assert_eq!(code(swept), "UNAVAILABLE");
    assert_eq!(imports(&world).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_that_another_transaction_is_in_the_way_of_is_read_once_more() {
    let world = World::new().await;
    let ada = world.a_member("Ada").await;
    // Of many batches the second meets it, while the file is still being read.
    let in_the_way = "create sequence books.stored;
        create function books.in_the_way() returns trigger language plpgsql as
            $$ begin
                if nextval('books.stored') = 2 then
                    raise exception 'in the way' using errcode = '40001';
                end if;
                return null;
            end $$;
        create trigger in_the_way after insert on books.import_row for each statement execute function books.in_the_way()";
    sqlx::raw_sql(in_the_way).execute(&world.database.owner_pool("books")).await.unwrap();
    let rows: String = (0..3_000).map(|i| format!("Book {i},Author {i},\n")).collect();
    let import = world.upload(ada, plain(&rows)).await.unwrap();
    let stored: i64 = sqlx::query_scalar("select last_value from books.stored").fetch_one(&world.pool).await.unwrap();
    assert!(stored > 2, "the canary: it was in the way");
    let rows: Vec<(uuid::Uuid, i64)> =
        sqlx::query_as("select import_id, count(*) from books.import_row group by import_id")
            .fetch_all(&world.pool)
            .await
            .unwrap();
    assert_eq!(rows, [(import.uuid(), 3_000)]);
    assert_eq!(imports(&world).await, 1, "the first start left nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_whose_last_step_is_undone_by_another_does_not_count_itself() {
    let settings = ImportSettings { unfinished: 1, ..ImportSettings::default() };
    let world = World::with_redis(&testkit::redis_url(), settings).await;
    let ada = world.a_member("Ada").await;
    let in_the_way = "create sequence books.ended;
        create function books.in_the_way() returns trigger language plpgsql as
            $$ begin
                if nextval('books.ended') < 4 then
                    raise exception 'in the way' using errcode = '40001';
                end if;
                return null;
            end $$;
        create trigger in_the_way after update of status on books.import for each statement execute function books.in_the_way()";
    sqlx::raw_sql(in_the_way).execute(&world.database.owner_pool("books")).await.unwrap();
    world.upload(ada, plain("Emma,Jane Austen,\n")).await.unwrap();
    let ended: i64 = sqlx::query_scalar("select last_value from books.ended").fetch_one(&world.pool).await.unwrap();
    assert_eq!(ended, 4, "the canary: it was in the way");
    assert_eq!(imports(&world).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_quota_is_said_at_once_and_not_after_a_wait_for_a_turn() {
    let settings = ImportSettings { concurrent_uploads: 1, unfinished: 1, ..ImportSettings::default() };
    let world = World::with_redis(&testkit::redis_url(), settings).await;
    let eve = world.a_member("Eve").await;
    let (gate, open) = std::sync::mpsc::channel();
    let file = Gated { file: Cursor::new(plain("Emma,Jane Austen,\n")), open };
    let caller = member(eve);
    let held = world.send(&caller, StartImport { upload: Upload::new(file, [1; 32]), review: false });
    let another = async {
        testkit::eventually("the first is being read", || async { imports(&world).await == 1 }).await;
        assert_eq!(code(world.upload(eve, plain("Ilias,Homer,\n")).await), "TOO_MANY_IMPORTS");
        drop(gate);
    };
    let (held, ()) = tokio::join!(held, another);
    held.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idempotency_key_covers_the_file() {
    let world = World::new().await;
    let ada = world.a_member("Ada").await;
    let mut caller = member(ada);
    caller.idempotency_key = Some("shelf".to_owned());
    let start =
        |file: &[u8], digest| StartImport { upload: Upload::new(Cursor::new(file.to_vec()), digest), review: false };
    let emma = plain("Emma,Jane Austen,\n");
    let first = world.send(&caller, start(&emma, [1; 32])).await.unwrap();
    assert_eq!(world.send(&caller, start(&emma, [1; 32])).await.unwrap(), first);
    let other = world.send(&caller, start(&plain("Ilias,Homer,\n"), [2; 32])).await.unwrap_err();
    assert_eq!(other.code(), "IDEMPOTENCY_KEY_REUSED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_row_does_not_wait_for_thirty_thousand_of_another_member() {
    let world = World::new().await;
    let (eve, ada) = (world.a_member("Eve").await, world.a_member("Ada").await);
    let rows: String = (0..30_000).map(|i| format!("Book {i},Author {i},\n")).collect();
    let long = world.upload(eve, plain(&rows)).await.unwrap();
    // Of two that came in the same moment either may come first.
    world.clock.advance(Duration::SECOND);
    let second = world.upload(eve, plain(&rows)).await.unwrap();
    for _ in 0..3 {
        assert!(world.context.import_tick().await.unwrap());
    }
    let short = world.upload(ada, plain("Emma,Jane Austen,\n")).await.unwrap();
    // A batch of Ada's, one of Eve's, and the end of Ada's.
    let mut ticks = 0;
    while world.import_state(ada, short).await.summary.status != ImportStatus::Completed {
        world.context.import_tick().await.unwrap();
        ticks += 1;
        assert!(ticks <= 6, "the short import waits behind the long one");
    }
    assert_eq!(world.import_state(eve, second).await.summary.imported, 0, "a member's own come one after the other");
    assert!(world.import_state(eve, long).await.summary.imported < 3_000);
    assert_eq!(code(world.upload(eve, plain("Emma,Jane Austen,\n")).await), "TOO_MANY_IMPORTS");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_that_cannot_be_worked_on_does_not_come_first_again_and_again() {
    let world = World::new().await;
    let (eve, ada) = (world.a_member("Eve").await, world.a_member("Ada").await);
    world.upload(eve, plain("Ilias,Homer,\n")).await.unwrap();
    // As if each of her statements were ended for its length: worth another try, and another.
    let ended = format!(
        "create function books.too_long() returns trigger language plpgsql as
            $$ begin raise exception 'it takes too long' using errcode = '57014'; end $$;
        create trigger too_long before insert on books.book for each row
            when (new.owner_id = '{}') execute function books.too_long()",
        eve.uuid()
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(ended)).execute(&world.database.owner_pool("books")).await.unwrap();
    world.clock.advance(Duration::SECOND);
    let import = world.upload(ada, plain("Emma,Jane Austen,\n")).await.unwrap();
    let (mut ticks, mut ended) = (0, 0);
    while world.import_state(ada, import).await.summary.status != ImportStatus::Completed {
        ended += usize::from(world.context.import_tick().await.is_err());
        ticks += 1;
        assert!(ticks <= 20, "hers comes first each time: {ended} of {ticks}");
    }
    assert!(ended > 0, "the canary: hers cannot be worked on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_does_not_wait_for_another_at_the_same_shelf() {
    let world = World::new().await;
    let (eve, ada) = (world.a_member("Eve").await, world.a_member("Ada").await);
    world.upload(eve, plain("Ilias,Homer,\n")).await.unwrap();
    let import = world.upload(ada, plain("Emma,Jane Austen,\n")).await.unwrap();
    // Another host is at Eve's shelf, and takes its time.
    let mut other = world.pool.begin().await.unwrap();
    sqlx::query("select pg_advisory_xact_lock(hashtextextended($1, 0))")
        .bind(eve.to_string())
        .execute(&mut *other)
        .await
        .unwrap();
    let state = world.until_imported(ada, import).await;
    assert_eq!(state.summary.imported, 1);
    other.rollback().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_gives_way_while_requests_are_slow_and_goes_on_all_the_same() {
    let settings = ImportSettings { batch: 1, ..ImportSettings::default() };
    let world = World::with_redis(&testkit::redis_url(), settings).await;
    world.until_served().await;
    let ada = world.a_member("Ada").await;
    let rows: String = (0..40).map(|i| format!("Book {i},Author {i},\n")).collect();
    let import = world.upload(ada, plain(&rows)).await.unwrap();
    world.pace.slow.store(true, Ordering::SeqCst);
    let (books, stop) = (world.context.clone(), CancellationToken::new());
    let until = stop.clone();
    let worker = tokio::spawn(async move { books.run_imports(until).await });
    testkit::eventually("it goes on, slowly", || async { world.import_state(ada, import).await.summary.imported > 0 })
        .await;
    let slowly = world.import_state(ada, import).await.summary.imported;
    assert!(slowly < 20, "{slowly} of 40 at once while requests are slow");
    world.pace.slow.store(false, Ordering::SeqCst);
    testkit::eventually("it ends", || async {
        world.import_state(ada, import).await.summary.status == ImportStatus::Completed
    })
    .await;
    stop.cancel();
    worker.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_review_is_started_once_there_is_a_turn_for_it() {
    let world = World::new().await;
    let ada = world.a_member("Ada").await;
    let review = world.upload_for(ada, plain("Emma,Jane Austen,\n"), true).await.unwrap();
    for _ in 0..2 {
        world.upload(ada, plain("Ilias,Homer,\n")).await.unwrap();
    }
    let start = || StartReviewedImport { import_id: review, choice: LayoutChoice::default() };
    assert_eq!(code(world.send(&member(ada), start()).await), "TOO_MANY_IMPORTS");
    while world.context.import_tick().await.unwrap() {}
    world.send(&member(ada), start()).await.unwrap();
    assert_eq!(world.until_imported(ada, review).await.summary.imported, 1);
}
