//! What the two of a borrow write to each other.

mod support;

use borrowing::*;
use kernel::{BorrowId, Clock, Page, PageRequest, Prose, UserId};
use support::{Neighbours, World, code};
use testkit::{a_user, eventually, member, moderator};
use time::Duration;
use users_events::{UserBlocked, UserDeleted, UserEvent, UserUpdated};

fn text(text: &str) -> Prose<2000> {
    Prose::new(text).expect("a text")
}

fn says(borrow: BorrowId, words: &str) -> SendMessage {
    SendMessage { borrow, text: text(words) }
}

impl World {
    async fn write(&self, by: UserId, borrow: BorrowId, words: &str) -> MessageView {
        self.clock.advance(Duration::SECOND);
        self.send(&member(by), says(borrow, words)).await.expect("sent")
    }

    async fn page(&self, by: UserId, borrow: BorrowId, page: PageRequest) -> Page<MessageView> {
        self.ask(&member(by), ListMessages { borrow, page }).await.expect("a page")
    }

    async fn read(&self, by: UserId, borrow: BorrowId) -> u64 {
        self.send(&member(by), MarkMessagesRead { borrow, up_to: None }).await.expect("marked")
    }

    async fn messages_left(&self) -> i64 {
        sqlx::query_scalar("select count(*) from borrowing.message").fetch_one(&self.pool).await.expect("a count")
    }
}

fn texts(page: &Page<MessageView>) -> Vec<&str> {
    page.items.iter().map(|message| message.text.as_str()).collect()
}

#[tokio::test]
async fn both_write_and_each_sees_what_they_have_not_read() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let borrow = world.request(them.grace, them.emma).await.id;
    let first = world.write(them.grace, borrow, "Is the cover red?").await;
    assert_eq!((first.author.name.as_str(), first.author.moderator, first.read_at), ("Grace", false, None));
    world.write(them.grace, borrow, "Or blue?").await;
    let unread = async |by| world.get(by, borrow).await.unread_messages;
    assert_eq!((unread(them.ada).await, unread(them.grace).await), (2, 0));

    // As far as was read, and no further.
    let up_to = MarkMessagesRead { borrow, up_to: Some(first.id) };
    assert_eq!(world.send(&member(them.ada), up_to.clone()).await.unwrap(), 1);
    assert_eq!(unread(them.ada).await, 1);
    assert_eq!(world.send(&member(them.ada), up_to).await.unwrap(), 0, "again changes nothing");
    assert_eq!(world.read(them.ada, borrow).await, 1);
    assert_eq!(world.told("borrow.messages_read").await, 2);
    world.write(them.ada, borrow, "Red.").await;
    assert_eq!((unread(them.ada).await, unread(them.grace).await), (0, 1));
    let seen = world.page(them.grace, borrow, PageRequest::first(20)).await;
    assert_eq!(texts(&seen), ["Is the cover red?", "Or blue?", "Red."]);
    let read: Vec<bool> = seen.items.iter().map(|message| message.read_at.is_some()).collect();
    assert_eq!(read, [true, true, false]);
    // Reading one's own message is no news.
    assert_eq!(world.read(them.ada, borrow).await, 0);
    // What happened to the borrow is told apart from what was said about it.
    let timeline = world.ask(&member(them.ada), BorrowTimeline { borrow, at: None }).await.unwrap();
    assert_eq!(timeline.len(), 1, "{timeline:?}");
}

#[tokio::test]
async fn the_newest_come_first_and_a_walk_by_cursor_misses_none() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let borrow = world.request(them.grace, them.emma).await.id;
    for nth in 1..=7 {
        world.write(them.grace, borrow, &format!("{nth}")).await;
    }
    let first = world.page(them.ada, borrow, PageRequest::first(3)).await;
    assert_eq!((texts(&first), first.total), (vec!["5", "6", "7"], 7));
    world.write(them.ada, borrow, "8").await;
    let next = |cursor| PageRequest { cursor, ..PageRequest::first(3) };
    let second = world.page(them.ada, borrow, next(first.next_cursor)).await;
    assert_eq!(texts(&second), ["2", "3", "4"]);
    let last = world.page(them.ada, borrow, next(second.next_cursor)).await;
    assert_eq!((texts(&last), &last.next_cursor), (vec!["1"], &None));
    let query = ListMessages { borrow, page: next(Some("yesterday".to_owned())) };
    assert_eq!(code(world.ask(&member(them.ada), query).await), "VALIDATION_ERROR");
}

#[tokio::test]
async fn strangers_learn_nothing_and_a_moderator_comes_with_the_dispute() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let loan = them.a_loan(&world).await.id;
    let mia = world.registered("Mia").await;
    world.write(them.grace, loan, "It is on your porch").await;
    let list = || ListMessages { borrow: loan, page: PageRequest::first(20) };
    let mark = || MarkMessagesRead { borrow: loan, up_to: None };
    assert_eq!(code(world.ask(&member(them.linus), list()).await), "BORROW_NOT_FOUND");
    assert_eq!(code(world.send(&member(them.linus), says(loan, "Hello")).await), "BORROW_NOT_FOUND");
    assert_eq!(code(world.send(&member(them.linus), mark()).await), "BORROW_NOT_FOUND");
    assert_eq!(code(world.ask(&moderator(mia), list()).await), "MESSAGES_NOT_FOUND");
    assert_eq!(code(world.send(&moderator(mia), says(loan, "Hello")).await), "MESSAGES_NOT_FOUND");
    assert_eq!(code(world.send(&moderator(mia), mark()).await), "MESSAGES_NOT_FOUND");

    world.send(&member(them.ada), ReportLost { borrow: loan, note: None }).await.unwrap();
    let sent = world.send(&moderator(mia), says(loan, "Who saw it last?")).await.unwrap();
    assert!(sent.author.moderator);
    assert_eq!(world.send(&moderator(mia), mark()).await.unwrap(), 0, "nothing waits for a moderator");
    assert_eq!(world.get(them.ada, loan).await.unread_messages, 2);
    assert_eq!(world.get(them.grace, loan).await.unread_messages, 1);
    // Each of the two reads it for themselves.
    assert_eq!((world.read(them.ada, loan).await, world.read(them.grace, loan).await), (2, 1));
    assert_eq!(code(world.send(&member(them.linus), says(loan, "Hello")).await), "BORROW_NOT_FOUND");
    let seen = world.page(them.grace, loan, PageRequest::first(20)).await;
    assert_eq!(seen.items.iter().map(|message| message.author.moderator).collect::<Vec<_>>(), [false, true]);
}

#[tokio::test]
async fn neither_of_a_pair_writes_once_one_blocks_the_other_unless_a_moderator_has_to_settle() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let loan = them.a_loan(&world).await.id;
    world.write(them.grace, loan, "See you on Sunday").await;
    let block = UserBlocked { user_id: them.ada, blocked_id: them.grace };
    world.tell::<UserEvent>(UserEvent::Blocked(block), 1).await;
    for by in [them.ada, them.grace] {
        assert_eq!(code(world.send(&member(by), says(loan, "Hello?")).await), "MESSAGES_NOT_POSSIBLE");
        assert_eq!(texts(&world.page(by, loan, PageRequest::first(20)).await), ["See you on Sunday"]);
    }
    world.send(&member(them.ada), ReportLost { borrow: loan, note: None }).await.unwrap();
    world.write(them.grace, loan, "I gave it to her sister").await;
}

#[tokio::test]
async fn who_is_not_active_is_answered_as_who_is_blocked() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let loan = them.a_loan(&world).await.id;
    let updated = UserUpdated { user_id: them.ada, name: "Ada".to_owned(), language: "en".to_owned(), active: false };
    world.send(&member(them.ada), ReportLost { borrow: loan, note: None }).await.unwrap();
    world.tell::<UserEvent>(UserEvent::Updated(updated), 2).await;
    assert_eq!(code(world.send(&member(them.ada), says(loan, "Hello?")).await), "MESSAGES_NOT_POSSIBLE");
    world.write(them.grace, loan, "The moderator reads it").await;
    let found = ResolveDispute {
        borrow: loan,
        outcome: borrowing_events::DisputeOutcome::Lost,
        note: Prose::new("Gone.").unwrap(),
    };
    world.send(&moderator(world.registered("Mia").await), found).await.unwrap();
    assert_eq!(code(world.send(&member(them.grace), says(loan, "Hello?")).await), "MESSAGES_NOT_POSSIBLE");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_ends_at_the_bound_also_at_once() {
    let rules = LendingRules {
        max_messages_an_hour: 5,
        max_messages_a_day: 8,
        max_messages_a_borrow: 10,
        ..LendingRules::default()
    };
    let world = World::with_rules(rules).await;
    let them = Neighbours::of(&world).await;
    let loan = them.a_loan(&world).await.id;
    let grace = member(them.grace);
    let flood = async || {
        let sent = futures_util::future::join_all((0..12).map(|_| world.send(&grace, says(loan, "Pills!")))).await;
        let refused: Vec<&str> =
            sent.iter().filter_map(|sent| sent.as_ref().err()).map(kernel::Refusal::code).collect();
        (12 - refused.len(), refused.first().copied().unwrap_or_default())
    };
    assert_eq!(flood().await, (5, "TOO_MANY_MESSAGES"));
    world.clock.advance(Duration::minutes(61));
    assert_eq!(flood().await, (3, "TOO_MANY_MESSAGES"));
    world.clock.advance(Duration::hours(25));
    assert_eq!(flood().await, (2, "CONVERSATION_FULL"));
    // Numbers are given once, whoever writes at once.
    let numbers: Vec<i32> = sqlx::query_scalar("select number from borrowing.message order by number")
        .fetch_all(&world.pool)
        .await
        .unwrap();
    assert_eq!(numbers, (1..=10).collect::<Vec<_>>());
    world.write(them.ada, loan, "Stop it.").await;
}

#[tokio::test]
async fn a_request_that_came_to_nothing_is_read_and_not_gone_on_with() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let borrow = world.request(them.grace, them.emma).await.id;
    world.write(them.grace, borrow, "Please!").await;
    world.send(&member(them.ada), RejectBorrow { borrow, reason: None }).await.unwrap();
    assert_eq!(code(world.send(&member(them.grace), says(borrow, "Why?")).await), "MESSAGES_CLOSED");
    assert_eq!(texts(&world.page(them.ada, borrow, PageRequest::first(20)).await), ["Please!"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn ninety_days_after_the_end_messages_are_read_by_nobody_and_deleted_once() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let loan = them.a_loan(&world).await.id;
    world.take_back(them.ada, loan, borrowing_events::ReturnCondition::Damaged).await;
    world.write(them.grace, loan, "I am sorry about the stain").await;
    let goes_on = world.request(them.linus, world.book_of(them.ada, books_events::Lending::Lend).await).await.id;
    world.write(them.linus, goes_on, "Hello").await;
    world.clock.advance(Duration::days(89));
    let forget =
        async |context: &Borrowing| world.do_job(&context.jobs(), "borrowing.forget_messages").await["conversations"];
    assert_eq!((forget(&world.context).await, world.messages_left().await), (0, 2));
    assert_eq!(world.get(them.ada, loan).await.unread_messages, 1);

    world.clock.advance(Duration::days(2));
    let list = ListMessages { borrow: loan, page: PageRequest::first(20) };
    assert_eq!(code(world.ask(&member(them.grace), list).await), "MESSAGES_NOT_FOUND");
    assert_eq!(code(world.send(&member(them.grace), says(loan, "Hello")).await), "MESSAGES_NOT_FOUND");
    assert_eq!(world.get(them.ada, loan).await.unread_messages, 0);
    let replica = world.another_replica(LendingRules::default());
    // The request of Linus has run out meanwhile, and ends only now.
    world.context.tick(world.clock.now()).await.unwrap();
    let (one, other) = tokio::join!(forget(&world.context), forget(&replica));
    assert_eq!((one + other, world.messages_left().await), (1, 1));
}

#[tokio::test]
async fn what_who_left_wrote_is_gone_and_is_unread_no_more() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let borrow = world.request(them.grace, them.emma).await.id;
    world.write(them.grace, borrow, "It is Grace").await;
    world.write(them.ada, borrow, "It is Ada").await;
    assert_eq!(world.get(them.ada, borrow).await.unread_messages, 1);
    world.tell::<UserEvent>(UserEvent::Deleted(UserDeleted { user_id: them.grace }), 9).await;
    let page = world.page(them.ada, borrow, PageRequest::first(20)).await;
    assert_eq!(texts(&page), ["It is Ada"]);
    eventually("nothing of theirs is unread", async || world.get(them.ada, borrow).await.unread_messages == 0).await;
    let stranger = a_user();
    assert_eq!(code(world.send(&member(stranger), says(borrow, "Hello")).await), "BORROW_NOT_FOUND");
}

#[tokio::test]
async fn no_event_and_no_view_holds_a_word_of_a_message() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let borrow = world.request(them.grace, them.emma).await.id;
    world.write(them.grace, borrow, "marzipan").await;
    world.read(them.ada, borrow).await;
    let mut owner = sqlx::ConnectOptions::connect(&world.database.owner_options()).await.unwrap();
    let events: Vec<String> =
        sqlx::query_scalar("select log::text from event_bus.log where name like 'borrow.message%'")
            .fetch_all(&mut owner)
            .await
            .unwrap();
    assert_eq!(events.len(), 2);
    assert!(events.iter().all(|event| !event.contains("marzipan")), "{events:?}");
    let body = world.projection().get(&borrow.to_string()).await.unwrap().expect("a document");
    assert!(!String::from_utf8_lossy(&body).contains("marzipan"));
}
