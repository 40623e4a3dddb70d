use async_trait::async_trait;
use auth_events::{AuthEvent, UserVerified};
use cqrs::{Call, CommandHandler};
use kernel::{Command, Detail, ErrorKind, Refusal, UserId};
use secrecy::SecretString;
use serde::Serialize;

use crate::context::Parts;
use crate::domain::TokenHash;
use crate::letter::Purpose;
use crate::session;

/// Whoever holds the token of the mail reads the mails of that address.
#[derive(Debug, Clone, Serialize)]
pub struct VerifyEmail {
    #[serde(skip_serializing)]
    pub token: SecretString,
}

impl Command for VerifyEmail {
    const NAME: &'static str = "verify_email";
    const REPEATABLE: bool = false;
    type Output = ();
    type Error = VerifyEmailError;
}

#[derive(Debug, thiserror::Error)]
pub enum VerifyEmailError {
    /// Unknown, used before, expired, or meant for something else.
    #[error("the link is not valid any more")]
    InvalidToken,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for VerifyEmailError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::InvalidToken => ErrorKind::Invalid,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::InvalidToken => "VALIDATION_ERROR",
            Self::Database(_) => "INTERNAL",
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::InvalidToken => vec![Detail::new("token", "is not valid or has expired")],
            Self::Database(_) => Vec::new(),
        }
    }
}

pub(crate) struct VerifyEmailHandler(pub Parts);

#[async_trait]
impl CommandHandler<VerifyEmail> for VerifyEmailHandler {
    async fn handle(&self, call: &Call, command: VerifyEmail) -> Result<(), VerifyEmailError> {
        let token = TokenHash::of(&command.token);
        let mut work = call.begin(&self.0.pool).await?;
        let user = sqlx::query_scalar!(
            "delete from auth.mail_token where hash = $1 and purpose = $2 and expires_at > $3 returning user_id",
            token.as_bytes(),
            Purpose::VerifyEmail.name(),
            call.now(),
        )
        .fetch_optional(work.connection())
        .await?
        .map(UserId::from)
        .ok_or(VerifyEmailError::InvalidToken)?;
        let verified = sqlx::query_scalar!(
            "update auth.account set verified_at = $2, version = version + 1
            where id = $1 and verified_at is null and deleted_at is null returning version",
            user.uuid(),
            call.now(),
        )
        .fetch_optional(work.connection())
        .await?;
        if let Some(version) = verified {
            session::touch_all(work.connection(), user).await?;
            let event = AuthEvent::Verified(UserVerified { user_id: user });
            work.append(&event, version).await?;
        }
        Ok(work.commit(()).await?)
    }
}
