//! What users publishes.

use kernel::{BorrowId, ReportId, UserId};
use serde::{Deserialize, Serialize};

/// What others show of a member, or must know of them, changed. Holds the whole of it, not the difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserUpdated {
    pub user_id: UserId,
    /// Empty once the member is gone: what is replayed then does not know it any more.
    #[serde(default)]
    pub name: String,
    /// A member who is not active can neither sign in nor lend nor borrow.
    pub active: bool,
    /// BCP 47, as in `en` or `fr-CA`.
    pub language: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserRoleChanged {
    pub user_id: UserId,
    pub role: String,
}

/// The member is gone; what is kept of them elsewhere goes too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserDeleted {
    pub user_id: UserId,
}

/// A member does not want to meet another: neither sees the other's books or asks for one. Its version is that of the
/// member's blocks, not of their profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserBlocked {
    pub user_id: UserId,
    pub blocked_id: UserId,
}

/// The member took the block back. Versions as of [`UserBlocked`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserUnblocked {
    pub user_id: UserId,
    pub blocked_id: UserId,
}

/// What a report is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportReason {
    Insults,
    Threats,
    /// Money, or things that are not what they were said to be.
    Fraud,
    /// Advertising, or the same again and again.
    Spam,
    /// A book that was agreed on is not handed over, or does not come back.
    Unreliable,
    Other,
}

impl ReportReason {
    pub const ALL: [Self; 6] = [Self::Insults, Self::Threats, Self::Fraud, Self::Spam, Self::Unreliable, Self::Other];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Insults => "insults",
            Self::Threats => "threats",
            Self::Fraud => "fraud",
            Self::Spam => "spam",
            Self::Unreliable => "unreliable",
            Self::Other => "other",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name)
    }
}

/// What a moderator did about a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportOutcome {
    /// Nothing but to answer it.
    Answered,
    /// The reported member is warned.
    Warned,
    /// The reported member is deactivated.
    Deactivated,
}

impl ReportOutcome {
    pub const ALL: [Self; 3] = [Self::Answered, Self::Warned, Self::Deactivated];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Warned => "warned",
            Self::Deactivated => "deactivated",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == name)
    }
}

/// A member tells the moderators about another one. What they wrote is in no event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserReported {
    pub report_id: ReportId,
    /// The reported member.
    pub user_id: UserId,
    pub reporter_id: UserId,
    /// Of the two, where it is about one.
    pub borrow_id: Option<BorrowId>,
    pub reason: ReportReason,
}

/// A moderator has answered a report. Their words are in no event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserReportAnswered {
    pub report_id: ReportId,
    /// The reported member.
    pub user_id: UserId,
    pub reporter_id: UserId,
    pub borrow_id: Option<BorrowId>,
    pub outcome: ReportOutcome,
}

kernel::events! {
    /// Everything users publishes.
    pub enum UserEvent of "users" {
        "user.updated" 1 about "user" by user_id => Updated(UserUpdated),
        "user.role_changed" 1 about "user" by user_id => RoleChanged(UserRoleChanged),
        "user.deleted" 1 about "user" by user_id => Deleted(UserDeleted),
        "user.blocked" 1 about "user_blocks" by user_id => Blocked(UserBlocked),
        "user.unblocked" 1 about "user_blocks" by user_id => Unblocked(UserUnblocked),
        "user.reported" 1 about "report" by report_id => Reported(UserReported),
        "user.report_answered" 1 about "report" by report_id => ReportAnswered(UserReportAnswered),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_event_writes_what_its_sample_says() {
        kernel::event::assert_samples_hold::<super::UserEvent>();
    }
}
