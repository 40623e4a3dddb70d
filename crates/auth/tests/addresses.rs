//! One mail address in several spellings: composed and decomposed letters, a domain and its Punycode.

mod support;

use auth::{CreateAccount, FindAccountByEmail, FindAccounts, ForgotPassword, Password, Register};
use cqrs::Caller;
use kernel::{Line, Refusal};
use support::{PASSWORD, World, an_email, signed_in};
use testkit::{a_user, admin, anonymous};
use time::Duration;

/// Each is one mailbox.
const PAIRS: [(&str, &str); 3] = [
    ("zoë@example.org", "zoe\u{308}@example.org"),
    ("ada@bücher.example", "ada@xn--bcher-kva.example"),
    ("zoe\u{308}@bu\u{308}cher.example", "ZOË@Bücher.example"),
];

async fn register(world: &World, email: &str) -> Result<auth::SignedIn, &'static str> {
    let command = Register {
        email: an_email(email),
        password: Some(Password::new(PASSWORD).expect("a good one")),
        name: Line::new("Zoë").expect("a name"),
        language: None,
        device: None,
        asker: auth::Asker::default(),
    };
    world.send(&anonymous(), command).await.map(signed_in).map_err(|refused| refused.code())
}

#[tokio::test]
async fn every_spelling_of_an_address_is_one_account() {
    let world = World::new().await;
    let mo = admin(a_user());
    for (one, other) in PAIRS {
        let id = register(&world, one).await.expect("registered").user_id;
        assert_eq!(register(&world, other).await.err(), Some("EMAIL_TAKEN"), "{other}");
        let create = CreateAccount {
            email: an_email(other),
            name: Line::new("Zoë").expect("a name"),
            language: None,
            password: None,
            verified: false,
        };
        assert_eq!(world.send(&mo, create).await.err().map(|refused| refused.code()), Some("EMAIL_TAKEN"), "{other}");
        for spelling in [one, other] {
            assert_eq!(world.log_in(spelling, PASSWORD).await.expect("signed in").user_id, id, "{spelling}");
            let found = FindAccountByEmail { email: an_email(spelling) };
            assert_eq!(world.ask(&Caller::system("promote"), found).await.expect("found"), Some(id), "{spelling}");
            let found = FindAccounts::by(&mo.actor, spelling).expect("an administrator");
            assert_eq!(world.ask(&mo, found).await.expect("found"), [id], "{spelling}");
        }
    }
    let beginning = FindAccounts::by(&mo.actor, "zoe\u{308}@ex").expect("an administrator");
    assert_eq!(world.ask(&mo, beginning).await.expect("found").len(), 1);
}

/// Another person may own a mailbox under the other spelling; that mailbox must not receive this account's mail.
#[tokio::test]
async fn a_mail_goes_to_the_address_of_the_account_in_its_own_spelling() {
    let world = World::new().await;
    let (one, other) = PAIRS[0];
    register(&world, one).await.expect("registered");
    world.context.send_due_mails().await.expect("sent");
    world.send(&anonymous(), ForgotPassword { email: an_email(other) }).await.expect("asked for");
    assert_eq!(world.context.send_due_mails().await.expect("sent"), 1);
    let sent: Vec<String> = world.postbox.mails().into_iter().map(|mail| mail.to).collect();
    assert_eq!(sent, [one, one]);
}

/// As accounts were before there were keys: each spelling one of its own.
async fn an_old_account(world: &World, email: &str) -> kernel::UserId {
    world.clock.advance(Duration::SECOND);
    let id = register(world, &format!("{}@example.net", a_user())).await.expect("registered").user_id;
    sqlx::query("update auth.account set email = $2, email_key = null where id = $1")
        .bind(id.uuid())
        .bind(email)
        .execute(&world.pool)
        .await
        .expect("an old row");
    id
}

#[tokio::test]
async fn of_two_old_accounts_with_one_address_the_older_is_found_by_every_spelling_and_the_other_by_its_own() {
    for (one, other) in PAIRS {
        let world = World::new().await;
        let (one, other) = (one.to_lowercase(), other.to_lowercase());
        let older = an_old_account(&world, &one).await;
        let newer = an_old_account(&world, &other).await;
        let alone = an_old_account(&world, "ren\u{e9}@example.org").await;
        assert_eq!(world.context.complete_addresses().await.expect("completed"), 2);
        assert_eq!(world.context.complete_addresses().await.expect("nothing left"), 0);
        for (spelling, id) in [(one.as_str(), older), (&other, newer), ("rene\u{301}@example.org", alone)] {
            assert_eq!(world.log_in(spelling, PASSWORD).await.expect("signed in").user_id, id, "{spelling}");
        }
        for taken in [&one, &other] {
            assert_eq!(register(&world, taken).await.err(), Some("EMAIL_TAKEN"), "{taken}");
        }
    }
}

#[tokio::test]
async fn an_old_account_is_found_by_its_exact_spelling_before_it_has_a_key() {
    let world = World::new().await;
    let (one, _) = PAIRS[1];
    let id = an_old_account(&world, one).await;
    assert_eq!(world.log_in(one, PASSWORD).await.expect("signed in").user_id, id);
    assert_eq!(register(&world, one).await.err(), Some("EMAIL_TAKEN"));
}

#[tokio::test]
async fn what_merely_looks_alike_is_another_account() {
    let world = World::new().await;
    register(&world, "ada@example.org").await.expect("registered");
    register(&world, "\u{430}da@example.org").await.expect("a Cyrillic a");
    register(&world, "ada@ex\u{430}mple.org").await.expect("a Cyrillic a");
}
