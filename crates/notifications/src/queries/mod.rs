//! One file per query.

mod get_preferences;
mod known_members;
mod list_deliveries;
mod list_notifications;
mod notifications_since;
mod unread_count;

pub use get_preferences::{GetPreferences, GetPreferencesError, PreferencesView, TopicView};
pub use list_deliveries::{DeliveryState, DeliveryView, ListDeliveries, ListDeliveriesError};
pub use list_notifications::{ListNotifications, ListNotificationsError};
pub use notifications_since::{Arrival, Arrivals, NotificationsSince, NotificationsSinceError};
pub use unread_count::{UnreadCount, UnreadCountError};

pub(crate) use get_preferences::GetPreferencesHandler;
pub(crate) use known_members::KnownMembersHandler;
pub use known_members::{KnownMembers, KnownMembersError};
pub(crate) use list_deliveries::ListDeliveriesHandler;
pub(crate) use list_notifications::ListNotificationsHandler;
pub(crate) use notifications_since::NotificationsSinceHandler;
pub(crate) use unread_count::UnreadCountHandler;
