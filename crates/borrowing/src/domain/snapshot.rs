//! A borrow as its events tell it: what is known of it at a past moment, and what its row must agree with.

use borrowing_events::{BorrowEvent, DisputeOutcome, ReturnCondition};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{Borrow, BorrowStatus, Ending, Stage, State};

/// Where a borrow stood after one of its events. Words, codes and names are not part of it: events do not keep them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct BorrowSnapshot {
    pub status: BorrowStatus,
    pub days: u16,
    #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub pickup_by: Option<OffsetDateTime>,
    #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub due_at: Option<OffsetDateTime>,
    /// How often it was extended.
    pub extensions: u16,
    /// Days more that waited for the owner's answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extension_requested: Option<u16>,
    /// `ok` or `damaged`, once it was back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
}

impl BorrowSnapshot {
    /// After one more event. `None`: its beginning is not among the events.
    pub fn after(before: Option<Self>, event: &BorrowEvent) -> Option<Self> {
        if let BorrowEvent::Created(created) = event {
            let status = if created.queued { BorrowStatus::Queued } else { BorrowStatus::Pending };
            return Some(Self::requested(status, created.days));
        }
        let mut now = before?;
        match event {
            BorrowEvent::Queued(_) => now.moves_to(BorrowStatus::Queued),
            BorrowEvent::Promoted(_) => now.moves_to(BorrowStatus::Pending),
            BorrowEvent::Approved(approved) => {
                now.pickup_by = Some(approved.pickup_by);
                now.moves_to(BorrowStatus::Approved);
            }
            BorrowEvent::Rejected(_) => now.moves_to(BorrowStatus::Rejected),
            BorrowEvent::HandedOver(handed_over) => {
                now.due_at = handed_over.due_at;
                now.moves_to(BorrowStatus::Active);
            }
            BorrowEvent::ExtensionRequested(requested) => now.extension_requested = Some(requested.days),
            BorrowEvent::ExtensionRefused(_) => now.extension_requested = None,
            BorrowEvent::Extended(extended) => {
                now.due_at = Some(extended.due_at);
                now.extensions += 1;
                now.extension_requested = None;
            }
            BorrowEvent::ReturnDeclared(_) => now.moves_to(BorrowStatus::ReturnPending),
            BorrowEvent::Returned(returned) => now.comes_back(returned.condition),
            BorrowEvent::Cancelled(_) => now.moves_to(BorrowStatus::Cancelled),
            BorrowEvent::Expired(_) => now.moves_to(BorrowStatus::Expired),
            BorrowEvent::Lost(_) => now.moves_to(BorrowStatus::Lost),
            BorrowEvent::Disputed(_) => now.moves_to(BorrowStatus::Disputed),
            BorrowEvent::Resolved(resolved) => match resolved.outcome {
                DisputeOutcome::Returned => now.comes_back(ReturnCondition::Ok),
                DisputeOutcome::Lost => now.moves_to(BorrowStatus::Lost),
                DisputeOutcome::Active => now.moves_to(BorrowStatus::Active),
            },
            BorrowEvent::Created(_)
            | BorrowEvent::AnswerReminder(_)
            | BorrowEvent::DueSoon(_)
            | BorrowEvent::DueToday(_)
            | BorrowEvent::Overdue(_)
            | BorrowEvent::MessageSent(_)
            | BorrowEvent::MessagesRead(_) => {}
        }
        Some(now)
    }

    /// As its row has it.
    pub fn of(borrow: &Borrow) -> Self {
        let mut now = Self::requested(borrow.status(), borrow.days);
        let (agreement, loan) = match &borrow.state {
            State::Requested(_) => (None, None),
            State::Held(held) => (Some(&held.agreement), None),
            State::Lent(lent) => (Some(&lent.loan.agreement), Some(&lent.loan)),
            State::Closed(closed) => match &closed.ending {
                Ending::Rejected { .. } => (None, None),
                Ending::Cancelled { agreement, .. } | Ending::Expired { agreement } => (agreement.as_ref(), None),
                Ending::Given { agreement, .. } => (Some(agreement), None),
                Ending::Returned { loan, .. } | Ending::Lost { loan, .. } => (Some(&loan.agreement), Some(loan)),
            },
        };
        now.pickup_by = agreement.map(|agreement| agreement.pickup_by);
        now.due_at = loan.map(|loan| loan.due_at);
        now.extensions = loan.map_or(0, |loan| loan.extensions);
        match &borrow.state {
            State::Lent(lent) => {
                if let Stage::Active(active) = &lent.stage {
                    now.extension_requested = active.extension_asked;
                }
            }
            State::Closed(closed) => match &closed.ending {
                Ending::Returned { condition, .. } => now.condition = Some(name(*condition)),
                Ending::Given { .. } => now.condition = Some(name(ReturnCondition::Ok)),
                Ending::Rejected { .. } | Ending::Cancelled { .. } | Ending::Expired { .. } | Ending::Lost { .. } => {}
            },
            State::Requested(_) | State::Held(_) => {}
        }
        now
    }

    fn requested(status: BorrowStatus, days: u16) -> Self {
        Self { status, days, pickup_by: None, due_at: None, extensions: 0, extension_requested: None, condition: None }
    }

    /// A wish for more days does not outlive the stage in which it was uttered.
    fn moves_to(&mut self, status: BorrowStatus) {
        self.status = status;
        self.extension_requested = None;
    }

    fn comes_back(&mut self, condition: ReturnCondition) {
        self.condition = Some(name(condition));
        self.moves_to(BorrowStatus::Returned);
    }
}

fn name(condition: ReturnCondition) -> String {
    match condition {
        ReturnCondition::Ok => "ok",
        ReturnCondition::Damaged => "damaged",
    }
    .to_owned()
}
