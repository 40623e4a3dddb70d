//! Letters for notifications: when they go, what they say, and when there is none.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

mod support;

use std::time::Duration as StdDuration;

use borrowing_events::{BorrowApproved, BorrowDueSoon, BorrowEvent, BorrowHandedOver};
use kernel::{NotificationId, PageRequest, Position, Refusal};
use notifications::{
    DeleteNotification, DeliveryState, ListDeliveries, MailPace, MarkRead, MemberLetter, RetryDelivery, Topic,
};
use support::letters::{choose, deliveries, left_of, overdue, returned, skipped, wait};
use support::{Mood, Neighbours, World};
use testkit::{A_SATURDAY, a_user, admin, anonymous, member, moderator};
use time::Duration;
use users_events::{UserDeleted, UserEvent, UserUpdated};
use uuid::Uuid;

#[tokio::test]
async fn a_letter_goes_after_some_minutes_in_the_words_of_the_inbox_and_leads_to_the_loan() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let french = UserUpdated { user_id: them.grace, name: "Grace".to_owned(), active: true, language: "fr".to_owned() };
    world.tell::<UserEvent>(french, 1).await;
    let parties = them.a_borrow();
    world.tell::<BorrowEvent>(overdue(parties), 2).await;
    world.clock.advance(Duration::minutes(4));
    assert_eq!(world.post().await, 0, "there is time to read it");
    wait(&world);
    assert_eq!(world.post().await, 2);
    assert_eq!(world.post().await, 0);

    let [to_ada] = &world.postbox.letters_to(them.ada)[..] else { panic!("one letter") };
    let inbox = world.inbox(them.ada).await;
    assert_eq!((to_ada.language, to_ada.subject.as_str()), ("en", inbox[0].title.as_str()));
    for part in ["Hello Ada,\n", inbox[0].body.as_str(), "Saturday, 21 November 2026"] {
        assert!(to_ada.text.contains(part) && part.len() > 5, "{part:?} is not in {}", to_ada.text);
    }
    let [to_grace] = &world.postbox.letters_to(them.grace)[..] else { panic!("one letter") };
    assert_eq!(to_grace.language, "fr");
    for part in ["Bonjour Grace,\n", "samedi 21 novembre 2026", "les prêts en retard"] {
        assert!(to_grace.text.contains(part), "{part:?} is not in {}", to_grace.text);
    }
    let loan = format!("https://shelf.example/loans/{}", parties.borrow_id);
    for letter in [to_ada, to_grace] {
        assert!(letter.text.contains(&format!("\n{loan}\n")), "{}", letter.text);
        assert!(letter.html.contains(&format!("href=\"{loan}\"")), "{}", letter.html);
        assert!(letter.html.contains(&format!("<html lang=\"{}\">", letter.language)));
        assert!(letter.unsubscribe.starts_with("https://shelf.example/api/v1/notifications/unsubscribe?token=late."));
    }
    let sent = deliveries(&world, Some(DeliveryState::Sent)).await;
    assert_eq!(sent.len(), 2);
    assert!(sent.iter().all(|it| it.tries == 1 && it.channel == "mail" && it.settled_at.is_some()), "{sent:?}");
}

#[tokio::test]
async fn who_has_read_or_deleted_a_notification_gets_no_letter() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    for _ in 0..3 {
        world.tell::<BorrowEvent>(them.a_strangers_request(), 1).await;
    }
    let ids: Vec<NotificationId> = world.inbox(them.ada).await.into_iter().map(|it| it.id).collect();
    world.send(&member(them.ada), MarkRead { id: ids[0] }).await.expect("read");
    world.send(&member(them.ada), DeleteNotification { id: ids[1] }).await.expect("deleted");
    wait(&world);
    assert_eq!(world.post().await, 1);
    assert_eq!(world.postbox.letters_to(them.ada).len(), 1);
    let mut why = skipped(&world).await;
    why.sort();
    assert_eq!(why, ["read", "withdrawn"]);
}

#[tokio::test]
async fn two_workers_and_a_replay_send_each_letter_once() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    for _ in 0..20 {
        world.append::<BorrowEvent>(them.a_strangers_request(), 1).await;
    }
    world.until_level().await;
    wait(&world);
    let (one, other) = tokio::join!(world.context.send_due_letters(), world.context.send_due_letters());
    assert_eq!(one.unwrap() + other.unwrap(), 20);
    assert!(world.bus.replay("notifications", Position::START).await.expect("the log answers"));
    world.until_level().await;
    // What became of letters is forgotten before the log is.
    world.clock.advance(Duration::days(15));
    world.do_job(&world.context.jobs(), "notifications.forget_letters").await;
    assert!(deliveries(&world, None).await.is_empty());
    assert!(world.bus.replay("notifications", Position::START).await.expect("the log answers"));
    world.until_level().await;
    wait(&world);
    assert_eq!(world.post().await, 0);
    assert_eq!(world.postbox.count(), 20);
}

#[tokio::test]
async fn a_worker_that_is_killed_while_it_sends_loses_nothing_and_the_letter_comes_with_the_same_id() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    world.tell::<BorrowEvent>(them.a_request(), 1).await;
    wait(&world);
    world.postbox.is(Mood::Hangs);
    tokio::time::timeout(StdDuration::from_millis(300), world.post()).await.expect_err("it hangs");
    let [claimed] = &deliveries(&world, Some(DeliveryState::Pending)).await[..] else { panic!("one letter") };
    world.postbox.is(Mood::Takes);
    assert_eq!(world.post().await, 0, "another may still be at it");
    world.clock.advance(Duration::minutes(1));
    assert_eq!(world.post().await, 1);
    assert_eq!(world.postbox.letters_to(them.ada)[0].id, claimed.id);
}

#[tokio::test]
async fn a_server_that_is_away_costs_no_try_and_one_that_says_later_is_asked_again_for_a_day() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    world.tell::<BorrowEvent>(them.a_request(), 1).await;
    wait(&world);
    world.postbox.is(Mood::Away);
    for _ in 0..20 {
        assert_eq!(world.post().await, 0);
        world.clock.advance(Duration::minutes(3));
    }
    let waits = deliveries(&world, Some(DeliveryState::Pending)).await.pop().expect("a letter");
    assert_eq!((waits.tries, waits.error.as_deref()), (0, Some("no mail can be sent: the mail server says no")));
    world.postbox.is(Mood::Takes);
    assert_eq!(world.post().await, 1);

    world.tell::<BorrowEvent>(them.a_strangers_request(), 1).await;
    wait(&world);
    world.postbox.is(Mood::Later);
    for _ in 0..14 {
        assert_eq!(deliveries(&world, Some(DeliveryState::Failed)).await.len(), 0);
        world.post().await;
        world.clock.advance(Duration::hours(5));
    }
    let [failed] = &deliveries(&world, Some(DeliveryState::Failed)).await[..] else { panic!("one letter") };
    assert_eq!(failed.tries, 14);
}

#[tokio::test]
async fn what_was_given_up_is_sent_when_an_administrator_says_so() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    world.tell::<BorrowEvent>(them.a_request(), 1).await;
    wait(&world);
    world.postbox.is(Mood::Refuses);
    assert_eq!(world.post().await, 0);
    let failed = deliveries(&world, Some(DeliveryState::Failed)).await.pop().expect("a letter");
    assert_eq!((failed.user_id, failed.kind.as_str(), failed.tries), (them.ada, "borrow.created", 1));
    assert_eq!(failed.error.as_deref(), Some("the mail is refused: the mail server says no"));
    for caller in [anonymous(), member(them.ada), moderator(a_user())] {
        let query = ListDeliveries { state: None, notification: None, page: PageRequest::first(10) };
        assert_eq!(world.ask(&caller, query).await.expect_err("refused").code(), "FORBIDDEN");
        let refused = world.send(&caller, RetryDelivery { delivery: failed.id }).await.expect_err("refused");
        assert_eq!(refused.code(), "FORBIDDEN");
    }
    world.postbox.is(Mood::Takes);
    // However long it lay there.
    world.clock.advance(Duration::days(5));
    assert_eq!(world.post().await, 0);
    world.send(&admin(a_user()), RetryDelivery { delivery: failed.id }).await.expect("it waits again");
    assert_eq!(world.post().await, 1);
    for gone in [failed.id, Uuid::nil()] {
        let unknown = world.send(&admin(a_user()), RetryDelivery { delivery: gone }).await.expect_err("unknown");
        assert_eq!(unknown.code(), "DELIVERY_NOT_FOUND");
    }
}

#[tokio::test]
async fn letters_about_a_late_loan_stop_when_it_is_back() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let (back, still_out) = (them.a_borrow(), them.a_borrow());
    for parties in [back, still_out] {
        world.append::<BorrowEvent>(BorrowDueSoon { parties, due_at: A_SATURDAY }, 2).await;
        world.append::<BorrowEvent>(overdue(parties), 3).await;
    }
    world.until_level().await;
    world.append::<BorrowEvent>(returned(back), 4).await;
    world.until_level().await;
    wait(&world);
    assert_eq!(world.post().await, 2, "to both about the one that is out");
    let about = |letter: &MemberLetter| letter.text.contains(&still_out.borrow_id.to_string());
    for who in [them.ada, them.grace] {
        assert!(world.postbox.letters_to(who).iter().all(about));
    }
    assert!(skipped(&world).await.iter().all(|why| why == "outdated"));
}

#[tokio::test]
async fn of_events_that_are_heard_together_a_later_one_outdates_an_earlier_one_and_no_earlier_one_a_later_one() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let (late_again, back) = (them.a_borrow(), them.a_borrow());
    world.stop_subscriptions().await;
    world.append::<BorrowEvent>(overdue(back), 3).await;
    world.append::<BorrowEvent>(returned(back), 4).await;
    let approved = BorrowApproved { parties: late_again, pickup_by: A_SATURDAY, place: None };
    let created = borrowing_events::BorrowCreated { parties: late_again, days: 21, queued: false };
    world.append::<BorrowEvent>(created, 1).await;
    world.append::<BorrowEvent>(approved, 2).await;
    world.start_subscriptions().await;
    world.until_level().await;
    wait(&world);
    assert_eq!(world.post().await, 1);
    let [letter] = &world.postbox.letters_to(them.grace)[..] else { panic!("one letter") };
    assert!(letter.subject.contains("lends you"), "{}", letter.subject);
}

#[tokio::test]
async fn news_that_are_old_when_they_are_heard_or_tried_are_in_no_letter() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    world.stop_subscriptions().await;
    world.append::<BorrowEvent>(them.a_request(), 1).await;
    world.clock.advance(Duration::days(4));
    world.start_subscriptions().await;
    world.until_level().await;
    assert!(deliveries(&world, None).await.is_empty());
    world.tell::<BorrowEvent>(them.a_strangers_request(), 1).await;
    world.clock.advance(Duration::days(4));
    assert_eq!(world.post().await, 0);
    assert_eq!(skipped(&world).await, ["old"]);
}

#[tokio::test]
async fn with_a_member_their_letters_and_choices_go_and_who_has_no_address_gets_none() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    choose(&world, them.grace, Topic::HandOver, false, MailPace::Daily).await;
    let handed_over = BorrowHandedOver { parties: them.a_borrow(), due_at: Some(A_SATURDAY) };
    world.tell::<BorrowEvent>(handed_over, 1).await;
    world.tell::<BorrowEvent>(overdue(them.a_borrow()), 1).await;
    let tables = [
        "select count(*) from notifications.delivery where user_id = $1",
        "select count(*) from notifications.preference where user_id = $1",
        "select count(*) from notifications.notification where user_id = $1 and facts is not null",
    ];
    for table in tables {
        assert!(left_of(&world, table, them.grace).await > 0, "{table}");
    }
    world.tell::<UserEvent>(UserDeleted { user_id: them.grace }, 5).await;
    for table in tables {
        assert_eq!(left_of(&world, table, them.grace).await, 0, "{table}");
    }
    wait(&world);
    world.postbox.is(Mood::KnowsNobody);
    assert_eq!(world.post().await, 0);
    assert_eq!(skipped(&world).await, ["no_address"]);
}
