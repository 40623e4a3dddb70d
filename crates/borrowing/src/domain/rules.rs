//! The community's limits. Settings, so that a school may choose others than a street.

use time::Duration;

use super::CommunityZone;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LendingRules {
    /// Whose days are counted.
    pub zone: CommunityZone,
    /// Requests of one member that are not yet handed over (pending, queued, approved).
    pub max_open_requests: u32,
    /// Extensions granted per loan.
    pub extension_limit: u16,
    /// Days of one extension at most.
    pub max_extension_days: u16,
    /// Whether an extension is granted at once when nobody waits; otherwise the owner is asked.
    pub auto_extend: bool,
    /// Days after which an unanswered request expires.
    pub answer_days: u16,
    /// Days after which the owner is reminded of an unanswered request.
    pub answer_reminder_days: u16,
    /// Days an approved copy is kept for picking up, unless the owner names a date.
    pub pickup_days: u16,
    /// How far ahead that date may lie.
    pub max_pickup_days: u16,
    /// Days before the due date at which the borrower is reminded.
    pub due_soon_days: u16,
}

impl LendingRules {
    /// Days that may be asked for at first.
    pub const MAX_DAYS: u16 = 90;

    pub(crate) fn answer_time(&self) -> Duration {
        days(self.answer_days)
    }

    pub(crate) fn answer_reminder_time(&self) -> Duration {
        days(self.answer_reminder_days)
    }

    pub(crate) fn due_soon_time(&self) -> Duration {
        days(self.due_soon_days)
    }

    pub(crate) fn max_pickup_time(&self) -> Duration {
        days(self.max_pickup_days)
    }
}

fn days(days: u16) -> Duration {
    Duration::days(i64::from(days))
}

impl Default for LendingRules {
    fn default() -> Self {
        Self {
            zone: CommunityZone::default(),
            max_open_requests: 10,
            extension_limit: 2,
            max_extension_days: 30,
            auto_extend: false,
            answer_days: 7,
            answer_reminder_days: 3,
            pickup_days: 7,
            max_pickup_days: 30,
            due_soon_days: 3,
        }
    }
}
