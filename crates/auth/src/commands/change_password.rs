use async_trait::async_trait;
use auth_events::RevocationReason;
use cqrs::{Call, CommandHandler};
use kernel::{Command, Detail, ErrorKind, Refusal};
use secrecy::SecretString;
use serde::Serialize;

use crate::asker::Asker;
use crate::context::Parts;
use crate::domain::Password;
use crate::letter::Letter;
use crate::outbox;
use crate::passwords::HashingError;
use crate::session::{self, Which, told_of};

/// The caller's other sessions end; links to reset the old password are worth nothing any more. A letter tells whoever
/// owns the address, and has a link for those who did not do it.
#[derive(Debug, Clone, Serialize)]
pub struct ChangePassword {
    #[serde(skip_serializing)]
    pub current_password: SecretString,
    pub new_password: Password,
}

impl Command for ChangePassword {
    const NAME: &'static str = "change_password";
    const REPEATABLE: bool = false;
    type Output = ();
    type Error = ChangePasswordError;
}

#[derive(Debug, thiserror::Error)]
pub enum ChangePasswordError {
    #[error("you are not signed in")]
    NotSignedIn,
    #[error("this is not your present password")]
    WrongPassword,
    #[error(transparent)]
    Hashing(#[from] HashingError),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for ChangePasswordError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotSignedIn => ErrorKind::Unauthenticated,
            Self::WrongPassword => ErrorKind::Forbidden,
            Self::Hashing(error) => error.kind(),
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotSignedIn => "UNAUTHENTICATED",
            Self::WrongPassword => "WRONG_PASSWORD",
            Self::Hashing(error) => error.code(),
            Self::Database(_) => "INTERNAL",
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::WrongPassword => vec![Detail::new("currentPassword", "is not your password")],
            Self::Hashing(error) => error.details("newPassword"),
            Self::NotSignedIn | Self::Database(_) => Vec::new(),
        }
    }
}

pub(crate) struct ChangePasswordHandler(pub Parts);

#[async_trait]
impl CommandHandler<ChangePassword> for ChangePasswordHandler {
    async fn handle(&self, call: &Call, command: ChangePassword) -> Result<(), ChangePasswordError> {
        let actor = call.actor();
        let (Some(user), Some(session)) = (actor.user_id(), actor.session_id()) else {
            return Err(ChangePasswordError::NotSignedIn);
        };
        let account = sqlx::query!("select password_hash, name, email from auth.account where id = $1", user.uuid())
            .fetch_optional(&self.0.pool)
            .await?
            .ok_or(ChangePasswordError::NotSignedIn)?;
        let old = account.password_hash;
        let email = account.email.unwrap_or_default();
        let (passwords, asker) = (&self.0.passwords, Asker::in_session(&email));
        if !passwords.matches(&command.current_password, old.as_deref(), &asker).await? {
            return Err(ChangePasswordError::WrongPassword);
        }
        let about = [account.name.as_str(), email.as_str()];
        let new = passwords.choose(&command.new_password, about, &asker).await?;

        let mut work = call.begin(&self.0.pool).await?;
        let changed = sqlx::query!(
            "update auth.account set password_hash = $3, version = version + 1
            where id = $1 and password_hash = $2",
            user.uuid(),
            old,
            new,
        )
        .execute(work.connection())
        .await?;
        if changed.rows_affected() == 0 {
            // Changed or reset meanwhile: what was typed is not the present one any more.
            return Err(ChangePasswordError::WrongPassword);
        }
        sqlx::query!("delete from auth.mail_token where user_id = $1 and purpose = 'reset_password'", user.uuid())
            .execute(work.connection())
            .await?;
        let (which, reason) = (Which::AllBut(session), RevocationReason::PasswordChanged);
        let ended = session::end(work.connection(), user, which, reason, call.now()).await?;
        outbox::note(work.connection(), Letter::PasswordChanged, &email, call.now()).await?;
        work.append_all(&ended).await?;
        work.commit(()).await?;
        self.0.wake_mails.notify_one();
        self.0.view.refresh_now(&told_of(&ended)).await;
        Ok(())
    }
}
