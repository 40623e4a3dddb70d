//! Every guard of the table, one test each.

use books_events::Lending;
use borrowing_events::{BorrowEvent, DisputeOutcome, ReturnCondition};
use kernel::ErrorKind;
use time::macros::datetime;

use super::*;
use crate::domain::{BorrowStatus, CopyEffect, ExtensionAnswer, Refused, Withdrawal};
use crate::row::Row;

/// As it is stored.
fn row(borrow: Borrow) -> Row {
    Row::of(&borrow)
}

/// How often it was extended, and by how many days more it may be.
fn extensions(borrow: Borrow) -> (i16, Option<i16>) {
    let row = row(borrow);
    (row.extensions, row.extension_asked)
}

fn refusal(change: Result<Change, Refused>) -> Refused {
    change.expect_err("the rules refuse it")
}

#[test]
fn a_loan_is_one_to_ninety_days() {
    let copy = a_copy();
    for days in [0, 91] {
        let request = Request { days, ..a_request(&copy) };
        let refused = refusal(Borrow::request(request, &rules()));
        assert_eq!(refused.kind(), ErrorKind::Invalid);
        assert_eq!(refused.details()[0].field, "days");
    }
}

#[test]
fn nobody_borrows_their_own_book() {
    let copy = a_copy();
    let request = Request { borrower: copy.owner_id, ..a_request(&copy) };
    assert_eq!(refusal(Borrow::request(request, &rules())), Refused::OwnBook);
}

#[test]
fn a_book_that_is_not_lent_cannot_be_asked_for() {
    let lent = a_copy();
    for copy in [
        Copy { lending: Lending::Off, ..lent.clone() },
        Copy { set_aside_at: Some(NOON), ..lent.clone() },
        Copy { withdrawn: Some(Withdrawal::Deleting), ..lent.clone() },
    ] {
        assert_eq!(refusal(Borrow::request(a_request(&copy), &rules())), Refused::NotLendable);
    }
}

#[test]
fn one_open_borrow_of_a_copy_and_ten_open_requests_are_the_limit() {
    let copy = a_copy();
    let again = Request { asked_already: true, ..a_request(&copy) };
    assert_eq!(refusal(Borrow::request(again, &rules())), Refused::AlreadyRequested);
    let eleventh = Request { open_requests: 10, ..a_request(&copy) };
    assert_eq!(refusal(Borrow::request(eleventh, &rules())), Refused::TooManyOpenRequests { limit: 10 });
}

#[test]
fn who_asks_for_a_copy_that_is_held_waits() {
    assert_eq!(pending().status(), BorrowStatus::Pending);
    assert_eq!(queued().status(), BorrowStatus::Queued);
}

#[test]
fn only_the_owner_answers_and_a_stranger_learns_nothing() {
    let borrow = pending();
    for (part, expected) in [
        (Part::Borrower, Refused::OwnerOnly),
        (Part::Moderator, Refused::OwnerOnly),
        (Part::Stranger, Refused::NotFound),
    ] {
        assert_eq!(refusal(borrow.approve(part, an_approval(), false, NOON, &rules())), expected);
        assert_eq!(refusal(borrow.reject(part, None, NOON)), expected);
    }
}

#[test]
fn a_copy_that_is_held_cannot_be_approved_again() {
    assert_eq!(refusal(pending().approve(Part::Owner, an_approval(), true, NOON, &rules())), Refused::AlreadyHeld);
}

#[test]
fn the_present_state_is_told_when_a_command_comes_too_late() {
    let refused = refusal(active().approve(Part::Owner, an_approval(), false, NOON, &rules()));
    assert_eq!(refused.code(), "BORROW_NOT_PENDING");
    assert_eq!(refused.details(), [kernel::Detail::new("status", "active")]);
}

#[test]
fn a_pick_up_date_lies_ahead_but_not_beyond_thirty_days() {
    let with = |pickup_by| Approval { pickup_by: Some(pickup_by), ..an_approval() };
    let approve = |by| pending().approve(Part::Owner, with(by), false, NOON, &rules());
    assert_eq!(row(done(approve(NOON + days(30)))).pickup_by, Some(NOON + days(30)));
    for out_of_range in [NOON, NOON - days(1), NOON + days(31)] {
        assert_eq!(refusal(approve(out_of_range)), Refused::PickupOutOfRange { max_days: 30 });
    }
    assert_eq!(row(approved()).pickup_by, Some(datetime!(2026-03-09 23:59:59 UTC)), "the usual time is seven days");
}

#[test]
fn before_the_hand_over_the_borrower_cancels_and_the_owner_takes_back_an_approval() {
    for borrow in [pending(), queued(), approved()] {
        assert!(borrow.cancel(Part::Borrower, None, NOON).is_ok());
    }
    assert!(approved().cancel(Part::Owner, None, NOON).is_ok());
    assert_eq!(refusal(pending().cancel(Part::Owner, None, NOON)), Refused::BorrowerOnly);
    assert_eq!(
        refusal(active().cancel(Part::Borrower, None, NOON)),
        Refused::NotCancellable { now: BorrowStatus::Active }
    );
}

#[test]
fn the_borrower_hands_over_with_the_owners_code_only() {
    let borrow = approved();
    let hand_over = |code| {
        let by = borrow.hand_over_by(Part::Borrower, code)?;
        borrow.hand_over(by, Lending::Lend, NOON, &rules())
    };
    assert_eq!(refusal(hand_over(None)), Refused::CodeMissing);
    assert_eq!(refusal(hand_over(Some("000000"))), Refused::WrongCode { attempts_left: 4 });
    assert_eq!(done(hand_over(Some(CODE))).status(), BorrowStatus::Active);
    assert_eq!(borrow.hand_over_by(Part::Stranger, Some(CODE)), Err(Refused::NotFound));
}

#[test]
fn after_five_wrong_codes_only_the_owner_can_hand_over() {
    let mut borrow = approved();
    for _ in 0..5 {
        borrow = borrow.count_wrong_code().expect("there is a code").change.borrow;
    }
    let by = HandOverBy::Borrower(Some(CODE));
    assert_eq!(refusal(borrow.hand_over(by, Lending::Lend, NOON, &rules())), Refused::CodeVoid);
    assert!(borrow.count_wrong_code().is_none(), "there is nothing left to guess");
    assert!(borrow.hand_over(HandOverBy::Owner, Lending::Lend, NOON, &rules()).is_ok());
}

#[test]
fn the_book_is_due_at_the_end_of_the_last_day() {
    assert_eq!(row(active()).due_at, Some(datetime!(2026-03-16 23:59:59 UTC)));
}

#[test]
fn a_gift_is_over_with_the_hand_over_and_is_lent_no_more() {
    let gift = Approval { lending: Lending::Give, ..an_approval() };
    let held = done(pending().approve(Part::Owner, gift, false, NOON, &rules()));
    let change = held.hand_over(HandOverBy::Owner, Lending::Give, NOON, &rules()).unwrap();
    assert_eq!(change.borrow.status(), BorrowStatus::Returned);
    assert_eq!(row(change.borrow.clone()).closed_reason.as_deref(), Some("given"));
    assert_eq!(row(change.borrow.clone()).due_at, None);
    assert_eq!(change.copy, CopyEffect::Withdraw(Withdrawal::Given));
    let names: Vec<_> = change.events.iter().map(kernel::Event::name).collect();
    assert_eq!(names, ["borrow.handed_over", "borrow.returned"]);
}

#[test]
fn a_loan_is_extended_twice_at_most() {
    let mut loan = active();
    for _ in 0..2 {
        loan = done(loan.request_extension(Part::Borrower, 7, false, NOON, &rules()));
        loan = done(loan.answer_extension(Part::Owner, ExtensionAnswer::Granted, NOON, &rules()));
    }
    assert_eq!(row(loan.clone()).due_at, Some(datetime!(2026-03-30 23:59:59 UTC)));
    assert_eq!(
        refusal(loan.request_extension(Part::Borrower, 7, false, NOON, &rules())),
        Refused::ExtensionLimit { limit: 2 }
    );
}

#[test]
fn an_extension_is_asked_for_once_by_the_borrower_for_thirty_days_at_most() {
    let loan = active();
    for days in [0, 31] {
        assert_eq!(
            refusal(loan.request_extension(Part::Borrower, days, false, NOON, &rules())),
            Refused::ExtensionDays { max_days: 30 }
        );
    }
    assert_eq!(refusal(loan.request_extension(Part::Owner, 7, false, NOON, &rules())), Refused::BorrowerOnly);
    let asked = done(loan.request_extension(Part::Borrower, 7, false, NOON, &rules()));
    assert_eq!(
        refusal(asked.request_extension(Part::Borrower, 7, false, NOON, &rules())),
        Refused::ExtensionAlreadyRequested
    );
    assert_eq!(
        refusal(loan.answer_extension(Part::Owner, ExtensionAnswer::Granted, NOON, &rules())),
        Refused::NoExtensionRequested
    );
}

#[test]
fn an_extension_is_automatic_when_nobody_waits_and_the_rule_allows_it() {
    let automatic = LendingRules { auto_extend: true, ..rules() };
    let alone = done(active().request_extension(Part::Borrower, 7, false, NOON, &automatic));
    assert_eq!(extensions(alone), (1, None));
    let awaited = done(active().request_extension(Part::Borrower, 7, true, NOON, &automatic));
    assert_eq!(extensions(awaited), (0, Some(7)));
}

#[test]
fn an_extension_of_an_overdue_loan_ends_in_the_future() {
    let late = datetime!(2026-04-01 09:00 UTC);
    let asked = done(active().request_extension(Part::Borrower, 2, false, late, &rules()));
    let loan = done(asked.answer_extension(Part::Owner, ExtensionAnswer::Granted, late, &rules()));
    assert_eq!(row(loan).due_at, Some(datetime!(2026-04-03 23:59:59 UTC)));
}

#[test]
fn a_refused_extension_leaves_the_due_date() {
    let asked = done(active().request_extension(Part::Borrower, 7, false, NOON, &rules()));
    let refused = ExtensionAnswer::Refused { reason: None };
    let loan = done(asked.answer_extension(Part::Owner, refused, NOON, &rules()));
    assert_eq!(row(loan.clone()).due_at, row(active()).due_at);
    assert_eq!(extensions(loan), (0, None));
}

#[test]
fn the_owner_confirms_a_return_declared_or_not() {
    for borrow in [active(), return_pending()] {
        let returned = done(borrow.confirm_return(Part::Owner, ReturnCondition::Ok, None, NOON));
        assert_eq!(returned.status(), BorrowStatus::Returned);
    }
    assert_eq!(refusal(active().confirm_return(Part::Borrower, ReturnCondition::Ok, None, NOON)), Refused::OwnerOnly);
    assert_eq!(refusal(active().declare_return(Part::Owner, NOON)), Refused::BorrowerOnly);
}

#[test]
fn a_damaged_copy_is_set_aside() {
    let change = active().confirm_return(Part::Owner, ReturnCondition::Damaged, None, NOON).unwrap();
    assert_eq!(change.copy, CopyEffect::SetAside);
}

#[test]
fn the_borrowers_word_makes_a_loss_and_the_owners_a_dispute() {
    let lost = active().report_lost(Part::Borrower, None, NOON).unwrap();
    assert_eq!(lost.borrow.status(), BorrowStatus::Lost);
    assert_eq!(lost.copy, CopyEffect::SetAside);
    let disputed = active().report_lost(Part::Owner, None, NOON).unwrap();
    assert_eq!(disputed.borrow.status(), BorrowStatus::Disputed);
    assert!(matches!(&disputed.events[..], [BorrowEvent::Disputed(d)] if d.raised_by == disputed.borrow.owner_id));
}

#[test]
fn only_an_uninvolved_moderator_settles_a_dispute() {
    let settle = |by, outcome| disputed().resolve(by, finding(outcome), NOON, &rules());
    for party in [Part::Owner, Part::Borrower] {
        assert_eq!(refusal(settle(party, DisputeOutcome::Lost)), Refused::UninvolvedModeratorOnly);
    }
    for (outcome, status) in [
        (DisputeOutcome::Returned, BorrowStatus::Returned),
        (DisputeOutcome::Lost, BorrowStatus::Lost),
        (DisputeOutcome::Active, BorrowStatus::Active),
    ] {
        assert_eq!(done(settle(Part::Moderator, outcome)).status(), status);
    }
    assert_eq!(
        refusal(active().resolve(Part::Moderator, finding(DisputeOutcome::Lost), NOON, &rules())),
        Refused::NotDisputed { now: BorrowStatus::Active }
    );
}

#[test]
fn an_unanswered_request_reminds_at_day_three_and_expires_at_day_seven() {
    let borrow = pending();
    assert_eq!(borrow.reminder(NOON + days(2), &rules()), None);
    let reminder = borrow.reminder(NOON + days(3), &rules()).unwrap();
    assert!(matches!(&reminder.change.events[..], [BorrowEvent::AnswerReminder(_)]));
    assert_eq!(row(reminder.change.borrow).remind_at, None);
    assert_eq!(borrow.expire(NOON + days(6)), None);
    let expired = borrow.expire(NOON + days(7)).unwrap();
    assert!(matches!(&expired.events[..], [BorrowEvent::Expired(e)] if !e.held));
}

#[test]
fn a_copy_that_is_not_picked_up_in_time_comes_free() {
    let borrow = approved();
    assert_eq!(borrow.expire(NOON + days(7)), None);
    let expired = borrow.expire(NOON + days(8)).unwrap();
    assert!(matches!(&expired.events[..], [BorrowEvent::Expired(e)] if e.held));
}

#[test]
fn a_loan_reminds_three_days_before_on_the_day_and_once_it_is_late() {
    let mut loan = active();
    let mut said = Vec::new();
    for hour in 0..24 * 40 {
        let now = NOON + Duration::hours(hour);
        if let Some(reminder) = loan.reminder(now, &rules()) {
            said.push((reminder.kind.as_str(), now));
            loan = reminder.change.borrow;
        }
    }
    assert_eq!(
        said,
        [
            ("due_soon", datetime!(2026-03-14 0:00 UTC)),
            ("due_today", datetime!(2026-03-16 0:00 UTC)),
            ("overdue", datetime!(2026-03-17 0:00 UTC)),
        ]
    );
}

#[test]
fn a_scheduler_that_was_away_says_the_most_urgent_only() {
    let reminder = active().reminder(NOON + days(60), &rules()).unwrap();
    assert_eq!(reminder.kind.as_str(), "overdue");
    assert_eq!(row(reminder.change.borrow).remind_at, None);
}

#[test]
fn the_late_clock_stops_when_the_return_is_declared() {
    let borrow = return_pending();
    assert_eq!(borrow.reminder(NOON + days(60), &rules()), None);
    assert_eq!(borrow.expire(NOON + days(60)), None);
}

#[test]
fn a_short_loan_is_not_due_soon_at_once() {
    let copy = a_copy();
    let request = Request { days: 2, ..a_request(&copy) };
    let borrow = done(Borrow::request(request, &rules()));
    let borrow = done(borrow.approve(Part::Owner, an_approval(), false, NOON, &rules()));
    let loan = done(borrow.hand_over(HandOverBy::Owner, Lending::Lend, NOON, &rules()));
    assert_eq!(row(loan).remind_at, Some(datetime!(2026-03-04 0:00 UTC)));
}

#[test]
fn refused_extensions_count_as_granted_ones() {
    let mut loan = active();
    for _ in 0..2 {
        loan = done(loan.request_extension(Part::Borrower, 7, false, NOON, &rules()));
        let refused = ExtensionAnswer::Refused { reason: None };
        loan = done(loan.answer_extension(Part::Owner, refused, NOON, &rules()));
    }
    let again = loan.request_extension(Part::Borrower, 7, false, NOON, &rules());
    assert_eq!(refusal(again), Refused::ExtensionLimit { limit: 2 });
}

#[test]
fn each_request_in_vain_makes_the_wait_for_the_next_longer() {
    let copy = a_copy();
    let ask = |in_vain, after: Duration| {
        let recent = Recent { in_vain, last_in_vain: Some(NOON), today: 0 };
        Borrow::request(Request { recent, now: NOON + after, ..a_request(&copy) }, &rules())
    };
    assert!(ask(1, Duration::ZERO).is_ok() && ask(2, Duration::ZERO).is_ok(), "people change their minds");
    let mut before = Duration::ZERO;
    for (in_vain, wait) in [(3, 1), (4, 10), (5, 60), (6, 360), (7, 1_440), (8, 4_320), (1_000, 4_320)] {
        let wait = Duration::minutes(wait);
        assert!(wait >= before);
        before = wait;
        assert_eq!(refusal(ask(in_vain, wait - Duration::SECOND)), Refused::AskAgainLater { at: NOON + wait });
        assert!(ask(in_vain, wait).is_ok());
    }
}

#[test]
fn what_the_two_agreed_on_counts_at_the_hand_over() {
    let held = done(pending().approve(Part::Owner, an_approval(), false, NOON, &rules()));
    let lent = done(held.hand_over(HandOverBy::Owner, Lending::Give, NOON, &rules()));
    assert_eq!(lent.status(), BorrowStatus::Active, "it was to be lent");
    let gift = Approval { lending: Lending::Give, ..an_approval() };
    let held = done(pending().approve(Part::Owner, gift, false, NOON, &rules()));
    let given = done(held.hand_over(HandOverBy::Owner, Lending::Lend, NOON, &rules()));
    assert_eq!(given.status(), BorrowStatus::Returned, "it was to be given");
}
