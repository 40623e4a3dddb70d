//! What users publishes.

use kernel::UserId;
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

kernel::events! {
    /// Everything users publishes.
    pub enum UserEvent of "users" {
        "user.updated" 1 about "user" by user_id => Updated(UserUpdated),
        "user.role_changed" 1 about "user" by user_id => RoleChanged(UserRoleChanged),
        "user.deleted" 1 about "user" by user_id => Deleted(UserDeleted),
        "user.blocked" 1 about "user_blocks" by user_id => Blocked(UserBlocked),
        "user.unblocked" 1 about "user_blocks" by user_id => Unblocked(UserUnblocked),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_event_writes_what_its_sample_says() {
        kernel::event::assert_samples_hold::<super::UserEvent>();
    }
}
