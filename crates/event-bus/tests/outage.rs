//! PostgreSQL goes away and comes back.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use event_bus::{BusSettings, HandlerError, Heard, Project, Recorded, Scope, Subscription};
use support::{Counted, Seeing, a_counter, bus, meta, prepare, seen, start, until_seen, write};
use testkit::PrivatePostgres;
use tokio::sync::Semaphore;

#[tokio::test(flavor = "multi_thread")]
async fn subscriptions_go_on_by_themselves_when_postgresql_is_back() {
    let mut server = PrivatePostgres::start().await;
    let pool = server.pool("books");
    prepare(&server.owner_pool("books")).await;
    let settings = BusSettings::default();
    let events = event_bus::EventBus::new(server.pool("event_bus"), Arc::new(kernel::SystemClock), settings);
    let running = start(&events, &pool, Seeing::calmly("us")).await;
    let counter = a_counter();
    write(&pool, counter, 1..=10).await;
    until_seen(&pool, 1..=10).await;

    for (round, crash) in [(1, true), (2, false)] {
        if crash {
            server.kill().await;
        } else {
            server.stop().await;
        }
        let appended = async {
            let mut tx = pool.begin().await?;
            event_bus::append(&mut tx, &meta(), &Counted { counter, n: 0 }, 0).await?;
            tx.commit().await
        };
        let refused = appended.await.expect_err("there is no server");
        assert!(event_bus::unavailable(&refused), "{refused}");

        server.start_again().await;
        // A pool may still hold a connection that it does not know to be dead.
        testkit::eventually("connections are found dead and replaced", || async {
            sqlx::query("select 1").execute(&pool).await.is_ok()
        })
        .await;
        write(&pool, counter, [10 + round]).await;
        until_seen(&pool, 1..=10 + round).await;
    }
    assert!(events.dead_letters(0, 1).await.unwrap().0.is_empty());
    assert_eq!(seen(&pool).await.len(), 12);
    running.stop().await;
}

/// Shows as many batches as it gets permits.
struct Showing(Semaphore);

#[async_trait]
impl Project for Showing {
    async fn project(&self, _: &[Arc<Recorded>]) -> Result<(), HandlerError> {
        self.0.acquire().await?.forget();
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_postgresql_a_process_vouches_for_what_it_knows_of_and_for_nothing_else() {
    const LONG: Duration = Duration::from_secs(20);
    let mut server = PrivatePostgres::start().await;
    prepare(&server.owner_pool("books")).await;
    let showing = |name, permits| Subscription::project(name, Arc::new(Showing(Semaphore::new(permits))));
    let (here, there) = (bus(server.pool("event_bus"), 10), bus(server.pool("event_bus"), 10));
    let elsewhere = there.start(vec![showing("auth.view", 9), showing("books.view", 1)]).await.unwrap();
    let running = here.start(vec![showing("users.view", 9)]).await.unwrap();
    let beside = bus(server.pool("event_bus"), 10);

    let pool = server.pool("books");
    let first = write(&pool, a_counter(), [1]).await[0];
    assert_eq!(here.wait_for(first, Scope::All, LONG).await, Heard::Yes);
    let second = write(&pool, a_counter(), [2]).await[0];
    for context in ["users", "auth"] {
        assert_eq!(here.wait_for(second, Scope::Context(context), LONG).await, Heard::Yes);
    }
    server.kill().await;

    let heard = async |position, scope| here.wait_for(position, scope, Duration::from_millis(100)).await;
    testkit::eventually("the list is too old to rely on", || async {
        heard(second, Scope::Context("books")).await == Heard::Unknown
    })
    .await;
    assert_eq!(heard(first, Scope::All).await, Heard::Yes);
    assert_eq!(heard(second, Scope::All).await, Heard::Unknown, "another process has not shown it");
    assert_eq!(heard(second, Scope::Context("books")).await, Heard::Unknown);
    assert_eq!(heard(second, Scope::Context("users")).await, Heard::Yes, "we have");
    assert_eq!(heard(second, Scope::Context("auth")).await, Heard::Yes, "another process has told so");
    assert_eq!(heard(first, Scope::Context("borrowing")).await, Heard::Unknown, "nothing is known of it");
    assert_eq!(beside.wait_for(first, Scope::All, Duration::from_millis(100)).await, Heard::Unknown);
    drop((running, elsewhere));
}
