//! Opening accounts, proving addresses, forgetting passwords.

mod support;

use auth::{
    ChangePassword, CheckPassword, CreateAccount, FindAccountByEmail, FindAccounts, ForgotPassword, GetAccount,
    GetMailAddress, MailAddress, Password, Register, ResetPassword, VerifyEmail,
};
use cqrs::Caller;
use kernel::{ErrorKind, LanguageTag, Line, Refusal};
use support::{PASSWORD, World, an_email, caller, signed_in};
use testkit::{a_user, admin, anonymous, member, moderator};
use time::Duration;
use users_events::UserUpdated;

fn a_reset(token: secrecy::SecretString) -> ResetPassword {
    ResetPassword { token, new_password: Password::new("battery staple").expect("a good one") }
}

#[tokio::test]
async fn an_address_has_one_account_whatever_its_capitals() {
    let world = World::new().await;
    world.registered("ada@example.org").await;
    let again = Register {
        email: an_email("ADA@example.org"),
        password: Some(Password::new(PASSWORD).expect("a good one")),
        name: Line::new("Eve").expect("a name"),
        language: None,
        device: None,
        asker: auth::Asker::default(),
    };
    let refused = world.send(&anonymous(), again).await.expect_err("taken");
    assert_eq!((refused.kind(), refused.code()), (ErrorKind::Conflict, "EMAIL_TAKEN"));
    assert_eq!(world.count("select count(*) from auth.account").await, 1);
}

#[tokio::test]
async fn only_an_administrator_finds_accounts_by_three_letters_of_their_address() {
    let world = World::new().await;
    let ada = world.registered("ada_l@example.org").await.user_id;
    world.registered("adam@example.org").await;
    let mo = admin(a_user());
    let find = async |caller: &Caller, beginning: &str| {
        let asked = FindAccounts::by(&mo.actor, beginning).expect("something to ask");
        world.ask(caller, asked).await
    };
    for (beginning, found) in [(" ADA_L@", 1), ("ada", 2), ("ada_", 1), ("%%%", 0), ("example.org", 0)] {
        assert_eq!(find(&mo, beginning).await.expect("found").len(), found, "{beginning}");
    }
    assert_eq!(find(&mo, "ada_l").await.expect("found"), [ada]);
    for beginning in ["", "%", "ad ", "  ad"] {
        assert!(FindAccounts::by(&mo.actor, beginning).is_none(), "{beginning} fits almost everybody");
    }
    for other in [moderator(a_user()), member(ada)] {
        assert!(FindAccounts::by(&other.actor, "ada").is_none());
        assert_eq!(find(&other, "ada").await.expect("an answer"), [], "also with another's question");
    }
}

#[tokio::test]
async fn mails_are_in_the_language_of_the_member() {
    let world = World::new().await;
    let register = Register {
        email: an_email("zoe@example.org"),
        password: Some(Password::new(PASSWORD).expect("a good one")),
        name: Line::new("Zoé").expect("a name"),
        language: LanguageTag::new("fr-BE").ok(),
        device: None,
        asker: auth::Asker::default(),
    };
    let zoe = signed_in(world.send(&anonymous(), register).await.expect("registered"));
    let forget = || ForgotPassword { email: an_email("zoe@example.org") };
    let subject = async || {
        world.context.send_due_mails().await.expect("sent");
        world.postbox.mails().last().expect("a mail").subject.clone()
    };
    assert_eq!(subject().await, "Merci de confirmer votre adresse e-mail");
    for (version, language, expected) in [
        (2, "en", "Choose a new password"),
        (3, "fr", "Choisissez un nouveau mot de passe"),
        (4, "de", "Choose a new password"),
    ] {
        let updated =
            UserUpdated { user_id: zoe.user_id, name: "Zoé".to_owned(), active: true, language: language.to_owned() };
        world.tell(updated, version).await;
        world.clock.advance(Duration::minutes(6));
        world.send(&anonymous(), forget()).await.expect("noted");
        assert_eq!(subject().await, expected, "{language}");
    }
}

#[tokio::test]
async fn the_verification_token_is_compared() {
    let world = World::new().await;
    let ada = world.registered("ada@example.org").await;
    assert_eq!(world.context.send_due_mails().await.expect("sent"), 1);
    let right = world.postbox.token("verify-email");

    let proof = |token| VerifyEmail { token, new_password: None };
    let wrong = proof("0".repeat(64).into());
    let refused = world.send(&anonymous(), wrong).await.expect_err("refused");
    assert_eq!((refused.kind(), refused.code()), (ErrorKind::Invalid, "VALIDATION_ERROR"));
    let account = GetAccount { user: ada.user_id };
    assert!(!world.ask(&caller(&ada), account.clone()).await.expect("an account").verified);

    world.send(&caller(&ada), proof(right.clone())).await.expect("verified");
    assert!(world.ask(&caller(&ada), account).await.expect("an account").verified);
    assert!(world.log().await.contains("user.verified"));
    assert!(world.send(&caller(&ada), proof(right)).await.is_err(), "used before");
}

#[tokio::test]
async fn a_token_is_good_for_one_purpose_and_not_for_ever() {
    let world = World::new().await;
    world.registered("ada@example.org").await;
    world.context.send_due_mails().await.expect("sent");
    let verification = world.postbox.token("verify-email");
    assert!(world.send(&anonymous(), a_reset(verification)).await.is_err(), "meant for something else");

    world.send(&anonymous(), ForgotPassword { email: an_email("ada@example.org") }).await.expect("noted");
    world.context.send_due_mails().await.expect("sent");
    let token = world.postbox.token("reset-password");
    world.clock.advance(Duration::minutes(24 * 60 + 1));
    assert!(world.send(&anonymous(), a_reset(token)).await.is_err(), "expired");
}

#[tokio::test]
async fn a_reset_changes_the_password_once_ends_all_sessions_and_proves_the_address() {
    let world = World::new().await;
    let session = world.registered("ada@example.org").await;
    world.send(&anonymous(), ForgotPassword { email: an_email("ada@example.org") }).await.expect("noted");
    world.context.send_due_mails().await.expect("sent");
    let token = world.postbox.token("reset-password");

    world.send(&anonymous(), a_reset(token.clone())).await.expect("reset");
    assert!(world.authenticate(&session).await.is_err());
    assert_eq!(world.log_in("ada@example.org", PASSWORD).await.err(), Some("INVALID_CREDENTIALS"));
    let again = world.log_in("ada@example.org", "battery staple").await.expect("signed in");
    assert!(world.ask(&caller(&again), GetAccount { user: again.user_id }).await.expect("an account").verified);
    assert!(world.send(&anonymous(), a_reset(token)).await.is_err(), "used before");
}

/// Whoever changed the password knew it, or had a letter. Its owner hears of it, and can undo it.
#[tokio::test]
async fn who_owns_the_address_is_told_of_a_new_password_and_can_choose_another() {
    let world = World::new().await;
    let thief = world.registered("ada@example.org").await;
    world.context.send_due_mails().await.expect("sent");
    let change = ChangePassword {
        current_password: PASSWORD.into(),
        new_password: Password::new("thief's own password").expect("a good one"),
    };
    world.send(&caller(&thief), change).await.expect("changed");
    assert_eq!(world.context.send_due_mails().await.expect("sent"), 1);
    let told = world.postbox.mails().pop().expect("a letter");
    assert_eq!((told.to.as_str(), told.subject.as_str()), ("ada@example.org", "Your password was changed"));

    world.send(&anonymous(), a_reset(world.postbox.token("reset-password"))).await.expect("reset");
    assert!(world.authenticate(&thief).await.is_err());
    assert!(world.log_in("ada@example.org", "battery staple").await.is_ok());
    // A reset is told, too, but not within the same five minutes.
    assert_eq!(world.context.send_due_mails().await.expect("nothing"), 0);
    world.clock.advance(Duration::minutes(6));
    world.send(&anonymous(), ForgotPassword { email: an_email("ada@example.org") }).await.expect("noted");
    world.context.send_due_mails().await.expect("sent");
    world.send(&anonymous(), a_reset(world.postbox.token("reset-password"))).await.expect("reset");
    world.context.send_due_mails().await.expect("sent");
    assert_eq!(world.postbox.mails().pop().expect("a letter").subject, "Your password was changed");
}

#[tokio::test]
async fn forgetting_the_password_of_an_unknown_address_leaves_the_same_trace_and_sends_nothing() {
    let world = World::new().await;
    world.send(&anonymous(), ForgotPassword { email: an_email("eve@example.org") }).await.expect("noted");
    assert_eq!(world.count("select count(*) from auth.mail").await, 1);
    assert_eq!(world.context.send_due_mails().await.expect("none"), 0);
    assert_eq!(world.count("select count(*) from auth.mail").await, 0);
    assert!(world.postbox.mails().is_empty());
}

#[tokio::test]
async fn who_is_given_an_account_chooses_the_password_by_mail() {
    let world = World::new().await;
    let create = CreateAccount {
        email: an_email("grace@example.org"),
        name: Line::new("Grace").expect("a name"),
        language: None,
        password: None,
        verified: false,
    };
    let refused = world.send(&moderator(a_user()), create.clone()).await.expect_err("refused");
    assert_eq!(refused.kind(), ErrorKind::Forbidden);
    let grace = world.send(&admin(a_user()), create).await.expect("created");
    assert_eq!(world.log_in("grace@example.org", "").await.err(), Some("INVALID_CREDENTIALS"));

    world.context.send_due_mails().await.expect("sent");
    let token = world.postbox.token("reset-password");
    world.send(&anonymous(), a_reset(token)).await.expect("chosen");
    assert_eq!(world.log_in("grace@example.org", "battery staple").await.expect("signed in").user_id, grace);
}

#[tokio::test]
async fn only_the_system_may_call_an_address_proved() {
    let world = World::new().await;
    let create = CreateAccount {
        email: an_email("grace@example.org"),
        name: Line::new("Grace").expect("a name"),
        language: None,
        password: Some(Password::new(PASSWORD).expect("a good one")),
        verified: true,
    };
    let refused = world.send(&admin(a_user()), create.clone()).await.expect_err("refused");
    assert_eq!(refused.kind(), ErrorKind::Forbidden);
    world.send(&Caller::system("seed"), create).await.expect("created");
    assert_eq!(world.count("select count(*) from auth.mail").await, 0);
    assert!(world.log_in("grace@example.org", PASSWORD).await.is_ok());
}

#[tokio::test]
async fn an_account_is_for_its_member_and_for_who_may_read_members() {
    let world = World::new().await;
    let ada = world.registered("ada@example.org").await;
    let get = GetAccount { user: ada.user_id };
    assert_eq!(world.ask(&caller(&ada), get.clone()).await.expect("hers").email, "ada@example.org");
    assert!(world.ask(&moderator(a_user()), get.clone()).await.is_ok());
    let refused = world.ask(&member(a_user()), get.clone()).await.expect_err("not theirs");
    assert_eq!(refused.code(), "USER_NOT_FOUND");
    assert!(world.ask(&anonymous(), get).await.is_err());
}

#[tokio::test]
async fn an_address_is_told_to_notifications_alone() {
    let world = World::new().await;
    let ada = world.registered("ada@example.org").await;
    let get = GetMailAddress { user: ada.user_id };
    let notifications = anonymous().as_service("notifications");
    assert_eq!(world.ask(&notifications, get.clone()).await.expect("asked"), None, "it is not proved");
    world.context.send_due_mails().await.expect("sent");
    let token = world.postbox.token("verify-email");
    world.send(&caller(&ada), VerifyEmail { token, new_password: None }).await.expect("proved");
    let found = world.ask(&notifications, get.clone()).await.expect("asked");
    assert_eq!(found, Some(MailAddress("ada@example.org".to_owned())));
    assert!(!format!("{found:?}").contains("ada"));
    for by in [caller(&ada), admin(a_user()), Caller::system("notifications"), anonymous().as_service("books")] {
        assert_eq!(world.ask(&by, get.clone()).await.expect_err("refused").code(), "FORBIDDEN", "{by:?}");
    }
    let closed = UserUpdated { user_id: ada.user_id, name: "Ada".to_owned(), active: false, language: "en".to_owned() };
    world.tell(closed, 2).await;
    assert_eq!(world.ask(&notifications, get).await.expect("asked"), None, "they may not log in");
}

#[tokio::test]
async fn only_the_command_line_finds_members_by_their_address() {
    let world = World::new().await;
    let ada = world.registered("ada@example.org").await;
    let find = FindAccountByEmail { email: an_email("ada@example.org") };
    assert_eq!(world.ask(&Caller::system("promote"), find.clone()).await.expect("found"), Some(ada.user_id));
    assert!(world.ask(&admin(a_user()), find).await.is_err());
}

#[tokio::test]
async fn only_users_asks_for_a_password_and_only_for_the_member_it_acts_for() {
    let world = World::new().await;
    let ada = world.registered("ada@example.org").await;
    let check = |password: &str| CheckPassword { user: ada.user_id, password: password.into() };
    let users = caller(&ada).as_service("users");
    assert!(world.ask(&users, check(PASSWORD)).await.expect("asked"));
    assert!(!world.ask(&users, check("incorrect horse")).await.expect("asked"));
    let others = [
        caller(&ada),
        admin(a_user()),
        Caller::system("command line"),
        caller(&ada).as_service("books"),
        admin(a_user()).as_service("users"),
    ];
    for by in others {
        let refused = world.ask(&by, check(PASSWORD)).await.expect_err("refused");
        assert_eq!(refused.code(), "FORBIDDEN", "{by:?}");
    }
}

#[tokio::test]
async fn neither_addresses_nor_hashes_leave_auth() {
    let world = World::new().await;
    world.registered("ada@example.org").await;
    let log = world.log().await;
    assert!(log.contains("user.registered"));
    assert!(!log.contains("example.org") && !log.contains("$2b$"));
}
