//! Signing in, staying signed in, and no longer being signed in.

mod support;

use auth::{ChangePassword, EndOtherSessions, EndSession, GetAccount, ListSessions, LogOut, Password};
use kernel::{ErrorKind, Refusal};
use read_store::Document;
use secrecy::ExposeSecret;
use support::{PASSWORD, World, caller};
use testkit::PrivateRedis;
use time::Duration;
use users_events::{UserDeleted, UserEvent, UserRoleChanged, UserUpdated};

const REFUSED: &str = "UNAUTHENTICATED";
const DEAD: &str = "INVALID_REFRESH_TOKEN";

fn updated(session: &auth::SignedIn, active: bool) -> UserEvent {
    let (name, language) = ("Ada".to_owned(), "en".to_owned());
    UserEvent::Updated(UserUpdated { user_id: session.user_id, name, active, language })
}

#[tokio::test]
async fn whoever_registered_is_signed_in_and_can_sign_in_again() {
    let world = World::new().await;
    let first = world.registered("Ada@Example.org").await;
    let again = world.log_in("ada@example.ORG", PASSWORD).await.expect("signed in");
    assert_eq!(again.user_id, first.user_id);
    assert_ne!(again.session_id, first.session_id);
    let who = world.authenticate(&again).await.expect("a live session");
    assert_eq!((who.user_id, who.role.as_str()), (first.user_id, "user"));
}

#[tokio::test]
async fn unknown_mail_wrong_password_and_deactivated_answer_alike() {
    let world = World::new().await;
    let ada = world.registered("ada@example.org").await;
    let wrong = world.log_in("ada@example.org", "incorrect horse").await;
    let unknown = world.log_in("eve@example.org", PASSWORD).await;
    world.tell(updated(&ada, false), 2).await;
    let deactivated = world.log_in("ada@example.org", PASSWORD).await;
    for answer in [wrong, unknown, deactivated] {
        assert_eq!(answer.err(), Some("INVALID_CREDENTIALS"));
    }
}

#[tokio::test]
async fn logout_kills_the_refresh_token() {
    let world = World::new().await;
    let session = world.registered("ada@example.org").await;
    world.send(&caller(&session), LogOut {}).await.expect("logged out");
    assert_eq!(world.refresh(&session).await.err(), Some(DEAD));
}

/// As by somebody who has kept the sealed body of the session from when it lived, and may write to Redis.
#[tokio::test]
async fn a_session_that_has_ended_does_not_live_again_by_what_redis_says() {
    let world = World::new().await;
    let session = world.registered("ada@example.org").await;
    let (views, id) = (world.projection(), session.session_id.to_string());
    testkit::eventually("it is shown", async || views.get(&id).await.is_ok_and(|body| body.is_some())).await;
    let body = views.get(&id).await.expect("ready");
    world.send(&caller(&session), LogOut {}).await.expect("logged out");
    let put_back = Document { id: id.clone(), version: i64::MAX, body: body.clone(), lists: Vec::new() };
    views.write(&[put_back]).await.expect("written");
    assert_eq!(views.get(&id).await.expect("ready"), body);
    assert_eq!(world.authenticate(&session).await.err(), Some(REFUSED));
}

#[tokio::test]
async fn logout_takes_effect_at_once_although_the_access_token_lives() {
    let world = World::new().await;
    let session = world.registered("ada@example.org").await;
    assert!(world.authenticate(&session).await.is_ok());
    world.send(&caller(&session), LogOut {}).await.expect("logged out");
    assert_eq!(world.authenticate(&session).await.err(), Some(REFUSED));
}

#[tokio::test]
async fn a_refresh_token_is_used_once_and_using_it_again_kills_the_session() {
    let world = World::new().await;
    let first = world.registered("ada@example.org").await;
    let second = world.refresh(&first).await.expect("a new pair");
    assert_eq!(second.session_id, first.session_id);
    assert!(world.authenticate(&second).await.is_ok());

    world.clock.advance(Duration::seconds(11));
    assert_eq!(world.refresh(&first).await.err(), Some(DEAD));
    assert_eq!(world.refresh(&second).await.err(), Some(DEAD));
    assert_eq!(world.authenticate(&second).await.err(), Some(REFUSED));
    assert!(world.log().await.contains("refresh_token_reused"));
}

fn token(session: &auth::SignedIn) -> &str {
    session.refresh_token.expose_secret()
}

#[tokio::test]
async fn refreshes_at_once_all_work_and_the_session_keeps_one_chain() {
    let world = World::new().await;
    for round in 0..5 {
        let mut session = world.registered(&format!("ada{round}@example.org")).await;
        for _ in 0..3 {
            let (one, other) = tokio::join!(world.refresh(&session), world.refresh(&session));
            let (one, other) = (one.expect("a working pair"), other.expect("a working pair"));
            assert_eq!(token(&one), token(&other), "two tabs end up with the same token");
            assert!(world.authenticate(&one).await.is_ok() && world.authenticate(&other).await.is_ok());
            world.clock.advance(Duration::minutes(14));
            session = other;
        }
    }
    assert_eq!(world.count("select count(*) from auth.refresh_token where used_at is null").await, 5);
}

#[tokio::test]
async fn whoever_missed_an_answer_gets_the_newest_token_of_the_chain() {
    let world = World::new().await;
    let first = world.registered("ada@example.org").await;
    let lost = world.refresh(&first).await.expect("a pair that never arrives");
    world.clock.advance(Duration::seconds(4));
    let second = world.refresh(&first).await.expect("the answer again");
    assert_eq!(token(&second), token(&lost));
    let third = world.refresh(&second).await.expect("a new pair");
    world.clock.advance(Duration::seconds(4));
    // The other tab has slept over both exchanges.
    let late = world.refresh(&first).await.expect("still within ten seconds of its use");
    assert_eq!(token(&late), token(&third));
    world.clock.advance(Duration::minutes(14));
    let next = world.refresh(&late).await.expect("the session lives on");
    assert!(world.authenticate(&next).await.is_ok());
}

#[tokio::test]
async fn a_stolen_token_that_was_replayed_in_time_is_noticed_at_the_next_exchange() {
    let world = World::new().await;
    let first = world.registered("ada@example.org").await;
    let member = world.refresh(&first).await.expect("a new pair");
    let thief = world.refresh(&first).await.expect("within ten seconds");
    world.clock.advance(Duration::minutes(14));
    world.refresh(&member).await.expect("a new pair");
    world.clock.advance(Duration::seconds(11));
    assert_eq!(world.refresh(&thief).await.err(), Some(DEAD));
    assert_eq!(world.authenticate(&member).await.err(), Some(REFUSED), "the session has ended for both");
    assert!(world.log().await.contains("refresh_token_reused"));
}

#[tokio::test]
async fn within_ten_seconds_too_a_token_is_worth_nothing_once_its_session_has_ended() {
    let world = World::new().await;
    let first = world.registered("ada@example.org").await;
    let second = world.refresh(&first).await.expect("a new pair");
    world.send(&caller(&second), LogOut {}).await.expect("logged out");
    assert_eq!(world.refresh(&first).await.err(), Some(DEAD));
}

#[tokio::test]
async fn a_chain_exchanged_again_and_again_within_seconds_is_not_followed_for_ever() {
    let world = World::new().await;
    let first = world.registered("ada@example.org").await;
    let mut session = world.refresh(&first).await.expect("a new pair");
    for _ in 0..25 {
        session = world.refresh(&session).await.expect("a new pair");
    }
    assert_eq!(world.refresh(&first).await.err(), Some(DEAD));
    assert_eq!(world.authenticate(&session).await.err(), Some(REFUSED));
}

#[tokio::test]
async fn refreshing_does_not_move_the_end_of_the_session() {
    let world = World::new().await;
    let mut session = world.registered("ada@example.org").await;
    for _ in 0..2 {
        world.clock.advance(Duration::days(14));
        session = world.refresh(&session).await.expect("a new pair");
    }
    world.clock.advance(Duration::days(3));
    assert_eq!(world.refresh(&session).await.err(), Some(DEAD));
    assert_eq!(world.authenticate(&session).await.err(), Some(REFUSED));
}

#[tokio::test]
async fn an_access_token_expires_and_a_new_one_comes_with_the_refresh() {
    let world = World::new().await;
    let session = world.registered("ada@example.org").await;
    world.clock.advance(Duration::minutes(16));
    assert_eq!(world.authenticate(&session).await.err(), Some(REFUSED));
    let next = world.refresh(&session).await.expect("a new pair");
    assert!(world.authenticate(&next).await.is_ok());
}

#[tokio::test]
async fn a_role_change_counts_from_the_next_request_on() {
    let world = World::new().await;
    let session = world.registered("ada@example.org").await;
    let role = "moderator".to_owned();
    world.tell(UserEvent::RoleChanged(UserRoleChanged { user_id: session.user_id, role }), 2).await;
    assert_eq!(world.authenticate(&session).await.expect("live").role, "moderator");
    // An older event that comes late changes nothing.
    let role = "admin".to_owned();
    world.tell(UserEvent::RoleChanged(UserRoleChanged { user_id: session.user_id, role }), 1).await;
    assert_eq!(world.authenticate(&session).await.expect("live").role, "moderator");
}

#[tokio::test]
async fn deactivation_ends_all_sessions_at_once_and_activation_does_not_bring_them_back() {
    let world = World::new().await;
    let session = world.registered("ada@example.org").await;
    world.tell(updated(&session, false), 2).await;
    assert_eq!(world.authenticate(&session).await.err(), Some(REFUSED));
    assert_eq!(world.refresh(&session).await.err(), Some(DEAD));
    world.tell(updated(&session, true), 3).await;
    assert_eq!(world.authenticate(&session).await.err(), Some(REFUSED));
    assert!(world.log_in("ada@example.org", PASSWORD).await.is_ok());
}

#[tokio::test]
async fn who_is_deleted_leaves_neither_sessions_nor_address_nor_hash() {
    let world = World::new().await;
    let session = world.registered("ada@example.org").await;
    world.tell(UserEvent::Deleted(UserDeleted { user_id: session.user_id }), 2).await;
    assert_eq!(world.authenticate(&session).await.err(), Some(REFUSED));
    assert_eq!(world.log_in("ada@example.org", PASSWORD).await.err(), Some("INVALID_CREDENTIALS"));
    let left = "select count(*) from auth.account where email is not null or password_hash is not null";
    assert_eq!(world.count(left).await, 0);
    assert_eq!(world.count("select count(*) from auth.mail").await, 0);
    // The address is free again.
    world.registered("ada@example.org").await;
}

#[tokio::test]
async fn members_see_and_end_their_own_sessions_and_nobody_elses() {
    let world = World::new().await;
    let phone = world.registered("ada@example.org").await;
    let laptop = world.log_in("ada@example.org", PASSWORD).await.expect("signed in");
    let eve = world.registered("eve@example.org").await;

    let sessions = world.ask(&caller(&laptop), ListSessions {}).await.expect("sessions");
    assert_eq!(sessions.len(), 2);
    let current: Vec<_> = sessions.iter().filter(|session| session.current).map(|session| session.id).collect();
    assert_eq!(current, [laptop.session_id]);

    let end = EndSession { session: phone.session_id };
    let refused = world.send(&caller(&eve), end.clone()).await.expect_err("not hers");
    assert_eq!(refused.code(), "SESSION_NOT_FOUND");
    world.send(&caller(&laptop), end).await.expect("ended");
    assert_eq!(world.authenticate(&phone).await.err(), Some(REFUSED));
    assert!(world.authenticate(&laptop).await.is_ok());
}

#[tokio::test]
async fn a_member_ends_all_other_sessions_at_once_and_nobody_elses() {
    let world = World::new().await;
    let here = world.registered("ada@example.org").await;
    let eve = world.registered("eve@example.org").await;
    let mut there = Vec::new();
    for _ in 0..3 {
        there.push(world.log_in("ada@example.org", PASSWORD).await.expect("signed in"));
    }
    assert_eq!(world.send(&caller(&here), EndOtherSessions {}).await.expect("ended"), 3);
    for session in &there {
        assert_eq!(world.authenticate(session).await.err(), Some(REFUSED));
        assert_eq!(world.refresh(session).await.err(), Some(DEAD));
    }
    assert!(world.authenticate(&here).await.is_ok() && world.authenticate(&eve).await.is_ok());
    assert_eq!(world.send(&caller(&here), EndOtherSessions {}).await.expect("nothing to end"), 0);
}

#[tokio::test]
async fn changing_the_password_ends_the_other_sessions() {
    let world = World::new().await;
    let phone = world.registered("ada@example.org").await;
    let laptop = world.log_in("ada@example.org", PASSWORD).await.expect("signed in");
    let new = Password::new("battery staple").expect("a good one");
    let wrong = ChangePassword { current_password: "incorrect horse".into(), new_password: new.clone() };
    let refused = world.send(&caller(&laptop), wrong).await.expect_err("refused");
    assert_eq!(refused.code(), "WRONG_PASSWORD");

    let right = ChangePassword { current_password: PASSWORD.into(), new_password: new };
    world.send(&caller(&laptop), right).await.expect("changed");
    assert!(world.authenticate(&laptop).await.is_ok());
    assert_eq!(world.authenticate(&phone).await.err(), Some(REFUSED));
    assert_eq!(world.refresh(&phone).await.err(), Some(DEAD));
    assert_eq!(world.log_in("ada@example.org", PASSWORD).await.err(), Some("INVALID_CREDENTIALS"));
    assert!(world.log_in("ada@example.org", "battery staple").await.is_ok());
}

#[tokio::test]
async fn sessions_are_checked_and_ended_while_redis_is_away() {
    let mut redis = PrivateRedis::start().await;
    let world = World::with_redis(&redis.url()).await;
    let session = world.registered("ada@example.org").await;
    redis.stop().await;
    assert!(world.authenticate(&session).await.is_ok());
    world.send(&caller(&session), LogOut {}).await.expect("logged out");
    assert_eq!(world.authenticate(&session).await.err(), Some(REFUSED));
}

#[tokio::test]
async fn sessions_are_checked_while_postgresql_is_away() {
    let world = World::new().await;
    let live = world.registered("ada@example.org").await;
    let over = world.log_in("ada@example.org", PASSWORD).await.expect("signed in");
    world.send(&caller(&over), LogOut {}).await.expect("logged out");
    // To us a closed pool is a server that is away.
    world.pool.close().await;
    assert_eq!(world.authenticate(&live).await.expect("from Redis").user_id, live.user_id);
    let account = GetAccount { user: live.user_id };
    assert_eq!(world.ask(&caller(&live), account).await.expect("from Redis").email, "ada@example.org");
    assert_eq!(world.authenticate(&over).await.err(), Some(REFUSED));
    let command = LogOut {};
    assert_eq!(world.send(&caller(&live), command).await.expect_err("a write").kind(), ErrorKind::Unavailable);
}

#[tokio::test]
async fn sessions_that_are_over_are_forgotten_and_stay_refused() {
    let world = World::new().await;
    let session = world.registered("ada@example.org").await;
    world.send(&caller(&session), LogOut {}).await.expect("logged out");
    assert_eq!(world.forget_ended().await["sessions"], 0);
    world.clock.advance(Duration::days(2));
    assert_eq!(world.forget_ended().await["sessions"], 1);
    assert_eq!(world.count("select count(*) from auth.session").await, 0);
    assert_eq!(world.refresh(&session).await.err(), Some(DEAD));
}

#[tokio::test]
async fn no_token_lies_in_the_database_or_the_log() {
    let world = World::new().await;
    let session = world.registered("ada@example.org").await;
    let token = session.refresh_token.expose_secret();
    let tables = "select coalesce(string_agg(t::text, ' '), '') from auth.refresh_token t";
    let stored: String = sqlx::query_scalar(tables).fetch_one(&world.pool).await.expect("rows");
    let log = world.log().await;
    assert!(!stored.contains(token) && !log.contains(token));
    assert!(!format!("{session:?}").contains(token));
}
