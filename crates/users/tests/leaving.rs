//! Leaving, and being removed.

mod support;

use auth_events::{AuthEvent, UserVerified};
use kernel::{ErrorKind, Refusal};
use support::{PASSWORD, World};
use testkit::{a_user, admin, anonymous, member, moderator};
use users::{DeleteUser, GetProfile, GetPublicProfile, Proof};

fn with_password(id: kernel::UserId, password: &str) -> DeleteUser {
    DeleteUser { id, expected_version: None, proof: Proof::Password(password.to_owned()) }
}

#[tokio::test]
async fn who_leaves_proves_it_with_their_password_and_leaves_no_profile() {
    let world = World::new().await;
    let grace = world.a_member("Grace Hopper").await;
    let refused = world.send(&member(grace), with_password(grace, "incorrect horse")).await.expect_err("refused");
    assert_eq!(refused.details()[0].field, "password");
    world.send(&member(grace), with_password(grace, PASSWORD)).await.expect("deleted");

    let gone = world.ask(&anonymous(), GetPublicProfile { id: grace }).await.expect_err("gone");
    assert_eq!((gone.kind(), gone.code()), (ErrorKind::NotFound, "USER_NOT_FOUND"));
    assert!(world.ask(&admin(a_user()), GetProfile { id: grace }).await.is_err());
    let row: String = sqlx::query_scalar("select member::text from users.member where id = $1")
        .bind(grace.uuid())
        .fetch_one(&world.pool)
        .await
        .expect("the row");
    assert!(!row.contains("Grace"), "{row}");
    let last = world.history(grace).await.pop().expect("an event");
    assert_eq!(last.name, "user.deleted");
}

#[tokio::test]
async fn nobody_deletes_another_without_the_permission() {
    let world = World::new().await;
    let grace = world.a_member("Grace").await;
    for caller in [member(a_user()), moderator(a_user()), anonymous()] {
        for command in
            [with_password(grace, PASSWORD), DeleteUser { id: grace, expected_version: None, proof: Proof::Permission }]
        {
            let refused = world.send(&caller, command).await.expect_err("refused");
            assert_eq!(refused.kind(), ErrorKind::Forbidden);
        }
    }
    assert!(world.neighbours.closed.lock().expect("no panic").is_empty());
    world
        .send(&admin(a_user()), DeleteUser { id: grace, expected_version: None, proof: Proof::Permission })
        .await
        .expect("deleted");
}

#[tokio::test]
async fn nobody_leaves_with_open_loans() {
    let world = World::new().await;
    let grace = world.a_member("Grace").await;
    world.neighbours.lending.lock().expect("no panic").push(grace);
    let refused = world.send(&member(grace), with_password(grace, PASSWORD)).await.expect_err("refused");
    assert_eq!((refused.kind(), refused.code()), (ErrorKind::Conflict, "MEMBER_HAS_OPEN_LOANS"));
    assert!(!refused.details().is_empty());
    assert!(world.ask(&anonymous(), GetPublicProfile { id: grace }).await.is_ok());
}

#[tokio::test]
async fn the_last_administrator_neither_leaves_nor_is_shut_out_of_lending() {
    let world = World::new().await;
    let ada = world.an_admin("Ada").await;
    let refused = world.send(&admin(ada), with_password(ada, PASSWORD)).await.expect_err("refused");
    assert_eq!(refused.code(), "LAST_ADMIN");
    assert!(world.neighbours.closed.lock().expect("no panic").is_empty());
}

#[tokio::test]
async fn a_registration_heard_again_does_not_bring_a_member_back() {
    let world = World::new().await;
    let grace = world.a_member("Grace").await;
    world.send(&member(grace), with_password(grace, PASSWORD)).await.expect("deleted");
    world.register(grace, "Grace").await;
    world.tell(AuthEvent::Verified(UserVerified { user_id: grace })).await;
    assert!(world.ask(&anonymous(), GetPublicProfile { id: grace }).await.is_err());
}

#[tokio::test]
async fn a_password_is_in_no_hash_of_the_command_and_in_no_log() {
    let command = with_password(a_user(), PASSWORD);
    assert!(!format!("{command:?}").contains(PASSWORD));
    assert!(!format!("{:?}", serde_json::to_string(&command)).contains(PASSWORD));
}
