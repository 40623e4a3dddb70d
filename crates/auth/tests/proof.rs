//! A mail address is its holder's: before there is an account, or when it is proved later.

mod support;

use auth::{
    Email, ForgotPassword, GetAccount, Password, Register, Registered, ResendProof, ResetPassword, VerifyEmail,
};
use kernel::{ErrorKind, Line, Refusal};
use secrecy::SecretString;
use support::{PASSWORD, World, an_email, caller};
use testkit::{a_user, admin, anonymous};
use time::Duration;

const LINK: &str = "https://evil.example/win";

fn register(email: &str, name: &str) -> Register {
    Register {
        email: an_email(email),
        password: None,
        name: Line::new(name).expect("a name"),
        language: None,
        device: None,
        asker: auth::Asker::default(),
    }
}

fn proof(token: SecretString, password: Option<&str>) -> VerifyEmail {
    VerifyEmail { token, new_password: password.map(|text| Password::new(text).expect("a good one")) }
}

async fn asks(world: &World, email: &str) {
    let answer = world.send(&anonymous(), register(email, "Ada")).await.expect("noted");
    assert!(matches!(answer, Registered::ToBeProved));
}

/// What the letters to an address lead to, the newest last.
async fn letters(world: &World, email: &str) -> Vec<String> {
    world.context.send_due_mails().await.expect("sent");
    world.postbox.mails().into_iter().filter(|mail| mail.to == email).map(|mail| mail.subject).collect()
}

#[tokio::test]
async fn nobody_has_an_account_before_they_followed_the_letter() {
    let world = World::where_proof_comes_first().await;
    asks(&world, "ada@example.org").await;
    assert_eq!(world.count("select count(*) from auth.account").await, 0);
    assert!(!world.log().await.contains("user.registered"), "nobody hears of somebody who may not exist");
    assert_eq!(letters(&world, "ada@example.org").await, ["Finish joining Folkshelf"]);

    let token = world.postbox.token("verify-email");
    let refused = world.send(&anonymous(), proof(token.clone(), None)).await.expect_err("no password");
    assert_eq!((refused.kind(), refused.code()), (ErrorKind::Invalid, "VALIDATION_ERROR"));
    assert_eq!(refused.details()[0].field, "newPassword");
    world.send(&anonymous(), proof(token.clone(), Some(PASSWORD))).await.expect("opened");
    let session = world.log_in("ada@example.org", PASSWORD).await.expect("signed in");
    assert!(world.ask(&caller(&session), GetAccount { user: session.user_id }).await.expect("an account").verified);
    assert!(world.send(&anonymous(), proof(token, Some(PASSWORD))).await.is_err(), "used before");
    assert_eq!(world.count("select count(*) from auth.registration").await, 0);
    assert_eq!(world.count("select count(*) from auth.registration_token").await, 0);
}

#[tokio::test]
async fn an_address_that_has_an_account_is_answered_alike_and_gets_another_letter() {
    let world = World::where_proof_comes_first().await;
    asks(&world, "ada@example.org").await;
    letters(&world, "ada@example.org").await;
    world.send(&anonymous(), proof(world.postbox.token("verify-email"), Some(PASSWORD))).await.expect("opened");

    asks(&world, "ada@example.org").await;
    let all = letters(&world, "ada@example.org").await;
    assert_eq!(all.last().expect("a letter"), "You have an account already");
    // The work is the same too: a request that is noted, and a letter.
    asks(&world, "eve@example.org").await;
    for table in ["select count(*) from auth.registration", "select count(*) from auth.account where id is not null"] {
        let expected = if table.contains("registration") { 2 } else { 1 };
        assert_eq!(world.count(table).await, expected, "{table}");
    }
    // What was asked for does not touch the account.
    world.log_in("ada@example.org", PASSWORD).await.expect("as before");
}

#[tokio::test]
async fn of_two_letters_one_opens_the_account_and_both_may() {
    let world = World::where_proof_comes_first().await;
    asks(&world, "ada@example.org").await;
    letters(&world, "ada@example.org").await;
    let first = world.postbox.token("verify-email");
    world.clock.advance(Duration::minutes(6));
    world.send(&anonymous(), ResendProof { email: an_email("ADA@example.org") }).await.expect("noted");
    letters(&world, "ada@example.org").await;
    let second = world.postbox.token("verify-email");
    let nobody = anonymous();
    let (one, other) = tokio::join!(
        world.send(&nobody, proof(first, Some(PASSWORD))),
        world.send(&nobody, proof(second, Some(PASSWORD))),
    );
    assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
    assert_eq!(world.count("select count(*) from auth.account").await, 1);
}

/// Two spellings of one address may be two mailboxes: Eve reads the one, Zoë the other.
#[tokio::test]
async fn a_link_opens_the_account_that_its_letter_was_about() {
    let world = World::where_proof_comes_first().await;
    asks(&world, "zoe\u{308}@example.org").await;
    world.context.send_due_mails().await.expect("sent");
    let mail = world.postbox.mails().pop().expect("a letter");
    let token = world.postbox.token("verify-email");
    world.send(&anonymous(), register("zoë@example.org", "Eve")).await.expect("noted");
    world.send(&anonymous(), proof(token, Some(PASSWORD))).await.expect("opened");
    let session = world.log_in(&mail.to, PASSWORD).await.expect("signed in");
    let account = world.ask(&caller(&session), GetAccount { user: session.user_id }).await.expect("an account");
    assert_eq!(account.email, mail.to);
    assert!(!world.log().await.contains("Eve"));
}

#[tokio::test]
async fn what_was_asked_for_and_never_proved_is_forgotten() {
    let world = World::where_proof_comes_first().await;
    asks(&world, "ada@example.org").await;
    letters(&world, "ada@example.org").await;
    world.clock.advance(Duration::days(8));
    let late = proof(world.postbox.token("verify-email"), Some(PASSWORD));
    assert!(world.send(&anonymous(), late).await.is_err(), "expired");
    world.forget_ended().await;
    for table in [
        "select count(*) from auth.registration",
        "select count(*) from auth.registration_token",
        "select count(*) from auth.letter_sent",
    ] {
        assert_eq!(world.count(table).await, 0, "{table}");
    }
}

/// An account of the days when addresses were proved later, or that an administrator opened.
#[tokio::test]
async fn who_never_proved_the_address_does_not_sign_in_where_that_comes_first() {
    let world = World::where_proof_comes_first().await;
    let create = auth::CreateAccount {
        email: an_email("ada@example.org"),
        name: Line::new("Ada").expect("a name"),
        language: None,
        password: Some(Password::new(PASSWORD).expect("a good one")),
        verified: false,
    };
    world.send(&admin(a_user()), create).await.expect("created");
    assert_eq!(world.log_in("ada@example.org", PASSWORD).await.err(), Some("EMAIL_NOT_PROVED"));
    assert_eq!(world.log_in("ada@example.org", "a wrong guess").await.err(), Some("INVALID_CREDENTIALS"));
    asks(&world, "ada@example.org").await;
    letters(&world, "ada@example.org").await;
    let token = world.postbox.token("verify-email");
    world.send(&anonymous(), proof(token, Some("battery staple"))).await.expect("proved");
    world.log_in("ada@example.org", "battery staple").await.expect("signed in");
}

/// Eve opens an account at Ada's address and waits for Ada to confirm it.
#[tokio::test]
async fn whoever_opened_an_account_at_anothers_address_loses_it_to_them() {
    let world = World::new().await;
    let eve = world.registered("ada@example.org").await;
    world.context.send_due_mails().await.expect("sent");
    let token = world.postbox.token("verify-email");
    let refused = world.send(&anonymous(), proof(token.clone(), None)).await.expect_err("no password");
    assert_eq!(refused.details()[0].field, "newPassword");
    assert!(world.authenticate(&eve).await.is_ok(), "nothing happened yet");

    world.send(&anonymous(), proof(token, Some("battery staple"))).await.expect("proved");
    assert!(world.authenticate(&eve).await.is_err());
    assert!(world.refresh(&eve).await.is_err());
    assert_eq!(world.log_in("ada@example.org", PASSWORD).await.err(), Some("INVALID_CREDENTIALS"));
    world.log_in("ada@example.org", "battery staple").await.expect("Ada is in");
}

#[tokio::test]
async fn an_address_gets_one_letter_of_a_kind_in_five_minutes_and_five_a_day_however_it_is_spelled() {
    let world = World::new().await;
    world.registered("zoë@example.org").await;
    world.context.send_due_mails().await.expect("sent");
    let forget = async |spelling: &str| {
        let command = ForgotPassword { email: Email::new(spelling).expect("an address") };
        world.send(&anonymous(), command).await.expect("noted");
        world.context.send_due_mails().await.expect("sent")
    };
    assert_eq!(forget("zoë@example.org").await, 1, "another kind than the first letter");
    for spelling in ["zoe\u{308}@example.org", "ZOË@EXAMPLE.ORG"] {
        assert_eq!(forget(spelling).await, 0, "{spelling}");
    }
    let mut sent = 1;
    for _ in 0..20 {
        world.clock.advance(Duration::minutes(6));
        sent += forget("zoë@example.org").await;
    }
    assert_eq!(sent, 5);
    world.clock.advance(Duration::days(1));
    assert_eq!(forget("zoë@example.org").await, 1, "the next day");
}

/// A stranger who knows an address can use up the letters it gets in a day, by asking for a new password or for an account.
#[tokio::test]
async fn whoever_uses_up_the_letters_of_a_day_leaves_the_owner_with_links_that_work() {
    for by_registering in [false, true] {
        let world = World::where_proof_comes_first().await;
        asks(&world, "ada@example.org").await;
        letters(&world, "ada@example.org").await;
        world.send(&anonymous(), proof(world.postbox.token("verify-email"), Some(PASSWORD))).await.expect("opened");
        let ask = async || {
            if by_registering {
                asks(&world, "ada@example.org").await;
            } else {
                let forgot = ForgotPassword { email: an_email("ada@example.org") };
                world.send(&anonymous(), forgot).await.expect("noted");
            }
            world.context.send_due_mails().await.expect("sent")
        };
        let mut sent = 0;
        for _ in 0..20 {
            world.clock.advance(Duration::minutes(6));
            sent += ask().await;
        }
        assert_eq!(sent, 5);
        // No letter comes until a day after the first: the last link works as long.
        world.clock.advance(Duration::hours(22));
        assert_eq!(ask().await, 0, "none is left for her");
        let link = world.postbox.token("reset-password");
        let new_password = Password::new("battery staple").expect("a good one");
        world.send(&anonymous(), ResetPassword { token: link, new_password }).await.expect("reset");
        world.log_in("ada@example.org", "battery staple").await.expect("signed in");
    }
}

#[tokio::test]
async fn a_letter_to_an_address_that_is_not_proved_holds_nothing_that_somebody_wrote() {
    for world in [World::new().await, World::where_proof_comes_first().await] {
        let mut hostile = register("ada@example.org", LINK);
        hostile.password = Some(Password::new(PASSWORD).expect("a good one"));
        world.send(&anonymous(), hostile).await.expect("registered");
        world.send(&anonymous(), ForgotPassword { email: an_email("ada@example.org") }).await.expect("noted");
        world.context.send_due_mails().await.expect("sent");
        let mails = world.postbox.mails();
        assert!(!mails.is_empty());
        for mail in mails {
            assert!(!mail.text.contains("evil.example") && mail.text.starts_with("Hello,\n"), "{}", mail.text);
        }
    }
}
