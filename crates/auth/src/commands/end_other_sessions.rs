use async_trait::async_trait;
use auth_events::RevocationReason;
use cqrs::{Call, CommandHandler};
use kernel::{Command, ErrorKind, Refusal};
use serde::Serialize;

use crate::context::Parts;
use crate::session::{self, Which, told_of};

/// A member ends all of their own sessions but the one that asks; answers how many ended.
#[derive(Debug, Clone, Serialize)]
pub struct EndOtherSessions {}

impl Command for EndOtherSessions {
    const NAME: &'static str = "end_other_sessions";
    type Output = u64;
    type Error = EndOtherSessionsError;
}

#[derive(Debug, thiserror::Error)]
pub enum EndOtherSessionsError {
    #[error("you are not signed in")]
    NotSignedIn,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for EndOtherSessionsError {
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

pub(crate) struct EndOtherSessionsHandler(pub Parts);

#[async_trait]
impl CommandHandler<EndOtherSessions> for EndOtherSessionsHandler {
    async fn handle(&self, call: &Call, _: EndOtherSessions) -> Result<u64, EndOtherSessionsError> {
        let actor = call.actor();
        let (Some(user), Some(session)) = (actor.user_id(), actor.session_id()) else {
            return Err(EndOtherSessionsError::NotSignedIn);
        };
        let mut work = call.begin(&self.0.pool).await?;
        // A log-in at the same time has the account locked: its session is opened before and ends, or after and stays.
        sqlx::query!("select id from auth.account where id = $1 for no key update", user.uuid())
            .fetch_optional(work.connection())
            .await?;
        let (which, reason) = (Which::AllBut(session), RevocationReason::EndedByMember);
        let ended = session::end(work.connection(), user, which, reason, call.now()).await?;
        work.append_all(&ended).await?;
        let count = work.commit(ended.len() as u64).await?;
        self.0.view.refresh_now(&told_of(&ended)).await;
        Ok(count)
    }
}
