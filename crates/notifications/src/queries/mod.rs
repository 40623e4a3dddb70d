//! One file per query.

mod list_notifications;
mod notifications_since;
mod unread_count;

pub use list_notifications::{ListNotifications, ListNotificationsError};
pub use notifications_since::{Arrival, Arrivals, NotificationsSince, NotificationsSinceError};
pub use unread_count::{UnreadCount, UnreadCountError};

pub(crate) use list_notifications::ListNotificationsHandler;
pub(crate) use notifications_since::NotificationsSinceHandler;
pub(crate) use unread_count::UnreadCountHandler;
