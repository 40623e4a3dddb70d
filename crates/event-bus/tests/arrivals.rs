//! Waiting for what another database has told.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

mod support;

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use event_bus::{EventBus, HandlerError, Heard, Owner, Project, Recorded, Scope, Subscription};
use kernel::{EventId, Position};
use std::sync::Mutex;
use support::apart::{Site, near};
use support::rough::{Away, Gated};
use testkit::eventually;

/// Remembers what it was handed.
#[derive(Default)]
struct Noting(Mutex<Vec<EventId>>);

#[async_trait]
impl Project for Noting {
    async fn project(&self, events: &[Arc<Recorded>]) -> Result<(), HandlerError> {
        self.0.lock().unwrap().extend(events.iter().map(|event| event.id));
        Ok(())
    }
}

impl Noting {
    fn has(&self, id: EventId) -> bool {
        self.0.lock().unwrap().contains(&id)
    }
}

/// Where an event stands in a log.
async fn position(site: &Site, id: EventId) -> Position {
    let place = "select transaction_id::text::bigint, position from event_bus.log where id = $1";
    let (transaction, sequence) = sqlx::query_as(place).bind(id.uuid()).fetch_one(&site.log).await.unwrap();
    Position { transaction, sequence }
}

const LONG: Duration = Duration::from_secs(10);
const VIEWS: Scope<'_> = Scope::Context("borrowing");

async fn start(bus: &EventBus, view: &Arc<Noting>, owner: Arc<dyn Owner>) -> event_bus::Running {
    let subscription = Subscription::project("borrowing.view", view.clone());
    let mut running = bus.start(vec![subscription]).await.unwrap();
    running.import(vec![("books".to_owned(), owner)]).await.unwrap();
    running
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_an_event_of_another_database_is_answered_when_it_is_handled_here() {
    let (owner, here) = (Site::new(500).await, Site::new(500).await);
    let owning = owner.start().await;
    let view = Arc::new(Noting::default());
    let running = start(&here.bus, &view, near(&owner)).await;
    // Beside it, without the lease.
    let beside = support::bus(here.log.clone(), 500);
    let other = start(&beside, &Arc::default(), near(&owner)).await;
    eventually("the import runs", || async { here.bus.sources().await.unwrap()[0].running }).await;

    let mut slowest = Duration::ZERO;
    for bus in [&here.bus, &beside, &here.bus, &beside, &here.bus, &beside] {
        let id = owner.tell("books").await;
        let told_at = Instant::now();
        let there = position(&owner, id).await;
        assert_eq!(bus.wait_for_source("books", there, VIEWS, LONG).await, Heard::Yes);
        assert!(view.has(id), "it is handled");
        slowest = slowest.max(told_at.elapsed());
    }
    assert!(slowest < Duration::from_millis(400), "{slowest:?}");

    let own = here.tell("borrowing").await;
    let place = position(&here, own).await;
    assert_eq!(here.bus.wait_for_source("borrowing", place, VIEWS, LONG).await, Heard::Yes, "as for one's own");
    assert!(view.has(own));
    let never = Position { transaction: i64::MAX, sequence: 1 };
    let begun = Instant::now();
    let waited = here.bus.wait_for_source("books", never, VIEWS, Duration::from_millis(300)).await;
    assert_eq!(waited, Heard::NotYet);
    assert!(begun.elapsed() >= Duration::from_millis(300));
    other.stop().await;
    running.stop().await;
    owning.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_answered_before_the_event_is_here() {
    let (owner, here) = (Site::new(500).await, Site::new(500).await);
    let owning = owner.start().await;
    let gated = Arc::new(Gated::new(&owner.bus));
    let view = Arc::new(Noting::default());
    let running = start(&here.bus, &view, gated.clone()).await;
    // What is told here in the meantime is later in this log, and says nothing of the other.
    let id = owner.tell("books").await;
    for _ in 0..20 {
        here.tell("borrowing").await;
    }
    let there = position(&owner, id).await;
    let short = Duration::from_millis(200);
    assert_eq!(here.bus.wait_for_source("books", there, VIEWS, short).await, Heard::NotYet);
    gated.permits.add_permits(10);
    assert_eq!(here.bus.wait_for_source("books", there, VIEWS, LONG).await, Heard::Yes);
    assert!(view.has(id));
    running.stop().await;
    owning.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_for_an_owner_that_is_away() {
    let (owner, here) = (Site::new(500).await, Site::new(500).await);
    let running = start(&here.bus, &Arc::default(), Arc::new(Away)).await;
    let there = position(&owner, owner.tell("books").await).await;
    let wait = async || {
        let begun = Instant::now();
        let heard = here.bus.wait_for_source("books", there, VIEWS, Duration::from_secs(3)).await;
        assert_eq!(heard, Heard::NotYet);
        begun.elapsed()
    };
    eventually("it is known to be away", || async { wait().await < Duration::from_millis(500) }).await;
    running.stop().await;
}
