use async_trait::async_trait;
use cqrs::{Call, CommandHandler};
use kernel::{Command, Detail, ErrorKind, Refusal};
use secrecy::SecretString;
use serde::Serialize;
use uuid::Uuid;

use crate::asker::Asker;
use crate::context::Parts;
use crate::domain::{Password, TokenHash};
use crate::letter::Purpose;
use crate::passwords::HashingError;
use crate::renewal::renew;

/// A new password for whoever holds the token of a mail. All sessions and API keys end: somebody else may have opened
/// them. The address is proved by the way.
#[derive(Debug, Clone, Serialize)]
pub struct ResetPassword {
    #[serde(skip_serializing)]
    pub token: SecretString,
    pub new_password: Password,
}

impl Command for ResetPassword {
    const NAME: &'static str = "reset_password";
    const REPEATABLE: bool = false;
    type Output = ();
    type Error = ResetPasswordError;
}

#[derive(Debug, thiserror::Error)]
pub enum ResetPasswordError {
    /// Unknown, used before, expired, or meant for something else.
    #[error("the link is not valid any more: ask for a new mail")]
    InvalidToken,
    #[error(transparent)]
    Hashing(#[from] HashingError),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for ResetPasswordError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::InvalidToken => ErrorKind::Invalid,
            Self::Hashing(error) => error.kind(),
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::InvalidToken => "VALIDATION_ERROR",
            Self::Hashing(error) => error.code(),
            Self::Database(_) => "INTERNAL",
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::InvalidToken => vec![Detail::new("token", "is not valid or has expired")],
            Self::Hashing(error) => error.details("newPassword"),
            Self::Database(_) => Vec::new(),
        }
    }
}

pub(crate) struct ResetPasswordHandler(pub Parts);

impl ResetPasswordHandler {
    async fn owner(&self, call: &Call, hash: &TokenHash) -> Result<Owner, ResetPasswordError> {
        sqlx::query_as!(
            Owner,
            r#"select a.id, a.name, coalesce(a.email, '') as "email!"
            from auth.mail_token t join auth.account a on a.id = t.user_id
            where t.hash = $1 and t.purpose = $2 and t.expires_at > $3"#,
            hash.as_bytes(),
            Purpose::ResetPassword.name(),
            call.now(),
        )
        .fetch_optional(&self.0.pool)
        .await?
        .ok_or(ResetPasswordError::InvalidToken)
    }
}

/// Whose token it is.
struct Owner {
    id: Uuid,
    name: String,
    email: String,
}

#[async_trait]
impl CommandHandler<ResetPassword> for ResetPasswordHandler {
    async fn handle(&self, call: &Call, command: ResetPassword) -> Result<(), ResetPasswordError> {
        let token = TokenHash::of(&command.token);
        // Looked up first, so that hashing is done only for who has a token.
        let owner = self.owner(call, &token).await?;
        let about = [owner.name.as_str(), owner.email.as_str()];
        let hash = self.0.passwords.choose(&command.new_password, about, &Asker::in_session(&owner.email)).await?;
        let renewed = renew(&self.0, call, owner.id.into(), (&token, Purpose::ResetPassword), &hash).await?;
        renewed.then_some(()).ok_or(ResetPasswordError::InvalidToken)
    }
}
