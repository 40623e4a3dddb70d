//! Whoever waits for an event waits for those that consume it, and for nobody in vain twice.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

mod support;

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use event_bus::{Delivery, EventBus, HandlerError, Hear, Heard, Recorded, Scope, Subscription};
use kernel::event::Published;
use kernel::{DecodeError, Event, Position};
use serde_json::{Value, json};
use sqlx::PgPool;
use support::{Counted, a_counter, bus, counters, meta, seen, until_seen, write, write_down};
use tokio::sync::Semaphore;
use uuid::Uuid;

/// Another family.
#[derive(Debug, Clone, Copy)]
struct Tallied(Uuid);

impl Event for Tallied {
    const FAMILY: &'static str = "tallies";
    const PUBLISHED: &'static [Published] = &[Published { name: "tally.tallied", version: 1, sample: "" }];

    fn name(&self) -> &'static str {
        "tally.tallied"
    }
    fn version(&self) -> i16 {
        1
    }
    fn aggregate_type(&self) -> &'static str {
        "tally"
    }
    fn aggregate_id(&self) -> Uuid {
        self.0
    }
    fn payload(&self) -> Result<Value, serde_json::Error> {
        Ok(json!({}))
    }
    fn decode(_: &str, _: i16, _: &Value) -> Result<Option<Self>, DecodeError> {
        Ok(Some(Self(Uuid::nil())))
    }
}

async fn tally(pool: &PgPool) -> Position {
    let mut tx = pool.begin().await.unwrap();
    let position = event_bus::append(&mut tx, &meta(), &Tallied(a_counter()), 1).await.unwrap();
    tx.commit().await.unwrap();
    position
}

/// Writes counters down at once, and tallies when it gets a permit.
#[derive(Clone)]
struct Writing(Arc<Semaphore>);

#[async_trait]
impl Hear<Counted> for Writing {
    async fn hear(&self, delivery: &mut Delivery<'_>, event: &Recorded, _: Counted) -> Result<(), HandlerError> {
        write_down(delivery, event, "counters").await
    }
}

#[async_trait]
impl Hear<Tallied> for Writing {
    async fn hear(&self, _: &mut Delivery<'_>, _: &Recorded, _: Tallied) -> Result<(), HandlerError> {
        self.0.acquire().await?.forget();
        Ok(())
    }
}

const LONG: Duration = Duration::from_secs(20);
/// As long as a command waits.
const COMMANDS_WAIT: Duration = Duration::from_millis(500);
const COUNTERS: Scope<'_> = Scope::ConsumersOf(&["counters"]);
const TALLIES: Scope<'_> = Scope::ConsumersOf(&["tallies"]);

/// One subscription for counters, and one for tallies, which waits for permits.
fn both(pool: &PgPool, permits: &Arc<Semaphore>) -> Vec<Subscription> {
    let writing = Writing(Arc::clone(permits));
    vec![
        Subscription::hear("books", pool.clone(), writing.clone()).consumes::<Counted>().into(),
        Subscription::hear("books.tallies", pool.clone(), writing).consumes::<Tallied>().into(),
    ]
}

/// What came of a wait, and how long it took.
async fn wait(events: &EventBus, position: Position, scope: Scope<'_>) -> (Heard, Duration) {
    let begun = Instant::now();
    (events.wait_for(position, scope, COMMANDS_WAIT).await, begun.elapsed())
}

#[tokio::test]
async fn nobody_waits_for_a_stuck_subscription_that_consumes_nothing_of_theirs() {
    let (database, pool) = counters().await;
    let events = bus(database.pool("event_bus"), 10);
    let running = events.start(both(&pool, &Arc::new(Semaphore::new(0)))).await.unwrap();
    tally(&pool).await;
    for n in 1..=3 {
        let position = write(&pool, a_counter(), [n]).await[0];
        assert_eq!(events.wait_for(position, COUNTERS, LONG).await, Heard::Yes);
        assert_eq!(wait(&events, position, Scope::All).await.0, Heard::NotYet, "the canary: it is stuck");
    }
    assert_eq!(seen(&pool).await, [1, 2, 3], "and nobody was handed what they do not consume");
    drop(running);
}

#[tokio::test]
async fn who_was_waited_for_in_vain_is_waited_for_again_once_they_have_come() {
    let (database, pool) = counters().await;
    let events = bus(database.pool("event_bus"), 10);
    let permits = Arc::new(Semaphore::new(0));
    let running = events.start(both(&pool, &permits)).await.unwrap();

    let first = tally(&pool).await;
    let (heard, took) = wait(&events, first, TALLIES).await;
    assert_eq!(heard, Heard::NotYet);
    assert!(took >= COMMANDS_WAIT, "took {took:?}");
    for _ in 0..5 {
        let (heard, took) = wait(&events, tally(&pool).await, TALLIES).await;
        assert_eq!(heard, Heard::NotYet);
        assert!(took < COMMANDS_WAIT / 2, "waited again: {took:?}");
    }

    permits.add_permits(6);
    testkit::eventually("the late one has come", || async { events.has_passed(first, TALLIES) }).await;
    permits.add_permits(1);
    assert_eq!(events.wait_for(tally(&pool).await, TALLIES, LONG).await, Heard::Yes);
    running.stop().await;
}

#[tokio::test]
async fn a_position_that_never_comes_makes_nobody_late() {
    let (database, pool) = counters().await;
    let events = bus(database.pool("event_bus"), 10);
    let running = events.start(both(&pool, &Arc::new(Semaphore::new(0)))).await.unwrap();
    // A client may name any position it likes.
    let never = Position { transaction: i64::MAX, sequence: i64::MAX };
    assert_eq!(wait(&events, never, Scope::Context("books")).await.0, Heard::NotYet);
    let position = write(&pool, a_counter(), [1]).await[0];
    assert_eq!(events.wait_for(position, COUNTERS, LONG).await, Heard::Yes);
    running.stop().await;
}

#[tokio::test]
async fn a_subscription_of_an_older_program_is_waited_for_whatever_was_told() {
    let (database, pool) = counters().await;
    let events = bus(database.pool("event_bus"), 10);
    let running = events.start(both(&pool, &Arc::new(Semaphore::new(0)))).await.unwrap();
    sqlx::query(
        "insert into event_bus.subscription (name, lease_until) values ('books.old', now() + interval '1 hour')",
    )
    .execute(&database.pool("event_bus"))
    .await
    .unwrap();
    testkit::eventually("it is known", || async {
        let position = write(&pool, a_counter(), [1]).await[0];
        wait(&events, position, COUNTERS).await.0 == Heard::NotYet
    })
    .await;
    running.stop().await;
}

#[tokio::test]
async fn a_subscription_that_nobody_runs_any_more_is_not_waited_for() {
    let (database, pool) = counters().await;
    let events = bus(database.pool("event_bus"), 10);
    let permits = Arc::new(Semaphore::new(0));
    let running = events.start(both(&pool, &permits)).await.unwrap();
    until_seen(&pool, []).await;
    running.stop().await;
    // Also one that fell off everybody else's list a while ago has not handled it.
    for gone in ["10 seconds", "61 seconds"] {
        sqlx::query("update event_bus.subscription set lease_until = now() - $1::text::interval")
            .bind(gone)
            .execute(&database.pool("event_bus"))
            .await
            .unwrap();
        let position = tally(&pool).await;
        testkit::eventually("it is known that nobody runs it", || async {
            let (heard, took) = wait(&events, position, TALLIES).await;
            assert_eq!(heard, Heard::NotYet, "nobody has handled it");
            took < COMMANDS_WAIT / 2
        })
        .await;
    }
}

#[tokio::test]
async fn another_program_cannot_hide_what_ours_consumes() {
    let (database, pool) = counters().await;
    let events = bus(database.pool("event_bus"), 10);
    let permits = Arc::new(Semaphore::new(0));
    let writing = Writing(Arc::clone(&permits));
    let ours = Subscription::hear("books", pool.clone(), writing.clone()).consumes::<Counted>().consumes::<Tallied>();
    let running = events.start(vec![ours.into()]).await.unwrap();
    // An older one, which runs beside it for a while.
    let older = bus(database.pool("event_bus"), 10);
    let theirs = Subscription::hear("books", pool.clone(), writing).consumes::<Counted>();
    let beside = older.start(vec![theirs.into()]).await.unwrap();
    let position = tally(&pool).await;
    assert_eq!(wait(&older, position, TALLIES).await.0, Heard::NotYet);
    permits.add_permits(1);
    testkit::eventually("it has come", || async { older.has_passed(position, TALLIES) }).await;
    beside.stop().await;
    running.stop().await;
}
