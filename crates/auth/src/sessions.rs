//! The check that every request with an access token passes.

use std::sync::Arc;

use kernel::{Clock, ErrorKind, Refusal, SessionId, UserId};

use crate::access_token::AccessTokens;
use crate::view::View;

/// Cheap to clone.
#[derive(Clone)]
pub struct Sessions {
    tokens: AccessTokens,
    view: View,
    clock: Arc<dyn Clock>,
}

/// Whose session it is, and the role they have now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authenticated {
    pub user_id: UserId,
    pub session_id: SessionId,
    pub role: String,
}

#[derive(Debug, thiserror::Error)]
pub enum AuthenticateError {
    /// Forged, expired, revoked, or of a member who may not sign in: the caller is not told which.
    #[error("the access token is not valid")]
    Invalid,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for AuthenticateError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Invalid => ErrorKind::Unauthenticated,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Invalid => "UNAUTHENTICATED",
            Self::Database(_) => "INTERNAL",
        }
    }
}

impl Sessions {
    pub(crate) fn new(tokens: AccessTokens, view: View, clock: Arc<dyn Clock>) -> Self {
        Self { tokens, view, clock }
    }

    /// The token says which session; Redis, or else PostgreSQL, says whether it still counts and in which role.
    pub async fn authenticate(&self, access_token: &str) -> Result<Authenticated, AuthenticateError> {
        let now = self.clock.now();
        let claims = self.tokens.verify(access_token, now).ok_or(AuthenticateError::Invalid)?;
        let live = match self.view.cached(claims.session_id).await {
            Some(live) => Some(live),
            None => self.view.stored(claims.session_id).await?,
        };
        let live =
            live.filter(|live| live.user_id == claims.user_id && live.counts(now)).ok_or(AuthenticateError::Invalid)?;
        Ok(Authenticated { user_id: claims.user_id, session_id: claims.session_id, role: live.role })
    }
}
