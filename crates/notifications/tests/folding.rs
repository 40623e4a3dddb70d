//! One member cannot fill another's inbox.

mod support;

use borrowing_events::{BorrowCancelled, BorrowEvent};
use kernel::Position;
use notifications::{MarkAllRead, NotificationView};
use sqlx::ConnectOptions;
use support::{Neighbours, World};
use testkit::{eventually, member};

/// Grace changes her mind.
fn a_cancellation(them: &Neighbours) -> BorrowEvent {
    BorrowCancelled { parties: them.a_borrow(), cancelled_by: Some(them.grace), reason: None, held: false }.into()
}

/// What Ada's inbox comes to: the views may show for a moment what is folded already.
async fn comes_to(world: &World, them: &Neighbours, count: usize) -> Vec<NotificationView> {
    eventually("what is folded is shown no more", async || {
        let unread = world.inbox(them.ada).await.iter().filter(|entry| !entry.read).count();
        unread == count && world.unread(them.ada).await == count as u64
    })
    .await;
    world.inbox(them.ada).await
}

#[tokio::test]
async fn what_one_member_causes_within_an_hour_is_one_unread_entry() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    world.tell::<BorrowEvent>(them.a_strangers_request(), 1).await;
    for _ in 0..150 {
        world.append::<BorrowEvent>(them.a_request(), 1).await;
        world.append::<BorrowEvent>(a_cancellation(&them), 2).await;
    }
    world.until_level().await;

    let inbox = comes_to(&world, &them, 2).await;
    assert_eq!(inbox.len(), 2);
    // They are of one moment, so either may be first.
    let of = |kind| inbox.iter().find(|entry| entry.kind == kind).expect("an entry");
    let (graces, strangers) = (&of("borrow.cancelled").body, &of("borrow.created").body);
    assert!(
        graces.ends_with("This message replaces 299 earlier ones about Grace; your loans show them all."),
        "{graces}"
    );
    assert!(!strangers.contains("replaces"), "{strangers}");

    // Each is told once, also when the log is read again.
    let rows = world.rows(them.ada).await;
    assert_eq!(rows, 301);
    assert!(world.bus.replay("notifications", Position::START).await.expect("the log answers"));
    eventually("the replay has come to the end of the log", || async {
        let all = world.bus.subscriptions().await.expect("the log answers");
        all.iter().all(|s| s.behind == 0)
    })
    .await;
    assert_eq!((world.inbox(them.ada).await, world.rows(them.ada).await), (inbox, rows));
}

#[tokio::test]
async fn what_was_read_and_what_is_older_than_an_hour_stays() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    world.tell::<BorrowEvent>(them.a_request(), 1).await;
    world.send(&member(them.ada), MarkAllRead).await.unwrap();
    world.tell::<BorrowEvent>(a_cancellation(&them), 2).await;
    sqlx::query("update notifications.notification set created_at = created_at - interval '61 minutes'")
        .execute(&world.pool)
        .await
        .unwrap();
    world.tell::<BorrowEvent>(them.a_request(), 1).await;
    world.tell::<BorrowEvent>(a_cancellation(&them), 2).await;

    world.until_level().await;

    let inbox = comes_to(&world, &them, 2).await;
    let mut shown: Vec<(&str, bool)> = inbox.iter().map(|entry| (entry.kind.as_str(), entry.read)).collect();
    shown.sort_unstable();
    assert_eq!(shown, [("borrow.cancelled", false), ("borrow.cancelled", false), ("borrow.created", true)]);
    let folded = |entry: &NotificationView| {
        entry.body.ends_with("This message replaces an earlier one about Grace; your loans show both.")
    };
    assert_eq!(inbox.iter().filter(|entry| folded(entry)).count(), 1, "{inbox:#?}");
}

#[tokio::test]
async fn what_is_heard_together_is_folded_as_if_it_came_one_by_one() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    // The applier waits here while the requests come in.
    let mut owner = world.database.owner_options().connect().await.unwrap();
    sqlx::raw_sql("begin; lock table notifications.notification in share mode").execute(&mut owner).await.unwrap();
    let mut last = Position::START;
    for _ in 0..40 {
        last = world.append::<BorrowEvent>(them.a_request(), 1).await;
    }
    sqlx::raw_sql("commit").execute(&mut owner).await.unwrap();
    world.until_heard(last).await;
    world.until_level().await;

    let inbox = comes_to(&world, &them, 1).await;
    assert_eq!(inbox.len(), 1);
    assert!(inbox[0].body.contains("replaces 39 earlier ones"), "{}", inbox[0].body);
}
