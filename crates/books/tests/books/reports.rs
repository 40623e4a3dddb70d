//! What an import says of rows that were not taken as they stand.

use books::{ImportSettings, ImportStatus, ImportView, OpenImportRows};
use kernel::UserId;
use testkit::member;
use time::Duration;

use crate::support::World;

async fn imported(world: &World, owner: UserId, file: &str) -> ImportView {
    world.clock.advance(Duration::SECOND);
    let import = world.upload(owner, file.as_bytes().to_vec()).await.unwrap();
    world.until_imported(owner, import).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_are_only_counted_until_the_import_is_over() {
    let settings = ImportSettings { batch: 3, ..ImportSettings::default() };
    let world = World::with_redis(&testkit::redis_url(), settings).await;
    world.until_served().await;
    let ada = world.a_member("Ada").await;
    let file =
        "title,authors,isbn,status\n,Homer,,\nEmma,Jane Austen,1,\nDune,Frank Herbert,,wishlist\nIlias,Homer,,\n";
    let import = world.upload(ada, file.as_bytes().to_vec()).await.unwrap();
    world.context.import_tick().await.unwrap();
    let state = world.import_state(ada, import).await;
    let summary = &state.summary;
    assert_eq!((summary.status, summary.failed, summary.noted, summary.skipped), (ImportStatus::Running, 1, 1, 1));
    let listed = |state: &ImportView| (state.errors.len(), state.notes.len(), state.left_out.len());
    assert_eq!(listed(&state), (0, 0, 0));
    let state = world.until_imported(ada, import).await;
    assert_eq!(listed(&state), (1, 1, 1));
    // A row that was left out is added by its number: what else it said is not sent.
    let row = &serde_json::to_value(&state).unwrap()["leftOut"][0];
    assert_eq!((&row["title"], &row["authors"][0], row.get("values")), (&"Dune".into(), &"Frank Herbert".into(), None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_row_that_is_not_kept_stays_with_the_import_that_had_it_before() {
    let world = World::new().await;
    let ada = world.a_member("Ada").await;
    let first = imported(&world, ada, "title,authors\n,Kept before\n").await.summary.id;
    let others: String = (0..1_000).map(|nth| format!(",Author {nth}\n")).collect();
    let second = imported(&world, ada, &format!("title,authors\n{others},Kept before\n")).await;
    assert_eq!((second.summary.failed, second.errors.len()), (1_001, 1_000));
    let first = world.import_state(ada, first).await;
    assert_eq!((first.summary.failed, first.summary.superseded, first.errors.len()), (1, 0, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_bad_file_ten_times_is_to_be_repaired_once() {
    let world = World::new().await;
    let ada = world.a_member("Ada").await;
    let rows: String = (0..400).map(|nth| format!(",Author {nth}\n")).collect();
    let file = format!("title,authors\n{rows}");
    let mut imports = Vec::new();
    for _ in 0..10 {
        imports.push(imported(&world, ada, &file).await.summary.id);
    }
    let newest = imports.pop().unwrap();
    for import in imports {
        let state = world.import_state(ada, import).await;
        assert_eq!((state.summary.failed, state.summary.superseded, state.errors.len()), (0, 400, 0));
    }
    assert_eq!(world.import_state(ada, newest).await.summary.failed, 400);
    assert_eq!(world.ask(&member(ada), OpenImportRows).await.unwrap().failed, 400);
}
