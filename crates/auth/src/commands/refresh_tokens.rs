use async_trait::async_trait;
use auth_events::RevocationReason;
use cqrs::{Call, CommandHandler};
use kernel::{Command, ErrorKind, Refusal, SessionId, UserId};
use secrecy::SecretString;
use serde::Serialize;

use crate::context::Parts;
use crate::domain::TokenHash;
use crate::session::{self, SignedIn, SigningError, Which};

/// A new pair of tokens for the old refresh token, which is dead from then on. Using it again ends the session: either
/// the member or somebody else has a copy, and we cannot tell which of the two is asking.
#[derive(Debug, Clone, Serialize)]
pub struct RefreshTokens {
    #[serde(skip_serializing)]
    pub refresh_token: SecretString,
}

impl Command for RefreshTokens {
    const NAME: &'static str = "refresh_tokens";
    const REPEATABLE: bool = false;
    type Output = SignedIn;
    type Error = RefreshTokensError;
}

#[derive(Debug, thiserror::Error)]
pub enum RefreshTokensError {
    /// Unknown, used before, expired, or of a session that has ended.
    #[error("the refresh token is not valid")]
    Invalid,
    #[error(transparent)]
    Signing(#[from] SigningError),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for RefreshTokensError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Invalid => ErrorKind::Unauthenticated,
            Self::Signing(error) => error.kind(),
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Invalid => "INVALID_REFRESH_TOKEN",
            Self::Signing(_) | Self::Database(_) => "INTERNAL",
        }
    }
}

pub(crate) struct RefreshTokensHandler(pub Parts);

#[async_trait]
impl CommandHandler<RefreshTokens> for RefreshTokensHandler {
    async fn handle(&self, call: &Call, command: RefreshTokens) -> Result<SignedIn, RefreshTokensError> {
        let (hash, now) = (TokenHash::of(&command.refresh_token), call.now());
        let mut work = call.begin(&self.0.pool).await?;
        // Account before session, the order in which everybody locks them.
        let account = sqlx::query!(
            "select a.id, a.role, a.active from auth.account a
            where a.id = (select s.user_id from auth.session s
                join auth.refresh_token t on t.session_id = s.id where t.hash = $1)
            for share",
            hash.as_bytes(),
        )
        .fetch_optional(work.connection())
        .await?
        .filter(|account| account.active)
        .ok_or(RefreshTokensError::Invalid)?;
        let session = sqlx::query!(
            "update auth.session set last_used_at = $2
            where id = (select session_id from auth.refresh_token where hash = $1)
                and ended_at is null and expires_at > $2
            returning id, expires_at",
            hash.as_bytes(),
            now,
        )
        .fetch_optional(work.connection())
        .await?
        .ok_or(RefreshTokensError::Invalid)?;
        let (user, session_id) = (UserId::from(account.id), SessionId::from(session.id));
        // The session's row is locked: of two at once the second sees that the first has used the token.
        let first_use = sqlx::query!(
            "update auth.refresh_token set used_at = $2 where hash = $1 and used_at is null",
            hash.as_bytes(),
            now,
        )
        .execute(work.connection())
        .await?
        .rows_affected()
            == 1;
        if !first_use {
            let (which, reason) = (Which::One(session_id), RevocationReason::RefreshTokenReused);
            let ended = session::end(work.connection(), user, which, reason, now).await?;
            work.append_all(&ended).await?;
            work.commit(()).await?;
            self.0.view.refresh_now(&[session.id]).await;
            tracing::warn!(%user, session = %session_id, "a refresh token was used twice: the session has ended");
            return Err(RefreshTokensError::Invalid);
        }
        let opener = &self.0.opener;
        let ends = session.expires_at;
        let signed_in = opener.sign(work.connection(), user, session_id, &account.role, ends, now).await?;
        Ok(work.commit(signed_in).await?)
    }
}
