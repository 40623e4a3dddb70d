use async_trait::async_trait;
use cqrs::{Call, QueryHandler, Wire};
use kernel::{ErrorKind, Event, Query, Refusal, UserId};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use users_events::UserEvent;

use crate::asker::Asker;
use crate::context::Parts;
use crate::passwords::HashingError;
use crate::plaintext::Plaintext;

/// Whether a member typed their own password: asked before something that cannot be undone. Only users may ask it, through
/// the host's port, and only for the member it acts for.
#[derive(Debug, Clone)]
pub struct CheckPassword {
    pub user: UserId,
    pub password: SecretString,
}

impl Query for CheckPassword {
    const NAME: &'static str = "check_password";
    type Answer = bool;
    type Error = CheckPasswordError;
}

/// Carries the password itself. Has no `Debug`.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckPasswordForm {
    user: UserId,
    plaintext_password: Plaintext,
}

impl Wire for CheckPassword {
    type Form = CheckPasswordForm;

    fn into_form(self) -> CheckPasswordForm {
        CheckPasswordForm { user: self.user, plaintext_password: Plaintext(self.password) }
    }

    fn from_form(form: CheckPasswordForm) -> Result<Self, String> {
        Ok(Self { user: form.user, password: form.plaintext_password.0 })
    }
}

#[derive(Debug, thiserror::Error)]
pub enum CheckPasswordError {
    #[error("Only users may ask for a password, and only for the member it acts for.")]
    NotPermitted,
    #[error(transparent)]
    Hashing(#[from] HashingError),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for CheckPasswordError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotPermitted => ErrorKind::Forbidden,
            Self::Hashing(error) => error.kind(),
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotPermitted => "FORBIDDEN",
            Self::Hashing(error) => error.code(),
            Self::Database(_) => "INTERNAL",
        }
    }
}

pub(crate) struct CheckPasswordHandler(pub Parts);

#[async_trait]
impl QueryHandler<CheckPassword> for CheckPasswordHandler {
    async fn handle(&self, call: &Call, query: CheckPassword) -> Result<bool, CheckPasswordError> {
        let actor = call.actor();
        if !actor.is_service(UserEvent::FAMILY) || actor.on_behalf_of() != Some(query.user) {
            return Err(CheckPasswordError::NotPermitted);
        }
        let account = sqlx::query!("select password_hash, email from auth.account where id = $1", query.user.uuid())
            .fetch_optional(&self.0.pool)
            .await?;
        let (hash, email) = account.map_or((None, None), |account| (account.password_hash, account.email));
        let asker = Asker::in_session(&email.unwrap_or_default());
        Ok(self.0.passwords.matches(&query.password, hash.as_deref(), &asker).await?)
    }
}
