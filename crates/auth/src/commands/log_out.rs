use async_trait::async_trait;
use auth_events::RevocationReason;
use cqrs::{Call, CommandHandler};
use kernel::{Command, ErrorKind, Refusal};
use serde::Serialize;

use crate::context::Parts;
use crate::session::{self, Which};

/// The caller's session ends: its access token and its refresh token are worth nothing from then on.
#[derive(Debug, Clone, Serialize)]
pub struct LogOut {}

impl Command for LogOut {
    const NAME: &'static str = "log_out";
    /// A key would stand for the session that it ended, and not for the one that is to end now.
    const REPEATABLE: bool = false;
    type Output = ();
    type Error = LogOutError;
}

#[derive(Debug, thiserror::Error)]
pub enum LogOutError {
    #[error("you are not signed in")]
    NotSignedIn,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for LogOutError {
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

pub(crate) struct LogOutHandler(pub Parts);

#[async_trait]
impl CommandHandler<LogOut> for LogOutHandler {
    async fn handle(&self, call: &Call, _: LogOut) -> Result<(), LogOutError> {
        let actor = call.actor();
        let (Some(user), Some(session)) = (actor.user_id(), actor.session_id()) else {
            return Err(LogOutError::NotSignedIn);
        };
        let mut work = call.begin(&self.0.pool).await?;
        let (which, reason) = (Which::One(session), RevocationReason::LoggedOut);
        let ended = session::end(work.connection(), user, which, reason, call.now()).await?;
        work.append_all(&ended).await?;
        work.commit(()).await?;
        self.0.view.refresh_now(&[session.uuid()]).await;
        Ok(())
    }
}
