use async_trait::async_trait;
use cqrs::{Call, QueryHandler};
use database::Database;
use kernel::{ErrorKind, Query, Refusal, SessionId};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// Where the caller is signed in, newest first. At most the newest hundred.
#[derive(Debug, Clone)]
pub struct ListSessions {}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct SessionView {
    pub id: SessionId,
    pub device: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When its tokens were last refreshed.
    #[serde(with = "time::serde::rfc3339")]
    pub last_used_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: OffsetDateTime,
    /// Whether it is the one that asks.
    pub current: bool,
}

impl Query for ListSessions {
    const NAME: &'static str = "list_sessions";
    type Answer = Vec<SessionView>;
    type Error = ListSessionsError;
}

#[derive(Debug, thiserror::Error)]
pub enum ListSessionsError {
    #[error("you are not signed in")]
    NotSignedIn,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for ListSessionsError {
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

pub(crate) struct ListSessionsHandler(pub Database);

#[async_trait]
impl QueryHandler<ListSessions> for ListSessionsHandler {
    async fn handle(&self, call: &Call, _: ListSessions) -> Result<Vec<SessionView>, ListSessionsError> {
        let actor = call.actor();
        let (Some(user), Some(current)) = (actor.user_id(), actor.session_id()) else {
            return Err(ListSessionsError::NotSignedIn);
        };
        let rows = sqlx::query!(
            "select id, device, created_at, last_used_at, expires_at from auth.session
            where user_id = $1 and ended_at is null and expires_at > $2
            order by created_at desc, id desc limit 100",
            user.uuid(),
            call.now(),
        )
        .fetch_all(&self.0)
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| SessionView {
                id: row.id.into(),
                device: row.device,
                created_at: row.created_at,
                last_used_at: row.last_used_at,
                expires_at: row.expires_at,
                current: current == row.id.into(),
            })
            .collect())
    }
}
