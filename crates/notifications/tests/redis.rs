//! Redis is disposable.

mod support;

use borrowing_events::BorrowEvent;
use kernel::PageRequest;
use notifications::MarkRead;
use support::{Neighbours, World};
use testkit::{PrivateRedis, eventually, member};

#[tokio::test]
async fn inboxes_are_served_from_redis() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    world.tell::<BorrowEvent>(them.a_request(), 1).await;
    // Behind the projection's back: whoever reads PostgreSQL sees it.
    sqlx::raw_sql(
        "update notifications.notification set facts = facts || '{\"text\": \"lost-owner\"}';
        update notifications.member set name = 'changed'",
    )
    .execute(&world.pool)
    .await
    .unwrap();
    assert_eq!(world.inbox(them.ada).await[0].title, "Grace asks for “Emma”");
}

#[tokio::test]
async fn a_redis_that_is_gone_and_comes_back_empty_changes_nothing() {
    let mut redis = PrivateRedis::start().await;
    let world = World::with_redis(&redis.url()).await;
    world.until_served().await;
    let them = Neighbours::of(&world).await;
    for _ in 0..3 {
        world.tell::<BorrowEvent>(them.a_strangers_request(), 1).await;
    }
    let before = world.page(them.ada, None, PageRequest::first(10)).await;

    redis.kill().await;
    let without = world.page(them.ada, None, PageRequest::first(10)).await;
    assert_eq!(without, before);
    let id = before.items[0].id;
    world.send(&member(them.ada), MarkRead { id }).await.unwrap();
    assert_eq!(world.unread(them.ada).await, 2);

    redis.start_again().await;
    assert_eq!(world.unread(them.ada).await, 2);
    world.until_served().await;
    eventually("the view has caught up", async || {
        let all = world.bus.subscriptions().await.unwrap();
        all.iter().all(|s| s.behind == 0)
    })
    .await;
    assert_eq!(world.unread(them.ada).await, 2);
    let after = world.inbox(them.ada).await;
    assert_eq!(after.len(), 3);
    assert!(after.iter().any(|item| item.id == id && item.read));
}
