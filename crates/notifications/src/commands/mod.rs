//! One file per command.

mod delete_notification;
mod delete_read;
mod mark_all_read;
mod mark_read;

pub use delete_notification::{DeleteNotification, DeleteNotificationError};
pub use delete_read::{DeleteRead, DeleteReadError};
pub use mark_all_read::{MarkAllRead, MarkAllReadError};
pub use mark_read::{MarkRead, MarkReadError};

pub(crate) use delete_notification::DeleteNotificationHandler;
pub(crate) use delete_read::DeleteReadHandler;
pub(crate) use mark_all_read::MarkAllReadHandler;
pub(crate) use mark_read::MarkReadHandler;

/// How many notifications a command about all of them changes at a time: memory stays bounded, its transaction is one.
const CHUNK: i64 = 1_000;
