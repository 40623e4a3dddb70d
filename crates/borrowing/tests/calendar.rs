//! The days of one's loans, as a calendar program reads them.

mod support;

use books_events::{BookCreated, BookEvent, Lending};
use borrowing::*;
use borrowing_events::ReturnCondition;
use cqrs::AskError;
use kernel::{BookId, BorrowId, Clock, Prose, UserId};
use secrecy::{ExposeSecret, SecretString};
use support::{Neighbours, World, code};
use testkit::{anonymous, member, moderator};
use users_events::{UserDeleted, UserEvent, UserUpdated};
use wording::Language;

fn in_english() -> Written {
    Written { language: Language::English, public_url: "https://shelf.example/".to_owned() }
}

async fn file(world: &World, reader: UserId, borrow: BorrowId) -> Result<String, AskError<BorrowCalendarError>> {
    let query = BorrowCalendar { borrow, written: in_english() };
    world.ask(&member(reader), query).await.map(|file| unfolded(&file))
}

async fn feed(world: &World, token: &SecretString) -> Result<String, AskError<MemberCalendarError>> {
    let query = MemberCalendar { token: token.clone(), written: in_english() };
    world.ask(&anonymous(), query).await.map(|file| unfolded(&file))
}

/// Lines of more than 75 bytes go on in the next one, after a blank.
fn unfolded(file: &str) -> String {
    file.replace("\r\n ", "")
}

#[tokio::test]
async fn each_of_the_two_finds_the_day_of_the_other_and_nobody_else_does() {
    let world = World::with_rules(LendingRules {
        zone: "Pacific/Auckland".parse().expect("a zone"),
        ..LendingRules::default()
    })
    .await;
    let Neighbours { ada, grace, linus, emma } = Neighbours::of(&world).await;
    let asked = world.request(grace, emma).await;
    assert_eq!(code(file(&world, grace, asked.id).await), "NOTHING_PLANNED");

    let place = Some(Prose::new("The bakery, back door; ring twice").expect("a place"));
    let approve = ApproveBorrow { borrow: asked.id, pickup_by: None, place };
    let approved = world.send(&member(ada), approve).await.expect("approved");
    let hers = file(&world, grace, asked.id).await.expect("a file");
    assert!(hers.contains("SUMMARY:Last day to pick up “Emma” from Ada\r\n"), "{hers}");
    assert!(hers.contains("LOCATION:The bakery\\, back door\\; ring twice\r\n"), "{hers}");
    assert!(hers.contains(&format!("URL:https://shelf.example/loans/{}\r\n", asked.id)), "{hers}");
    assert!(
        file(&world, ada, asked.id).await.expect("a file").contains("SUMMARY:Last day for Grace to pick up “Emma”\r\n")
    );

    let lent = world.hand_over(ada, approved.id).await;
    let hers = file(&world, grace, asked.id).await.expect("a file");
    // The end of a day in Auckland is noon of the same day in Greenwich, or eleven.
    let day = lent.due_at.expect("due").date();
    let day = format!("{}{:02}{:02}", day.year(), u8::from(day.month()), day.day());
    assert!(hers.contains(&format!("DTSTART;VALUE=DATE:{day}\r\n")), "{hers}");
    assert!(!hers.contains("DTEND"), "an end on the day itself is none: {hers}");
    assert!(hers.contains("SUMMARY:Bring “Emma” back to Ada\r\n") && !hers.contains("LOCATION"), "{hers}");
    assert!(file(&world, ada, asked.id).await.expect("a file").contains("SUMMARY:Grace brings “Emma” back\r\n"));

    assert_eq!(code(file(&world, linus, asked.id).await), "NOTHING_PLANNED");
    let written = in_english();
    let by_a_moderator = world.ask(&moderator(linus), BorrowCalendar { borrow: asked.id, written }).await;
    assert_eq!(code(by_a_moderator), "NOTHING_PLANNED");

    world.take_back(ada, asked.id, ReturnCondition::Ok).await;
    assert_eq!(code(file(&world, grace, asked.id).await), "NOTHING_PLANNED");
}

#[tokio::test]
async fn a_title_adds_no_line_of_its_own_and_stands_in_the_readers_language() {
    let world = World::new().await;
    let (ada, grace) = (world.registered("Ada").await, world.registered("Zoé; =cmd").await);
    let book = BookId::new(world.clock.now());
    let title = "Emma\r\nATTACH:http://evil.example\r\n, or \\n: Les années; \u{202e}éphémères".repeat(4);
    let told = BookCreated { book_id: book, owner_id: ada, title, authors: vec![], lending: Lending::Lend };
    world.tell::<BookEvent>(told, 1).await;
    let asked = world.request(grace, book).await;
    world.approve(ada, asked.id).await;
    world.hand_over(ada, asked.id).await;

    let written = Written { language: Language::French, ..in_english() };
    let file = world.ask(&member(ada), BorrowCalendar { borrow: asked.id, written }).await.expect("a file");
    assert!(file.split("\r\n").all(|line| line.len() <= 75), "lines are folded: {file}");
    assert!(unfolded(&file).contains("SUMMARY:Zoé\\; =cmd rend «\u{a0}Emma"), "{file}");
    assert!(!file.contains("\nATTACH"), "{file}");
    assert_eq!(file.matches("BEGIN:VEVENT").count(), 1);
}

#[tokio::test]
async fn a_secret_address_shows_all_days_until_it_is_replaced_or_ended() {
    let world = World::new().await;
    let Neighbours { ada, grace, emma, .. } = Neighbours::of(&world).await;
    assert_eq!(world.ask(&member(grace), GetCalendarFeed {}).await.expect("told"), None);
    let first = world.send(&member(grace), OpenCalendarFeed {}).await.expect("opened");
    assert!(!feed(&world, &first.token).await.expect("an empty calendar").contains("VEVENT"));

    let asked = world.request(grace, emma).await;
    world.approve(ada, asked.id).await;
    let another = world.book_of(ada, Lending::Lend).await;
    let other = world.request(grace, another).await;
    world.approve(ada, other.id).await;
    world.hand_over(ada, other.id).await;
    let days = feed(&world, &first.token).await.expect("a calendar");
    assert_eq!(days.matches("BEGIN:VEVENT").count(), 2, "{days}");
    assert!(days.contains("Last day to pick up") && days.contains("Bring “Emma” back"), "{days}");
    // A day that moved is the same entry, and newer.
    assert!(days.contains(&format!("UID:{}\r\n", other.id)), "{days}");

    world.clock.advance(time::Duration::HOUR);
    let second = world.send(&member(grace), OpenCalendarFeed {}).await.expect("opened anew");
    assert_eq!(world.ask(&member(grace), GetCalendarFeed {}).await.expect("told"), Some(second.created_at));
    assert_eq!(code(feed(&world, &first.token).await), "CALENDAR_NOT_FOUND");
    assert!(feed(&world, &second.token).await.is_ok());

    world.send(&member(grace), EndCalendarFeed {}).await.expect("ended");
    world.send(&member(grace), EndCalendarFeed {}).await.expect("ended before");
    assert_eq!(code(feed(&world, &second.token).await), "CALENDAR_NOT_FOUND");
    assert_eq!(code(world.send(&anonymous(), OpenCalendarFeed {}).await), "UNAUTHENTICATED");
}

#[tokio::test]
async fn the_address_of_a_member_who_leaves_leads_nowhere_and_its_token_lies_nowhere() {
    let world = World::new().await;
    let Neighbours { ada, grace, emma, .. } = Neighbours::of(&world).await;
    let theirs = world.send(&member(grace), OpenCalendarFeed {}).await.expect("opened");
    let ones = world.send(&member(ada), OpenCalendarFeed {}).await.expect("opened");
    let kept: Vec<Vec<u8>> = sqlx::query_scalar("select token_hash from borrowing.calendar_feed")
        .fetch_all(&world.pool)
        .await
        .expect("hashes");
    let token = theirs.token.expose_secret().as_bytes();
    assert_eq!(kept.len(), 2);
    assert!(kept.iter().all(|hash| hash.len() == 32 && *hash != token[..32]), "{kept:?}");
    let asked = world.request(grace, emma).await;
    world.approve(ada, asked.id).await;

    world.tell::<UserEvent>(UserDeleted { user_id: grace }, 2).await;
    assert_eq!(code(feed(&world, &theirs.token).await), "CALENDAR_NOT_FOUND");
    let days = feed(&world, &ones.token).await.expect("a calendar");
    assert!(!days.contains("Grace"), "{days}");
    assert_eq!(code(world.send(&member(grace), OpenCalendarFeed {}).await), "UNAUTHENTICATED");
}

#[tokio::test]
async fn of_two_addresses_made_at_once_one_works_and_none_while_the_member_is_not_active() {
    let world = World::new().await;
    let grace = world.registered("Grace").await;
    let caller = member(grace);
    let (one, other) = tokio::join!(world.send(&caller, OpenCalendarFeed {}), world.send(&caller, OpenCalendarFeed {}));
    let tokens = [one.expect("opened").token, other.expect("opened").token];
    let mut working = Vec::new();
    for token in &tokens {
        if feed(&world, token).await.is_ok() {
            working.push(token);
        }
    }
    let [token] = working[..] else { panic!("{} addresses work", working.len()) };

    let updated = |active| UserUpdated { user_id: grace, name: "Grace".to_owned(), language: "en".to_owned(), active };
    world.tell::<UserEvent>(updated(false), 2).await;
    assert_eq!(code(feed(&world, token).await), "CALENDAR_NOT_FOUND");
    world.tell::<UserEvent>(updated(true), 3).await;
    assert!(feed(&world, token).await.is_ok(), "they are back");
    for wrong in ["", "0", "\0", &"f".repeat(100_000)] {
        assert_eq!(code(feed(&world, &wrong.to_owned().into()).await), "CALENDAR_NOT_FOUND");
    }
}
