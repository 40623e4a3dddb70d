//! Mails that wait, are sent, and are given up.

mod support;

use auth::{ForgotPassword, ListMails, MailNotSent, MailState, MailView, RetryMail};
use kernel::{Page, PageRequest, Refusal};
use support::{World, an_email};
use testkit::{a_user, admin, anonymous, moderator};
use time::Duration;
use users_events::{UserDeleted, UserEvent};
use uuid::Uuid;

async fn letters(world: &World, state: Option<MailState>) -> Page<MailView> {
    let query = ListMails { state, page: PageRequest::first(10) };
    world.ask(&admin(a_user()), query).await.expect("a list")
}

/// Ada's letter was refused.
async fn given_up(world: &World) -> MailView {
    world.registered("ada@example.org").await;
    world.postbox.fail(1, MailNotSent::Refused);
    assert_eq!(world.context.send_due_mails().await.expect("tried"), 0);
    let mut page = letters(world, Some(MailState::GivenUp)).await;
    assert_eq!(page.total, 1);
    page.items.pop().expect("a letter")
}

#[tokio::test]
async fn two_workers_send_each_mail_once() {
    let world = World::new().await;
    for number in 0..20 {
        world.registered(&format!("ada{number}@example.org")).await;
    }
    let (one, other) = tokio::join!(world.context.send_due_mails(), world.context.send_due_mails());
    assert_eq!(one.expect("sent") + other.expect("sent"), 20);
    let mut recipients: Vec<String> = world.postbox.mails().into_iter().map(|mail| mail.to).collect();
    recipients.sort();
    recipients.dedup();
    assert_eq!((recipients.len(), world.postbox.mails().len()), (20, 20));
}

#[tokio::test]
async fn a_mail_that_fails_is_sent_later_and_given_up_in_the_end() {
    let world = World::new().await;
    world.registered("ada@example.org").await;
    world.postbox.fail(1, MailNotSent::Later);
    assert_eq!(world.context.send_due_mails().await.expect("tried"), 0);
    assert_eq!(world.context.send_due_mails().await.expect("not due yet"), 0);
    world.clock.advance(Duration::minutes(2));
    assert_eq!(world.context.send_due_mails().await.expect("sent"), 1);

    world.send(&anonymous(), ForgotPassword { email: an_email("ada@example.org") }).await.expect("noted");
    world.postbox.fail(u32::MAX, MailNotSent::Later);
    for _ in 0..14 {
        assert_eq!(world.count("select count(*) from auth.mail").await, 1);
        world.context.send_due_mails().await.expect("tried");
        world.clock.advance(Duration::hours(5));
    }
    assert_eq!(world.count("select count(*) from auth.mail").await, 0);
    assert_eq!(world.count("select count(*) from auth.given_up_mail where attempts = 14").await, 1);
}

#[tokio::test]
async fn a_mail_that_is_refused_is_given_up_at_once_and_the_next_is_sent() {
    let world = World::new().await;
    world.registered("ada@example.org").await;
    world.registered("finn@example.org").await;
    world.postbox.fail(1, MailNotSent::Refused);
    assert_eq!(world.context.send_due_mails().await.expect("tried"), 1);
    assert_eq!(world.count("select count(*) from auth.mail").await, 0);
}

#[tokio::test]
async fn while_no_mail_can_be_sent_the_others_wait_untried() {
    let world = World::new().await;
    for name in ["ada", "finn", "olga"] {
        world.registered(&format!("{name}@example.org")).await;
    }
    world.postbox.fail(1, MailNotSent::Away);
    assert_eq!(world.context.send_due_mails().await.expect("tried"), 0);
    assert_eq!(world.count("select count(*) from auth.mail where attempts = 0").await, 3);
    assert_eq!(world.context.send_due_mails().await.expect("sent"), 2);
    world.clock.advance(Duration::seconds(5));
    assert_eq!(world.context.send_due_mails().await.expect("sent"), 1);
}

#[tokio::test]
async fn what_was_given_up_stays_with_its_reason_and_is_sent_when_an_administrator_says_so() {
    let world = World::new().await;
    let letter = given_up(&world).await;
    assert_eq!(
        (letter.kind.as_str(), letter.recipient.as_str(), letter.attempts),
        ("verify_email", "a…@example.org", 1)
    );
    assert_eq!(letter.error.as_deref(), Some("the mail is refused: the mail server says no"));
    assert_eq!(letters(&world, Some(MailState::Waiting)).await.total, 0);

    world.send(&admin(a_user()), RetryMail { mail: letter.id }).await.expect("it waits again");
    let waiting = letters(&world, None).await.items.pop().expect("a letter");
    assert_eq!((waiting.id, waiting.state, waiting.attempts), (letter.id, MailState::Waiting, 0));
    assert_eq!(world.context.send_due_mails().await.expect("sent"), 1, "also within its five minutes");
    assert_eq!(letters(&world, None).await.total, 0);
    let again = world.send(&admin(a_user()), RetryMail { mail: letter.id }).await.expect_err("gone");
    assert_eq!(again.code(), "MAIL_NOT_FOUND");
}

#[tokio::test]
async fn a_newer_letter_of_its_kind_stands_for_one_that_is_retried() {
    let world = World::new().await;
    world.registered("ada@example.org").await;
    world.context.send_due_mails().await.expect("sent");
    for _ in 0..2 {
        world.clock.advance(Duration::minutes(6));
        world.send(&anonymous(), ForgotPassword { email: an_email("ada@example.org") }).await.expect("noted");
        world.postbox.fail(1, MailNotSent::Refused);
        world.context.send_due_mails().await.expect("tried");
    }
    let page = letters(&world, Some(MailState::GivenUp)).await;
    assert_eq!(page.total, 1, "the newest of a kind");
    world.send(&anonymous(), ForgotPassword { email: an_email("ada@example.org") }).await.expect("noted");
    world.send(&admin(a_user()), RetryMail { mail: page.items[0].id }).await.expect("retried");
    assert_eq!(letters(&world, None).await.total, 1);
}

#[tokio::test]
async fn a_mail_that_nobody_was_there_to_take_is_given_up_after_three_days() {
    let world = World::new().await;
    world.registered("ada@example.org").await;
    world.postbox.fail(u32::MAX, MailNotSent::Away);
    for _ in 0..100 {
        world.context.send_due_mails().await.expect("tried");
        world.clock.advance(Duration::minutes(40));
    }
    assert_eq!(letters(&world, Some(MailState::Waiting)).await.items[0].attempts, 0, "no try counts");
    assert_eq!(world.count("select count(*) from auth.mail_token").await, 0, "and none leaves a token");
    world.clock.advance(Duration::days(1));
    world.context.send_due_mails().await.expect("tried");
    assert_eq!(letters(&world, Some(MailState::GivenUp)).await.total, 1);
}

#[tokio::test]
async fn only_administrators_see_letters_and_have_them_tried_again() {
    let world = World::new().await;
    let letter = given_up(&world).await;
    for caller in [anonymous(), moderator(a_user())] {
        let query = ListMails { state: None, page: PageRequest::first(10) };
        assert_eq!(world.ask(&caller, query).await.expect_err("refused").code(), "FORBIDDEN");
        let refused = world.send(&caller, RetryMail { mail: letter.id }).await.expect_err("refused");
        assert_eq!(refused.code(), "FORBIDDEN");
    }
    let unknown = world.send(&admin(a_user()), RetryMail { mail: Uuid::nil() }).await.expect_err("unknown");
    assert_eq!(unknown.code(), "MAIL_NOT_FOUND");
}

#[tokio::test]
async fn what_was_given_up_goes_after_two_weeks_and_with_its_member() {
    let world = World::new().await;
    given_up(&world).await;
    world.clock.advance(Duration::days(13));
    world.forget_ended().await;
    assert_eq!(letters(&world, None).await.total, 1);
    world.clock.advance(Duration::days(1));
    world.forget_ended().await;
    assert_eq!(letters(&world, None).await.total, 0);

    let olga = world.registered("Olga@example.org").await;
    world.send(&anonymous(), ForgotPassword { email: an_email("OLGA@example.org") }).await.expect("noted");
    world.postbox.fail(2, MailNotSent::Refused);
    world.context.send_due_mails().await.expect("tried");
    assert_eq!(letters(&world, Some(MailState::GivenUp)).await.total, 2);
    world.tell(UserEvent::Deleted(UserDeleted { user_id: olga.user_id }), 2).await;
    assert_eq!(letters(&world, None).await.total, 0, "however the address was spelled");
}
