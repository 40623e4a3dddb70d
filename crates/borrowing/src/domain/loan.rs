//! From the hand-over on: extend, return, lose, disagree, settle.

use books_events::Lending;
use borrowing_events::{
    BorrowDisputed, BorrowExtended, BorrowExtensionRefused, BorrowExtensionRequested, BorrowHandedOver, BorrowLost,
    BorrowResolved, BorrowReturnDeclared, BorrowReturned, DisputeOutcome, ReturnCondition,
};
use kernel::UserId;
use time::OffsetDateTime;

use super::{
    Active, Agreement, Borrow, Change, Ending, Held, LendingRules, Lent, Loan, MAX_WRONG_CODES, Note, Part, Refused,
    Resolution, Stage, State, Withdrawal, borrow::CopyEffect,
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

/// A wrong code that was counted.
#[derive(Debug)]
pub struct WrongCode {
    /// No event: it is nobody else's business.
    pub change: Change,
    /// 0: the code is void from now on.
    pub attempts_left: i16,
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

    /// The book is lent or given as it was offered when the two agreed; `offered` counts where that was not kept.
    ///
    /// A wrong code, and not the first one beyond the limit, is [`Refused::WrongCode`]; the caller counts it with
    /// [`Self::count_wrong_code`].
    pub fn hand_over(
        &self,
        by: HandOverBy<'_>,
        offered: Lending,
        now: OffsetDateTime,
        rules: &LendingRules,
    ) -> Result<Change, Refused> {
        let State::Held(Held { agreement, code }) = &self.state else {
            return Err(Refused::NotApproved { now: self.status() });
        };
        if let HandOverBy::Borrower(given) = by {
            let given = given.ok_or(Refused::CodeMissing)?;
            let code = code.as_ref().ok_or(Refused::CodeVoid)?;
            if !code.matches(given) {
                return Err(Refused::WrongCode { attempts_left: MAX_WRONG_CODES - agreement.wrong_codes - 1 });
            }
        }
        let (agreement, parties) = (agreement.clone(), self.parties());
        if agreement.lending.unwrap_or(offered) == Lending::Give {
            let ending = Ending::Given { agreement, handed_over_at: now };
            let events = vec![
                BorrowHandedOver { parties, due_at: None }.into(),
                BorrowReturned { parties, condition: ReturnCondition::Ok }.into(),
            ];
            let given = CopyEffect::Withdraw(Withdrawal::Given);
            return Ok(Change::of(self, State::closed(now, ending), events).with_copy(given));
        }
        let due_at = rules.zone.end_of_day_after(now, self.days);
        let loan = Loan {
            agreement,
            handed_over_at: now,
            due_at,
            extensions: 0,
            extensions_refused: 0,
            note: None,
            resolution: None,
        };
        let event = BorrowHandedOver { parties, due_at: Some(due_at) };
        Ok(Change::of(self, loan.running(now, rules), vec![event.into()]))
    }

    /// One more wrong code; the last one allowed makes the code void. `None`: there is no code that could be guessed.
    pub fn count_wrong_code(&self) -> Option<WrongCode> {
        let State::Held(Held { agreement, code: Some(code) }) = &self.state else { return None };
        let wrong_codes = agreement.wrong_codes + 1;
        let attempts_left = MAX_WRONG_CODES - wrong_codes;
        let agreement = Agreement { wrong_codes, ..agreement.clone() };
        let code = (attempts_left > 0).then(|| code.clone());
        let change = Change::of(self, State::Held(Held { agreement, code }), Vec::new());
        Some(WrongCode { change, attempts_left })
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
        let (loan, active) = self.must_be_active()?;
        if !(1..=rules.max_extension_days).contains(&days) {
            return Err(Refused::ExtensionDays { max_days: rules.max_extension_days });
        }
        if loan.extensions + loan.extensions_refused >= rules.extension_limit {
            return Err(Refused::ExtensionLimit { limit: rules.extension_limit });
        }
        if active.extension_asked.is_some() {
            return Err(Refused::ExtensionAlreadyRequested);
        }
        if rules.auto_extend && !others_wait {
            return Ok(self.extended(loan, days, now, rules));
        }
        let asked = Active { extension_asked: Some(days), ..*active };
        let event = BorrowExtensionRequested { parties: self.parties(), days };
        Ok(Change::of(self, loan.at(Stage::Active(asked)), vec![event.into()]))
    }

    pub fn answer_extension(
        &self,
        by: Part,
        answer: ExtensionAnswer,
        now: OffsetDateTime,
        rules: &LendingRules,
    ) -> Result<Change, Refused> {
        by.must_be_owner()?;
        let (loan, active) = self.must_be_active()?;
        let days = active.extension_asked.ok_or(Refused::NoExtensionRequested)?;
        match answer {
            ExtensionAnswer::Granted => Ok(self.extended(loan, days, now, rules)),
            ExtensionAnswer::Refused { reason } => {
                let refused = Active { extension_asked: None, ..*active };
                let event = BorrowExtensionRefused { parties: self.parties(), reason };
                let loan = Loan { extensions_refused: loan.extensions_refused + 1, ..loan.clone() };
                Ok(Change::of(self, loan.at(Stage::Active(refused)), vec![event.into()]))
            }
        }
    }

    /// The days count from the due date, or from today where that is past: an extension that ends in the past is none.
    fn extended(&self, loan: &Loan, days: u16, now: OffsetDateTime, rules: &LendingRules) -> Change {
        let due_at = rules.zone.end_of_day_after(loan.due_at.max(now), days);
        let loan = Loan { due_at, extensions: loan.extensions + 1, ..loan.clone() };
        let event = BorrowExtended { parties: self.parties(), due_at, days };
        Change::of(self, loan.running(now, rules), vec![event.into()])
    }

    /// The borrower says that it is back: from now on it is not late.
    pub fn declare_return(&self, by: Part, now: OffsetDateTime) -> Result<Change, Refused> {
        by.must_be_borrower()?;
        let (loan, _) = self.must_be_active()?;
        let event = BorrowReturnDeclared { parties: self.parties() };
        Ok(Change::of(self, loan.at(Stage::ReturnPending { declared_at: now }), vec![event.into()]))
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
        let (loan, declared_at) = match &self.state {
            State::Lent(Lent { loan, stage: Stage::Active(_) }) => (loan, None),
            State::Lent(Lent { loan, stage: Stage::ReturnPending { declared_at } }) => (loan, Some(*declared_at)),
            _ => return Err(Refused::NotActive { now: self.status() }),
        };
        let loan = loan.noted(note, self.owner_id);
        let returned = State::closed(now, Ending::Returned { loan, declared_at, at: now, condition });
        let event = BorrowReturned { parties: self.parties(), condition };
        let change = Change::of(self, returned, vec![event.into()]);
        Ok(match condition {
            ReturnCondition::Ok => change,
            ReturnCondition::Damaged => change.with_copy(CopyEffect::SetAside),
        })
    }

    /// The owner has not got what the borrower says is back.
    pub fn mark_not_received(&self, by: Part) -> Result<Change, Refused> {
        by.must_be_owner()?;
        let State::Lent(Lent { loan, stage: Stage::ReturnPending { declared_at } }) = &self.state else {
            return Err(Refused::NotReturnPending { now: self.status() });
        };
        Ok(self.disputed(loan, Some(*declared_at)))
    }

    /// The borrower's word is enough; the owner's alone opens a dispute.
    pub fn report_lost(&self, by: Part, note: Option<String>, now: OffsetDateTime) -> Result<Change, Refused> {
        by.must_be_party()?;
        let (loan, _) = self.must_be_active()?;
        if by == Part::Owner {
            return Ok(self.disputed(&loan.noted(note, self.owner_id), None));
        }
        let ending = Ending::Lost { loan: loan.noted(note, self.borrower_id), declared_at: None };
        let event = BorrowLost { parties: self.parties() };
        Ok(Change::of(self, State::closed(now, ending), vec![event.into()]).with_copy(CopyEffect::SetAside))
    }

    fn disputed(&self, loan: &Loan, declared_at: Option<OffsetDateTime>) -> Change {
        let event = BorrowDisputed { parties: self.parties(), raised_by: self.owner_id };
        Change::of(self, loan.at(Stage::Disputed { declared_at }), vec![event.into()])
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
        let State::Lent(Lent { loan, stage: Stage::Disputed { declared_at } }) = &self.state else {
            return Err(Refused::NotDisputed { now: self.status() });
        };
        let declared_at = *declared_at;
        let Finding { moderator, outcome, note } = finding;
        let resolution = Resolution { outcome, by: moderator, note: Some(note.clone()), at: now };
        let loan = Loan { resolution: Some(resolution), ..loan.clone() };
        let (state, effect) = match outcome {
            DisputeOutcome::Returned => {
                let ending = Ending::Returned { loan, declared_at, at: now, condition: ReturnCondition::Ok };
                (State::closed(now, ending), CopyEffect::None)
            }
            DisputeOutcome::Lost => (State::closed(now, Ending::Lost { loan, declared_at }), CopyEffect::SetAside),
            DisputeOutcome::Active => {
                let remind_at = loan.reminder_on_resuming(now, rules);
                (loan.at(Stage::Active(Active { extension_asked: None, remind_at })), CopyEffect::None)
            }
        };
        let event = BorrowResolved { parties: self.parties(), outcome, note };
        Ok(Change::of(self, state, vec![event.into()]).with_copy(effect))
    }

    /// The loan, if the borrower has the copy.
    fn must_be_active(&self) -> Result<(&Loan, &Active), Refused> {
        match &self.state {
            State::Lent(Lent { loan, stage: Stage::Active(active) }) => Ok((loan, active)),
            _ => Err(Refused::NotActive { now: self.status() }),
        }
    }
}

impl Loan {
    fn at(&self, stage: Stage) -> State {
        State::Lent(Lent { loan: self.clone(), stage })
    }

    /// With the borrower from now on, until it is due.
    fn running(self, now: OffsetDateTime, rules: &LendingRules) -> State {
        let remind_at = self.next_reminder(now, rules);
        State::Lent(Lent { loan: self, stage: Stage::Active(Active { extension_asked: None, remind_at }) })
    }

    /// With this note, or none, instead of the one before.
    fn noted(&self, note: Option<String>, author: UserId) -> Self {
        Self { note: note.map(|text| Note { text, by: Some(author) }), ..self.clone() }
    }
}
