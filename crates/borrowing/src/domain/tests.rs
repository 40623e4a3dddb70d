//! Fixtures as words, for the tests of the rules.

mod guards;
mod lives;
mod snapshots;

use books_events::Lending;
use borrowing_events::DisputeOutcome;
use kernel::{BookId, BorrowId, UserId};
use time::{Duration, OffsetDateTime, macros::datetime};

use super::{Approval, Borrow, Change, Copy, Finding, HandOverBy, HandOverCode, LendingRules, Part, Recent, Request};

pub const NOON: OffsetDateTime = datetime!(2026-03-02 12:00 UTC);
pub const CODE: &str = "123456";

pub fn days(days: i64) -> Duration {
    Duration::days(days)
}

pub fn somebody() -> UserId {
    UserId::new(NOON)
}

pub fn a_copy() -> Copy {
    Copy {
        book_id: BookId::new(NOON),
        owner_id: somebody(),
        lending: Lending::Lend,
        set_aside_at: None,
        withdrawn: None,
    }
}

pub fn rules() -> LendingRules {
    LendingRules::default()
}

pub fn a_request(copy: &Copy) -> Request<'_> {
    Request {
        id: BorrowId::new(NOON),
        borrower: somebody(),
        days: 14,
        message: None,
        copy,
        held: false,
        others_wait: false,
        asked_already: false,
        open_requests: 0,
        recent: Recent::default(),
        now: NOON,
    }
}

pub fn an_approval() -> Approval {
    Approval { pickup_by: None, place: None, lending: Lending::Lend, code: HandOverCode::stored(CODE.to_owned()) }
}

pub fn pending() -> Borrow {
    let copy = a_copy();
    done(Borrow::request(a_request(&copy), &rules()))
}

pub fn queued() -> Borrow {
    let copy = a_copy();
    let request = Request { held: true, ..a_request(&copy) };
    done(Borrow::request(request, &rules()))
}

pub fn approved() -> Borrow {
    done(pending().approve(Part::Owner, an_approval(), false, NOON, &rules()))
}

/// Handed over at noon for 14 days.
pub fn active() -> Borrow {
    done(approved().hand_over(HandOverBy::Owner, Lending::Lend, NOON, &rules()))
}

pub fn return_pending() -> Borrow {
    done(active().declare_return(Part::Borrower, NOON + days(3)))
}

pub fn disputed() -> Borrow {
    done(return_pending().mark_not_received(Part::Owner))
}

pub fn finding(outcome: DisputeOutcome) -> Finding {
    Finding { moderator: None, outcome, note: "Seen it.".to_owned() }
}

pub fn done(change: Result<Change, super::Refused>) -> Borrow {
    change.expect("the rules allow it").borrow
}
