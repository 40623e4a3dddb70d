//! A follower comes after its leader, never before.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

mod support;

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use event_bus::{Apply, Delivery, HandlerError, Heard, Project, Recorded, Scope, Subscription};
use sqlx::PgPool;
use support::{a_counter, bus, counters, n_of, write, write_down};
use tokio::sync::Semaphore;

/// Applies as many events as it gets permits.
struct Permitted(Semaphore);

#[async_trait]
impl Apply for Permitted {
    async fn apply(&self, delivery: &mut Delivery<'_>, event: &Recorded) -> Result<(), HandlerError> {
        self.0.acquire().await?.forget();
        write_down(delivery, event, "leader").await
    }
}

/// Remembers what it was given, and what of that its leader had not committed.
#[derive(Default)]
struct Watching {
    given: Mutex<Vec<i64>>,
    too_early: Mutex<Vec<i64>>,
    leaders: Option<PgPool>,
}

#[async_trait]
impl Project for Watching {
    async fn project(&self, events: &[Arc<Recorded>]) -> Result<(), HandlerError> {
        let numbers: Vec<i64> = events.iter().map(|event| n_of(event)).collect();
        if let Some(pool) = &self.leaders {
            let done = support::seen(pool).await;
            let early = numbers.iter().copied().filter(|n| !done.contains(n));
            self.too_early.lock().unwrap().extend(early);
        }
        self.given.lock().unwrap().extend(numbers);
        Ok(())
    }
}

impl Watching {
    async fn until_given(&self, count: usize) {
        testkit::eventually("the view has been given the events", || async {
            self.given.lock().unwrap().len() >= count
        })
        .await;
    }
}

#[tokio::test]
async fn a_follower_never_reads_beyond_its_leader() {
    let (database, pool) = counters().await;
    let events = bus(database.pool("event_bus"), 7);
    let leader = Arc::new(Permitted(Semaphore::new(0)));
    let follower = Arc::new(Watching { leaders: Some(pool.clone()), ..Watching::default() });
    // The canary: without `after` a view reads what its replica rows do not show yet.
    let hasty = Arc::new(Watching { leaders: Some(pool.clone()), ..Watching::default() });
    let running = events
        .start(vec![
            Subscription::apply("books", pool.clone(), leader.clone()),
            Subscription::project("books.view", follower.clone()).after("books"),
            Subscription::project("books.hasty", hasty.clone()),
        ])
        .await
        .unwrap();
    write(&pool, a_counter(), 1..=50).await;
    hasty.until_given(50).await;
    assert_eq!(hasty.too_early.lock().unwrap().len(), 50);
    assert!(follower.given.lock().unwrap().is_empty());

    leader.0.add_permits(20);
    follower.until_given(1).await;
    leader.0.add_permits(1_000);
    follower.until_given(50).await;
    assert!(follower.given.lock().unwrap().iter().copied().eq(1..=50));
    assert!(follower.too_early.lock().unwrap().is_empty());
    running.stop().await;
}

#[tokio::test]
async fn a_follower_is_woken_by_its_leader_and_not_by_the_clock() {
    let (database, pool) = counters().await;
    let events = bus(database.pool("event_bus"), 500);
    let follower = Arc::new(Watching::default());
    let running = events
        .start(vec![
            Subscription::apply("books", pool.clone(), support::Seeing::calmly("leader")),
            Subscription::project("books.view", follower.clone()).after("books"),
        ])
        .await
        .unwrap();
    write(&pool, a_counter(), [0]).await;
    follower.until_given(1).await;
    let started = std::time::Instant::now();
    for n in 1..=20 {
        let position = write(&pool, a_counter(), [n]).await[0];
        assert_eq!(events.wait_for(position, Scope::All, std::time::Duration::from_secs(10)).await, Heard::Yes);
    }
    // Twenty polls would take ten seconds.
    assert!(started.elapsed() < std::time::Duration::from_secs(5), "{:?}", started.elapsed());
    running.stop().await;
}
