use books_events::Lending;
use borrowing_events::{DisputeOutcome, ReturnCondition};

use super::*;
use crate::domain::tests::*;
use crate::domain::{HandOverBy, Part};

fn said(row: Row) -> String {
    match Borrow::try_from(row) {
        Ok(borrow) => format!("{} is fine", borrow.status()),
        Err(illegal) => illegal.to_string(),
    }
}

/// A loan of which everything was said that can be.
fn a_long_story() -> Borrow {
    let resumed = done(disputed().resolve(Part::Moderator, finding(DisputeOutcome::Active), NOON, &rules()));
    let asked = done(resumed.request_extension(Part::Borrower, 7, false, NOON, &rules()));
    done(asked.report_lost(Part::Owner, Some("Gone.".to_owned()), NOON))
}

fn every_kind() -> Vec<Borrow> {
    let (pending, approved, active) = (pending(), approved(), active());
    vec![
        queued(),
        done(pending.reject(Part::Owner, Some("Not now.".to_owned()), NOON)),
        done(pending.cancel(Part::Borrower, None, NOON)),
        pending.expire(NOON + days(8)).expect("it ran out").borrow,
        done(approved.cancel(Part::Owner, None, NOON)),
        approved.expire(NOON + days(9)).expect("it ran out").borrow,
        done(approved.hand_over(HandOverBy::Owner, Lending::Give, NOON, &rules())),
        done(active.confirm_return(Part::Owner, ReturnCondition::Damaged, Some("Torn.".to_owned()), NOON)),
        done(return_pending().confirm_return(Part::Owner, ReturnCondition::Ok, None, NOON)),
        done(active.report_lost(Part::Borrower, Some("Left on a train.".to_owned()), NOON)),
        done(disputed().resolve(Part::Moderator, finding(DisputeOutcome::Lost), NOON, &rules())),
        done(a_long_story().resolve(Part::Moderator, finding(DisputeOutcome::Returned), NOON, &rules())),
        return_pending(),
        disputed(),
        a_long_story(),
        pending,
        approved,
        active,
    ]
}

#[test]
fn every_borrow_reads_back_from_its_row() {
    for borrow in every_kind() {
        assert_eq!(Borrow::try_from(Row::of(&borrow)), Ok(borrow));
    }
}

#[test]
fn a_row_that_lacks_what_its_status_needs_says_what() {
    type Without = fn(&mut Row);
    let cases: [(Borrow, Without, &str); 8] = [
        (pending(), |row| row.expires_at = None, "expires_at"),
        (approved(), |row| row.approved_at = None, "approved_at"),
        (approved(), |row| row.pickup_by = None, "pickup_by"),
        (active(), |row| row.handed_over_at = None, "handed_over_at"),
        (active(), |row| row.due_at = None, "due_at"),
        (return_pending(), |row| row.return_declared_at = None, "return_declared_at"),
        (a_long_story(), |row| row.resolved_outcome = None, "resolved_outcome"),
        (done(pending().reject(Part::Owner, None, NOON)), |row| row.closed_at = None, "closed_at"),
    ];
    for (borrow, without, column) in cases {
        let mut row = Row::of(&borrow);
        without(&mut row);
        let (id, status) = (row.id, row.status.clone());
        assert_eq!(said(row), format!("the row of borrow {id} (status {status}) has no {column}"));
    }
}

#[test]
fn a_fact_that_a_status_cannot_have_is_refused_and_not_forgotten() {
    let now = Some(NOON);
    for (row, column) in [
        (Row { due_at: now, ..Row::of(&pending()) }, "due_at"),
        (Row { approved_at: now, ..Row::of(&queued()) }, "approved_at"),
        (Row { handed_over_at: now, ..Row::of(&approved()) }, "handed_over_at"),
        (Row { closed_at: now, ..Row::of(&active()) }, "closed_at"),
        (Row { return_declared_at: now, ..Row::of(&active()) }, "return_declared_at"),
        (Row { returned_at: now, ..Row::of(&disputed()) }, "returned_at"),
        (Row { note: Some("Gone.".to_owned()), ..Row::of(&approved()) }, "note"),
    ] {
        let (id, status) = (row.id, row.status.clone());
        let expected = format!("the row of borrow {id} (status {status}) has a {column} that this status cannot have");
        assert_eq!(said(row), expected);
    }
    let row = Row { status: "vanished".to_owned(), ..Row::of(&active()) };
    assert!(said(row).ends_with("(status vanished) has an unknown status"));
}

/// Hosts of older versions leave them behind.
#[test]
fn clocks_and_codes_that_nothing_uses_are_read_over_and_cleared() {
    let borrow = disputed();
    let clean = Row::of(&borrow);
    let left_behind = Row {
        expires_at: Some(NOON),
        remind_at: Some(NOON),
        extension_asked: Some(7),
        hand_over_code: Some(CODE.to_owned()),
        ..clean.clone()
    };
    let read = Borrow::try_from(left_behind).unwrap();
    assert_eq!((Row::of(&read), read), (clean, borrow));
}
