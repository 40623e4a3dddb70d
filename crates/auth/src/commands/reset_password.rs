use async_trait::async_trait;
use auth_events::{AuthEvent, RevocationReason, UserVerified};
use cqrs::{Call, CommandHandler};
use kernel::{Command, Detail, ErrorKind, Refusal, UserId};
use secrecy::SecretString;
use serde::Serialize;
use uuid::Uuid;

use crate::api_key;
use crate::context::Parts;
use crate::domain::{Password, TokenHash};
use crate::letter::Purpose;
use crate::passwords::HashingError;
use crate::session::{self, Which, told_of};
use crate::turns::Asker;

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
        let (token, now) = (TokenHash::of(&command.token), call.now());
        // Looked up first, so that hashing is done only for who has a token.
        let owner = self.owner(call, &token).await?;
        let about = [owner.name.as_str(), owner.email.as_str()];
        let hash = self.0.passwords.choose(&command.new_password, about, &Asker::in_session(&owner.email)).await?;
        let user = UserId::from(owner.id);

        let mut work = call.begin(&self.0.pool).await?;
        let account = sqlx::query!(
            r#"select verified_at is null as "unproved!" from auth.account
            where id = $1 and deleted_at is null for no key update"#,
            user.uuid()
        )
        .fetch_optional(work.connection())
        .await?
        .ok_or(ResetPasswordError::InvalidToken)?;
        let taken = sqlx::query_scalar!(
            "with gone as (delete from auth.mail_token where user_id = $1 and purpose = $2 returning hash)
            select exists (select from gone where hash = $3) as \"there!\"",
            user.uuid(),
            Purpose::ResetPassword.name(),
            token.as_bytes(),
        )
        .fetch_one(work.connection())
        .await?;
        if !taken {
            return Err(ResetPasswordError::InvalidToken);
        }
        let version = sqlx::query_scalar!(
            "update auth.account set password_hash = $2, verified_at = coalesce(verified_at, $3), version = version + 1
            where id = $1 returning version",
            user.uuid(),
            hash,
            now,
        )
        .fetch_one(work.connection())
        .await?;
        if account.unproved {
            let verified = AuthEvent::Verified(UserVerified { user_id: user });
            work.append(&verified, version).await?;
        }
        let (which, reason) = (Which::All, RevocationReason::PasswordReset);
        let mut ended = session::end(work.connection(), user, which, reason, now).await?;
        ended.extend(api_key::end(work.connection(), user, api_key::Which::All, reason, now).await?);
        work.append_all(&ended).await?;
        work.commit(()).await?;
        self.0.view.refresh_now(&told_of(&ended)).await;
        Ok(())
    }
}
