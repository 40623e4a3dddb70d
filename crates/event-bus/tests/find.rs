//! Looking events up: which are found, in which order, and what a walk sees while others append.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

mod support;

use std::collections::HashSet;

use event_bus::{EventBus, EventCursor, EventFilter, EventPage, Meta};
use kernel::actor::RecordedActor;
use sqlx::PgPool;
use support::{Counted, a_counter, bus, counters, n_of, write};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

const NONE: [i64; 0] = [];
const MORNING: OffsetDateTime = datetime!(2026-11-21 08:00:00 UTC);

/// Appends the number as if it had been counted then.
async fn write_at(pool: &PgPool, counter: Uuid, n: i64, occurred_at: OffsetDateTime) {
    let meta = Meta { actor: RecordedActor::Anonymous, trace: None, occurred_at };
    let mut tx = pool.begin().await.unwrap();
    event_bus::append(&mut tx, &meta, &Counted { counter, n }, n).await.unwrap();
    tx.commit().await.unwrap();
}

async fn page(bus: &EventBus, filter: &EventFilter, after: Option<EventCursor>, limit: u32) -> EventPage {
    bus.find(filter, after, 0, limit).await.unwrap()
}

async fn numbers(bus: &EventBus, filter: EventFilter) -> Vec<i64> {
    let page = page(bus, &filter, None, 100).await;
    assert_eq!(page.total, page.events.len() as u64, "the count is of what is found");
    page.events.iter().map(n_of).collect()
}

#[tokio::test]
async fn a_walk_sees_each_event_once_while_others_append() {
    let (database, pool) = counters().await;
    let bus = bus(database.pool("event_bus"), 10);
    let counter = a_counter();
    write(&pool, counter, 1..=25).await;
    // Of one moment: only the log tells their order.
    for n in 26..=40 {
        write_at(&pool, counter, n, MORNING).await;
    }
    for filter in [
        EventFilter::default(),
        EventFilter { name: Some("counter.counted".to_owned()), ..EventFilter::default() },
        EventFilter { aggregate_id: Some(counter), ..EventFilter::default() },
    ] {
        let (mut seen, mut after, mut appended) = (Vec::new(), None, 1_000);
        loop {
            let page = page(&bus, &filter, after, 7).await;
            seen.extend(page.events.iter().map(n_of));
            write(&pool, a_counter(), [appended]).await;
            appended += 1;
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        seen.retain(|n| *n < 1_000);
        assert_eq!(seen.len(), 40, "{filter:?}: {seen:?}");
        assert_eq!(seen.iter().collect::<HashSet<_>>().len(), 40, "{filter:?}: {seen:?}");
        let of_one_moment: Vec<i64> = seen.into_iter().filter(|n| *n > 25).collect();
        assert_eq!(of_one_moment, (26..=40).rev().collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_filter_finds_what_passes_all_of_it_newest_first() {
    let (database, pool) = counters().await;
    let bus = bus(database.pool("event_bus"), 10);
    let (one, other) = (a_counter(), a_counter());
    for n in 1..=4 {
        let counter = if n % 2 == 0 { one } else { other };
        write_at(&pool, counter, n, MORNING + Duration::hours(n)).await;
    }
    let all = EventFilter::default;
    assert_eq!(numbers(&bus, all()).await, [4, 3, 2, 1]);
    assert_eq!(numbers(&bus, EventFilter { aggregate_id: Some(one), ..all() }).await, [4, 2]);
    let typed = |kind: &str| EventFilter { aggregate_type: Some(kind.to_owned()), aggregate_id: Some(one), ..all() };
    assert_eq!(numbers(&bus, typed("counter")).await, [4, 2]);
    assert_eq!(numbers(&bus, typed("book")).await, NONE);
    let named = |name: &str| EventFilter { name: Some(name.to_owned()), ..all() };
    assert_eq!(numbers(&bus, named("counter.counted")).await, [4, 3, 2, 1]);
    assert_eq!(numbers(&bus, named("book.created")).await, NONE);
    // From the moment itself, and up to before the moment.
    let (from, to) = (Some(MORNING + Duration::hours(2)), Some(MORNING + Duration::hours(4)));
    assert_eq!(numbers(&bus, EventFilter { from, to, ..all() }).await, [3, 2]);
    assert_eq!(numbers(&bus, EventFilter { from, to, ..named("counter.counted") }).await, [3, 2]);
    assert_eq!(numbers(&bus, EventFilter { from, to, ..typed("counter") }).await, [2]);
    assert_eq!(numbers(&bus, EventFilter { from: to, to: from, ..all() }).await, NONE);
}

#[tokio::test]
async fn a_page_can_be_asked_for_by_its_number() {
    let (database, pool) = counters().await;
    let bus = bus(database.pool("event_bus"), 10);
    write(&pool, a_counter(), 1..=5).await;
    let second = bus.find(&EventFilter::default(), None, 2, 2).await.unwrap();
    assert_eq!(second.events.iter().map(n_of).collect::<Vec<_>>(), [3, 2]);
    assert_eq!((second.total, second.next.is_some()), (5, true));
    let last = bus.find(&EventFilter::default(), None, 4, 2).await.unwrap();
    assert_eq!((last.events.len(), last.next), (1, None));
}

#[tokio::test]
async fn an_event_carries_the_trace_it_was_appended_in_or_begins_one() {
    let (database, pool) = counters().await;
    let bus = bus(database.pool("event_bus"), 10);
    let (counter, given) = (a_counter(), "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00");
    trace::within(Some(given), tracing::Span::none, write(&pool, counter, [1])).await;
    write(&pool, counter, [2]).await;
    let page = page(&bus, &EventFilter::default(), None, 2).await;
    let traces: Vec<&str> = page.events.iter().filter_map(|event| event.trace.as_deref()).collect();
    assert_eq!(traces.len(), 2);
    assert_eq!(traces[1], given);
    assert!(traces[0].parse::<trace::TraceContext>().is_ok() && traces[0] != given);
}
