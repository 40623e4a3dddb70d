//! The check that every request with an access token passes.

use std::sync::Arc;
use std::time::Duration;

use kernel::{Clock, ErrorKind, Refusal, SessionId};
use read_store::Local;
use time::OffsetDateTime;

use crate::access_token::AccessTokens;
use crate::ports::{CredentialSource, CredentialsUnavailable};
use crate::view::{Authenticated, LiveSession, Shown};

/// Room for some 20,000 tokens in use.
const KEPT_BYTES: u64 = 16 * 1024 * 1024;

/// PostgreSQL, or the process that runs auth, is given so long to answer. A server that is frozen takes seconds to be noticed.
const STORED_WITHIN: Duration = Duration::from_millis(500);

/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct Sessions {
    tokens: AccessTokens,
    source: Arc<dyn CredentialSource>,
    shown: Shown,
    clock: Arc<dyn Clock>,
    kept: Local<Known>,
}

/// What a token was found to stand for, until its session changes.
#[derive(Clone)]
struct Known {
    who: Arc<Authenticated>,
    until: OffsetDateTime,
}

#[derive(Debug, thiserror::Error)]
pub enum AuthenticateError {
    /// Forged, expired, revoked, or of a member who may not sign in: the caller is not told which.
    #[error("The access token or API key is not valid.")]
    Invalid,
    #[error(transparent)]
    Unavailable(#[from] CredentialsUnavailable),
}

impl Refusal for AuthenticateError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Invalid => ErrorKind::Unauthenticated,
            Self::Unavailable(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Invalid => "UNAUTHENTICATED",
            Self::Unavailable(error) => error.code(),
        }
    }
}

impl Sessions {
    pub(crate) fn new(
        tokens: AccessTokens,
        source: Arc<dyn CredentialSource>,
        shown: Shown,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let kept = shown.local(KEPT_BYTES, |known: &Known| size_of::<Authenticated>() + known.who.role.len());
        Self { tokens, source, shown, clock, kept }
    }

    /// The token says which session; memory or auth says whether it still counts and in which role.
    pub(crate) async fn authenticate(&self, access_token: &str) -> Result<Arc<Authenticated>, AuthenticateError> {
        if let Some(known) = self.known(access_token) {
            return Ok(known);
        }
        let now = self.clock.now();
        let claims = self.tokens.verify(access_token, now).ok_or(AuthenticateError::Invalid)?;
        let stamp = self.shown.stamp(claims.session_id.uuid());
        let live = self.live(claims.session_id).await?;
        let live =
            live.filter(|live| live.user_id == claims.user_id && live.counts(now)).ok_or(AuthenticateError::Invalid)?;
        let until = claims.expires_at().ok_or(AuthenticateError::Invalid)?.min(live.expires_at);
        let who = Arc::new(Authenticated { user_id: claims.user_id, session_id: claims.session_id, role: live.role });
        if let Some(stamp) = stamp {
            self.kept.keep(access_token, Known { who: Arc::clone(&who), until }, stamp);
        }
        Ok(who)
    }

    /// The session as PostgreSQL has it: whoever writes to Redis could put an ended one back there. While PostgreSQL or the
    /// process that runs auth is away, as Redis has it.
    async fn live(&self, session: SessionId) -> Result<Option<LiveSession>, AuthenticateError> {
        let stored = tokio::time::timeout(STORED_WITHIN, self.source.session(session)).await;
        match stored.unwrap_or(Err(sqlx::Error::PoolTimedOut.into())) {
            Ok(live) => Ok(live),
            Err(error) => match self.shown.cached(session).await {
                Some(live) => Ok(Some(live)),
                None => Err(error.into()),
            },
        }
    }

    /// As [`Self::authenticate`], as far as this process knows the token from before and its session has not changed.
    pub(crate) fn known(&self, access_token: &str) -> Option<Arc<Authenticated>> {
        let known = self.kept.get(access_token)?;
        (self.clock.now() < known.until).then_some(known.who)
    }
}
