//! Roles, what they permit, and who may hold them.

mod support;

use std::collections::BTreeSet;

use kernel::{ErrorKind, Permission, Refusal};
use support::World;
use testkit::{a_user, admin, anonymous, member, moderator};
use users::{ChangeRole, GetProfile, ListRoles, UpdateUser};

fn to(role: &str, id: kernel::UserId) -> ChangeRole {
    ChangeRole { id, expected_version: None, role: role.to_owned() }
}

#[tokio::test]
async fn every_permission_in_a_row_is_known_and_every_known_one_is_in_a_row() {
    let world = World::new().await;
    let rows: Vec<String> = sqlx::query_scalar("select distinct permission from users.role_permission")
        .fetch_all(&world.pool)
        .await
        .expect("rows");
    let known: BTreeSet<&str> = Permission::ALL.iter().map(|permission| permission.name()).collect();
    assert_eq!(rows.iter().map(String::as_str).collect::<BTreeSet<_>>(), known);
}

#[tokio::test]
async fn the_roles_are_listed_from_the_least_to_the_most() {
    let world = World::new().await;
    let roles = world.ask(&anonymous(), ListRoles).await.expect("roles");
    let names: Vec<&str> = roles.iter().map(|role| role.name.as_str()).collect();
    assert_eq!(names, ["user", "premium", "moderator", "admin"]);
    let of = |name: &str| roles.iter().find(|role| role.name == name).expect("a role").permissions;
    assert!(Permission::ALL.iter().all(|permission| of("admin").contains(*permission)));
    assert!(of("user").contains(Permission::WriteBook) && !of("user").contains(Permission::ReadUser));
}

#[tokio::test]
async fn a_changed_role_is_shown_at_once() {
    let world = World::new().await;
    let grace = world.a_member("Grace").await;
    world.send(&admin(a_user()), to("moderator", grace)).await.expect("changed");
    let profile = world.ask(&member(grace), GetProfile { id: grace }).await.expect("a profile");
    assert_eq!((profile.role.as_str(), profile.version), ("moderator", 2));
    let names: Vec<String> = world.history(grace).await.into_iter().map(|event| event.name).collect();
    assert!(names.contains(&"user.role_changed".to_owned()));
}

#[tokio::test]
async fn nobody_changes_their_own_role_and_nobody_gets_one_that_does_not_exist() {
    let world = World::new().await;
    let ada = world.an_admin("Ada").await;
    world.an_admin("Grace").await;
    let own = world.send(&admin(ada), to("user", ada)).await.expect_err("refused");
    assert_eq!(own.code(), "OWN_ROLE");
    let unknown = world.send(&admin(a_user()), to("emperor", ada)).await.expect_err("refused");
    assert_eq!((unknown.kind(), unknown.details()[0].field.as_str()), (ErrorKind::Invalid, "role"));
    let nobody = world.send(&admin(ada), to("user", a_user())).await.expect_err("refused");
    assert_eq!(nobody.code(), "USER_NOT_FOUND");
}

#[tokio::test]
async fn only_who_may_gives_roles_or_deactivates_members() {
    let world = World::new().await;
    let grace = world.a_member("Grace").await;
    let deactivate = || UpdateUser { id: grace, expected_version: None, name: None, active: Some(false) };
    for by in [anonymous(), member(grace), moderator(a_user()), admin(a_user()).as_service("auth")] {
        let refused = world.send(&by, to("admin", grace)).await.expect_err("refused");
        assert_eq!((refused.kind(), refused.code()), (ErrorKind::Forbidden, "FORBIDDEN"), "{by:?}");
        let refused = world.send(&by, deactivate()).await.expect_err("refused");
        assert_eq!((refused.kind(), refused.code()), (ErrorKind::Forbidden, "FORBIDDEN"), "{by:?}");
    }
    world.send(&admin(a_user()), deactivate()).await.expect("deactivated");
}

#[tokio::test]
async fn the_last_administrator_stays_one() {
    let world = World::new().await;
    let ada = world.an_admin("Ada").await;
    let refused = world.send(&admin(a_user()), to("user", ada)).await.expect_err("refused");
    assert_eq!(refused.code(), "LAST_ADMIN");
    let deactivate = UpdateUser { id: ada, expected_version: None, name: None, active: Some(false) };
    let refused = world.send(&admin(a_user()), deactivate).await.expect_err("refused");
    assert_eq!(refused.code(), "LAST_ADMIN");
}

#[tokio::test]
async fn of_two_administrators_who_remove_each_other_at_once_one_stays() {
    let world = World::new().await;
    for round in 0..5 {
        let (ada, grace) = (world.an_admin("Ada").await, world.an_admin("Grace").await);
        let (ada_is, grace_is) = (admin(ada), admin(grace));
        let deactivate = UpdateUser { id: ada, expected_version: None, name: None, active: Some(false) };
        let outcomes = tokio::join!(world.send(&ada_is, to("user", grace)), world.send(&grace_is, deactivate));
        assert!(outcomes.0.is_ok() != outcomes.1.is_ok(), "round {round}");
        // Whoever is left goes, too, so that the next round begins with two.
        let rest = sqlx::query("update users.member set role = 'user' where role = 'admin'");
        rest.execute(&world.pool).await.expect("emptied");
    }
}
