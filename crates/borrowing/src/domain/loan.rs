//! From the hand-over on: extend, return, lose, disagree, settle.

use books_events::Lending;
use borrowing_events::{
    BorrowDisputed, BorrowExtended, BorrowExtensionRefused, BorrowExtensionRequested, BorrowHandedOver, BorrowLost,
    BorrowResolved, BorrowReturnDeclared, BorrowReturned, DisputeOutcome, ReturnCondition,
};
use kernel::UserId;
use time::OffsetDateTime;

use super::{
    Borrow, BorrowStatus, Change, LendingRules, MAX_WRONG_CODES, Part, Refused, Resolution, Withdrawal,
    borrow::CopyEffect,
};

/// By what right the book changes hands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandOverBy<'a> {
    Owner,
    /// With the code that the owner told them, if they gave one.
    Borrower(Option<&'a str>),
}

/// What the owner says to a wish for more days.
#[derive(Debug, Clone)]
pub enum ExtensionAnswer {
    Granted,
    Refused { reason: Option<String> },
}

/// A moderator's decision and its reason.
#[derive(Debug, Clone)]
pub struct Finding {
    /// `None`: Folkshelf itself.
    pub moderator: Option<UserId>,
    pub outcome: DisputeOutcome,
    pub note: String,
}

impl Borrow {
    /// Who may hand over, before anything is said about codes or states.
    pub fn hand_over_by<'a>(&self, by: Part, code: Option<&'a str>) -> Result<HandOverBy<'a>, Refused> {
        by.must_be_party()?;
        Ok(match by {
            Part::Borrower => HandOverBy::Borrower(code),
            _ => HandOverBy::Owner,
        })
    }

    /// A wrong code, and not the first one beyond the limit, is [`Refused::WrongCode`]; the caller counts it with
    /// [`Self::count_wrong_code`].
    pub fn hand_over(
        &self,
        by: HandOverBy<'_>,
        lending: Lending,
        now: OffsetDateTime,
        rules: &LendingRules,
    ) -> Result<Change, Refused> {
        if self.status != BorrowStatus::Approved {
            return Err(Refused::NotApproved { now: self.status });
        }
        if let HandOverBy::Borrower(given) = by {
            let given = given.ok_or(Refused::CodeMissing)?;
            let code = self.code.as_ref().ok_or(Refused::CodeVoid)?;
            if !code.matches(given) {
                return Err(Refused::WrongCode { attempts_left: MAX_WRONG_CODES - self.wrong_codes - 1 });
            }
        }
        let mut after = self.clone();
        after.stop_clocks();
        after.code = None;
        after.handed_over_at = Some(now);
        let parties = self.parties();
        if lending == Lending::Give {
            after.close(BorrowStatus::Returned, now);
            after.closed_reason = Some("given".to_owned());
            let events = vec![
                BorrowHandedOver { parties, due_at: None }.into(),
                BorrowReturned { parties, condition: ReturnCondition::Ok }.into(),
            ];
            let given = CopyEffect::Withdraw(Withdrawal::Given);
            return Ok(Change::of(self, after, events).with_copy(given));
        }
        let due_at = rules.zone.end_of_day_after(now, self.days);
        after.status = BorrowStatus::Active;
        after.due_at = Some(due_at);
        after.remind_at = after.next_reminder(now, rules);
        let event = BorrowHandedOver { parties, due_at: Some(due_at) };
        Ok(Change::of(self, after, vec![event.into()]))
    }

    /// One more wrong code; the last one allowed makes the code void. No event: it is nobody else's business.
    pub fn count_wrong_code(&self) -> Borrow {
        let mut after = self.clone();
        after.wrong_codes += 1;
        if after.wrong_codes >= MAX_WRONG_CODES {
            after.code = None;
        }
        after
    }

    /// `others_wait`: somebody is queued for the copy. Where the community's rule allows and nobody is, it is granted at
    /// once.
    pub fn request_extension(
        &self,
        by: Part,
        days: u16,
        others_wait: bool,
        now: OffsetDateTime,
        rules: &LendingRules,
    ) -> Result<Change, Refused> {
        by.must_be_borrower()?;
        let due_at = self.must_be_active()?;
        if !(1..=rules.max_extension_days).contains(&days) {
            return Err(Refused::ExtensionDays { max_days: rules.max_extension_days });
        }
        if self.extensions >= rules.extension_limit {
            return Err(Refused::ExtensionLimit { limit: rules.extension_limit });
        }
        if self.extension_asked.is_some() {
            return Err(Refused::ExtensionAlreadyRequested);
        }
        if rules.auto_extend && !others_wait {
            return Ok(self.extended(days, due_at, now, rules));
        }
        let mut after = self.clone();
        after.extension_asked = Some(days);
        let event = BorrowExtensionRequested { parties: self.parties(), days };
        Ok(Change::of(self, after, vec![event.into()]))
    }

    pub fn answer_extension(
        &self,
        by: Part,
        answer: ExtensionAnswer,
        now: OffsetDateTime,
        rules: &LendingRules,
    ) -> Result<Change, Refused> {
        by.must_be_owner()?;
        let due_at = self.must_be_active()?;
        let days = self.extension_asked.ok_or(Refused::NoExtensionRequested)?;
        match answer {
            ExtensionAnswer::Granted => Ok(self.extended(days, due_at, now, rules)),
            ExtensionAnswer::Refused { reason } => {
                let mut after = self.clone();
                after.extension_asked = None;
                let event = BorrowExtensionRefused { parties: self.parties(), reason };
                Ok(Change::of(self, after, vec![event.into()]))
            }
        }
    }

    /// The days count from the due date, or from today where that is past: an extension that ends in the past is none.
    fn extended(&self, days: u16, due_at: OffsetDateTime, now: OffsetDateTime, rules: &LendingRules) -> Change {
        let due_at = rules.zone.end_of_day_after(due_at.max(now), days);
        let mut after = self.clone();
        after.extension_asked = None;
        after.extensions += 1;
        after.due_at = Some(due_at);
        after.remind_at = after.next_reminder(now, rules);
        let event = BorrowExtended { parties: self.parties(), due_at, days };
        Change::of(self, after, vec![event.into()])
    }

    /// The borrower says that it is back: from now on it is not late.
    pub fn declare_return(&self, by: Part, now: OffsetDateTime) -> Result<Change, Refused> {
        by.must_be_borrower()?;
        self.must_be_active()?;
        let mut after = self.clone();
        after.stop_clocks();
        after.status = BorrowStatus::ReturnPending;
        after.return_declared_at = Some(now);
        let event = BorrowReturnDeclared { parties: self.parties() };
        Ok(Change::of(self, after, vec![event.into()]))
    }

    /// The owner has it back.
    pub fn confirm_return(
        &self,
        by: Part,
        condition: ReturnCondition,
        note: Option<String>,
        now: OffsetDateTime,
    ) -> Result<Change, Refused> {
        by.must_be_owner()?;
        if !matches!(self.status, BorrowStatus::Active | BorrowStatus::ReturnPending) {
            return Err(Refused::NotActive { now: self.status });
        }
        let mut after = self.clone();
        after.close(BorrowStatus::Returned, now);
        after.returned_at = Some(now);
        after.condition = Some(condition);
        after.write_note(note, self.owner_id);
        let event = BorrowReturned { parties: self.parties(), condition };
        let change = Change::of(self, after, vec![event.into()]);
        Ok(match condition {
            ReturnCondition::Ok => change,
            ReturnCondition::Damaged => change.with_copy(CopyEffect::SetAside),
        })
    }

    /// The owner has not got what the borrower says is back.
    pub fn mark_not_received(&self, by: Part) -> Result<Change, Refused> {
        by.must_be_owner()?;
        if self.status != BorrowStatus::ReturnPending {
            return Err(Refused::NotReturnPending { now: self.status });
        }
        let mut after = self.clone();
        after.status = BorrowStatus::Disputed;
        Ok(self.disputed(after))
    }

    /// The borrower's word is enough; the owner's alone opens a dispute.
    pub fn report_lost(&self, by: Part, note: Option<String>, now: OffsetDateTime) -> Result<Change, Refused> {
        by.must_be_party()?;
        self.must_be_active()?;
        let mut after = self.clone();
        after.write_note(note, if by == Part::Owner { self.owner_id } else { self.borrower_id });
        if by == Part::Owner {
            after.stop_clocks();
            after.status = BorrowStatus::Disputed;
            return Ok(self.disputed(after));
        }
        after.close(BorrowStatus::Lost, now);
        let event = BorrowLost { parties: self.parties() };
        Ok(Change::of(self, after, vec![event.into()]).with_copy(CopyEffect::SetAside))
    }

    fn disputed(&self, after: Borrow) -> Change {
        let event = BorrowDisputed { parties: self.parties(), raised_by: self.owner_id };
        Change::of(self, after, vec![event.into()])
    }

    pub fn resolve(
        &self,
        by: Part,
        finding: Finding,
        now: OffsetDateTime,
        rules: &LendingRules,
    ) -> Result<Change, Refused> {
        match by {
            Part::Moderator => {}
            Part::Owner | Part::Borrower => return Err(Refused::UninvolvedModeratorOnly),
            Part::Stranger => return Err(Refused::NotFound),
        }
        if self.status != BorrowStatus::Disputed {
            return Err(Refused::NotDisputed { now: self.status });
        }
        let Finding { moderator, outcome, note } = finding;
        let mut after = self.clone();
        let mut effect = CopyEffect::None;
        match outcome {
            DisputeOutcome::Returned => {
                after.close(BorrowStatus::Returned, now);
                after.returned_at = Some(now);
                after.condition = Some(ReturnCondition::Ok);
            }
            DisputeOutcome::Lost => {
                after.close(BorrowStatus::Lost, now);
                effect = CopyEffect::SetAside;
            }
            DisputeOutcome::Active => {
                after.status = BorrowStatus::Active;
                after.return_declared_at = None;
                after.remind_at = after.reminder_on_resuming(now, rules);
            }
        }
        after.resolution = Some(Resolution { outcome, by: moderator, note: Some(note.clone()), at: now });
        let event = BorrowResolved { parties: self.parties(), outcome, note };
        Ok(Change::of(self, after, vec![event.into()]).with_copy(effect))
    }

    fn write_note(&mut self, note: Option<String>, author: UserId) {
        self.note_by = note.is_some().then_some(author);
        self.note = note;
    }

    /// The due date, if the borrower has the copy.
    fn must_be_active(&self) -> Result<OffsetDateTime, Refused> {
        match (self.status, self.due_at) {
            (BorrowStatus::Active, Some(due_at)) => Ok(due_at),
            (now, _) => Err(Refused::NotActive { now }),
        }
    }
}
