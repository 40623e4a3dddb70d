//! A shelf has a limit, however books come to it.

use books::{AddLeftOutRow, CreateBook, DeleteBook, ImportSettings, LeftOutReason};
use kernel::{Detail, ErrorKind, Refusal, UserId};
use testkit::member;

use crate::support::{World, a_book, code};

const LIMIT: u32 = 12;

async fn with_limit(batch: i64) -> World {
    let settings = ImportSettings { max_books: LIMIT, batch, unfinished: 3, ..ImportSettings::default() };
    let world = World::with_redis(&testkit::redis_url(), settings).await;
    world.until_served().await;
    world
}

async fn books_of(world: &World, owner: UserId) -> i64 {
    let count = sqlx::query_scalar("select count(*) from book where owner_id = $1").bind(owner.uuid());
    count.fetch_one(&world.pool).await.unwrap()
}

fn file(name: &str, rows: usize) -> Vec<u8> {
    let rows: String = (0..rows).map(|nth| format!("{name} {nth},Ann\n")).collect();
    format!("title,authors\n{rows}").into_bytes()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_shelf_refuses_books_and_an_import_says_which_rows_found_no_room() {
    let world = with_limit(4).await;
    let (ada, eve) = (world.a_member("Ada").await, world.a_member("Eve").await);
    let first = world.create(ada, a_book("Emma")).await.id;
    // Emma is there already, ten rows find room and five do not.
    let mut rows = b"title,authors\nEmma,Jane Austen\n".to_vec();
    rows.extend_from_slice(&file("Volume", 16)[b"title,authors\n".len()..]);
    let import = world.upload(ada, rows).await.unwrap();
    let state = world.until_imported(ada, import).await;
    let full: Vec<i32> =
        state.left_out.iter().filter(|row| row.reason == LeftOutReason::ShelfFull).map(|row| row.row).collect();
    assert_eq!(full, [14, 15, 16, 17, 18]);
    assert_eq!((state.summary.imported, state.summary.duplicates, state.summary.skipped), (11, 1, 5));
    assert_eq!(books_of(&world, ada).await, i64::from(LIMIT));

    let refused = world.send(&member(ada), CreateBook { book: a_book("Persuasion") }).await.unwrap_err();
    assert_eq!((refused.kind(), refused.code()), (ErrorKind::Conflict, "SHELF_FULL"));
    assert_eq!(refused.details(), [Detail::new("maxBooks", "12")]);
    assert_eq!(code(world.send(&member(ada), AddLeftOutRow { import_id: import, row: 14 }).await), "SHELF_FULL");
    world.create(eve, a_book("Persuasion")).await;

    world.send(&member(ada), DeleteBook { book_id: first, expected_version: None }).await.unwrap();
    world.send(&member(ada), AddLeftOutRow { import_id: import, row: 14 }).await.unwrap();
    assert_eq!(code(world.send(&member(ada), AddLeftOutRow { import_id: import, row: 15 }).await), "SHELF_FULL");
    assert_eq!(books_of(&world, ada).await, i64::from(LIMIT));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn imports_at_once_do_not_pass_the_limit_of_a_shelf() {
    let world = with_limit(5).await;
    let ada = world.a_member("Ada").await;
    let imports = [
        world.upload(ada, file("One", 20)).await.unwrap(),
        world.upload(ada, file("Two", 20)).await.unwrap(),
        world.upload(ada, b"title,authors,copies\nMany,Ann,30\n".to_vec()).await.unwrap(),
    ];
    let until = imports.map(|import| world.until_imported(ada, import));
    let states = futures_util::future::join_all(until).await;
    assert_eq!(books_of(&world, ada).await, i64::from(LIMIT));
    let rows: i32 = states.iter().map(|state| state.summary.imported + state.summary.skipped).sum();
    assert_eq!(rows, 41, "every row is told of");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_added_later_makes_no_more_copies_than_were_missing() {
    let world = with_limit(5).await;
    let ada = world.a_member("Ada").await;
    for (file, imported) in [(&b"title,authors,copies\nMany,Ann,3\n"[..], 3), (&file("Volume", 8), 8)] {
        let import = world.upload(ada, file.to_vec()).await.unwrap();
        assert_eq!(world.until_imported(ada, import).await.summary.imported, imported);
    }
    let other = world.newest().await.items.into_iter().find(|book| book.title.starts_with("Volume")).unwrap();
    // Five, of which three are there; there is room for one.
    let import = world.upload(ada, b"title,authors,copies\nMany,Ann,5\n".to_vec()).await.unwrap();
    let state = world.until_imported(ada, import).await;
    assert_eq!((state.summary.imported, state.left_out[0].reason), (0, LeftOutReason::ShelfFull));

    world.send(&member(ada), DeleteBook { book_id: other.id, expected_version: None }).await.unwrap();
    world.send(&member(ada), AddLeftOutRow { import_id: import, row: state.left_out[0].row }).await.unwrap();
    let many: i64 =
        sqlx::query_scalar("select count(*) from book where title = 'Many'").fetch_one(&world.pool).await.unwrap();
    assert_eq!(many, 5);
}
