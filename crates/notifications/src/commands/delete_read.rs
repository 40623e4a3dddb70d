use async_trait::async_trait;
use cqrs::{Call, CommandHandler};
use database::Database;
use kernel::{Command, ErrorKind, Refusal};
use notifications_events::{NotificationDeleted, NotificationEvent};
use serde::Serialize;

use super::CHUNK;

/// The caller throws away everything that is read. Answers how many notifications that were.
#[derive(Debug, Clone, Serialize)]
pub struct DeleteRead;

impl Command for DeleteRead {
    const NAME: &'static str = "delete_read";
    type Output = u64;
    type Error = DeleteReadError;
}

#[derive(Debug, thiserror::Error)]
pub enum DeleteReadError {
    #[error("sign in to see your notifications")]
    NotSignedIn,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for DeleteReadError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotSignedIn => ErrorKind::Unauthenticated,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotSignedIn => "UNAUTHENTICATED",
            Self::Database(_) => "INTERNAL",
        }
    }
}

pub(crate) struct DeleteReadHandler {
    pool: Database,
}

impl DeleteReadHandler {
    pub(crate) fn new(pool: Database) -> Self {
        Self { pool }
    }
}

#[async_trait]
impl CommandHandler<DeleteRead> for DeleteReadHandler {
    async fn handle(&self, call: &Call, _: DeleteRead) -> Result<u64, DeleteReadError> {
        let user = call.actor().user_id().ok_or(DeleteReadError::NotSignedIn)?;
        let mut work = call.begin(&self.pool).await?;
        let mut changed = 0;
        loop {
            // Locked in the order of ids, so that two of these cannot wait for each other.
            let deleted = sqlx::query!(
                "update notifications.notification
                set facts = null, words = null, words_by = null, data = '{}', deleted_at = $2, version = version + 1
                where id in (
                    select id from notifications.notification
                    where user_id = $1 and read and deleted_at is null
                    order by id limit $3 for update
                )
                returning id, version",
                user.uuid(),
                call.now(),
                CHUNK,
            )
            .fetch_all(work.connection())
            .await?;
            let gone = |id| NotificationDeleted { notification_id: id, user_id: user };
            let events: Vec<(NotificationEvent, i64)> =
                deleted.iter().map(|row| (gone(row.id.into()).into(), row.version)).collect();
            work.append_all(&events).await?;
            changed += events.len() as u64;
            if (events.len() as i64) < CHUNK {
                return Ok(work.commit(changed).await?);
            }
        }
    }
}
