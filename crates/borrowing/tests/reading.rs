//! Lists and views, from Redis and without it.

mod support;

use borrowing::*;
use kernel::{PageRequest, Position};
use support::{Neighbours, World, code};
use testkit::{eventually, member, moderator};

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
    assert_eq!(counts, Counts { borrowed: 0, lent: 1 });
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
        ahead.min_position = Some(Position { transaction: i64::MAX, sequence: 1 });
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
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let loan = them.a_loan(&world).await;
    world.store.rebuild("borrowing").await.expect("rebuilt");
    assert_eq!(world.get(them.grace, loan.id).await.status, BorrowStatus::Active);
    assert_eq!(world.list(&member(them.grace), Role::Borrower, &[]).await.total, 1);
}
