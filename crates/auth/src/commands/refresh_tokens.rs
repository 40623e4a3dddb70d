use async_trait::async_trait;
use auth_events::RevocationReason;
use cqrs::{Call, CommandHandler};
use kernel::{Command, ErrorKind, Refusal, SessionId, UserId};
use secrecy::SecretString;
use serde::Serialize;
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};

use crate::context::Parts;
use crate::domain::TokenHash;
use crate::session::{self, SignedIn, SigningError, Which};

/// How long a used token still gets an answer that works: for the second of two tabs, or a client whose answer got lost.
const GRACE: Duration = Duration::seconds(10);
/// A session whose tokens were exchanged more often than that within [`GRACE`] is nobody's browser.
const MAX_STEPS: usize = 20;

/// A new pair of tokens for the old refresh token. Used again within [`GRACE`], the old one gives the newest token of the
/// session's chain, however often. Used again later, it ends the session: either the member or somebody else has a copy,
/// and we cannot tell which of the two is asking.
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
        // The session's row is locked: the second of two requests sees the result of the first.
        let Some(refresh_token) = self.exchange(work.connection(), session_id, command.refresh_token, now).await?
        else {
            let (which, reason) = (Which::One(session_id), RevocationReason::RefreshTokenReused);
            let ended = session::end(work.connection(), user, which, reason, now).await?;
            work.append_all(&ended).await?;
            work.commit(()).await?;
            self.0.view.refresh_now(&[session.id]).await;
            tracing::warn!(%user, session = %session_id, "refresh token reused; session ended");
            return Err(RefreshTokensError::Invalid);
        };
        let ends = session.expires_at;
        let signed_in = self.0.opener.sign(user, session_id, &account.role, ends, refresh_token, now)?;
        Ok(work.commit(signed_in).await?)
    }
}

impl RefreshTokensHandler {
    /// The token to answer with. `None`: the given one was used up too long ago.
    async fn exchange(
        &self,
        connection: &mut PgConnection,
        session: SessionId,
        given: SecretString,
        now: OffsetDateTime,
    ) -> Result<Option<SecretString>, sqlx::Error> {
        let chain = &self.0.opener.chain;
        let hash = TokenHash::of(&given);
        let first_use = sqlx::query!(
            "update auth.refresh_token set used_at = $2 where hash = $1 and used_at is null",
            hash.as_bytes(),
            now,
        )
        .execute(&mut *connection)
        .await?
        .rows_affected()
            == 1;
        if first_use {
            let next = chain.after(&given);
            session::store(connection, session, &next, now).await?;
            return Ok(Some(next));
        }
        let mut candidates = vec![given];
        for _ in 0..MAX_STEPS {
            match known(connection, session, candidates).await? {
                Some((token, None)) => return Ok(Some(token)),
                Some((token, Some(used_at))) if now - used_at <= GRACE => candidates = chain.successors(&token),
                // Used too long ago, or its successor was made with a secret that is gone.
                Some((_, Some(_))) | None => return Ok(None),
            }
        }
        Ok(None)
    }
}

/// The first of the tokens that the session has, and when it was used.
async fn known(
    connection: &mut PgConnection,
    session: SessionId,
    tokens: Vec<SecretString>,
) -> Result<Option<(SecretString, Option<OffsetDateTime>)>, sqlx::Error> {
    for token in tokens {
        let hash = TokenHash::of(&token);
        let found = sqlx::query!(
            "select used_at from auth.refresh_token where hash = $1 and session_id = $2",
            hash.as_bytes(),
            session.uuid(),
        )
        .fetch_optional(&mut *connection)
        .await?;
        if let Some(found) = found {
            return Ok(Some((token, found.used_at)));
        }
    }
    Ok(None)
}
