//! Lists and views, from Redis and without it.

mod support;

use books_events::Lending;
use borrowing::*;
use borrowing_events::{DisputeOutcome, ReturnCondition};
use kernel::{PageRequest, Position};
use support::{Neighbours, World, code};
use testkit::{PrivateRedis, a_user, eventually, member, moderator};

#[tokio::test]
async fn each_sees_their_own_borrows_and_a_moderator_all() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let loan = them.a_loan(&world).await;
    let waiting = world.request(them.linus, them.emma).await;
    let ids = |page: kernel::Page<BorrowView>| page.items.into_iter().map(|b| b.id).collect::<Vec<_>>();
    let (ada, grace) = (member(them.ada), member(them.grace));
    assert_eq!(ids(world.list(&ada, Role::Owner, &[]).await), [waiting.id, loan.id], "newest first");
    assert_eq!(ids(world.list(&ada, Role::Borrower, &[]).await), []);
    assert_eq!(ids(world.list(&grace, Role::Either, &[]).await), [loan.id]);
    assert_eq!(ids(world.list(&ada, Role::Owner, &[BorrowStatus::Queued]).await), [waiting.id]);
    let both = [BorrowStatus::Queued, BorrowStatus::Active];
    assert_eq!(ids(world.list(&ada, Role::Owner, &both).await), [waiting.id, loan.id]);
    assert_eq!(ids(world.list(&moderator(them.linus), Role::Any, &[]).await), [waiting.id, loan.id]);
    let all = ListBorrows::newest(Role::Any, PageRequest::first(10));
    assert_eq!(code(world.ask(&ada, all).await), "FORBIDDEN");
    let counts = world.ask(&ada, CountBorrows { user: them.ada }).await.unwrap();
    assert_eq!(counts, Counts { lent: 1, out: 1, ..none() });
}

fn none() -> Counts {
    Counts { borrowed: 0, lent: 0, came_back: 0, out: 0, given: 0 }
}

#[tokio::test]
async fn what_became_of_lent_books_is_counted_alike_in_redis_and_in_postgresql() {
    let mut redis = PrivateRedis::start().await;
    let world = World::with(LendingRules::default(), &redis.url()).await;
    let them = Neighbours::of(&world).await;
    let counts = async |user| world.ask(&member(them.linus), CountBorrows { user }).await.unwrap();
    let back = them.a_loan(&world).await;
    assert_eq!(counts(them.ada).await, Counts { lent: 1, out: 1, ..none() });
    world.take_back(them.ada, back.id, ReturnCondition::Ok).await;
    assert_eq!(counts(them.ada).await, Counts { lent: 1, came_back: 1, ..none() });

    let gift = world.book_of(them.ada, Lending::Give).await;
    let given = world.request(them.grace, gift).await;
    world.approve(them.ada, given.id).await;
    world.hand_over(them.ada, given.id).await;
    let called_off = world.request(them.linus, world.book_of(them.ada, Lending::Lend).await).await;
    world.send(&member(them.linus), CancelBorrow { borrow: called_off.id, reason: None }).await.unwrap();
    let lost = them.a_loan(&world).await;
    world.send(&member(them.grace), ReportLost { borrow: lost.id, note: None }).await.unwrap();
    world.until_level().await;
    for from in ["Redis", "PostgreSQL"] {
        assert_eq!(counts(them.ada).await, Counts { lent: 2, came_back: 1, given: 1, ..none() }, "{from}");
        assert_eq!(counts(them.grace).await, Counts { borrowed: 2, ..none() }, "{from}");
        assert_eq!(counts(them.linus).await, none(), "{from}");
        if from == "Redis" {
            redis.stop().await;
        }
    }
}

#[tokio::test]
async fn a_note_and_a_finding_name_their_authors_and_neither_overwrites_the_other() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let text = |text: &str| kernel::Prose::new(text).unwrap();
    let part = |id, name: &str| Some(MemberPart { id, name: name.to_owned(), left: false });
    let loan = them.a_loan(&world).await;
    assert_eq!((loan.note_by, loan.resolution), (None, None));
    let lost = ReportLost { borrow: loan.id, note: Some(text("She moved away.")) };
    let disputed = world.send(&member(them.ada), lost).await.unwrap();
    assert_eq!((disputed.note.as_deref(), disputed.note_by), (Some("She moved away."), part(them.ada, "Ada")));

    let note = text("Grace still has it.");
    let settle = ResolveDispute { borrow: loan.id, outcome: DisputeOutcome::Active, note };
    let linus = moderator(them.linus);
    let settled = world.send(&linus, settle).await.unwrap();
    let resolution = settled.resolution.clone().expect("settled");
    assert_eq!((resolution.outcome, resolution.by), (Outcome::Active, part(them.linus, "Linus")));
    assert_eq!((resolution.note.as_deref(), Some(resolution.at)), (Some("Grace still has it."), settled.resolved_at));
    assert_eq!((settled.note.as_deref(), settled.note_by), (Some("She moved away."), part(them.ada, "Ada")));

    let damaged = Some(text("A page is torn."));
    let back = ReturnBorrow { borrow: loan.id, condition: ReturnCondition::Damaged, note: damaged };
    world.send(&member(them.ada), back).await.unwrap();
    world.until_level().await;
    for reader in [member(them.grace), linus] {
        let read = world.ask(&reader, GetBorrow { borrow: loan.id }).await.unwrap();
        assert_eq!((read.note.as_deref(), read.note_by), (Some("A page is torn."), part(them.ada, "Ada")));
        assert_eq!(read.resolution.and_then(|it| it.by), part(them.linus, "Linus"));
    }
    let happened = world.ask(&member(them.grace), BorrowTimeline { borrow: loan.id, at: None }).await.unwrap();
    let finding = happened.iter().find(|it| it.kind == "borrow.resolved").expect("told");
    assert_eq!(finding.actor, part(them.linus, "Linus"));
    assert_eq!((&finding.data["outcome"], &finding.data["note"]), (&"active".into(), &"Grace still has it.".into()));
}

#[tokio::test]
async fn a_new_name_of_the_moderator_is_shown_and_the_words_of_a_member_go_with_them() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let loan = them.a_loan(&world).await;
    let note = || kernel::Prose::new("Gone.").ok();
    world.send(&member(them.ada), ReportLost { borrow: loan.id, note: note() }).await.unwrap();
    let settle = ResolveDispute { borrow: loan.id, outcome: DisputeOutcome::Lost, note: note().unwrap() };
    world.send(&moderator(them.linus), settle).await.unwrap();
    let renamed = users_events::UserUpdated {
        user_id: them.linus,
        name: "Linus T.".to_owned(),
        active: true,
        language: "en".to_owned(),
    };
    world.tell::<users_events::UserEvent>(renamed, 2).await;
    let read = world.get(them.grace, loan.id).await;
    assert_eq!(read.resolution.and_then(|it| it.by).map(|by| by.name).as_deref(), Some("Linus T."));
    world.tell::<users_events::UserEvent>(users_events::UserDeleted { user_id: them.ada }, 2).await;
    let read = world.get(them.grace, loan.id).await;
    // No language has words for them here: whoever shows it has.
    assert_eq!((read.note, read.owner.name.as_str(), read.owner.left), (None, "", true));
    let told = world.ask(&member(them.grace), BorrowTimeline { borrow: loan.id, at: None }).await.unwrap();
    let by_ada =
        told.iter().filter_map(|it| it.actor.as_ref()).find(|actor| actor.id == them.ada).expect("she lent it");
    assert_eq!((by_ada.name.as_str(), by_ada.left), ("", true));
    let stored: String = sqlx::query_scalar("select name from borrowing.member where id = $1")
        .bind(them.ada.uuid())
        .fetch_one(&world.pool)
        .await
        .unwrap();
    assert_eq!(stored, "");
    assert_eq!(read.resolution.and_then(|it| it.note).as_deref(), Some("Gone."), "the finding is the moderator's");
}

#[tokio::test]
async fn pages_follow_each_other_from_redis_and_from_postgresql() {
    for redis in [testkit::redis_url(), "redis://127.0.0.1:1/0".to_owned()] {
        let world = World::with(LendingRules::default(), &redis).await;
        let ada = testkit::a_user();
        let mut asked = Vec::new();
        let book = kernel::BookId::new(testkit::A_SATURDAY);
        sqlx::query(
            "insert into borrowing.lendable_book (book_id, version, owner_id, title, authors, lending)
            values ($1, 1, $2, 'Emma', '{}', 'lend')",
        )
        .bind(book.uuid())
        .bind(ada.uuid())
        .execute(&world.pool)
        .await
        .unwrap();
        for _ in 0..5 {
            asked.push(world.request(testkit::a_user(), book).await.id);
        }
        for oldest_first in [true, false] {
            let mut seen = Vec::new();
            let mut cursor = None;
            loop {
                let page = PageRequest { page: 1, limit: 2, cursor };
                let query = ListBorrows { oldest_first, ..ListBorrows::newest(Role::Owner, page) };
                let page = world.ask(&member(ada), query).await.unwrap();
                assert_eq!(page.total, 5);
                seen.extend(page.items.into_iter().map(|b| b.id));
                cursor = page.next_cursor;
                if cursor.is_none() {
                    break;
                }
            }
            if !oldest_first {
                seen.reverse();
            }
            assert_eq!(seen, asked);
        }
    }
}

#[tokio::test]
async fn anybody_sees_when_a_book_may_be_had_and_only_oneself_in_its_queue() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let outlook = async |caller: &cqrs::Caller| world.ask(caller, LendingOutlook { book: them.emma }).await.unwrap();
    let (anybody, ada, grace, linus) = (testkit::anonymous(), member(them.ada), member(them.grace), member(them.linus));
    let own =
        |borrow: &BorrowView, status, queue_position| Some(OwnBorrow { borrow_id: borrow.id, status, queue_position });
    assert_eq!(outlook(&anybody).await, Outlook { due_at: None, waiting: 0, mine: None });

    let loan = world.request(them.grace, them.emma).await;
    let asked = Outlook { due_at: None, waiting: 1, mine: None };
    assert_eq!(outlook(&anybody).await, asked);
    assert_eq!(outlook(&grace).await, Outlook { mine: own(&loan, BorrowStatus::Pending, None), ..asked });

    world.approve(them.ada, loan.id).await;
    let loan = world.hand_over(them.ada, loan.id).await;
    let third = world.registered("Tara").await;
    let first_in_queue = world.request(third, them.emma).await;
    let waiting = world.request(them.linus, them.emma).await;
    let lent = Outlook { due_at: loan.due_at, waiting: 2, mine: None };
    assert!(loan.due_at.is_some());
    assert_eq!(outlook(&anybody).await, lent);
    assert_eq!(outlook(&ada).await, lent, "the owner borrows nothing");
    assert_eq!(outlook(&grace).await, Outlook { mine: own(&loan, BorrowStatus::Active, None), ..lent.clone() });
    assert_eq!(outlook(&linus).await, Outlook { mine: own(&waiting, BorrowStatus::Queued, Some(2)), ..lent });

    world.send(&member(third), CancelBorrow { borrow: first_in_queue.id, reason: None }).await.unwrap();
    world.take_back(them.ada, loan.id, borrowing_events::ReturnCondition::Ok).await;
    let back = Outlook { due_at: None, waiting: 1, mine: own(&waiting, BorrowStatus::Pending, None) };
    assert_eq!(outlook(&linus).await, back);
    assert_eq!(outlook(&grace).await.mine, None, "a closed borrow is over");
}

#[tokio::test]
async fn a_view_in_redis_says_what_postgresql_says() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let loan = them.a_loan(&world).await;
    let waiting = world.request(them.linus, them.emma).await;
    let updated = users_events::UserUpdated {
        user_id: them.grace,
        name: "Grace H.".to_owned(),
        active: true,
        language: "en".to_owned(),
    };
    world.tell::<users_events::UserEvent>(updated, 1).await;
    for id in [loan.id, waiting.id] {
        let from_redis = world.get(them.ada, id).await;
        let mut ahead = member(them.ada);
        // A position that no view has reached: PostgreSQL answers.
        ahead.min_positions = vec![Position { transaction: i64::MAX, sequence: 1 }.into()];
        let from_database = world.ask(&ahead, GetBorrow { borrow: id }).await.unwrap();
        assert_eq!(from_redis, from_database);
    }
    assert_eq!(world.get(them.ada, loan.id).await.borrower.name, "Grace H.");
}

#[tokio::test]
async fn a_replay_of_the_log_changes_nothing() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let loan = them.a_loan(&world).await;
    world.edit(them.emma, them.ada, books_events::Lending::Lend, 2).await;
    let rows = async || {
        sqlx::query_scalar::<_, String>(
            "select string_agg(b::text, ';' order by b.id) || string_agg(k::text, ';' order by k.book_id)
            from borrowing.borrow b join borrowing.lendable_book k using (book_id)",
        )
        .fetch_one(&world.pool)
        .await
        .unwrap()
    };
    let before = rows().await;
    assert!(world.bus.replay("borrowing", Position::START).await.unwrap());
    assert!(world.bus.replay("borrowing.view", Position::START).await.unwrap());
    eventually("the log is handled again", async || {
        world.bus.subscriptions().await.unwrap().iter().all(|s| s.behind == 0)
    })
    .await;
    assert_eq!(rows().await, before);
    assert_eq!(world.get(them.ada, loan.id).await.status, BorrowStatus::Active);
}

#[tokio::test]
async fn a_wiped_redis_is_filled_again_while_postgresql_answers() {
    let mut redis = PrivateRedis::start().await;
    let world = World::with(LendingRules::default(), &redis.url()).await;
    world.until_served().await;
    let them = Neighbours::of(&world).await;
    let loan = them.a_loan(&world).await;

    redis.kill().await;
    redis.start_again().await;
    eventually("the projection is built again", async || {
        assert_eq!(world.get(them.grace, loan.id).await.status, BorrowStatus::Active);
        assert_eq!(world.list(&member(them.grace), Role::Borrower, &[]).await.total, 1);
        world.is_served().await
    })
    .await;
    assert_eq!(world.get(them.grace, loan.id).await.status, BorrowStatus::Active);
    assert_eq!(world.list(&member(them.grace), Role::Borrower, &[]).await.total, 1);
}

#[tokio::test]
async fn a_command_shows_what_it_did_itself() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    world.stop_subscriptions().await;
    let asked = world.request(them.grace, them.emma).await;
    let shown = async || {
        let body = world.store.projection("borrowing").get(&asked.id.to_string()).await.expect("Redis runs");
        serde_json::from_slice::<BorrowView>(&body.expect("the borrow")).expect("a borrow").status
    };
    assert_eq!(shown().await, BorrowStatus::Pending);
    world.approve(them.ada, asked.id).await;
    assert_eq!(shown().await, BorrowStatus::Approved);
    world.hand_over(them.ada, asked.id).await;
    assert_eq!(shown().await, BorrowStatus::Active);
    world.take_back(them.ada, asked.id, ReturnCondition::Ok).await;
    assert_eq!(shown().await, BorrowStatus::Returned);
}

/// Their name may be on its way: a document without it would have the same version as the one with it, and stay.
#[tokio::test]
async fn a_request_to_somebody_who_is_not_known_yet_is_left_to_its_event() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let book = world.book_of(a_user(), Lending::Lend).await;
    world.stop_subscriptions().await;
    let asked = world.request(them.grace, book).await;
    let shown = world.store.projection("borrowing").get(&asked.id.to_string()).await.expect("Redis runs");
    assert_eq!(shown, None);
}
