//! A borrow as it was at a past moment.

mod support;

use borrowing::{BorrowStatus, BorrowTimeline, BorrowTimelineError, DeclareReturn, Happening};
use cqrs::AskError;
use kernel::{BorrowId, UserId};
use support::{Neighbours, World, code};
use testkit::member;
use time::{Duration, OffsetDateTime};

async fn timeline(
    world: &World,
    by: UserId,
    borrow: BorrowId,
    at: Option<OffsetDateTime>,
) -> Result<Vec<Happening>, AskError<BorrowTimelineError>> {
    world.ask(&member(by), BorrowTimeline { borrow, at }).await
}

#[tokio::test]
async fn the_timeline_of_a_past_moment_ends_there_and_tells_where_the_borrow_stood() {
    let world = World::new().await;
    let them = Neighbours::of(&world).await;
    let loan = them.a_loan(&world).await;
    world.clock.advance(Duration::days(2));
    world.send(&member(them.grace), DeclareReturn { borrow: loan.id }).await.unwrap();
    let handed_over_at = loan.handed_over_at.unwrap();
    let at = |moment: OffsetDateTime| timeline(&world, them.ada, loan.id, Some(moment));

    let inclusive = at(handed_over_at).await.unwrap();
    assert_eq!(inclusive.last().unwrap().kind, "borrow.handed_over");
    let state = inclusive.last().unwrap().state.as_ref().expect("its beginning is there");
    assert_eq!((state.status, state.due_at), (BorrowStatus::Active, loan.due_at));

    let all = timeline(&world, them.ada, loan.id, None).await.unwrap();
    let states: Vec<_> = all.iter().filter_map(|it| it.state.as_ref()).map(|state| state.status).collect();
    use BorrowStatus::{Active, Approved, Pending, ReturnPending};
    assert_eq!(states, [Pending, Approved, Active, ReturnPending]);

    let before = loan.requested_at - Duration::MICROSECOND;
    assert_eq!(code(at(before).await), "BORROW_NOT_YET_REQUESTED");
    let stranger = timeline(&world, them.linus, loan.id, Some(before)).await;
    assert_eq!(code(stranger), "BORROW_NOT_FOUND", "a stranger does not learn since when there is one");
}
