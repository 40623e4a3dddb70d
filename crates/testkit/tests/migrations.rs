//! Migrations beside hosts that serve.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::{ConnectOptions, Connection};
use testkit::PrivatePostgres;

/// Migrations of a test, in a folder below the target.
fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(uuid::Uuid::now_v7().simple().to_string());
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_migration_that_waits_for_a_table_lets_others_read_it_and_is_tried_again() {
    let server = PrivatePostgres::start().await;
    let (owner, folder) = (server.owner_options(), folder());
    std::fs::write(folder.join("0001_shelf.sql"), "create table shelf (id bigint primary key);").unwrap();
    let first = Migrator::new(folder.as_path()).await.unwrap();
    provision::provision(&owner, None, &[("shelves", &first)]).await.unwrap();
    std::fs::write(folder.join("0002_width.sql"), "alter table shelf add column width bigint;").unwrap();
    let both = Migrator::new(folder.as_path()).await.unwrap();

    // Somebody reads the table, and does not come to an end.
    let mut reader = owner.connect().await.unwrap();
    let mut reading = reader.begin().await.unwrap();
    sqlx::query("select count(*) from shelves.shelf").execute(&mut *reading).await.unwrap();
    let mut other = owner.connect().await.unwrap();
    let ended = AtomicBool::new(false);
    let migrating = async {
        let outcome = provision::provision(&owner, None, &[("shelves", &both)]).await;
        ended.store(true, Ordering::SeqCst);
        outcome
    };
    let others = async {
        let waits = "select count(*) from pg_locks where not granted and relation = 'shelves.shelf'::regclass";
        while sqlx::query_scalar::<_, i64>(waits).fetch_one(&mut other).await.unwrap() == 0 {
            assert!(!ended.load(Ordering::SeqCst), "it waits for the reader");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        // Whoever comes now stands behind the migration, and not for as long as that stands behind the reader.
        let read = sqlx::query_scalar::<_, i64>("select count(*) from shelves.shelf").fetch_one(&mut other);
        assert_eq!(tokio::time::timeout(Duration::from_secs(20), read).await.expect("in time").unwrap(), 0);
        assert!(!ended.load(Ordering::SeqCst));
        reading.rollback().await.unwrap();
    };
    let (migrated, ()) = tokio::join!(migrating, others);
    migrated.unwrap();
    let columns =
        "select count(*) from information_schema.columns where table_schema = 'shelves' and column_name = 'width'";
    assert_eq!(sqlx::query_scalar::<_, i64>(columns).fetch_one(&mut other).await.unwrap(), 1);
    std::fs::remove_dir_all(folder).unwrap();
}
