//! The community's limits. Settings, so that a school may choose others than a street.

use time::{Duration, OffsetDateTime};

use super::CommunityZone;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LendingRules {
    /// Whose days are counted.
    pub zone: CommunityZone,
    /// Requests of one member that are not yet handed over (pending, queued, approved).
    pub max_open_requests: u32,
    /// Requests of one member within 24 hours, whatever becomes of them.
    pub max_requests_a_day: u32,
    /// Whether a member who asked an owner in vain waits before they ask again.
    pub cool_down: bool,
    /// Extensions granted or refused per loan.
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
    /// Messages of one member within an hour, to anybody.
    pub max_messages_an_hour: u32,
    /// Messages of one member within 24 hours, to anybody.
    pub max_messages_a_day: u32,
    /// Messages of one member about one borrow.
    pub max_messages_a_borrow: u32,
}

/// How long a member waits before they ask an owner again whom they asked so often in vain: not after the first two times,
/// because people change their minds.
const COOL_DOWN: [Duration; 8] = [
    Duration::ZERO,
    Duration::ZERO,
    Duration::minutes(1),
    Duration::minutes(10),
    Duration::HOUR,
    Duration::hours(6),
    Duration::DAY,
    Duration::days(3),
];

/// What a member asked for of late.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recent {
    /// Requests within 24 hours, to anybody.
    pub today: u32,
    /// Requests to this owner that the member took back or the owner refused, within [`LendingRules::REMEMBERED`].
    pub in_vain: u32,
    /// The last of those.
    pub last_in_vain: Option<OffsetDateTime>,
}

impl Recent {
    /// When the member may ask this owner again.
    pub(crate) fn asks_again_at(&self) -> Option<OffsetDateTime> {
        let times = usize::try_from(self.in_vain).unwrap_or(usize::MAX).checked_sub(1)?;
        Some(self.last_in_vain? + COOL_DOWN[times.min(COOL_DOWN.len() - 1)])
    }
}

impl LendingRules {
    /// For so long a request in vain counts.
    pub const REMEMBERED: Duration = Duration::days(30);

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
            max_requests_a_day: 30,
            cool_down: true,
            extension_limit: 2,
            max_extension_days: 30,
            auto_extend: false,
            answer_days: 7,
            answer_reminder_days: 3,
            pickup_days: 7,
            max_pickup_days: 30,
            due_soon_days: 3,
            max_messages_an_hour: 60,
            max_messages_a_day: 200,
            max_messages_a_borrow: 500,
        }
    }
}
