//! Members who do not want to meet others.

mod support;

use kernel::{ErrorKind, PageRequest, Refusal, UserId};
use support::{PASSWORD, World};
use testkit::{a_user, anonymous, member};
use users::{BlockMember, DeleteUser, ListBlocks, Proof, UnblockMember};

async fn blocked_by(world: &World, user: UserId) -> Vec<UserId> {
    let page = world.ask(&member(user), ListBlocks { page: PageRequest::first(100) }).await.expect("a page");
    assert_eq!(page.total, page.items.len() as u64);
    page.items.into_iter().map(|block| block.user.id).collect()
}

/// What was told of a member's blocks.
async fn told(world: &World, user: UserId) -> Vec<String> {
    world.history(user).await.into_iter().map(|event| event.name).filter(|name| name.contains("blocked")).collect()
}

#[tokio::test]
async fn a_member_is_blocked_once_and_unblocked_once() {
    let world = World::new().await;
    let (ada, grace, linus) =
        (world.a_member("Ada").await, world.a_member("Grace").await, world.a_member("Linus").await);
    let first = world.send(&member(ada), BlockMember { member: grace }).await.expect("blocked");
    assert_eq!((first.user.id, first.user.name.as_str()), (grace, "Grace"));
    world.clock.advance(time::Duration::MINUTE);
    let again = world.send(&member(ada), BlockMember { member: grace }).await.expect("blocked");
    assert_eq!(again, first, "nothing changes");
    world.send(&member(ada), BlockMember { member: linus }).await.expect("blocked");
    assert_eq!(blocked_by(&world, ada).await, [linus, grace], "newest first");
    assert!(blocked_by(&world, grace).await.is_empty(), "who is blocked is not told");
    for _ in 0..2 {
        world.send(&member(ada), UnblockMember { member: grace }).await.expect("unblocked");
    }
    assert_eq!(blocked_by(&world, ada).await, [linus]);
    assert_eq!(told(&world, ada).await, ["user.blocked", "user.blocked", "user.unblocked"]);
}

#[tokio::test]
async fn nobody_blocks_themself_or_somebody_who_is_not_there() {
    let world = World::new().await;
    let ada = world.a_member("Ada").await;
    let refused = world.send(&member(ada), BlockMember { member: ada }).await.expect_err("refused");
    assert_eq!((refused.kind(), refused.details()[0].field.as_str()), (ErrorKind::Invalid, "userId"));
    let refused = world.send(&member(ada), BlockMember { member: a_user() }).await.expect_err("refused");
    assert_eq!((refused.kind(), refused.code()), (ErrorKind::NotFound, "USER_NOT_FOUND"));
    let refused = world.send(&anonymous(), BlockMember { member: ada }).await.expect_err("refused");
    assert_eq!(refused.kind(), ErrorKind::Unauthenticated);
}

#[tokio::test]
async fn a_member_blocks_a_thousand_others_and_no_more() {
    let world = World::new().await;
    let (ada, grace) = (world.a_member("Ada").await, world.a_member("Grace").await);
    sqlx::query(
        "with others as (
            insert into users.member (id, name, created_at, version)
            select gen_random_uuid(), 'Somebody', now(), 1 from generate_series(1, 999) returning id
        )
        insert into users.block (blocker_id, blocked_id, blocked_at) select $1, id, now() from others",
    )
    .bind(ada.uuid())
    .execute(&world.pool)
    .await
    .expect("blocks");
    let linus = world.a_member("Linus").await;
    world.send(&member(ada), BlockMember { member: grace }).await.expect("the thousandth");
    let refused = world.send(&member(ada), BlockMember { member: linus }).await.expect_err("refused");
    assert_eq!((refused.kind(), refused.code()), (ErrorKind::Conflict, "BLOCKS_FULL"));
    world.send(&member(ada), BlockMember { member: grace }).await.expect("whoever is blocked stays so");
    world.send(&member(ada), UnblockMember { member: grace }).await.expect("unblocked");
    world.send(&member(ada), BlockMember { member: linus }).await.expect("there is room");
}

#[tokio::test]
async fn two_who_block_each_other_at_once_both_do() {
    let world = World::new().await;
    let (ada, grace) = (world.a_member("Ada").await, world.a_member("Grace").await);
    for _ in 0..10 {
        let (one, other) = (member(ada), member(grace));
        let (first, second) = tokio::join!(
            world.send(&one, BlockMember { member: grace }),
            world.send(&other, BlockMember { member: ada }),
        );
        first.expect("blocked");
        second.expect("blocked");
        assert_eq!((blocked_by(&world, ada).await, blocked_by(&world, grace).await), (vec![grace], vec![ada]));
        world.send(&one, UnblockMember { member: grace }).await.expect("unblocked");
        world.send(&other, UnblockMember { member: ada }).await.expect("unblocked");
    }
}

#[tokio::test]
async fn blocks_go_with_either_member() {
    let world = World::new().await;
    let (ada, grace, linus) =
        (world.a_member("Ada").await, world.a_member("Grace").await, world.a_member("Linus").await);
    for (blocker, blocked) in [(ada, grace), (grace, linus), (linus, ada)] {
        world.send(&member(blocker), BlockMember { member: blocked }).await.expect("blocked");
    }
    let proof = Proof::Password(PASSWORD.to_owned());
    world.send(&member(grace), DeleteUser { id: grace, expected_version: None, proof }).await.expect("gone");
    assert!(blocked_by(&world, ada).await.is_empty());
    assert_eq!(blocked_by(&world, linus).await, [ada]);
    let left: i64 =
        sqlx::query_scalar("select count(*) from users.block").fetch_one(&world.pool).await.expect("a count");
    assert_eq!(left, 1);
}
