use async_trait::async_trait;
use cqrs::{Call, CommandHandler};
use database::Database;
use kernel::{Command, ErrorKind, NotificationId, Refusal};
use notifications_events::{NotificationEvent, NotificationRead};
use serde::Serialize;
use sqlx::types::Json;

use crate::domain::{Facts, NotificationData};
use crate::told::{NotificationView, Reader, Row, Told};

/// The caller has read a notification. Reading it again changes nothing.
#[derive(Debug, Clone, Serialize)]
pub struct MarkRead {
    pub id: NotificationId,
}

impl Command for MarkRead {
    const NAME: &'static str = "mark_read";
    type Output = NotificationView;
    type Error = MarkReadError;
}

#[derive(Debug, thiserror::Error)]
pub enum MarkReadError {
    #[error("sign in to see your notifications")]
    NotSignedIn,
    /// Absent, deleted, or somebody else's.
    #[error("there is no such notification")]
    NotFound,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for MarkReadError {
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

pub(crate) struct MarkReadHandler {
    pool: Database,
    reader: Reader,
}

impl MarkReadHandler {
    pub(crate) fn new(pool: Database, reader: Reader) -> Self {
        Self { pool, reader }
    }
}

#[async_trait]
impl CommandHandler<MarkRead> for MarkReadHandler {
    async fn handle(&self, call: &Call, command: MarkRead) -> Result<NotificationView, MarkReadError> {
        let user = call.actor().user_id().ok_or(MarkReadError::NotSignedIn)?;
        let id = command.id;
        let mut work = call.begin(&self.pool).await?;
        let marked = sqlx::query_scalar!(
            "update notifications.notification set read_at = $3, version = version + 1
            where id = $1 and user_id = $2 and read_at is null and deleted_at is null
            returning version",
            id.uuid(),
            user.uuid(),
            call.now(),
        )
        .fetch_optional(work.connection())
        .await?;
        if let Some(version) = marked {
            let read = NotificationRead { notification_id: id, user_id: user };
            work.append(&NotificationEvent::from(read), version).await?;
        }
        let row = sqlx::query_as!(
            Row,
            r#"select id, kind, facts as "facts!: Json<Facts>", words, words_by, read as "read!",
                data as "data: Json<NotificationData>", created_at
            from notifications.notification where id = $1 and user_id = $2 and deleted_at is null"#,
            id.uuid(),
            user.uuid(),
        )
        .fetch_optional(work.connection())
        .await?
        .ok_or(MarkReadError::NotFound)?;
        let read = self.reader.read_in(work.connection(), user, vec![Told::from(row)]).await?;
        let read = read.into_iter().next().ok_or(MarkReadError::NotFound)?;
        Ok(work.commit(read).await?)
    }
}
