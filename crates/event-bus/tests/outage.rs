//! PostgreSQL goes away and comes back.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

mod support;

use event_bus::BusSettings;
use std::sync::Arc;
use support::{Counted, Seeing, a_counter, meta, prepare, seen, start, until_seen, write};
use testkit::PrivatePostgres;

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
