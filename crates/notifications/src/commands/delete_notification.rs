use async_trait::async_trait;
use cqrs::{Call, CommandHandler};
use database::Database;
use kernel::{Command, ErrorKind, NotificationId, Refusal};
use notifications_events::{NotificationDeleted, NotificationEvent};
use serde::Serialize;

/// The caller throws a notification away. The row stays without its text, so that a replay of the log does not tell it
/// again.
#[derive(Debug, Clone, Serialize)]
pub struct DeleteNotification {
    pub id: NotificationId,
}

impl Command for DeleteNotification {
    const NAME: &'static str = "delete_notification";
    type Output = ();
    type Error = DeleteNotificationError;
}

#[derive(Debug, thiserror::Error)]
pub enum DeleteNotificationError {
    #[error("sign in to see your notifications")]
    NotSignedIn,
    /// Absent, deleted already, or somebody else's.
    #[error("there is no such notification")]
    NotFound,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for DeleteNotificationError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotSignedIn => ErrorKind::Unauthenticated,
            Self::NotFound => ErrorKind::NotFound,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotSignedIn => "UNAUTHENTICATED",
            Self::NotFound => "NOTIFICATION_NOT_FOUND",
            Self::Database(_) => "INTERNAL",
        }
    }
}

pub(crate) struct DeleteNotificationHandler {
    pool: Database,
}

impl DeleteNotificationHandler {
    pub(crate) fn new(pool: Database) -> Self {
        Self { pool }
    }
}

#[async_trait]
impl CommandHandler<DeleteNotification> for DeleteNotificationHandler {
    async fn handle(&self, call: &Call, command: DeleteNotification) -> Result<(), DeleteNotificationError> {
        let user = call.actor().user_id().ok_or(DeleteNotificationError::NotSignedIn)?;
        let mut work = call.begin(&self.pool).await?;
        let version = sqlx::query_scalar!(
            "update notifications.notification
            set facts = null, words = null, words_by = null, data = '{}', deleted_at = $3, version = version + 1
            where id = $1 and user_id = $2 and deleted_at is null
            returning version",
            command.id.uuid(),
            user.uuid(),
            call.now(),
        )
        .fetch_optional(work.connection())
        .await?
        .ok_or(DeleteNotificationError::NotFound)?;
        let deleted = NotificationDeleted { notification_id: command.id, user_id: user };
        work.append(&NotificationEvent::from(deleted), version).await?;
        Ok(work.commit(()).await?)
    }
}
