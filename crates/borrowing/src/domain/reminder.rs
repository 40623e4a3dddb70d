//! What is to be said when. A borrow knows the next moment at which there is something to say (`remind_at`); that it is said
//! once per due date is held by a row unique on (borrow, kind, due date).

use borrowing_events::{BorrowAnswerReminder, BorrowDueSoon, BorrowDueToday, BorrowEvent, BorrowOverdue};
use time::{Duration, OffsetDateTime};

use super::{Active, Borrow, Change, LendingRules, Lent, Loan, Requested, Stage, State};

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

impl Reminder {
    /// Nothing to say, as it was said before; only when to look again.
    pub fn unsaid(self, borrow: &Borrow) -> Change {
        Change::of(borrow, self.change.borrow.state, Vec::new())
    }
}

impl Loan {
    /// The first moment after `after` at which there is something to say about the loan. What was already due at the
    /// hand-over is left out: nobody needs to hear "due soon" of a book they just got.
    pub(super) fn next_reminder(&self, after: OffsetDateTime, rules: &LendingRules) -> Option<OffsetDateTime> {
        self.reminders(rules).into_iter().map(|(_, at)| at).find(|at| *at > after)
    }

    /// A loan that goes on after a dispute: what came due meanwhile is said at once.
    pub(super) fn reminder_on_resuming(&self, now: OffsetDateTime, rules: &LendingRules) -> Option<OffsetDateTime> {
        match self.reminder_at(now, rules) {
            Some(_) => Some(now),
            None => self.next_reminder(now, rules),
        }
    }

    /// In the order of time.
    fn reminders(&self, rules: &LendingRules) -> [(ReminderKind, OffsetDateTime); 3] {
        [
            (ReminderKind::DueSoon, self.due_at - rules.due_soon_time()),
            (ReminderKind::DueToday, rules.zone.start_of_day(self.due_at)),
            // Due dates are last seconds of a day.
            (ReminderKind::Overdue, self.due_at + Duration::SECOND),
        ]
    }

    /// The most urgent one: a scheduler that was away for a week does not say "due soon" of a book that is overdue.
    fn reminder_at(&self, now: OffsetDateTime, rules: &LendingRules) -> Option<ReminderKind> {
        self.reminders(rules).into_iter().rev().find(|(_, at)| *at <= now).map(|(kind, _)| kind)
    }
}

impl Borrow {
    /// What is to be said now. `None`: nothing yet, or nothing any more.
    pub fn reminder(&self, now: OffsetDateTime, rules: &LendingRules) -> Option<Reminder> {
        let is_due = |remind_at: Option<OffsetDateTime>| remind_at.is_some_and(|at| at <= now);
        let parties = self.parties();
        let (kind, due_at, event): (_, _, BorrowEvent) = match &self.state {
            State::Requested(Requested::Pending { expires_at, remind_at }) if is_due(*remind_at) => {
                (ReminderKind::Answer, *expires_at, BorrowAnswerReminder { parties }.into())
            }
            State::Lent(Lent { loan, stage: Stage::Active(active) }) if is_due(active.remind_at) => {
                let (kind, due_at) = (loan.reminder_at(now, rules)?, loan.due_at);
                let event = match kind {
                    ReminderKind::DueSoon => BorrowDueSoon { parties, due_at }.into(),
                    ReminderKind::DueToday => BorrowDueToday { parties, due_at }.into(),
                    ReminderKind::Overdue | ReminderKind::Answer => BorrowOverdue { parties, due_at }.into(),
                };
                (kind, due_at, event)
            }
            _ => return None,
        };
        Some(Reminder { kind, due_at, change: Change::of(self, self.reminded(now, rules), vec![event]) })
    }

    /// There was nothing to say; only when to look again.
    pub fn nothing_to_say(&self, now: OffsetDateTime, rules: &LendingRules) -> Change {
        Change::of(self, self.reminded(now, rules), Vec::new())
    }

    /// As it is, to be looked at again when there is next something to say.
    fn reminded(&self, now: OffsetDateTime, rules: &LendingRules) -> State {
        match self.state.clone() {
            State::Requested(Requested::Pending { expires_at, .. }) => {
                State::Requested(Requested::Pending { expires_at, remind_at: None })
            }
            State::Lent(Lent { loan, stage: Stage::Active(active) }) => {
                let remind_at = loan.next_reminder(now, rules);
                State::Lent(Lent { loan, stage: Stage::Active(Active { remind_at, ..active }) })
            }
            other => other,
        }
    }
}
