use async_trait::async_trait;
use cqrs::{Call, QueryHandler, Source};
use database::Database;
use kernel::{ErrorKind, Query, Refusal};

use crate::view::{self, View};

/// How many of the caller's notifications are unread.
#[derive(Debug, Clone)]
pub struct UnreadCount;

impl Query for UnreadCount {
    const NAME: &'static str = "unread_count";
    type Answer = u64;
    type Error = UnreadCountError;
}

#[derive(Debug, thiserror::Error)]
pub enum UnreadCountError {
    #[error("sign in to see your notifications")]
    NotSignedIn,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for UnreadCountError {
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

pub(crate) struct UnreadCountHandler {
    pool: Database,
    view: View,
}

impl UnreadCountHandler {
    pub(crate) fn new(pool: Database, view: View) -> Self {
        Self { pool, view }
    }
}

#[async_trait]
impl QueryHandler<UnreadCount> for UnreadCountHandler {
    async fn handle(&self, call: &Call, _: UnreadCount) -> Result<u64, UnreadCountError> {
        let user = call.actor().user_id().ok_or(UnreadCountError::NotSignedIn)?;
        if call.source() == Source::ReadStore {
            match self.view.projection.count(&view::unread(user)).await {
                Ok(count) => return Ok(count),
                Err(error) => tracing::debug!(%error, "counted in PostgreSQL"),
            }
        }
        let count = sqlx::query_scalar!(
            r#"select count(*) as "count!" from notifications.notification
            where user_id = $1 and not read and deleted_at is null"#,
            user.uuid(),
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(count.unsigned_abs())
    }
}
