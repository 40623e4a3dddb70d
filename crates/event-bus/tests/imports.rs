//! Events of another database come once and in order, whatever happens on the way.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

mod support;

use std::sync::Arc;
use std::time::{Duration, Instant};

use event_bus::Owner;
use kernel::EventId;
use rand::random_range;
use serde_json::json;
use support::apart::{Near, Site, near, tell, tell_about};
use support::rough::{Gated, Rough};
use testkit::{eventually, eventually_within};
use tokio::task::JoinSet;
use uuid::Uuid;

/// Writers whose transactions commit in another order than they begin, until `until`.
fn write_until(site: &Site, until: Instant) -> JoinSet<()> {
    let mut writers = JoinSet::new();
    for nth in 0..6 {
        let context = if nth % 2 == 0 { "books" } else { "users" };
        let pool = site.pool(context).clone();
        writers.spawn(async move {
            while Instant::now() < until {
                let mut tx = pool.begin().await.unwrap();
                for _ in 0..random_range(1..4) {
                    tell(&mut *tx, context, &json!({})).await;
                }
                tokio::time::sleep(Duration::from_millis(random_range(0..40))).await;
                if random_range(0..8) == 0 { tx.rollback().await.unwrap() } else { tx.commit().await.unwrap() }
            }
        });
    }
    writers
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_done_to_pages_and_importers_every_event_comes_once_and_in_order() {
    let (owner, here) = (Site::new(500).await, Site::new(7).await);
    let owning = owner.start().await;
    let rough: Arc<dyn Owner> = Arc::new(Rough(owner.bus.clone()));
    let sources = [("books", Arc::clone(&rough)), ("users", rough)];
    let until = Instant::now() + Duration::from_secs(4);
    let writers = write_until(&owner, until);
    while Instant::now() < until {
        let running = here.import(&sources).await;
        tokio::time::sleep(Duration::from_millis(random_range(50..700))).await;
        // As a crash leaves it.
        drop(running);
    }
    writers.join_all().await;
    let running = here.import(&sources).await;
    for context in ["books", "users"] {
        here.until_equal(&owner, context).await;
        assert!(owner.ids(context).await.len() > 50, "the canary: there was something to lose");
    }
    running.stop().await;
    owning.stop().await;
}

/// Somebody waits for the row of the source.
async fn waits_for_the_cursor(site: &Site) -> bool {
    sqlx::query_scalar(
        "select exists (select from pg_stat_activity where wait_event_type = 'Lock'
            and datname = current_database() and query like 'update event_bus.source%')",
    )
    .fetch_one(&site.log)
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_dies_between_the_rows_and_the_cursor_has_done_neither() {
    let (owner, here) = (Site::new(500).await, Site::new(500).await);
    let owning = owner.start().await;
    for n in 0..20 {
        let running = here.import(&[("books", near(&owner))]).await;
        here.until_equal(&owner, "books").await;
        let mut locked = here.log.begin().await.unwrap();
        sqlx::query("select from event_bus.source for update").execute(&mut *locked).await.unwrap();
        owner.tell("books").await;
        eventually("it has written the rows", || waits_for_the_cursor(&here)).await;
        drop(running);
        locked.rollback().await.unwrap();
        eventually("its session has ended", || async { !waits_for_the_cursor(&here).await }).await;
        assert_eq!(here.ids("books").await.len(), n, "neither rows …");
        let cursor = here.bus.sources().await.unwrap()[0].cursor.map(EventId::uuid);
        assert_eq!(cursor, here.ids("books").await.last().copied(), "… nor cursor");
    }
    let running = here.import(&[("books", near(&owner))]).await;
    here.until_equal(&owner, "books").await;
    assert_eq!(here.ids("books").await.len(), 20);
    running.stop().await;
    owning.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_importer_that_comes_back_after_its_lease_writes_nothing() {
    let (owner, here) = (Site::new(500).await, Site::new(500).await);
    let owning = owner.start().await;
    let gated = Arc::new(Gated::new(&owner.bus));
    let frozen = here.import(&[("books", gated.clone() as Arc<dyn Owner>)]).await;
    owner.tell("books").await;
    eventually("it has a page", || async { !gated.asked().is_empty() }).await;
    let take_away =
        "update event_bus.source set lease_holder = gen_random_uuid(), lease_until = now() + interval '1 hour'";
    sqlx::query(take_away).execute(&here.log).await.unwrap();
    gated.permits.add_permits(1);
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(here.ids("books").await.len(), 0, "the import is another's");

    sqlx::query("update event_bus.source set lease_until = now()").execute(&here.log).await.unwrap();
    gated.permits.add_permits(100);
    here.until_equal(&owner, "books").await;
    frozen.stop().await;
    owning.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_processes_one_imports_and_when_it_stops_the_other_goes_on() {
    let (owner, here) = (Site::new(500).await, Site::new(500).await);
    let owning = owner.start().await;
    let (one, two) = (Arc::new(Gated::new(&owner.bus)), Arc::new(Gated::new(&owner.bus)));
    [&one, &two].iter().for_each(|gated| gated.permits.add_permits(100));
    let first = here.import(&[("books", one.clone() as Arc<dyn Owner>)]).await;
    owner.tell("books").await;
    here.until_equal(&owner, "books").await;
    let beside = support::bus(here.log.clone(), 500);
    let mut second = beside.start(Vec::new()).await.unwrap();
    second.import(vec![("books".to_owned(), two.clone() as Arc<dyn Owner>)]).await.unwrap();
    owner.tell("books").await;
    here.until_equal(&owner, "books").await;
    assert!(two.asked().is_empty(), "one alone imports");
    first.stop().await;
    owner.tell("books").await;
    // Sooner than any lease runs out.
    eventually_within(Duration::from_millis(2500), "the other goes on", || async { two.asked().len() == 1 }).await;
    here.until_equal(&owner, "books").await;
    second.stop().await;
    owning.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_is_not_undone_by_who_has_a_page_from_before_it() {
    let (owner, here) = (Site::new(500).await, Site::new(500).await);
    let owning = owner.start().await;
    let gated = Arc::new(Gated::new(&owner.bus));
    gated.permits.add_permits(1);
    let running = here.import(&[("books", gated.clone() as Arc<dyn Owner>)]).await;
    let first = owner.tell("books").await;
    here.until_equal(&owner, "books").await;
    owner.tell("books").await;
    eventually("it has a page", || async { gated.asked().len() == 2 }).await;
    assert!(here.bus.reset_source("books").await.unwrap());
    assert!(!here.bus.reset_source("users").await.unwrap());
    gated.permits.add_permits(1);
    eventually("it asks from the beginning", || async { gated.asked().len() == 3 }).await;
    assert_eq!(gated.asked(), [None, Some(first), None]);
    gated.permits.add_permits(1);
    here.until_equal(&owner, "books").await;
    eventually("the cursor is at the end", || async {
        here.bus.sources().await.unwrap()[0].cursor.map(EventId::uuid) == owner.ids("books").await.last().copied()
    })
    .await;
    running.stop().await;
    owning.stop().await;
}

/// Why imports of this process have failed.
fn faults() -> Vec<String> {
    let families = prometheus::gather();
    let faults = families.iter().filter(|family| family.name() == "event_bus_source_faults_total");
    faults.flat_map(|family| family.get_metric()).map(|metric| format!("{metric:?}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_another_transaction_overtakes_starts_over() {
    let (owner, here) = (Site::new(500).await, Site::new(500).await);
    let owning = owner.start().await;
    let (member, about) = (Uuid::new_v4(), Uuid::new_v4());
    // The first event makes the import wait, the second is about what another one tells of meanwhile.
    let mut locked = here.log.begin().await.unwrap();
    sqlx::query("select pg_advisory_xact_lock(7467, hashtext($1))")
        .bind(member.to_string())
        .execute(&mut *locked)
        .await
        .unwrap();
    let mut told = owner.pool("books").begin().await.unwrap();
    tell(&mut *told, "books", &json!({ "by": member, "what": "a name" })).await;
    tell_about(&mut *told, "books.tested", about, &json!({})).await;
    told.commit().await.unwrap();
    let running = here.import(&[("books", near(&owner))]).await;
    eventually("it waits", async || {
        let waiting = "select exists (select from pg_locks where locktype = 'advisory' and not granted
            and database = (select oid from pg_database where datname = current_database()))";
        sqlx::query_scalar(waiting).fetch_one(&here.log).await.unwrap()
    })
    .await;
    tell_about(here.pool("borrowing"), "borrowing.tested", about, &json!({})).await;
    locked.rollback().await.unwrap();
    here.until_equal(&owner, "books").await;
    assert!(faults().is_empty(), "at once, and nothing is wrong: {:?}", faults());
    running.stop().await;
    owning.stop().await;
}

#[tokio::test]
async fn a_process_that_does_not_say_where_a_context_is_imports_nothing() {
    let (owner, here) = (Site::new(500).await, Site::new(500).await);
    here.import(&[("books", Arc::new(Near(owner.bus.clone())))]).await.stop().await;
    let mut running = here.start().await;
    let refused = running.import(vec![("users".to_owned(), near(&owner))]).await.unwrap_err();
    assert!(refused.to_string().contains("books"), "{refused}");
    assert!(running.import(vec![("nobody".to_owned(), near(&owner))]).await.is_err());
    running.stop().await;
}
