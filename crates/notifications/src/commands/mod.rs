//! One file per command.

mod delete_notification;
mod delete_read;
mod mark_all_read;
mod mark_read;
mod retry_delivery;
mod set_preferences;
mod unsubscribe;

pub use delete_notification::{DeleteNotification, DeleteNotificationError};
pub use delete_read::{DeleteRead, DeleteReadError};
pub use mark_all_read::{MarkAllRead, MarkAllReadError};
pub use mark_read::{MarkRead, MarkReadError};
pub use retry_delivery::{RetryDelivery, RetryDeliveryError};
pub use set_preferences::{Preference, SetPreferences, SetPreferencesError};
pub use unsubscribe::{Unsubscribe, UnsubscribeError};

pub(crate) use delete_notification::DeleteNotificationHandler;
pub(crate) use delete_read::DeleteReadHandler;
pub(crate) use mark_all_read::MarkAllReadHandler;
pub(crate) use mark_read::MarkReadHandler;
pub(crate) use retry_delivery::RetryDeliveryHandler;
pub(crate) use set_preferences::SetPreferencesHandler;
pub(crate) use unsubscribe::UnsubscribeHandler;

/// How many notifications a command about all of them changes at a time: memory stays bounded, its transaction is one.
const CHUNK: i64 = 1_000;
