//! Until the hand-over: the owner answers, somebody changes their mind, others come first, time runs out.

use borrowing_events::{
    BorrowApproved, BorrowCancelled, BorrowExpired, BorrowPromoted, BorrowQueued, BorrowRejected, CancellationCause,
};
use time::OffsetDateTime;

use super::{Borrow, BorrowStatus, Change, HandOverCode, LendingRules, Part, Refused};

/// What the owner says with an approval.
#[derive(Debug, Clone)]
pub struct Approval {
    /// `None`: the community's usual time.
    pub pickup_by: Option<OffsetDateTime>,
    pub place: Option<String>,
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
        let mut after = self.clone();
        after.stop_clocks();
        after.status = BorrowStatus::Approved;
        after.approved_at = Some(now);
        after.pickup_by = Some(pickup_by);
        after.expires_at = Some(pickup_by);
        after.place = approval.place;
        after.code = Some(approval.code);
        let event = BorrowApproved { parties: self.parties(), pickup_by, place: after.place.clone() };
        Ok(Change::of(self, after, vec![event.into()]))
    }

    pub fn reject(&self, by: Part, reason: Option<String>, now: OffsetDateTime) -> Result<Change, Refused> {
        by.must_be_owner()?;
        self.must_be_pending()?;
        let mut after = self.clone();
        after.close(BorrowStatus::Rejected, now);
        after.closed_reason = reason.clone();
        let event = BorrowRejected { parties: self.parties(), reason };
        Ok(Change::of(self, after, vec![event.into()]))
    }

    /// The borrower may change their mind until the hand-over; the owner may take back an approval.
    pub fn cancel(&self, by: Part, reason: Option<String>, now: OffsetDateTime) -> Result<Change, Refused> {
        by.must_be_party()?;
        let by = match (self.status, by) {
            (BorrowStatus::Approved, Part::Owner) => self.owner_id,
            (BorrowStatus::Pending | BorrowStatus::Queued, Part::Owner) => {
                return Err(Refused::BorrowerOnly);
            }
            (BorrowStatus::Pending | BorrowStatus::Queued | BorrowStatus::Approved, _) => self.borrower_id,
            (now, _) => return Err(Refused::NotCancellable { now }),
        };
        Ok(self.cancelled(Some(by), reason, now))
    }

    /// The book or one of the two left: what waited is cancelled, and nobody did it.
    pub fn cancel_because(&self, cause: CancellationCause, now: OffsetDateTime) -> Result<Change, Refused> {
        if !self.status.is_waiting() {
            return Err(Refused::NotCancellable { now: self.status });
        }
        Ok(self.cancelled(None, Some(cause.as_str().to_owned()), now))
    }

    fn cancelled(&self, cancelled_by: Option<kernel::UserId>, reason: Option<String>, now: OffsetDateTime) -> Change {
        let mut after = self.clone();
        after.close(BorrowStatus::Cancelled, now);
        after.closed_reason = reason.clone();
        let event = BorrowCancelled { parties: self.parties(), cancelled_by, reason, held: self.status.is_holding() };
        Change::of(self, after, vec![event.into()])
    }

    /// Another request for the copy was approved: this one waits, at the place it always had.
    pub fn wait(&self) -> Result<Change, Refused> {
        self.must_be_pending()?;
        let mut after = self.clone();
        after.stop_clocks();
        after.status = BorrowStatus::Queued;
        let event = BorrowQueued { parties: self.parties() };
        Ok(Change::of(self, after, vec![event.into()]))
    }

    /// The copy is free and this is the first in its queue: the owner may answer it, and has the whole time to do so.
    pub fn promote(&self, now: OffsetDateTime, rules: &LendingRules) -> Result<Change, Refused> {
        if self.status != BorrowStatus::Queued {
            return Err(Refused::NotPending { now: self.status });
        }
        let mut after = self.clone();
        after.become_pending(now, rules);
        let event = BorrowPromoted { parties: self.parties() };
        Ok(Change::of(self, after, vec![event.into()]))
    }

    /// `None`: it has not run out.
    pub fn expire(&self, now: OffsetDateTime) -> Option<Change> {
        if self.expires_at.is_none_or(|at| at > now) {
            return None;
        }
        let reason = match self.status {
            BorrowStatus::Pending => "no_answer",
            BorrowStatus::Approved => "not_picked_up",
            _ => return None,
        };
        let mut after = self.clone();
        after.close(BorrowStatus::Expired, now);
        after.closed_reason = Some(reason.to_owned());
        let event = BorrowExpired { parties: self.parties(), held: self.status.is_holding() };
        Some(Change::of(self, after, vec![event.into()]))
    }

    fn must_be_pending(&self) -> Result<(), Refused> {
        match self.status {
            BorrowStatus::Pending => Ok(()),
            now => Err(Refused::NotPending { now }),
        }
    }
}
