//! What notifications publishes. Neither title nor body: those are the recipient's own.

use kernel::{NotificationId, UserId};
use serde::{Deserialize, Serialize};

/// Something came into a member's inbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NotificationCreated {
    pub notification_id: NotificationId,
    pub user_id: UserId,
    /// Named after the event that caused it: `borrow.approved`.
    pub kind: String,
}

/// The member read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NotificationRead {
    pub notification_id: NotificationId,
    pub user_id: UserId,
}

/// The member threw it away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NotificationDeleted {
    pub notification_id: NotificationId,
    pub user_id: UserId,
}

kernel::events! {
    /// Everything notifications publishes.
    pub enum NotificationEvent of "notifications" {
        "notification.created" 1 about "notification" by notification_id => Created(NotificationCreated),
        "notification.read" 1 about "notification" by notification_id => Read(NotificationRead),
        "notification.deleted" 1 about "notification" by notification_id => Deleted(NotificationDeleted),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_event_writes_what_its_sample_says() {
        kernel::event::assert_samples_hold::<super::NotificationEvent>();
    }
}
