//! One member cannot fill another's inbox.

mod support;

use borrowing_events::{BorrowCancelled, BorrowEvent, BorrowMessageSent, BorrowMessagesRead, Parties};
use kernel::{MessageId, Position, UserId};
use notifications::{MarkAllRead, NotificationView};
use sqlx::ConnectOptions;
use support::{Neighbours, World};
use testkit::{A_SATURDAY, a_user, eventually, member};

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

fn a_message(parties: Parties, number: i32, author_id: UserId) -> BorrowMessageSent {
    BorrowMessageSent { parties, message_id: MessageId::new(A_SATURDAY), number, author_id, moderator_id: None }
}

fn reading(sent: &BorrowMessageSent, reader_id: UserId) -> BorrowEvent {
    let BorrowMessageSent { parties, message_id, number, .. } = *sent;
    BorrowMessagesRead { parties, message_id, number, reader_id }.into()
}

#[tokio::test]
async fn the_unread_messages_of_a_conversation_are_one_entry_which_is_read_with_it() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let (one, other) = (them.a_borrow(), them.a_borrow());
    let write = async |parties, number| {
        let sent = a_message(parties, number, them.grace);
        world.append::<BorrowEvent>(sent.clone(), 1).await;
        sent
    };
    // Days apart: an entry that nobody read grows old and is not multiplied.
    write(one, 1).await;
    world.until_level().await;
    sqlx::query("update notifications.notification set created_at = created_at - interval '3 days'")
        .execute(&world.pool)
        .await
        .unwrap();
    let second = write(one, 2).await;
    write(one, 3).await;
    let of_another = write(other, 1).await;
    world.until_level().await;
    let inbox = comes_to(&world, &them, 2).await;
    let body = |borrow| &inbox.iter().find(|entry| entry.data.borrow_id == Some(borrow)).expect("an entry").body;
    assert!(body(one.borrow_id).ends_with("There are 2 earlier messages, too."), "{inbox:?}");
    assert!(!body(other.borrow_id).contains("earlier"), "{inbox:?}");

    // Read in the same moment as it came, and what came after it is not.
    world.append::<BorrowEvent>(reading(&second, them.ada), 2).await;
    world.append::<BorrowEvent>(reading(&of_another, them.ada), 2).await;
    world.until_level().await;
    let left = comes_to(&world, &them, 1).await;
    let unread = left.iter().find(|entry| !entry.read).expect("the third message");
    assert_eq!(unread.data.borrow_id, Some(one.borrow_id));
    // Somebody else's reading is none of hers; hers is.
    let third = a_message(one, 3, them.grace);
    world.append::<BorrowEvent>(reading(&third, a_user()), 2).await;
    world.until_level().await;
    assert_eq!(world.unread(them.ada).await, 1);
    world.append::<BorrowEvent>(reading(&third, them.ada), 2).await;
    world.until_level().await;
    comes_to(&world, &them, 0).await;
    assert_eq!(world.told("notification.read").await, 2);
    assert!(world.bus.replay("notifications", Position::START).await.expect("the log answers"));
    world.until_level().await;
    assert_eq!((world.unread(them.ada).await, world.rows(them.ada).await), (0, 4));
}

#[tokio::test]
async fn a_message_that_is_read_in_the_batch_in_which_it_came_is_read() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let parties = them.a_borrow();
    // The applier waits here while both come in.
    let mut owner = world.database.owner_options().connect().await.unwrap();
    sqlx::raw_sql("begin; lock table notifications.notification in share mode").execute(&mut owner).await.unwrap();
    let first = a_message(parties, 1, them.grace);
    world.append::<BorrowEvent>(first.clone(), 1).await;
    world.append::<BorrowEvent>(reading(&first, them.ada), 2).await;
    let last = world.append::<BorrowEvent>(a_message(parties, 2, them.grace), 1).await;
    sqlx::raw_sql("commit").execute(&mut owner).await.unwrap();
    world.until_heard(last).await;
    world.until_level().await;
    let inbox = comes_to(&world, &them, 1).await;
    assert_eq!(inbox.iter().map(|entry| entry.read).filter(|read| *read).count(), 1, "{inbox:?}");
}
