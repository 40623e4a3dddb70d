//! A borrow's life, with others who wait.

mod support;

use books_events::Lending;
use borrowing::*;
use borrowing_events::ReturnCondition;
use kernel::UserId;
use support::{Neighbours, World, code};
use testkit::{member, moderator};

#[tokio::test]
async fn a_book_goes_from_hand_to_hand_with_two_in_the_queue() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let third = world.registered("Mary").await;

    let first = world.request(them.grace, them.emma).await;
    assert_eq!((first.status, first.queue_position), (BorrowStatus::Pending, None));
    assert_eq!((first.book.title.as_str(), first.owner.name.as_str()), ("Emma", "Ada"));
    world.approve(them.ada, first.id).await;
    let second = world.request(them.linus, them.emma).await;
    let third = world.request(third, them.emma).await;
    assert_eq!((second.queue_position, third.queue_position), (Some(1), Some(2)));

    let loan = world.hand_over(them.ada, first.id).await;
    assert_eq!(loan.status, BorrowStatus::Active);
    world.send(&member(them.grace), DeclareReturn { borrow: first.id }).await.unwrap();
    let back = world.take_back(them.ada, first.id, ReturnCondition::Ok).await;
    assert_eq!(back.status, BorrowStatus::Returned);

    assert_eq!(world.status(&second).await, BorrowStatus::Pending, "the oldest comes first");
    let behind = world.get(third.borrower.id, third.id).await;
    assert_eq!((behind.status, behind.queue_position), (BorrowStatus::Queued, Some(1)), "and everybody moves up");

    world.send(&member(them.linus), CancelBorrow { borrow: second.id, reason: None }).await.unwrap();
    assert_eq!(world.status(&third).await, BorrowStatus::Pending);
    let rejection = RejectBorrow { borrow: third.id, reason: Some(kernel::Prose::new("On holiday").unwrap()) };
    let rejected = world.send(&member(them.ada), rejection).await.unwrap();
    assert_eq!(rejected.closed_reason.as_deref(), Some("On holiday"));
}

#[tokio::test]
async fn one_approval_makes_the_other_pending_requests_wait_at_their_place() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let first = world.request(them.grace, them.emma).await;
    let second = world.request(them.linus, them.emma).await;
    world.approve(them.ada, second.id).await;
    let waiting = world.get(them.grace, first.id).await;
    assert_eq!((waiting.status, waiting.queue_position), (BorrowStatus::Queued, Some(1)));
    world.send(&member(them.ada), CancelBorrow { borrow: second.id, reason: None }).await.unwrap();
    assert_eq!(world.status(&first).await, BorrowStatus::Pending);
}

#[tokio::test]
async fn a_damaged_copy_waits_for_its_owner_before_the_next_may_come() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let loan = them.a_loan(&world).await;
    let next = world.request(them.linus, them.emma).await;
    let back = world.take_back(them.ada, loan.id, ReturnCondition::Damaged).await;
    assert_eq!(back.condition.as_deref(), Some("damaged"));
    assert_eq!(world.status(&next).await, BorrowStatus::Queued);
    let mary = world.registered("Mary").await;
    let asked = world.send(&member(mary), RequestBorrow { book: them.emma, days: 7, message: None }).await;
    assert_eq!(code(asked), "BOOK_NOT_LENDABLE");

    world.edit(them.emma, them.ada, Lending::Off, 2).await;
    assert_eq!(world.status(&next).await, BorrowStatus::Queued);
    world.edit(them.emma, them.ada, Lending::Lend, 3).await;
    let promoted = world.get(them.linus, next.id).await;
    assert_eq!((promoted.status, promoted.book.title.as_str()), (BorrowStatus::Pending, "Emma, revised"));
}

#[tokio::test]
async fn a_gift_ends_with_the_hand_over_and_nobody_waits_for_it_any_more() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let book = world.book_of(them.ada, Lending::Give).await;
    let first = world.request(them.grace, book).await;
    let second = world.request(them.linus, book).await;
    world.approve(them.ada, first.id).await;
    let given = world.hand_over(them.ada, first.id).await;
    assert_eq!((given.status, given.closed_reason.as_deref()), (BorrowStatus::Returned, Some("given")));
    assert_eq!(world.status(&second).await, BorrowStatus::Cancelled);
    let asked = world.send(&member(them.linus), RequestBorrow { book, days: 7, message: None }).await;
    assert_eq!(code(asked), "BOOK_NOT_LENDABLE");
}

#[tokio::test]
async fn the_borrower_hands_over_with_the_code_that_only_the_owner_sees() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let borrow = world.request(them.grace, them.emma).await;
    let approved = world.approve(them.ada, borrow.id).await;
    let owners_code = approved.hand_over_code.expect("the owner sees it");
    assert_eq!(world.get(them.ada, borrow.id).await.hand_over_code.as_ref(), Some(&owners_code));
    assert_eq!(world.get(them.grace, borrow.id).await.hand_over_code, None);
    let wrong = if owners_code == "000000" { "000001" } else { "000000" };
    let guess = |code: &str| HandOver { borrow: borrow.id, code: Some(code.to_owned()) };
    assert_eq!(code(world.send(&member(them.grace), guess(wrong)).await), "WRONG_HAND_OVER_CODE");
    let loan = world.send(&member(them.grace), guess(&owners_code)).await.unwrap();
    assert_eq!(loan.status, BorrowStatus::Active);
}

#[tokio::test]
async fn after_five_wrong_codes_the_right_one_is_void_too() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let borrow = world.request(them.grace, them.emma).await;
    let right = world.approve(them.ada, borrow.id).await.hand_over_code.unwrap();
    let wrong = if right == "000000" { "000001" } else { "000000" };
    let guess = |code: &str| HandOver { borrow: borrow.id, code: Some(code.to_owned()) };
    let grace = member(them.grace);
    let guesses = (0..8).map(|_| world.send(&grace, guess(wrong)));
    let codes: Vec<_> = futures_util::future::join_all(guesses).await.into_iter().map(code).collect();
    assert_eq!(codes.iter().filter(|code| **code == "WRONG_HAND_OVER_CODE").count(), 5, "{codes:?}");
    assert_eq!(code(world.send(&grace, guess(&right)).await), "HAND_OVER_CODE_VOID");
    assert_eq!(world.get(them.ada, borrow.id).await.hand_over_code, None);
    assert_eq!(world.hand_over(them.ada, borrow.id).await.status, BorrowStatus::Active);
}

#[tokio::test]
async fn an_uninvolved_moderator_settles_a_dispute() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let loan = them.a_loan(&world).await;
    let lost = ReportLost { borrow: loan.id, note: None };
    assert_eq!(world.send(&member(them.ada), lost).await.unwrap().status, BorrowStatus::Disputed);
    let settle = || ResolveDispute {
        borrow: loan.id,
        outcome: borrowing_events::DisputeOutcome::Returned,
        note: kernel::Prose::new("It stood on the shelf.").unwrap(),
    };
    assert_eq!(code(world.send(&moderator(them.ada), settle()).await), "FORBIDDEN");
    assert_eq!(code(world.send(&member(them.linus), settle()).await), "BORROW_NOT_FOUND");
    let settled =
        ListBorrows { resolved: Some(true), ..ListBorrows::newest(Role::Any, kernel::PageRequest::first(10)) };
    let others = ListBorrows { resolved: Some(false), ..settled.clone() };
    let linus = moderator(them.linus);
    assert_eq!(world.ask(&linus, settled.clone()).await.unwrap().items, []);
    let returned = world.send(&linus, settle()).await.unwrap();
    assert_eq!((returned.status, returned.resolved_at), (BorrowStatus::Returned, returned.returned_at));
    assert_eq!(world.ask(&linus, settled).await.unwrap().items, [returned]);
    assert_eq!(world.ask(&linus, others).await.unwrap().items, []);
}

#[tokio::test]
async fn an_extension_is_asked_for_and_answered() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let loan = them.a_loan(&world).await;
    let asked = world.send(&member(them.grace), RequestExtension { borrow: loan.id, days: 7 }).await.unwrap();
    assert_eq!((asked.extension_requested, asked.due_at), (Some(7), loan.due_at));
    let granted = AnswerExtension { borrow: loan.id, approve: true, reason: None };
    let longer = world.send(&member(them.ada), granted).await.unwrap();
    assert_eq!(longer.due_at, loan.due_at.map(|due| due + time::Duration::days(7)));
    assert_eq!(longer.extensions, 1);
}

#[tokio::test]
async fn the_timeline_tells_who_did_what() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let loan = them.a_loan(&world).await;
    let timeline = world.ask(&member(them.grace), BorrowTimeline { borrow: loan.id, at: None }).await.unwrap();
    let told: Vec<_> =
        timeline.iter().map(|h| (h.kind.as_str(), h.actor.as_ref().map(|actor| actor.name.as_str()))).collect();
    let expected = [("borrow.created", "Grace"), ("borrow.approved", "Ada"), ("borrow.handed_over", "Ada")]
        .map(|(k, a)| (k, Some(a)));
    assert_eq!(told, expected);
    assert_eq!(timeline[0].data["days"], 14);
    assert!(timeline[0].data.get("borrowId").is_none());
    let stranger = world.ask(&member(them.linus), BorrowTimeline { borrow: loan.id, at: None }).await;
    assert_eq!(code(stranger), "BORROW_NOT_FOUND");
}

#[tokio::test]
async fn strangers_learn_nothing_and_the_wrong_party_is_told_so() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let borrow = world.request(them.grace, them.emma).await;
    let approve = |by: UserId| {
        let command = ApproveBorrow { borrow: borrow.id, pickup_by: None, place: None };
        let world = &world;
        async move { code(world.send(&member(by), command).await) }
    };
    assert_eq!(approve(them.linus).await, "BORROW_NOT_FOUND");
    assert_eq!(approve(them.grace).await, "FORBIDDEN");
    assert_eq!(code(world.ask(&member(them.linus), GetBorrow { borrow: borrow.id }).await), "BORROW_NOT_FOUND");
    assert!(world.ask(&moderator(them.linus), GetBorrow { borrow: borrow.id }).await.is_ok());
    let own = RequestBorrow { book: them.emma, days: 7, message: None };
    assert_eq!(code(world.send(&member(them.ada), own).await), "OWN_BOOK");
    let nothing = RequestBorrow { book: kernel::BookId::new(testkit::A_SATURDAY), days: 7, message: None };
    assert_eq!(code(world.send(&member(them.grace), nothing).await), "BOOK_NOT_FOUND");
}
