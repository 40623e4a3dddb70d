//! Keys for programs: what they open, what never, and that they stop at once.

mod support;

use auth::{
    ChangePassword, CreateApiKey, EndApiKey, EndOtherSessions, EndSession, ForgotPassword, KeyHolder, ListApiKeys,
    ListSessions, LogOut, NewApiKey, Password, ResetPassword, Scopes, SignedIn,
};
use cqrs::Caller;
use kernel::{Actor, ApiKeyId, Credential, Line, Permission, PermissionSet, Refusal, UserId};
use secrecy::ExposeSecret;
use support::{PASSWORD, World, an_email};
use testkit::A_SATURDAY;
use time::{Duration, OffsetDateTime};
use users_events::{UserDeleted, UserEvent, UserRoleChanged, UserUpdated};

const REFUSED: Option<&str> = Some("UNAUTHENTICATED");
const MEMBER: [Permission; 2] = [Permission::WriteBook, Permission::WriteBorrow];

/// The caller that the host makes of a member's session.
fn member(session: &SignedIn) -> Caller {
    permitted(session.user_id, Credential::Session(session.session_id))
}

fn permitted(id: UserId, credential: Credential) -> Caller {
    let permissions = MEMBER.into_iter().collect();
    Caller::new(Actor::Member { id, credential, role: "user".to_owned(), permissions }, "")
}

/// The caller that the host makes of an API key which permits all that its member may.
fn program(session: &SignedIn) -> Caller {
    let id = ApiKeyId::new(A_SATURDAY);
    permitted(session.user_id, Credential::ApiKey { id, withheld: PermissionSet::empty() })
}

fn a_key(scopes: &[Permission], expires_at: Option<OffsetDateTime>) -> CreateApiKey {
    let name = Line::new("Shelf scanner").expect("a name");
    CreateApiKey { current_password: PASSWORD.into(), name, scopes: scopes.iter().copied().collect(), expires_at }
}

async fn make(world: &World, session: &SignedIn) -> NewApiKey {
    world.send(&member(session), a_key(&MEMBER, None)).await.expect("a key")
}

async fn show(world: &World, key: &NewApiKey) -> Result<KeyHolder, &'static str> {
    let found = world.context.check().authenticate_key(key.secret.expose_secret()).await;
    found.map(|who| (*who).clone()).map_err(|refused| refused.code())
}

/// Here nobody waits until every process has dropped what it keeps: the tests of the host hold that.
async fn until_refused(world: &World, key: &NewApiKey) {
    testkit::eventually("the key is refused", async || show(world, key).await.err() == REFUSED).await;
}

#[tokio::test]
async fn a_key_says_whose_it_is_until_its_member_ends_it() {
    let world = World::new().await;
    let (ada, eve) = (world.registered("ada@example.org").await, world.registered("eve@example.org").await);
    let key = make(&world, &ada).await;
    let other = make(&world, &ada).await;
    let who = show(&world, &key).await.expect("a live key");
    assert_eq!((who.user_id, who.role.as_str()), (ada.user_id, "user"));
    assert_eq!(who.scopes, MEMBER.into_iter().collect::<Scopes>());
    // From memory.
    show(&world, &key).await.expect("still");

    let end = || EndApiKey { key: key.view.id };
    let refused = world.send(&member(&eve), end()).await.expect_err("somebody else's");
    assert_eq!(refused.code(), "API_KEY_NOT_FOUND");
    show(&world, &key).await.expect("still");
    world.send(&member(&ada), end()).await.expect("ended");
    until_refused(&world, &key).await;
    assert_eq!(world.send(&member(&ada), end()).await.expect_err("it has ended").code(), "API_KEY_NOT_FOUND");
    show(&world, &other).await.expect("the other one lives");
    let listed = world.ask(&member(&ada), ListApiKeys {}).await.expect("a list");
    assert_eq!(listed, [other.view]);
    assert!(world.ask(&member(&eve), ListApiKeys {}).await.expect("a list").is_empty());
}

/// Who sends a request slowly is let in with a session that lives, and is answered when it has ended.
#[tokio::test]
async fn a_session_that_ends_while_it_sends_makes_no_key() {
    let world = World::new().await;
    let ada = world.registered("ada@example.org").await;
    let let_in_before = member(&ada);
    world.send(&member(&ada), LogOut {}).await.expect("logged out");
    let refused = world.send(&let_in_before, a_key(&MEMBER, None)).await.expect_err("no key");
    assert_eq!(Some(refused.code()), REFUSED);
    let again = world.log_in("ada@example.org", PASSWORD).await.expect("logged in");
    assert!(world.ask(&member(&again), ListApiKeys {}).await.expect("a list").is_empty());
}

#[tokio::test]
async fn a_key_neither_makes_nor_ends_keys_or_sessions_nor_changes_the_password() {
    let world = World::new().await;
    let ada = world.registered("ada@example.org").await;
    let key = make(&world, &ada).await;
    let program = program(&ada);
    let change =
        ChangePassword { current_password: PASSWORD.into(), new_password: Password::new("a new horse").expect("one") };
    let refused = [
        world.send(&program, a_key(&[], None)).await.err().map(|refused| refused.code()),
        world.send(&program, EndApiKey { key: key.view.id }).await.err().map(|refused| refused.code()),
        world.send(&program, EndSession { session: ada.session_id }).await.err().map(|refused| refused.code()),
        world.send(&program, EndOtherSessions {}).await.err().map(|refused| refused.code()),
        world.send(&program, LogOut {}).await.err().map(|refused| refused.code()),
        world.send(&program, change).await.err().map(|refused| refused.code()),
        world.ask(&program, ListApiKeys {}).await.err().map(|refused| refused.code()),
        world.ask(&program, ListSessions {}).await.err().map(|refused| refused.code()),
    ];
    assert_eq!(refused, [REFUSED; 8]);
    show(&world, &key).await.expect("it lives");
    world.authenticate(&ada).await.expect("so does the session");
    world.log_in("ada@example.org", PASSWORD).await.expect("with the old password");
}

#[tokio::test]
async fn who_has_a_session_and_not_the_password_makes_no_key() {
    let world = World::new().await;
    let ada = world.registered("ada@example.org").await;
    let guess = CreateApiKey { current_password: "incorrect horse".into(), ..a_key(&MEMBER, None) };
    let refused = world.send(&member(&ada), guess).await.expect_err("no key");
    assert_eq!((refused.code(), refused.details()[0].field.as_str()), ("WRONG_PASSWORD", "currentPassword"));
    assert!(world.ask(&member(&ada), ListApiKeys {}).await.expect("a list").is_empty());
    // Keys outlive a change of the password; the old one makes no more of them.
    let key = make(&world, &ada).await;
    let change =
        ChangePassword { current_password: PASSWORD.into(), new_password: Password::new("a new horse").expect("one") };
    world.send(&member(&ada), change).await.expect("changed");
    show(&world, &key).await.expect("it lives");
    let refused = world.send(&member(&ada), a_key(&MEMBER, None)).await.expect_err("no key");
    assert_eq!(refused.code(), "WRONG_PASSWORD");
}

#[tokio::test]
async fn a_key_permits_no_more_than_its_member_may() {
    let world = World::new().await;
    let ada = world.registered("ada@example.org").await;
    let greedy = a_key(&[Permission::WriteBook, Permission::Admin], None);
    let refused = world.send(&member(&ada), greedy).await.expect_err("she is no administrator");
    assert_eq!(refused.code(), "SCOPE_NOT_PERMITTED");
    assert_eq!(refused.details().len(), 1);
    assert!(world.ask(&member(&ada), ListApiKeys {}).await.expect("a list").is_empty());
}

#[tokio::test]
async fn a_key_expires() {
    let world = World::new().await;
    let ada = world.registered("ada@example.org").await;
    let past = world.send(&member(&ada), a_key(&[], Some(A_SATURDAY))).await.expect_err("over");
    assert_eq!((past.code(), past.details()[0].field.as_str()), ("VALIDATION_ERROR", "expiresAt"));
    let end = A_SATURDAY + Duration::days(1);
    let key = world.send(&member(&ada), a_key(&[], Some(end))).await.expect("a key");
    show(&world, &key).await.expect("a live key");
    world.clock.advance(Duration::days(1));
    assert_eq!(show(&world, &key).await.err(), REFUSED, "although it was in memory");
    // Its member sees for a while that it has expired.
    let listed = world.ask(&member(&ada), ListApiKeys {}).await.expect("a list");
    assert_eq!((listed.len(), listed[0].id), (1, key.view.id));
    world.clock.advance(Duration::days(31));
    world.forget_ended().await;
    assert_eq!(world.count("select count(*) from auth.api_key").await, 0);
    assert_eq!(show(&world, &key).await.err(), REFUSED);
}

#[tokio::test]
async fn a_role_that_changes_counts_for_the_key_from_the_next_use_on() {
    let world = World::new().await;
    let ada = world.registered("ada@example.org").await;
    let key = make(&world, &ada).await;
    for (version, role) in [(2, "moderator"), (3, "user")] {
        show(&world, &key).await.expect("in memory");
        world
            .tell(UserEvent::RoleChanged(UserRoleChanged { user_id: ada.user_id, role: role.to_owned() }), version)
            .await;
        testkit::eventually("the role counts", async || show(&world, &key).await.is_ok_and(|who| who.role == role))
            .await;
    }
}

#[tokio::test]
async fn deactivation_and_a_reset_end_all_keys_and_nothing_brings_them_back() {
    let world = World::new().await;
    let (ada, eve) = (world.registered("ada@example.org").await, world.registered("eve@example.org").await);
    let (key, other) = (make(&world, &ada).await, make(&world, &eve).await);
    show(&world, &key).await.expect("in memory");
    for (version, active) in [(2, false), (3, true)] {
        let (name, language) = ("Ada".to_owned(), "en".to_owned());
        let updated = UserUpdated { user_id: ada.user_id, name, active, language };
        world.tell(UserEvent::Updated(updated), version).await;
        until_refused(&world, &key).await;
    }

    show(&world, &other).await.expect("hers alone");
    world.send(&testkit::anonymous(), ForgotPassword { email: an_email("eve@example.org") }).await.expect("asked");
    world.context.send_due_mails().await.expect("sent");
    let token = world.postbox.token("reset-password");
    let new_password = Password::new("a horse of another colour").expect("one");
    world.send(&testkit::anonymous(), ResetPassword { token, new_password }).await.expect("reset");
    until_refused(&world, &other).await;
    let log = world.log().await;
    assert!(log.contains("auth.api_key_revoked") && log.contains("password_reset") && log.contains("deactivated"));
}

#[tokio::test]
async fn the_keys_of_a_deleted_member_end_and_their_names_are_forgotten() {
    let world = World::new().await;
    let ada = world.registered("ada@example.org").await;
    let key = make(&world, &ada).await;
    show(&world, &key).await.expect("in memory");
    world.tell(UserEvent::Deleted(UserDeleted { user_id: ada.user_id }), 2).await;
    until_refused(&world, &key).await;
    assert_eq!(world.count("select count(*) from auth.api_key where name <> ''").await, 0);
    world.clock.advance(Duration::days(2));
    world.forget_ended().await;
    assert_eq!(world.count("select count(*) from auth.api_key").await, 0);
}

#[tokio::test]
async fn a_text_with_a_wrong_checksum_costs_no_look_into_the_database() {
    let world = World::new().await;
    let ada = world.registered("ada@example.org").await;
    let (known, unknown) = (make(&world, &ada).await, make(&world, &ada).await);
    show(&world, &known).await.expect("in memory");
    // To us a closed pool is a server that is away: whoever asks it is told so.
    world.pool.close().await;
    assert_eq!(show(&world, &unknown).await.err(), Some("INTERNAL"), "this one has to be looked up");
    let right = unknown.secret.expose_secret();
    let wrong = if right.ends_with('0') { right.replace("fsk_", "fsk-") } else { format!("{}0", &right[..52]) };
    for text in [wrong.as_str(), "fsk_", "", right.trim_start_matches("fsk_")] {
        let refused = world.context.check().authenticate_key(text).await.expect_err("no key");
        assert_eq!(refused.code(), "UNAUTHENTICATED", "{text}");
    }
    show(&world, &known).await.expect("what is in memory needs no database");
}

#[tokio::test]
async fn keys_are_checked_and_ended_while_redis_is_away() {
    let world = World::with_redis("redis://127.0.0.1:1").await;
    let ada = world.registered("ada@example.org").await;
    let key = make(&world, &ada).await;
    show(&world, &key).await.expect("from PostgreSQL");
    world.send(&member(&ada), EndApiKey { key: key.view.id }).await.expect("ended");
    assert_eq!(show(&world, &key).await.err(), REFUSED);
}

#[tokio::test]
async fn the_last_use_is_written_once_a_minute_however_often_a_key_is_used() {
    let world = World::new().await;
    let ada = world.registered("ada@example.org").await;
    let key = make(&world, &ada).await;
    let mut written = 0;
    for _ in 0..6 {
        for _ in 0..10 {
            show(&world, &key).await.expect("a live key");
        }
        written += world.context.check().write_key_uses().await.expect("written");
        world.clock.advance(Duration::seconds(20));
    }
    assert_eq!(written, 2, "at 0 s and at 60 s");
    let listed = world.ask(&member(&ada), ListApiKeys {}).await.expect("a list");
    assert_eq!(listed[0].last_used_at, Some(A_SATURDAY + Duration::seconds(60)));
}

#[tokio::test]
async fn a_member_has_twenty_keys_and_no_more_also_when_asking_at_once() {
    let world = World::new().await;
    let ada = world.registered("ada@example.org").await;
    for _ in 0..18 {
        make(&world, &ada).await;
    }
    let caller = member(&ada);
    let ask = || world.send(&caller, a_key(&[], None));
    let (one, two, three, four) = tokio::join!(ask(), ask(), ask(), ask());
    let refused: Vec<_> = [one, two, three, four].into_iter().filter_map(Result::err).collect();
    assert_eq!(refused.len(), 2);
    assert!(refused.iter().all(|refused| refused.code() == "TOO_MANY_API_KEYS"));
    let newest = world.ask(&caller, ListApiKeys {}).await.expect("a list");
    assert_eq!(newest.len(), 20);
    world.send(&caller, EndApiKey { key: newest[0].id }).await.expect("ended");
    ask().await.expect("there is room again");
}

#[tokio::test]
async fn no_key_lies_in_the_database_or_the_log() {
    let world = World::new().await;
    let ada = world.registered("ada@example.org").await;
    let key = make(&world, &ada).await;
    let secret = key.secret.expose_secret();
    let tables = "select coalesce(string_agg(t::text, ' '), '') from auth.api_key t";
    let stored: String = sqlx::query_scalar(tables).fetch_one(&world.pool).await.expect("rows");
    let log = world.log().await;
    assert!(stored.contains(&key.view.beginning) && log.contains("auth.api_key_created"));
    // The beginning alone, and never what its member calls it.
    assert!(!stored.contains(&secret[8..]) && !log.contains(&secret[8..]) && !log.contains("Shelf scanner"));
    assert!(!format!("{key:?}").contains(&secret[8..]));
    assert!(!serde_json::to_string(&key).expect("text").contains(&secret[8..]));
}
