//! Inboxes: who is told what of the things that happen between members.
//!
//! | a use case | its file |
//! |---|---|
//! | read a notification, or all | `commands/mark_read.rs`, `commands/mark_all_read.rs` |
//! | throw one away, or all that are read | `commands/delete_notification.rs`, `commands/delete_read.rs` |
//! | the inbox, and how much of it is unread | `queries/list_notifications.rs`, `queries/unread_count.rs` |
//! | what came since, for a stream that goes on where it broke off | `queries/notifications_since.rs` |
//! | which of them reach a member, and how | `commands/set_preferences.rs`, `queries/get_preferences.rs`, `domain/topic.rs` |
//! | letters: planned, sent, stopped by a link | `letters/`, `domain/letter.rs`, `commands/unsubscribe.rs` |
//! | what became of letters, for administrators | `queries/list_deliveries.rs`, `commands/retry_delivery.rs` |
//! | who is told what, and in which words it is read | `domain/telling.rs`, `domain/words.rs`, pure |
//! | from what is kept to what is shown | `told.rs` |
//! | what goes by its age | `old.rs` |
//! | hearing the other contexts | `subscribers.rs`, `conversations.rs` |
//! | the inbox in Redis | `view.rs` |

mod commands;
mod context;
mod conversations;
mod domain;
mod folding;
mod letters;
mod metrics;
mod old;
mod ports;
mod queries;
mod settings;
mod subscribers;
mod told;
mod view;

pub use commands::{
    DeleteNotification, DeleteNotificationError, DeleteRead, DeleteReadError, MarkAllRead, MarkAllReadError, MarkRead,
    MarkReadError, Preference, RetryDelivery, RetryDeliveryError, SetPreferences, SetPreferencesError, Unsubscribe,
    UnsubscribeError,
};
pub use context::{MIGRATIONS, Notifications, PUBLISHES};
pub use domain::{MailPace, NotificationData, Topic};
pub use ports::{LetterNotSent, MemberLetter, MemberMailer, Taken, Warnings, WarningsUnavailable};
pub use queries::{
    Arrival, Arrivals, DeliveryState, DeliveryView, GetPreferences, GetPreferencesError, KnownMembers,
    KnownMembersError, ListDeliveries, ListDeliveriesError, ListNotifications, ListNotificationsError,
    NotificationsSince, NotificationsSinceError, PreferencesView, TopicView, UnreadCount, UnreadCountError,
};
pub use settings::Settings;
pub use told::NotificationView;
