use async_trait::async_trait;
use cqrs::{Call, CommandHandler};
use kernel::{Command, ErrorKind, Refusal};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::calendar_feed::{new_token, token_hash};
use crate::desk::Desk;

/// Gives the caller's calendar a secret address, a new one if it has one. Only a session may: the address outlives it.
#[derive(Debug, Clone, Serialize)]
pub struct OpenCalendarFeed {}

/// The token is told this once.
#[derive(Debug, Serialize, Deserialize)]
pub struct OpenedCalendarFeed {
    #[serde(skip_serializing)]
    pub token: SecretString,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

impl Command for OpenCalendarFeed {
    const NAME: &'static str = "open_calendar_feed";
    const REPEATABLE: bool = false;
    type Output = OpenedCalendarFeed;
    type Error = CalendarFeedError;
}

#[derive(Debug, thiserror::Error)]
pub enum CalendarFeedError {
    #[error("Sign in first: a calendar is its member's.")]
    NotSignedIn,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for CalendarFeedError {
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

pub(crate) struct OpenCalendarFeedHandler(pub Desk);

#[async_trait]
impl CommandHandler<OpenCalendarFeed> for OpenCalendarFeedHandler {
    async fn handle(&self, call: &Call, _: OpenCalendarFeed) -> Result<OpenedCalendarFeed, CalendarFeedError> {
        let actor = call.actor();
        let (Some(member), Some(_)) = (actor.user_id(), actor.session_id()) else {
            return Err(CalendarFeedError::NotSignedIn);
        };
        let (token, created_at) = (new_token(), call.now());
        let hash = token_hash(&token);
        let mut work = call.begin(&self.0.pool).await?;
        // A session may outlive its account by a moment.
        let opened = sqlx::query!(
            "insert into borrowing.calendar_feed (member_id, token_hash, created_at)
            select $1, $2, $3 where not exists (select from borrowing.member where id = $1 and closed_at is not null)
            on conflict (member_id) do update set token_hash = excluded.token_hash, created_at = excluded.created_at",
            member.uuid(),
            hash.as_slice(),
            created_at,
        )
        .execute(work.connection())
        .await?;
        if opened.rows_affected() == 0 {
            return Err(CalendarFeedError::NotSignedIn);
        }
        Ok(work.commit(OpenedCalendarFeed { token, created_at }).await?)
    }
}
