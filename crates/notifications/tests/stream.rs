//! What a stream of Server-Sent Events is made of: the tail wakes it, `NotificationsSince` says what came.

mod support;

use borrowing_events::BorrowEvent;
use kernel::Position;
use notifications::{DeleteNotification, NotificationsSince};
use notifications_events::NotificationEvent;
use sqlx::ConnectOptions;
use support::{Neighbours, World};
use testkit::{TestDatabase, member};

#[tokio::test]
async fn resuming_from_a_position_yields_exactly_what_was_missed() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    for _ in 0..6 {
        world.tell::<BorrowEvent>(them.a_strangers_request(), 1).await;
    }
    let all = world.since(them.ada, Some(Position::START)).await;
    assert_eq!(all.items.len(), 6);
    assert!(all.items.is_sorted_by(|a, b| a.position < b.position));
    assert_eq!(all.resume_at, all.items[5].position);
    for (seen, arrival) in all.items.iter().enumerate() {
        // As the client gives it back in `Last-Event-ID`.
        let last_id: Position = arrival.position.to_string().parse().unwrap();
        let missed = world.since(them.ada, Some(last_id)).await;
        assert_eq!(missed.items, all.items[seen + 1..]);
    }
}

#[tokio::test]
async fn a_new_stream_begins_with_what_comes_next() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    world.tell::<BorrowEvent>(them.a_strangers_request(), 1).await;
    let begin = world.since(them.ada, None).await;
    assert_eq!(begin.items, []);
    world.tell::<BorrowEvent>(them.a_strangers_request(), 1).await;
    let next = world.since(them.ada, Some(begin.resume_at)).await;
    assert_eq!(next.items.len(), 1);
    let quiet = world.since(them.ada, Some(next.resume_at)).await;
    assert_eq!((quiet.items, quiet.resume_at), (vec![], next.resume_at));
}

#[tokio::test]
async fn once_the_tail_shows_a_notification_the_query_has_it() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let mut tail = world.bus.tail();
    let mut at = world.since(them.ada, None).await.resume_at;
    for _ in 0..20 {
        world.append::<BorrowEvent>(them.a_strangers_request(), 1).await;
        loop {
            let event = tail.recv().await.unwrap();
            if let Some(NotificationEvent::Created(created)) = event.decode().unwrap() {
                assert_eq!(created.user_id, them.ada);
                let arrived = world.since(them.ada, Some(at)).await;
                assert_eq!(arrived.items.len(), 1);
                assert_eq!(arrived.items[0].position, event.position);
                assert_eq!(arrived.items[0].notification.id, created.notification_id);
                at = arrived.resume_at;
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_long_absence_is_made_up_for_in_bounded_steps() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let mut last = Position::START;
    for _ in 0..130 {
        last = world.append::<BorrowEvent>(them.a_strangers_request(), 1).await;
    }
    world.until_heard(last).await;
    let mut at = Position::START;
    let mut steps = Vec::new();
    loop {
        let arrivals = world.since(them.ada, Some(at)).await;
        if arrivals.items.is_empty() {
            break;
        }
        steps.push(arrivals.items.len());
        at = arrivals.resume_at;
    }
    assert_eq!(steps, [NotificationsSince::AT_MOST as usize, 30]);
}

#[tokio::test]
async fn what_was_deleted_meanwhile_is_not_shown() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    world.tell::<BorrowEvent>(them.a_strangers_request(), 1).await;
    world.tell::<BorrowEvent>(them.a_strangers_request(), 1).await;
    let all = world.since(them.ada, Some(Position::START)).await;
    let id = all.items[0].notification.id;
    world.send(&member(them.ada), DeleteNotification { id }).await.unwrap();
    let left = world.since(them.ada, Some(Position::START)).await;
    assert_eq!(left.items, all.items[1..]);
}

#[tokio::test]
async fn a_transaction_of_another_database_keeps_nothing_from_a_stream() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let elsewhere = TestDatabase::new().await;
    let mut open = elsewhere.owner_options().connect().await.unwrap();
    sqlx::raw_sql("begin; select pg_current_xact_id()").execute(&mut open).await.unwrap();

    let before = world.since(them.ada, None).await.resume_at;
    world.tell::<BorrowEvent>(them.a_strangers_request(), 1).await;
    let arrived = world.since(them.ada, Some(before)).await;
    assert_eq!(arrived.items.len(), 1);
    // A stream that begins now begins behind it.
    assert_eq!(world.since(them.ada, None).await.resume_at, arrived.resume_at);
}
