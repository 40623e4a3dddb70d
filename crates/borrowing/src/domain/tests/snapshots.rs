//! What events tell of a borrow is the borrow, also on ways that random commands seldom take.

use borrowing_events::{DisputeOutcome, ReturnCondition};

use super::*;
use crate::domain::{BorrowSnapshot, ExtensionAnswer, Refused};

/// A borrow, and what its events told so far.
struct Life {
    borrow: Borrow,
    told: Option<BorrowSnapshot>,
}

impl Life {
    fn requested(held: bool) -> Self {
        let copy = a_copy();
        let change = Borrow::request(Request { held, ..a_request(&copy) }, &rules()).expect("allowed");
        let mut life = Self { borrow: change.borrow.clone(), told: None };
        life.goes_on(change);
        life
    }

    fn lent() -> Self {
        let life = Self::requested(false).then(|it| it.approve(Part::Owner, an_approval(), false, NOON, &rules()));
        life.then(|it| it.hand_over(HandOverBy::Owner, Lending::Lend, NOON, &rules()))
    }

    fn asked_for_more_days() -> Self {
        Self::lent().then(|it| it.request_extension(Part::Borrower, 7, false, NOON, &rules()))
    }

    fn disputed() -> Self {
        Self::lent().then(|it| it.report_lost(Part::Owner, None, NOON))
    }

    fn then(mut self, command: impl FnOnce(&Borrow) -> Result<Change, Refused>) -> Self {
        let change = command(&self.borrow).expect("allowed");
        self.goes_on(change);
        self
    }

    fn goes_on(&mut self, change: Change) {
        self.told = change.events.iter().fold(self.told.take(), BorrowSnapshot::after);
        assert_eq!(self.told.as_ref(), Some(&BorrowSnapshot::of(&change.borrow)), "after {:?}", change.events);
        self.borrow = change.borrow;
    }

    fn tells(self) -> BorrowSnapshot {
        self.told.expect("it has begun")
    }
}

#[test]
fn an_extension_moves_the_due_date_and_a_refusal_does_not() {
    let granted = |it: &Borrow| it.answer_extension(Part::Owner, ExtensionAnswer::Granted, NOON, &rules());
    let refused = ExtensionAnswer::Refused { reason: None };
    assert_eq!(Life::asked_for_more_days().tells().extension_requested, Some(7));
    let longer = Life::asked_for_more_days().then(granted).tells();
    assert_eq!((longer.extensions, longer.extension_requested), (1, None));
    assert!(longer.due_at > Life::lent().tells().due_at);
    let no_longer = Life::asked_for_more_days().then(|it| it.answer_extension(Part::Owner, refused, NOON, &rules()));
    assert_eq!(no_longer.tells(), Life::lent().tells());
}

#[test]
fn a_wish_for_more_days_ends_with_the_return() {
    let back = Life::asked_for_more_days().then(|it| it.declare_return(Part::Borrower, NOON));
    let missed = back.then(|it| it.mark_not_received(Part::Owner));
    assert_eq!(missed.tells().extension_requested, None);
    let damaged =
        Life::asked_for_more_days().then(|it| it.confirm_return(Part::Owner, ReturnCondition::Damaged, None, NOON));
    assert_eq!(damaged.tells().condition.as_deref(), Some("damaged"));
}

#[test]
fn a_dispute_ends_in_each_way() {
    for outcome in DisputeOutcome::ALL {
        let settled = Life::disputed().then(|it| it.resolve(Part::Moderator, finding(outcome), NOON, &rules()));
        assert_eq!(settled.tells().status.as_str(), outcome.as_str());
    }
}

#[test]
fn a_gift_a_loss_and_a_place_in_the_queue_are_told() {
    let approved = |it: &Borrow| {
        it.approve(Part::Owner, Approval { lending: Lending::Give, ..an_approval() }, false, NOON, &rules())
    };
    let given = Life::requested(false).then(approved);
    let given = given.then(|it| it.hand_over(HandOverBy::Owner, Lending::Give, NOON, &rules())).tells();
    assert_eq!((given.due_at, given.condition.as_deref()), (None, Some("ok")));
    Life::lent().then(|it| it.report_lost(Part::Borrower, None, NOON));
    Life::requested(true).then(|it| it.promote(NOON, &rules())).then(|it| it.reject(Part::Owner, None, NOON));
}
