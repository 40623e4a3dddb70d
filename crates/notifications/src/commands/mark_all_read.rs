use async_trait::async_trait;
use cqrs::{Call, CommandHandler};
use database::Database;
use kernel::{Command, ErrorKind, Refusal};
use notifications_events::{NotificationEvent, NotificationRead};
use serde::Serialize;

use super::CHUNK;

/// The caller has read everything in the inbox. Answers how many notifications that changed.
#[derive(Debug, Clone, Serialize)]
pub struct MarkAllRead;

impl Command for MarkAllRead {
    const NAME: &'static str = "mark_all_read";
    type Output = u64;
    type Error = MarkAllReadError;
}

#[derive(Debug, thiserror::Error)]
pub enum MarkAllReadError {
    #[error("sign in to see your notifications")]
    NotSignedIn,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for MarkAllReadError {
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

pub(crate) struct MarkAllReadHandler {
    pool: Database,
}

impl MarkAllReadHandler {
    pub(crate) fn new(pool: Database) -> Self {
        Self { pool }
    }
}

#[async_trait]
impl CommandHandler<MarkAllRead> for MarkAllReadHandler {
    async fn handle(&self, call: &Call, _: MarkAllRead) -> Result<u64, MarkAllReadError> {
        let user = call.actor().user_id().ok_or(MarkAllReadError::NotSignedIn)?;
        let mut work = call.begin(&self.pool).await?;
        let mut changed = 0;
        loop {
            // Locked in the order of ids, so that two of these cannot wait for each other.
            let marked = sqlx::query!(
                "update notifications.notification set read_at = $2, version = version + 1
                where id in (
                    select id from notifications.notification
                    where user_id = $1 and not read and deleted_at is null
                    order by id limit $3 for update
                )
                returning id, version",
                user.uuid(),
                call.now(),
                CHUNK,
            )
            .fetch_all(work.connection())
            .await?;
            let read = |id| NotificationRead { notification_id: id, user_id: user };
            let events: Vec<(NotificationEvent, i64)> =
                marked.iter().map(|row| (read(row.id.into()).into(), row.version)).collect();
            work.append_all(&events).await?;
            changed += events.len() as u64;
            if (events.len() as i64) < CHUNK {
                return Ok(work.commit(changed).await?);
            }
        }
    }
}
