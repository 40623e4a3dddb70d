//! What is to be said when. A borrow knows the next moment at which there is something to say (`remind_at`); that it is said
//! once per due date is held by a row unique on (borrow, kind, due date).

use borrowing_events::{BorrowAnswerReminder, BorrowDueSoon, BorrowDueToday, BorrowEvent, BorrowOverdue};
use time::{Duration, OffsetDateTime};

use super::{Borrow, BorrowStatus, Change, LendingRules};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReminderKind {
    /// To the owner: a request waits for an answer.
    Answer,
    DueSoon,
    DueToday,
    Overdue,
}

impl ReminderKind {
    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            ReminderKind::Answer => "answer",
            ReminderKind::DueSoon => "due_soon",
            ReminderKind::DueToday => "due_today",
            ReminderKind::Overdue => "overdue",
        }
    }
}

/// Something to be said now, unless it was said before.
#[derive(Debug, Clone, PartialEq)]
pub struct Reminder {
    pub kind: ReminderKind,
    /// What it is about: when the loan is due, or when the request runs out.
    pub due_at: OffsetDateTime,
    /// The borrow with its event.
    pub change: Change,
}

impl Borrow {
    /// The first moment after `after` at which there is something to say about the loan. What was already due at the
    /// hand-over is left out: nobody needs to hear "due soon" of a book they just got.
    pub fn next_reminder(&self, after: OffsetDateTime, rules: &LendingRules) -> Option<OffsetDateTime> {
        self.loan_reminders(rules)?.into_iter().map(|(_, at)| at).find(|at| *at > after)
    }

    /// A loan that goes on after a dispute: what came due meanwhile is said at once.
    pub(super) fn reminder_on_resuming(&self, now: OffsetDateTime, rules: &LendingRules) -> Option<OffsetDateTime> {
        match self.loan_reminder_at(now, rules) {
            Some(_) => Some(now),
            None => self.next_reminder(now, rules),
        }
    }

    /// In the order of time.
    fn loan_reminders(&self, rules: &LendingRules) -> Option<[(ReminderKind, OffsetDateTime); 3]> {
        let due_at = self.due_at?;
        Some([
            (ReminderKind::DueSoon, due_at - rules.due_soon_time()),
            (ReminderKind::DueToday, rules.zone.start_of_day(due_at)),
            // Due dates are last seconds of a day.
            (ReminderKind::Overdue, due_at + Duration::SECOND),
        ])
    }

    /// The most urgent one: a scheduler that was away for a week does not say "due soon" of a book that is overdue.
    fn loan_reminder_at(&self, now: OffsetDateTime, rules: &LendingRules) -> Option<ReminderKind> {
        self.loan_reminders(rules)?.into_iter().rev().find(|(_, at)| *at <= now).map(|(kind, _)| kind)
    }

    /// What is to be said now. `None`: nothing yet, or nothing any more.
    pub fn reminder(&self, now: OffsetDateTime, rules: &LendingRules) -> Option<Reminder> {
        if self.remind_at.is_none_or(|at| at > now) {
            return None;
        }
        let parties = self.parties();
        let mut after = self.clone();
        let (kind, due_at, event): (_, _, BorrowEvent) = match self.status {
            BorrowStatus::Pending => {
                after.remind_at = None;
                let event = BorrowAnswerReminder { parties };
                (ReminderKind::Answer, self.expires_at?, event.into())
            }
            BorrowStatus::Active => {
                let due_at = self.due_at?;
                let kind = self.loan_reminder_at(now, rules)?;
                after.remind_at = self.next_reminder(now, rules);
                let event = match kind {
                    ReminderKind::DueSoon => BorrowDueSoon { parties, due_at }.into(),
                    ReminderKind::DueToday => BorrowDueToday { parties, due_at }.into(),
                    ReminderKind::Overdue | ReminderKind::Answer => BorrowOverdue { parties, due_at }.into(),
                };
                (kind, due_at, event)
            }
            _ => return None,
        };
        Some(Reminder { kind, due_at, change: Change::of(self, after, vec![event]) })
    }
}
