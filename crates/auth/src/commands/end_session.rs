use async_trait::async_trait;
use auth_events::RevocationReason;
use cqrs::{Call, CommandHandler};
use kernel::{Command, ErrorKind, Refusal, SessionId};
use serde::Serialize;

use crate::context::Parts;
use crate::session::{self, Which};

/// A member ends one of their own sessions, on whichever device.
#[derive(Debug, Clone, Serialize)]
pub struct EndSession {
    pub session: SessionId,
}

impl Command for EndSession {
    const NAME: &'static str = "end_session";
    type Output = ();
    type Error = EndSessionError;
}

#[derive(Debug, thiserror::Error)]
pub enum EndSessionError {
    #[error("you are not signed in")]
    NotSignedIn,
    /// Not there, over, or somebody else's.
    #[error("you have no such session")]
    NotFound,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for EndSessionError {
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
            Self::NotFound => "SESSION_NOT_FOUND",
            Self::Database(_) => "INTERNAL",
        }
    }
}

pub(crate) struct EndSessionHandler(pub Parts);

#[async_trait]
impl CommandHandler<EndSession> for EndSessionHandler {
    async fn handle(&self, call: &Call, command: EndSession) -> Result<(), EndSessionError> {
        let actor = call.actor();
        let (Some(user), Some(_)) = (actor.user_id(), actor.session_id()) else {
            return Err(EndSessionError::NotSignedIn);
        };
        let mut work = call.begin(&self.0.pool).await?;
        let (which, reason) = (Which::One(command.session), RevocationReason::EndedByMember);
        let ended = session::end(work.connection(), user, which, reason, call.now()).await?;
        if ended.is_empty() {
            return Err(EndSessionError::NotFound);
        }
        work.append_all(&ended).await?;
        work.commit(()).await?;
        self.0.view.refresh_now(&[command.session.uuid()]).await;
        Ok(())
    }
}
