//! Where every command on an existing borrow begins and ends: its copy and itself locked, who is asking, and the answer.

use std::sync::Arc;

use cqrs::{Call, Work};
use database::Database;
use kernel::BorrowId;
use time::OffsetDateTime;

use crate::domain::{Borrow, Change, Copy, LendingRules, Part, Refused};
use crate::store;
use crate::transition::{TransitionError, carry_out};
use crate::view::{self, BorrowView, View};

#[derive(Clone)]
pub(crate) struct Desk {
    pub pool: Database,
    pub rules: Arc<LendingRules>,
    pub view: View,
}

/// A borrow that nobody else can change meanwhile.
pub(crate) struct Opened<'c> {
    pub work: Work<'c>,
    pub copy: Copy,
    pub borrow: Borrow,
    /// Who is asking.
    pub part: Part,
    pub now: OffsetDateTime,
    rules: Arc<LendingRules>,
    view: View,
}

impl Desk {
    pub(crate) async fn open<'c>(&self, call: &'c Call, id: BorrowId) -> Result<Opened<'c>, TransitionError> {
        let mut work = call.begin(&self.pool).await?;
        let (copy, borrow) = store::lock_borrow(work.connection(), id).await?.ok_or(Refused::NotFound)?;
        let part = borrow.part_of(call.actor());
        let (rules, view) = (Arc::clone(&self.rules), self.view.clone());
        Ok(Opened { work, copy, borrow, part, now: call.now(), rules, view })
    }
}

impl Opened<'_> {
    /// The other open borrows of the copy.
    pub(crate) async fn others(&mut self) -> Result<Vec<Borrow>, sqlx::Error> {
        let mut open = store::open_borrows(self.work.connection(), self.copy.book_id).await?;
        open.retain(|other| other.id != self.borrow.id);
        Ok(open)
    }

    /// Does it, and answers with the borrow as it then is.
    pub(crate) async fn carry_out(mut self, change: Change) -> Result<BorrowView, TransitionError> {
        carry_out(&mut self.work, &self.copy, change, self.now, &self.rules).await?;
        let shown = view::one(self.work.connection(), self.borrow.id).await?.ok_or(Refused::NotFound)?;
        // A moderator's name is not locked, and may change between our reading and our commit.
        let coming = (self.part != Part::Moderator).then(|| self.view.coming(&shown));
        let answer = self.work.commit(shown.view.clone().shown_to(self.part, self.now)).await?;
        if let Some(coming) = coming {
            self.view.write_through(coming, &shown).await;
        }
        Ok(answer)
    }
}
