//! A process that comes back to its subscriptions when the others have stopped waiting for them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

mod support;

use std::sync::Arc;

use async_trait::async_trait;
use cqrs::{Caller, Source};
use event_bus::{BusSettings, EventBus, HandlerError, Project, Recorded, Running, Subscription};
use support::{Add, Counter, Looking, Where};
use testkit::{a_user, member};
use tokio::sync::Semaphore;

/// Shows as many batches as it gets permits.
struct Showing(Arc<Semaphore>);

#[async_trait]
impl Project for Showing {
    async fn project(&self, _: &[Arc<Recorded>]) -> Result<(), HandlerError> {
        self.0.acquire().await?.forget();
        Ok(())
    }
}

async fn runs(events: &EventBus, view: &'static str, permits: &Arc<Semaphore>) -> Running {
    events.start(vec![Subscription::project(view, Arc::new(Showing(Arc::clone(permits))))]).await.unwrap()
}

#[tokio::test]
async fn a_writer_meets_their_write_in_a_process_that_the_others_did_not_wait_for() {
    // The writer's process, which runs another context.
    let counter = Counter::new().await;
    let (all, none) = (Arc::new(Semaphore::new(Semaphore::MAX_PERMITS)), Arc::new(Semaphore::new(0)));
    let beside = runs(&counter.events, "users.view", &all).await;
    let add = counter.commands.dispatch::<Add>().unwrap();
    let writer: Caller = member(a_user());
    add.send(&writer, Add { by: 1 }).await.unwrap();

    let back = EventBus::new(counter.database.pool("event_bus"), counter.clock.clone(), BusSettings::default());
    let (_, mut queries) = cqrs::builders(counter.clock.clone(), back.clone(), None);
    queries.register::<Where>(&counter.pool, Looking);
    let queries = queries.build().unwrap();
    let ask = queries.asking::<Where>().unwrap();
    let running = runs(&back, "books.view", &none).await;
    assert!(queries.lacks_own_write(&writer.actor, "books"), "what it keeps in memory is no answer either");
    for _ in 0..20 {
        // It is answered at once: the other process has not listed `books.view` yet. Later it announces what it answers early.
        add.send(&writer, Add { by: 1 }).await.unwrap();
        assert_eq!(ask.ask(&writer, Where).await.unwrap(), Source::Database);
    }

    none.add_permits(Semaphore::MAX_PERMITS);
    testkit::eventually("its view shows everything", || async {
        ask.ask(&writer, Where).await.unwrap() == Source::ReadStore
    })
    .await;
    running.stop().await;
    beside.stop().await;
}
