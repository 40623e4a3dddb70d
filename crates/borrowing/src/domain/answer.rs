//! Until the hand-over: the owner answers, somebody changes their mind, others come first, time runs out.

use books_events::Lending;
use borrowing_events::{
    BorrowApproved, BorrowCancelled, BorrowExpired, BorrowPromoted, BorrowQueued, BorrowRejected, CancellationCause,
};
use kernel::UserId;
use time::OffsetDateTime;

use super::{Agreement, Borrow, Change, Ending, HandOverCode, Held, LendingRules, Part, Refused, Requested, State};

/// What the owner says with an approval.
#[derive(Debug, Clone)]
pub struct Approval {
    /// `None`: the community's usual time.
    pub pickup_by: Option<OffsetDateTime>,
    pub place: Option<String>,
    /// How the book is offered now: that is what the two agree on.
    pub lending: Lending,
    /// The code that this approval makes.
    pub code: HandOverCode,
}

impl Borrow {
    /// `held`: the copy is promised to another borrow.
    pub fn approve(
        &self,
        by: Part,
        approval: Approval,
        held: bool,
        now: OffsetDateTime,
        rules: &LendingRules,
    ) -> Result<Change, Refused> {
        by.must_be_owner()?;
        self.must_be_pending()?;
        if held {
            return Err(Refused::AlreadyHeld);
        }
        let pickup_by = match approval.pickup_by {
            None => rules.zone.end_of_day_after(now, rules.pickup_days),
            Some(by) if by > now && by <= now + rules.max_pickup_time() => by,
            Some(_) => {
                return Err(Refused::PickupOutOfRange { max_days: rules.max_pickup_days });
            }
        };
        let event = BorrowApproved { parties: self.parties(), pickup_by, place: approval.place.clone() };
        let agreement = Agreement {
            approved_at: now,
            pickup_by,
            place: approval.place,
            lending: Some(approval.lending),
            wrong_codes: 0,
        };
        let held = State::Held(Held { agreement, code: Some(approval.code) });
        Ok(Change::of(self, held, vec![event.into()]))
    }

    pub fn reject(&self, by: Part, reason: Option<String>, now: OffsetDateTime) -> Result<Change, Refused> {
        by.must_be_owner()?;
        self.must_be_pending()?;
        let rejected = State::closed(now, Ending::Rejected { reason: reason.clone() });
        let event = BorrowRejected { parties: self.parties(), reason };
        Ok(Change::of(self, rejected, vec![event.into()]))
    }

    /// The borrower may change their mind until the hand-over; the owner may take back an approval.
    pub fn cancel(&self, by: Part, reason: Option<String>, now: OffsetDateTime) -> Result<Change, Refused> {
        by.must_be_party()?;
        let (by, agreement) = match (&self.state, by) {
            (State::Held(held), Part::Owner) => (self.owner_id, Some(&held.agreement)),
            (State::Held(held), _) => (self.borrower_id, Some(&held.agreement)),
            (State::Requested(_), Part::Owner) => return Err(Refused::BorrowerOnly),
            (State::Requested(_), _) => (self.borrower_id, None),
            (State::Lent(_) | State::Closed(_), _) => return Err(Refused::NotCancellable { now: self.status() }),
        };
        Ok(self.cancelled(Some(by), reason, agreement, now))
    }

    /// The book or one of the two left: what waited is cancelled, and nobody did it.
    pub fn cancel_because(&self, cause: CancellationCause, now: OffsetDateTime) -> Result<Change, Refused> {
        match self.state {
            State::Requested(_) => Ok(self.cancelled(None, Some(cause.as_str().to_owned()), None, now)),
            State::Held(_) | State::Lent(_) | State::Closed(_) => Err(Refused::NotCancellable { now: self.status() }),
        }
    }

    fn cancelled(
        &self,
        cancelled_by: Option<UserId>,
        reason: Option<String>,
        agreement: Option<&Agreement>,
        now: OffsetDateTime,
    ) -> Change {
        let ending = Ending::Cancelled { reason: reason.clone(), agreement: agreement.cloned() };
        let event = BorrowCancelled { parties: self.parties(), cancelled_by, reason, held: agreement.is_some() };
        Change::of(self, State::closed(now, ending), vec![event.into()])
    }

    /// Another request for the copy was approved: this one waits, at the place it always had.
    pub fn wait(&self) -> Result<Change, Refused> {
        self.must_be_pending()?;
        let event = BorrowQueued { parties: self.parties() };
        Ok(Change::of(self, State::Requested(Requested::Queued), vec![event.into()]))
    }

    /// The copy is free and this is the first in its queue: the owner may answer it, and has the whole time to do so.
    pub fn promote(&self, now: OffsetDateTime, rules: &LendingRules) -> Result<Change, Refused> {
        let State::Requested(Requested::Queued) = self.state else {
            return Err(Refused::NotPending { now: self.status() });
        };
        let event = BorrowPromoted { parties: self.parties() };
        Ok(Change::of(self, State::Requested(Requested::pending(now, rules)), vec![event.into()]))
    }

    /// `None`: it has not run out.
    pub fn expire(&self, now: OffsetDateTime) -> Option<Change> {
        let (runs_out_at, agreement) = match &self.state {
            State::Requested(Requested::Pending { expires_at, .. }) => (*expires_at, None),
            State::Held(held) => (held.agreement.pickup_by, Some(held.agreement.clone())),
            State::Requested(Requested::Queued) | State::Lent(_) | State::Closed(_) => return None,
        };
        if runs_out_at > now {
            return None;
        }
        let event = BorrowExpired { parties: self.parties(), held: agreement.is_some() };
        Some(Change::of(self, State::closed(now, Ending::Expired { agreement }), vec![event.into()]))
    }

    fn must_be_pending(&self) -> Result<(), Refused> {
        match self.state {
            State::Requested(Requested::Pending { .. }) => Ok(()),
            _ => Err(Refused::NotPending { now: self.status() }),
        }
    }
}
