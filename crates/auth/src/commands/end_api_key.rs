use async_trait::async_trait;
use auth_events::RevocationReason;
use cqrs::{Call, CommandHandler};
use kernel::{ApiKeyId, Command, ErrorKind, Refusal};
use serde::Serialize;

use crate::api_key::{self, Which};
use crate::context::Parts;

/// A member ends one of their own keys. Only a session may.
#[derive(Debug, Clone, Serialize)]
pub struct EndApiKey {
    pub key: ApiKeyId,
}

impl Command for EndApiKey {
    const NAME: &'static str = "end_api_key";
    type Output = ();
    type Error = EndApiKeyError;
}

#[derive(Debug, thiserror::Error)]
pub enum EndApiKeyError {
    #[error("Log in first: a key is ended by its member.")]
    NotSignedIn,
    /// Not there, ended before, or somebody else's.
    #[error("You have no such key.")]
    NotFound,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for EndApiKeyError {
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
            Self::NotFound => "API_KEY_NOT_FOUND",
            Self::Database(_) => "INTERNAL",
        }
    }
}

pub(crate) struct EndApiKeyHandler(pub Parts);

#[async_trait]
impl CommandHandler<EndApiKey> for EndApiKeyHandler {
    async fn handle(&self, call: &Call, command: EndApiKey) -> Result<(), EndApiKeyError> {
        let actor = call.actor();
        let (Some(user), Some(_)) = (actor.user_id(), actor.session_id()) else {
            return Err(EndApiKeyError::NotSignedIn);
        };
        let mut work = call.begin(&self.0.pool).await?;
        let (which, reason) = (Which::One(command.key), RevocationReason::EndedByMember);
        let ended = api_key::end(work.connection(), user, which, reason, call.now()).await?;
        if ended.is_empty() {
            return Err(EndApiKeyError::NotFound);
        }
        work.append_all(&ended).await?;
        work.commit(()).await?;
        self.0.view.refresh_now(&[command.key.uuid()]).await;
        Ok(())
    }
}
