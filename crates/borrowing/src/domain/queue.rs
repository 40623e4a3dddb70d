//! Who comes next for a copy, and who must wait. Places are (`queued_at`, id) and are never given anew: a request that was
//! pending while another was approved waits at the place it had.
//!
//! One rule moves the queue, whatever freed the copy: **a copy that lends, that nobody holds and for which no request is
//! pending puts its oldest queued request forward.** So nobody waits for a copy that is free.

use borrowing_events::CancellationCause;
use time::OffsetDateTime;

use super::{Borrow, BorrowStatus, Change, Copy, LendingRules, Refused};

/// What a change of one borrow means for the others of its copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueEffect {
    None,
    /// The copy is promised: what was pending waits.
    OthersWait,
    /// The copy may have come free.
    NextMayCome,
}

/// The open borrows of one copy, in any order.
#[derive(Debug)]
pub struct Queue<'a> {
    pub copy: &'a Copy,
    pub open: &'a [Borrow],
}

impl Queue<'_> {
    /// Puts the oldest forward, if the copy is free for it.
    pub fn promote_next(&self, now: OffsetDateTime, rules: &LendingRules) -> Result<Option<Change>, Refused> {
        let taken = self.open.iter().any(|b| b.status().is_holding() || b.status() == BorrowStatus::Pending);
        if taken || !self.copy.lends() {
            return Ok(None);
        }
        let oldest = self.open.iter().filter(|b| b.status() == BorrowStatus::Queued).min_by_key(|b| b.place());
        oldest.map(|b| b.promote(now, rules)).transpose()
    }

    /// Makes everyone wait whose request is pending; the copy is promised to somebody.
    pub fn make_pending_wait(&self) -> Result<Vec<Change>, Refused> {
        let mut pending: Vec<&Borrow> = self.open.iter().filter(|b| b.status() == BorrowStatus::Pending).collect();
        pending.sort_by_key(|b| b.place());
        pending.into_iter().map(Borrow::wait).collect()
    }

    /// Cancels everything that waits: the copy is gone.
    pub fn cancel_waiting(&self, cause: CancellationCause, now: OffsetDateTime) -> Result<Vec<Change>, Refused> {
        self.open.iter().filter(|b| b.status().is_waiting()).map(|b| b.cancel_because(cause, now)).collect()
    }
}

impl Borrow {
    /// Sorts the queue of a copy.
    pub fn place(&self) -> (OffsetDateTime, kernel::BorrowId) {
        (self.queued_at, self.id)
    }
}
