//! What members choose, and the link in letters that stops them.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

mod support;

use borrowing_events::{BorrowDueSoon, BorrowEvent, BorrowHandedOver, BorrowQueued};
use kernel::Refusal;
use notifications::{GetPreferences, MailPace, MarkRead, Preference, SetPreferences, Topic, Unsubscribe};
use support::letters::{choose, left_of, overdue, skipped, wait};
use support::{Neighbours, World};
use testkit::{A_SATURDAY, a_user, anonymous, member};
use time::Duration;

#[tokio::test]
async fn each_topic_is_in_the_inbox_and_in_letters_as_its_member_chose() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let defaults = world.ask(&member(them.grace), GetPreferences).await.unwrap();
    assert_eq!((defaults.topics.len(), defaults.version), (Topic::ALL.len(), 0));
    choose(&world, them.grace, Topic::Late, true, MailPace::Off).await;
    choose(&world, them.grace, Topic::HandOver, false, MailPace::AtOnce).await;
    choose(&world, them.grace, Topic::Queue, false, MailPace::Off).await;
    let chosen = world.ask(&member(them.grace), GetPreferences).await.unwrap();
    assert_eq!(chosen.version, 3);
    assert_eq!(world.ask(&member(them.ada), GetPreferences).await.unwrap(), defaults, "each their own");

    let parties = them.a_borrow();
    world.tell::<BorrowEvent>(BorrowQueued { parties: them.a_borrow() }, 1).await;
    world.tell::<BorrowEvent>(overdue(them.a_borrow()), 1).await;
    world.tell::<BorrowEvent>(BorrowHandedOver { parties, due_at: Some(A_SATURDAY) }, 1).await;
    world.until_level().await;
    let inbox: Vec<String> = world.inbox(them.grace).await.into_iter().map(|it| it.kind).collect();
    assert_eq!(inbox, ["borrow.overdue"]);
    assert_eq!(world.unread(them.grace).await, 1);
    let kept = "select count(*) from notifications.notification where user_id = $1 and facts is not null";
    assert_eq!(left_of(&world, kept, them.grace).await, 2, "and what its letter needs");
    wait(&world);
    world.post().await;
    let [letter] = &world.postbox.letters_to(them.grace)[..] else { panic!("one letter") };
    assert!(letter.subject.contains("You have"), "{}", letter.subject);
    assert_eq!(left_of(&world, kept, them.grace).await, 1, "gone with it");

    // What was planned does not go any more once it is off.
    world.tell::<BorrowEvent>(BorrowDueSoon { parties, due_at: A_SATURDAY }, 2).await;
    choose(&world, them.grace, Topic::DueSoon, true, MailPace::Off).await;
    wait(&world);
    assert_eq!(world.post().await, 0);
    assert_eq!(skipped(&world).await, ["off"]);
}

#[tokio::test]
async fn what_asks_for_something_stays_in_the_inbox_and_a_choice_is_made_in_the_version_that_was_read() {
    let world = World::new().await;
    let ada = a_user();
    let topic = |topic, in_app| Preference { topic, in_app, mail: MailPace::Off };
    let command = |expected_version, topics| SetPreferences { expected_version, topics };
    let both = vec![topic(Topic::Ended, false), topic(Topic::Late, false)];
    let refused = world.send(&member(ada), command(None, both)).await.expect_err("refused");
    assert_eq!(refused.code(), "VALIDATION_ERROR");
    assert_eq!(refused.details()[0].field, "topics[1].inApp");
    assert_eq!(world.ask(&member(ada), GetPreferences).await.unwrap().version, 0, "none of it holds");

    let one = || vec![topic(Topic::Ended, false)];
    world.send(&member(ada), command(Some(0), one())).await.expect("chosen");
    let old = world.send(&member(ada), command(Some(0), one())).await.expect_err("refused");
    assert_eq!((old.code(), old.details()[0].message.as_str()), ("VERSION_MISMATCH", "1"));
    assert_eq!(world.send(&anonymous(), command(None, one())).await.expect_err("no").code(), "UNAUTHENTICATED");
    assert_eq!(world.ask(&anonymous(), GetPreferences).await.expect_err("no").code(), "UNAUTHENTICATED");
}

#[tokio::test]
async fn the_link_in_a_letter_stops_letters_about_its_topic_without_a_login() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    world.tell::<BorrowEvent>(overdue(them.a_borrow()), 1).await;
    wait(&world);
    world.post().await;
    let letter = world.postbox.letters_to(them.grace).pop().expect("a letter");
    let token = letter.unsubscribe.rsplit('=').next().unwrap().to_owned();
    assert!(letter.text.ends_with(&format!("https://shelf.example/unsubscribe?token={token}\n")), "{}", letter.text);
    for forged in [token.replace("late", "due"), token[1..].to_owned(), String::new()] {
        let refused = world.send(&anonymous(), Unsubscribe { token: forged.into() }).await.expect_err("refused");
        assert_eq!(refused.code(), "LINK_NOT_FOUND");
    }
    for _ in 0..2 {
        world.send(&anonymous(), Unsubscribe { token: token.clone().into() }).await.expect("also twice");
    }
    let chosen = world.ask(&member(them.grace), GetPreferences).await.unwrap();
    let off = chosen.topics.iter().filter(|it| it.mail == MailPace::Off && it.topic == Topic::Late).count();
    assert_eq!(off, 1);
    world.tell::<BorrowEvent>(overdue(them.a_borrow()), 1).await;
    world.tell::<BorrowEvent>(BorrowDueSoon { parties: them.a_borrow(), due_at: A_SATURDAY }, 1).await;
    wait(&world);
    world.post().await;
    assert_eq!(world.postbox.letters_to(them.grace).len(), 2, "about the other topic");
    assert_eq!(world.postbox.letters_to(them.ada).len(), 2, "and to the other member");
}

#[tokio::test]
async fn what_is_put_off_comes_in_one_letter_in_the_morning_or_on_monday() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    choose(&world, them.ada, Topic::Request, true, MailPace::Daily).await;
    choose(&world, them.ada, Topic::Late, true, MailPace::Weekly).await;
    choose(&world, them.grace, Topic::Late, true, MailPace::Daily).await;
    for _ in 0..3 {
        world.append::<BorrowEvent>(them.a_strangers_request(), 1).await;
    }
    world.append::<BorrowEvent>(overdue(them.a_borrow()), 1).await;
    world.until_level().await;
    // Saturday, 11:00 in Berlin.
    wait(&world);
    assert_eq!(world.post().await, 0);
    let read = world.inbox(them.ada).await.into_iter().find(|it| it.kind == "borrow.created").unwrap();
    world.send(&member(them.ada), MarkRead { id: read.id }).await.unwrap();
    world.clock.advance(Duration::hours(20));
    let (one, other) = tokio::join!(world.context.send_due_letters(), world.context.send_due_letters());
    assert_eq!(one.unwrap() + other.unwrap(), 2, "one to each");
    let [daily] = &world.postbox.letters_to(them.ada)[..] else { panic!("one letter") };
    assert_eq!(daily.subject, "2 things happened with your loans");
    assert_eq!(daily.text.matches("\n* ").count(), 2, "{}", daily.text);
    assert!(daily.text.contains("\nhttps://shelf.example/notifications\n"), "{}", daily.text);
    assert_eq!(world.post().await, 0);
    world.clock.advance(Duration::days(1));
    assert_eq!(world.post().await, 1, "on Monday");
    let weekly = world.postbox.letters_to(them.ada).pop().unwrap();
    assert_eq!(weekly.subject, "One thing happened with your loans");

    let token = weekly.unsubscribe.rsplit('=').next().unwrap().to_owned();
    world.send(&anonymous(), Unsubscribe { token: token.into() }).await.expect("stopped");
    let chosen = world.ask(&member(them.ada), GetPreferences).await.unwrap();
    let mail = |topic| chosen.topics.iter().find(|it| it.topic == topic).unwrap().mail;
    assert_eq!([mail(Topic::Request), mail(Topic::Late), mail(Topic::Dispute)], {
        [MailPace::Off, MailPace::Off, MailPace::AtOnce]
    });
}
