//! Opening and ending sessions: what several commands share.

use auth_events::{AuthEvent, RevocationReason, SessionRevoked};
use kernel::{Line, SessionId, UserId};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::access_token::AccessTokens;
use crate::domain::{TokenHash, new_token};
use crate::refresh_chain::RefreshChain;

/// What a device calls itself, as in `Firefox on Linux`.
pub type Device = Line<200>;

/// A session and the two tokens that prove it. The tokens are not serialised: an answer that holds them is not repeated.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SignedIn {
    pub user_id: UserId,
    pub session_id: SessionId,
    #[serde(skip_serializing)]
    pub access_token: SecretString,
    /// Seconds until the access token expires.
    pub expires_in: u64,
    #[serde(skip_serializing)]
    pub refresh_token: SecretString,
    /// The end of the session, and of every refresh token of it.
    pub session_expires_at: OffsetDateTime,
}

#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    #[error("an access token could not be signed")]
    Signing(#[from] jsonwebtoken::errors::Error),
}

impl SigningError {
    pub(crate) fn kind(&self) -> kernel::ErrorKind {
        match self {
            Self::Database(error) => event_bus::error_kind(error),
            Self::Signing(_) => kernel::ErrorKind::Internal,
        }
    }
}

#[derive(Clone)]
pub(crate) struct SessionOpener {
    pub tokens: AccessTokens,
    pub chain: RefreshChain,
    pub lifetime: std::time::Duration,
}

impl SessionOpener {
    /// The caller's transaction has locked the account's row: a deactivation at the same time then sees the session.
    pub(crate) async fn open(
        &self,
        connection: &mut PgConnection,
        user: UserId,
        role: &str,
        device: Option<&Device>,
        now: OffsetDateTime,
    ) -> Result<SignedIn, SigningError> {
        let (session, ends) = (SessionId::new(now), now + self.lifetime);
        sqlx::query!(
            "insert into auth.session (id, user_id, device, created_at, last_used_at, expires_at, version)
            values ($1, $2, $3, $4, $4, $5, 1)",
            session.uuid(),
            user.uuid(),
            device.map(Device::as_str),
            now,
            ends,
        )
        .execute(&mut *connection)
        .await?;
        let refresh_token = new_token();
        store(connection, session, &refresh_token, now).await?;
        self.sign(user, session, role, ends, refresh_token, now)
    }

    /// Signs an access token; the refresh token is stored already.
    pub(crate) fn sign(
        &self,
        user_id: UserId,
        session_id: SessionId,
        role: &str,
        session_expires_at: OffsetDateTime,
        refresh_token: SecretString,
        now: OffsetDateTime,
    ) -> Result<SignedIn, SigningError> {
        let (access_token, expires_in) = self.tokens.issue(user_id, session_id, role, session_expires_at, now)?;
        Ok(SignedIn { user_id, session_id, access_token, expires_in, refresh_token, session_expires_at })
    }
}

/// Stores a refresh token that is good for one exchange.
pub(crate) async fn store(
    connection: &mut PgConnection,
    session: SessionId,
    refresh_token: &SecretString,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    let hash = TokenHash::of(refresh_token);
    sqlx::query!(
        "insert into auth.refresh_token (hash, session_id, created_at) values ($1, $2, $3)",
        hash.as_bytes(),
        session.uuid(),
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Which of a member's live sessions shall end.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Which {
    One(SessionId),
    AllBut(SessionId),
    All,
}

/// Ends sessions; answers the events to append, each with its session's version.
pub(crate) async fn end(
    connection: &mut PgConnection,
    user_id: UserId,
    which: Which,
    reason: RevocationReason,
    now: OffsetDateTime,
) -> Result<Vec<(AuthEvent, i64)>, sqlx::Error> {
    let (only, but) = match which {
        Which::One(id) => (Some(id.uuid()), None),
        Which::AllBut(id) => (None, Some(id.uuid())),
        Which::All => (None, None),
    };
    let ended = sqlx::query!(
        "update auth.session set ended_at = $4, version = version + 1
        where user_id = $1 and ended_at is null and expires_at > $4
            and ($2::uuid is null or id = $2) and ($3::uuid is null or id <> $3)
        returning id, version",
        user_id.uuid(),
        only,
        but,
        now,
    )
    .fetch_all(connection)
    .await?;
    let revoked = |row: (uuid::Uuid, i64)| {
        let event = SessionRevoked { user_id, session_id: row.0.into(), reason };
        (AuthEvent::SessionRevoked(event), row.1)
    };
    Ok(ended.into_iter().map(|row| revoked((row.id, row.version))).collect())
}

/// The sessions and API keys whose end `events` tell of.
pub(crate) fn told_of(events: &[(AuthEvent, i64)]) -> Vec<uuid::Uuid> {
    events
        .iter()
        .filter_map(|(event, _)| match event {
            AuthEvent::SessionRevoked(event) => Some(event.session_id.uuid()),
            AuthEvent::ApiKeyRevoked(event) => Some(event.key_id.uuid()),
            AuthEvent::Registered(_) | AuthEvent::Verified(_) | AuthEvent::ApiKeyCreated(_) => None,
        })
        .collect()
}

/// What the sessions' documents show of their account has changed, and what hosts keep of API keys.
pub(crate) async fn touch_all(connection: &mut PgConnection, user: UserId) -> Result<(), sqlx::Error> {
    sqlx::query!("update auth.session set version = version + 1 where user_id = $1", user.uuid())
        .execute(&mut *connection)
        .await?;
    sqlx::query!("update auth.api_key set version = version + 1 where user_id = $1", user.uuid())
        .execute(connection)
        .await?;
    Ok(())
}
