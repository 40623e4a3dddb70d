//! What a member does with their inbox.

mod support;

use std::collections::HashSet;

use borrowing_events::BorrowEvent;
use kernel::{ErrorKind, NotificationId, PageRequest, Position, Refusal};
use notifications::{DeleteNotification, DeleteRead, ListNotifications, MarkAllRead, MarkRead, UnreadCount};
use support::{Neighbours, World};
use testkit::{A_SATURDAY, anonymous, member, moderator};
use time::Duration;

/// Ada has `count` requests in her inbox.
async fn with_requests(world: &World, count: usize) -> Neighbours {
    let them = Neighbours::of(world).await;
    let mut last = Position::START;
    for _ in 0..count {
        last = world.append::<BorrowEvent>(them.a_strangers_request(), 1).await;
    }
    world.until_heard(last).await;
    them
}

#[tokio::test]
async fn the_unread_count_is_right_at_once_after_each_command() {
    let world = World::new().await;
    let them = with_requests(&world, 5).await;
    let ada = member(them.ada);
    assert_eq!(world.unread(them.ada).await, 5);

    let inbox = world.inbox(them.ada).await;
    let marked = world.send(&ada, MarkRead { id: inbox[0].id }).await.unwrap();
    assert!(marked.read);
    assert_eq!(world.unread(them.ada).await, 4);
    // Again changes nothing.
    world.send(&ada, MarkRead { id: inbox[0].id }).await.unwrap();
    assert_eq!(world.unread(them.ada).await, 4);

    world.send(&ada, DeleteNotification { id: inbox[1].id }).await.unwrap();
    assert_eq!(world.unread(them.ada).await, 3);
    assert_eq!(world.send(&ada, MarkAllRead).await.unwrap(), 3);
    assert_eq!(world.unread(them.ada).await, 0);
    assert_eq!(world.inbox(them.ada).await.len(), 4);
    assert_eq!(world.send(&ada, DeleteRead).await.unwrap(), 4);
    assert_eq!(world.inbox(them.ada).await, []);
    assert_eq!(world.send(&ada, MarkAllRead).await.unwrap(), 0);
}

#[tokio::test]
async fn thirty_days_later_a_notification_is_gone_for_good_also_when_the_log_is_replayed() {
    let world = World::new().await;
    let them = with_requests(&world, 3).await;
    let forget = async || world.do_job(&world.context.jobs(), "notifications.forget_old").await["notifications"];
    world.clock.advance(Duration::days(29));
    world.append::<BorrowEvent>(them.a_strangers_request(), 1).await;
    world.until_level().await;
    assert_eq!((forget().await, world.unread(them.ada).await), (0, 4));
    world.clock.advance(Duration::days(1));
    assert_eq!(forget().await, 3);
    world.until_level().await;
    assert_eq!((world.inbox(them.ada).await.len(), world.unread(them.ada).await), (1, 1));
    assert_eq!((forget().await, world.told("notification.deleted").await), (0, 3));
    assert!(world.bus.replay("notifications", Position::START).await.expect("the log answers"));
    world.until_level().await;
    assert_eq!(world.inbox(them.ada).await.len(), 1);
}

#[tokio::test]
async fn what_is_read_and_what_is_unread_are_lists_of_their_own() {
    let world = World::new().await;
    let them = with_requests(&world, 3).await;
    let first = world.inbox(them.ada).await[0].id;
    world.send(&member(them.ada), MarkRead { id: first }).await.unwrap();
    let read = world.page(them.ada, Some(false), PageRequest::first(10)).await;
    assert_eq!((read.total, read.items[0].id), (1, first));
    let unread = world.page(them.ada, Some(true), PageRequest::first(10)).await;
    assert_eq!(unread.total, 2);
    assert!(unread.items.iter().all(|item| !item.read && item.id != first));
}

#[tokio::test]
async fn a_member_never_sees_anothers_notification() {
    let world = World::new().await;
    let them = with_requests(&world, 1).await;
    let id = world.inbox(them.ada).await[0].id;
    for stranger in [member(them.grace), moderator(them.grace)] {
        let refused = world.send(&stranger, MarkRead { id }).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::NotFound);
        assert_eq!(refused.code(), "NOTIFICATION_NOT_FOUND");
        let refused = world.send(&stranger, DeleteNotification { id }).await;
        assert_eq!(refused.unwrap_err().code(), "NOTIFICATION_NOT_FOUND");
        assert_eq!(world.send(&stranger, MarkAllRead).await.unwrap(), 0);
        assert_eq!(world.send(&stranger, DeleteRead).await.unwrap(), 0);
    }
    assert_eq!(world.inbox(them.grace).await, []);
    assert_eq!(world.since(them.grace, Some(Position::START)).await.items, []);
    assert!(!world.inbox(them.ada).await[0].read);
}

#[tokio::test]
async fn nobody_in_particular_has_no_inbox() {
    let world = World::new().await;
    let refused = world.ask(&anonymous(), UnreadCount).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unauthenticated);
    let id = NotificationId::new(A_SATURDAY);
    let refused = world.send(&anonymous(), MarkRead { id }).await.unwrap_err();
    assert_eq!(refused.code(), "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_deleted_notification_is_gone_for_good() {
    let world = World::new().await;
    let them = with_requests(&world, 1).await;
    let ada = member(them.ada);
    let id = world.inbox(them.ada).await[0].id;
    world.send(&ada, DeleteNotification { id }).await.unwrap();
    let again = world.send(&ada, DeleteNotification { id }).await;
    assert_eq!(again.unwrap_err().kind(), ErrorKind::NotFound);
    let read = world.send(&ada, MarkRead { id }).await;
    assert_eq!(read.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(world.since(them.ada, Some(Position::START)).await.items, []);
}

#[tokio::test]
async fn bulk_commands_reach_beyond_one_chunk() {
    let world = World::new().await;
    let them = with_requests(&world, 1).await;
    sqlx::query(
        "insert into notifications.notification
            (id, user_id, kind, facts, data, created_at, source_event_id, log_transaction, log_position, version)
        select gen_random_uuid(), $1, kind, facts, '{}', now(), gen_random_uuid(), 1, n, 1
        from notifications.notification, generate_series(1, 2499) n where user_id = $1",
    )
    .bind(them.ada.uuid())
    .execute(&world.pool)
    .await
    .unwrap();
    let ada = member(them.ada);
    assert_eq!(world.send(&ada, MarkAllRead).await.unwrap(), 2_500);
    // More than the half second that an answer waits for the views.
    world.until_level().await;
    assert_eq!(world.unread(them.ada).await, 0);
    assert_eq!(world.send(&ada, DeleteRead).await.unwrap(), 2_500);
    world.until_level().await;
    assert_eq!(world.inbox(them.ada).await, []);
}

/// The same walk over Redis, and over PostgreSQL when Redis is away.
#[tokio::test]
async fn every_page_together_holds_each_notification_once() {
    for world in [World::new().await, World::with_redis("redis://127.0.0.1:1").await] {
        let them = Neighbours::of_unheard(&world).await;
        for _ in 0..25 {
            world.append::<BorrowEvent>(them.a_strangers_request(), 1).await;
        }
        testkit::eventually("all are told", async || world.rows(them.ada).await == 25).await;
        testkit::eventually("all are shown", async || world.unread(them.ada).await == 25).await;

        let (mut by_cursor, mut cursor) = (Vec::new(), None);
        loop {
            let request = PageRequest { cursor, ..PageRequest::first(5) };
            let page = world.page(them.ada, None, request).await;
            assert_eq!(page.total, 25);
            by_cursor.extend(page.items.into_iter().map(|item| item.id));
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        let mut by_number = Vec::new();
        for number in 1..=5 {
            let request = PageRequest { page: number, ..PageRequest::first(5) };
            let page = world.page(them.ada, Some(true), request).await;
            by_number.extend(page.items.into_iter().map(|item| item.id));
        }
        assert_eq!(by_cursor, by_number);
        assert_eq!(by_cursor.iter().collect::<HashSet<_>>().len(), 25);

        let beyond = PageRequest { page: 1_000_000_000_000, ..PageRequest::first(100) };
        let beyond = world.page(them.ada, None, beyond).await;
        assert_eq!((beyond.items, beyond.total), (Vec::new(), 25));
    }
}

#[tokio::test]
async fn a_cursor_from_elsewhere_is_named_as_the_bad_field() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let page = PageRequest { cursor: Some("nonsense".to_owned()), ..PageRequest::first(5) };
    let list = ListNotifications { unread: None, page };
    let refused = world.ask(&member(them.ada), list).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Invalid);
    assert_eq!(refused.details()[0].field, "cursor");
}
