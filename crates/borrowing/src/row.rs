//! A row of `borrowing.borrow`, and the borrow it stands for. The table has a column for everything that any state holds; a
//! [`Borrow`] holds what belongs to its state. They meet here and nowhere else.
//!
//! A row that lacks something its state needs, or has a fact that its state cannot hold, is refused: a fact that is read over would
//! be gone with the next write. Clocks and codes that nothing uses any more are read over, and the next write clears them: hosts
//! of older versions leave them behind.

use books_events::Lending;
use borrowing_events::{DisputeOutcome, ReturnCondition};
use kernel::UserId;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::{
    Active, Agreement, Borrow, BorrowStatus, Closed, Ending, HandOverCode, Held, Lent, Loan, Note, Requested,
    Resolution, Stage, State,
};

/// As every statement that decides something selects it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    pub id: Uuid,
    pub book_id: Uuid,
    pub owner_id: Uuid,
    pub borrower_id: Uuid,
    pub status: String,
    pub days: i16,
    pub message: Option<String>,
    pub requested_at: OffsetDateTime,
    pub queued_at: OffsetDateTime,
    pub approved_at: Option<OffsetDateTime>,
    pub pickup_by: Option<OffsetDateTime>,
    pub place: Option<String>,
    pub hand_over_code: Option<String>,
    pub wrong_codes: i16,
    pub handed_over_at: Option<OffsetDateTime>,
    pub due_at: Option<OffsetDateTime>,
    pub return_declared_at: Option<OffsetDateTime>,
    pub returned_at: Option<OffsetDateTime>,
    pub closed_at: Option<OffsetDateTime>,
    pub closed_reason: Option<String>,
    pub condition: Option<String>,
    pub note: Option<String>,
    pub note_by: Option<Uuid>,
    pub resolved_at: Option<OffsetDateTime>,
    pub resolved_by: Option<Uuid>,
    pub resolved_outcome: Option<String>,
    pub resolved_note: Option<String>,
    pub extensions: i16,
    pub extensions_refused: i16,
    pub agreed_lending: Option<String>,
    pub extension_asked: Option<i16>,
    pub expires_at: Option<OffsetDateTime>,
    pub remind_at: Option<OffsetDateTime>,
    pub version: i64,
}

/// A row that no borrow can be: no version of this program has written it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the row of borrow {borrow} (status {status}) {fault}")]
pub(crate) struct IllegalRow {
    borrow: Uuid,
    status: String,
    fault: Fault,
}

/// What is wrong with a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum Fault {
    #[error("has no {0}")]
    Missing(&'static str),
    #[error("has a {0} that this status cannot have")]
    OutOfPlace(&'static str),
    #[error("has an unknown {0}")]
    Unknown(&'static str),
}

impl From<IllegalRow> for sqlx::Error {
    fn from(illegal: IllegalRow) -> Self {
        sqlx::Error::Decode(Box::new(illegal))
    }
}

impl TryFrom<Row> for Borrow {
    type Error = IllegalRow;

    fn try_from(row: Row) -> Result<Self, IllegalRow> {
        let illegal = |fault| IllegalRow { borrow: row.id, status: row.status.clone(), fault };
        let borrow = Borrow {
            id: row.id.into(),
            book_id: row.book_id.into(),
            owner_id: row.owner_id.into(),
            borrower_id: row.borrower_id.into(),
            days: row.days.unsigned_abs(),
            message: row.message.clone(),
            requested_at: row.requested_at,
            queued_at: row.queued_at,
            state: row.state().map_err(illegal)?,
            version: row.version,
        };
        match row.out_of_place(&borrow) {
            Some(column) => Err(illegal(Fault::OutOfPlace(column))),
            None => Ok(borrow),
        }
    }
}

fn there<T>(value: Option<T>, column: &'static str) -> Result<T, Fault> {
    value.ok_or(Fault::Missing(column))
}

/// From a row to a state.
impl Row {
    fn state(&self) -> Result<State, Fault> {
        let status = BorrowStatus::from_name(&self.status).ok_or(Fault::Unknown("status"))?;
        Ok(match status {
            BorrowStatus::Queued => State::Requested(Requested::Queued),
            BorrowStatus::Pending => State::Requested(Requested::Pending {
                expires_at: there(self.expires_at, "expires_at")?,
                remind_at: self.remind_at,
            }),
            BorrowStatus::Approved => State::Held(Held {
                agreement: self.agreement()?,
                code: self.hand_over_code.clone().map(HandOverCode::stored),
            }),
            BorrowStatus::Active => self.lent(Stage::Active(Active {
                extension_asked: self.extension_asked.map(i16::unsigned_abs),
                remind_at: self.remind_at,
            }))?,
            BorrowStatus::ReturnPending => {
                self.lent(Stage::ReturnPending { declared_at: there(self.return_declared_at, "return_declared_at")? })?
            }
            BorrowStatus::Disputed => self.lent(Stage::Disputed { declared_at: self.return_declared_at })?,
            BorrowStatus::Rejected => self.closed(Ending::Rejected { reason: self.closed_reason.clone() })?,
            BorrowStatus::Cancelled => self.closed(Ending::Cancelled {
                reason: self.closed_reason.clone(),
                agreement: self.agreement_if_any()?,
            })?,
            BorrowStatus::Expired => self.closed(Ending::Expired { agreement: self.agreement_if_any()? })?,
            // What is given away is never due.
            BorrowStatus::Returned if self.due_at.is_none() => self.closed(Ending::Given {
                agreement: self.agreement()?,
                handed_over_at: there(self.handed_over_at, "handed_over_at")?,
            })?,
            BorrowStatus::Returned => self.closed(Ending::Returned {
                loan: self.loan()?,
                declared_at: self.return_declared_at,
                at: there(self.returned_at, "returned_at")?,
                condition: condition(there(self.condition.as_deref(), "condition")?)?,
            })?,
            BorrowStatus::Lost => {
                self.closed(Ending::Lost { loan: self.loan()?, declared_at: self.return_declared_at })?
            }
        })
    }

    fn lent(&self, stage: Stage) -> Result<State, Fault> {
        Ok(State::Lent(Lent { loan: self.loan()?, stage }))
    }

    fn closed(&self, ending: Ending) -> Result<State, Fault> {
        Ok(State::Closed(Closed { at: there(self.closed_at, "closed_at")?, ending }))
    }

    fn agreement(&self) -> Result<Agreement, Fault> {
        Ok(Agreement {
            approved_at: there(self.approved_at, "approved_at")?,
            pickup_by: there(self.pickup_by, "pickup_by")?,
            place: self.place.clone(),
            lending: self.agreed_lending.as_deref().map(lending).transpose()?,
            wrong_codes: self.wrong_codes,
        })
    }

    fn agreement_if_any(&self) -> Result<Option<Agreement>, Fault> {
        self.approved_at.map(|_| self.agreement()).transpose()
    }

    fn loan(&self) -> Result<Loan, Fault> {
        let by = self.note_by.map(UserId::from);
        Ok(Loan {
            agreement: self.agreement()?,
            handed_over_at: there(self.handed_over_at, "handed_over_at")?,
            due_at: there(self.due_at, "due_at")?,
            extensions: self.extensions.unsigned_abs(),
            extensions_refused: self.extensions_refused.unsigned_abs(),
            note: self.note.clone().map(|text| Note { text, by }),
            resolution: self.resolution()?,
        })
    }

    fn resolution(&self) -> Result<Option<Resolution>, Fault> {
        let Some(at) = self.resolved_at else { return Ok(None) };
        let outcome = there(self.resolved_outcome.as_deref(), "resolved_outcome")?;
        Ok(Some(Resolution {
            outcome: DisputeOutcome::from_name(outcome).ok_or(Fault::Unknown("resolved_outcome"))?,
            by: self.resolved_by.map(UserId::from),
            note: self.resolved_note.clone(),
            at,
        }))
    }

    /// A fact that the borrow which was read does not hold.
    fn out_of_place(&self, borrow: &Borrow) -> Option<&'static str> {
        let held = Row::of(borrow);
        let facts = [
            ("approved_at", self.approved_at.is_some(), held.approved_at.is_some()),
            ("pickup_by", self.pickup_by.is_some(), held.pickup_by.is_some()),
            ("place", self.place.is_some(), held.place.is_some()),
            ("handed_over_at", self.handed_over_at.is_some(), held.handed_over_at.is_some()),
            ("due_at", self.due_at.is_some(), held.due_at.is_some()),
            ("return_declared_at", self.return_declared_at.is_some(), held.return_declared_at.is_some()),
            ("returned_at", self.returned_at.is_some(), held.returned_at.is_some()),
            ("closed_at", self.closed_at.is_some(), held.closed_at.is_some()),
            ("condition", self.condition.is_some(), held.condition.is_some()),
            ("note", self.note.is_some(), held.note.is_some()),
            ("resolved_at", self.resolved_at.is_some(), held.resolved_at.is_some()),
        ];
        facts.into_iter().find(|(_, stored, held)| *stored && !held).map(|(column, ..)| column)
    }
}

/// From a borrow to its row.
impl Row {
    pub(crate) fn of(borrow: &Borrow) -> Self {
        let mut row = Row {
            id: borrow.id.uuid(),
            book_id: borrow.book_id.uuid(),
            owner_id: borrow.owner_id.uuid(),
            borrower_id: borrow.borrower_id.uuid(),
            status: borrow.status().as_str().to_owned(),
            days: stored(borrow.days),
            message: borrow.message.clone(),
            requested_at: borrow.requested_at,
            queued_at: borrow.queued_at,
            approved_at: None,
            pickup_by: None,
            place: None,
            hand_over_code: None,
            wrong_codes: 0,
            handed_over_at: None,
            due_at: None,
            return_declared_at: None,
            returned_at: None,
            closed_at: None,
            closed_reason: None,
            condition: None,
            note: None,
            note_by: None,
            resolved_at: None,
            resolved_by: None,
            resolved_outcome: None,
            resolved_note: None,
            extensions: 0,
            extensions_refused: 0,
            agreed_lending: None,
            extension_asked: None,
            expires_at: None,
            remind_at: None,
            version: borrow.version,
        };
        match &borrow.state {
            State::Requested(Requested::Queued) => {}
            State::Requested(Requested::Pending { expires_at, remind_at }) => {
                (row.expires_at, row.remind_at) = (Some(*expires_at), *remind_at);
            }
            State::Held(Held { agreement, code }) => {
                row.write_agreement(agreement);
                row.hand_over_code = code.as_ref().map(|code| code.as_str().to_owned());
                row.expires_at = Some(agreement.pickup_by);
            }
            State::Lent(Lent { loan, stage }) => {
                row.write_loan(loan);
                row.return_declared_at = stage.declared_at();
                if let Stage::Active(active) = stage {
                    row.extension_asked = active.extension_asked.map(stored);
                    row.remind_at = active.remind_at;
                }
            }
            State::Closed(Closed { at, ending }) => {
                row.closed_at = Some(*at);
                row.write_ending(ending);
            }
        }
        row
    }

    fn write_agreement(&mut self, agreement: &Agreement) {
        self.approved_at = Some(agreement.approved_at);
        self.pickup_by = Some(agreement.pickup_by);
        self.place = agreement.place.clone();
        self.agreed_lending = agreement.lending.map(|lending| lending.as_str().to_owned());
        self.wrong_codes = agreement.wrong_codes;
    }

    fn write_loan(&mut self, loan: &Loan) {
        self.write_agreement(&loan.agreement);
        self.handed_over_at = Some(loan.handed_over_at);
        self.due_at = Some(loan.due_at);
        self.extensions = stored(loan.extensions);
        self.extensions_refused = stored(loan.extensions_refused);
        if let Some(note) = &loan.note {
            (self.note, self.note_by) = (Some(note.text.clone()), note.by.map(UserId::uuid));
        }
        if let Some(resolution) = &loan.resolution {
            self.resolved_at = Some(resolution.at);
            self.resolved_by = resolution.by.map(UserId::uuid);
            self.resolved_outcome = Some(resolution.outcome.as_str().to_owned());
            self.resolved_note = resolution.note.clone();
        }
    }

    fn write_ending(&mut self, ending: &Ending) {
        self.closed_reason = ending.reason().map(str::to_owned);
        match ending {
            Ending::Rejected { .. } => {}
            Ending::Cancelled { agreement, .. } | Ending::Expired { agreement } => {
                if let Some(agreement) = agreement {
                    self.write_agreement(agreement);
                }
            }
            Ending::Given { agreement, handed_over_at } => {
                self.write_agreement(agreement);
                self.handed_over_at = Some(*handed_over_at);
            }
            Ending::Returned { loan, declared_at, at, condition } => {
                self.write_loan(loan);
                self.return_declared_at = *declared_at;
                (self.returned_at, self.condition) = (Some(*at), Some(condition_name(*condition).to_owned()));
            }
            Ending::Lost { loan, declared_at } => {
                self.write_loan(loan);
                self.return_declared_at = *declared_at;
            }
        }
    }
}

/// Counted in days and extensions, which are few.
fn stored(number: u16) -> i16 {
    i16::try_from(number).unwrap_or(i16::MAX)
}

pub(crate) const fn condition_name(condition: ReturnCondition) -> &'static str {
    match condition {
        ReturnCondition::Ok => "ok",
        ReturnCondition::Damaged => "damaged",
    }
}

fn lending(name: &str) -> Result<Lending, Fault> {
    Lending::from_name(name).ok_or(Fault::Unknown("agreed_lending"))
}

fn condition(name: &str) -> Result<ReturnCondition, Fault> {
    match name {
        "ok" => Ok(ReturnCondition::Ok),
        "damaged" => Ok(ReturnCondition::Damaged),
        _ => Err(Fault::Unknown("condition")),
    }
}

#[cfg(test)]
mod tests;
