use async_trait::async_trait;
use cqrs::{Call, CommandHandler};
use kernel::{Command, ErrorKind, Refusal, UserId};
use secrecy::SecretString;
use serde::Serialize;

use crate::context::Parts;
use crate::domain::Email;
use crate::passwords::HashingError;
use crate::session::{Device, SignedIn, SigningError};

#[derive(Debug, Clone, Serialize)]
pub struct LogIn {
    pub email: Email,
    /// Whatever was typed: the rules for new passwords do not matter here.
    #[serde(skip_serializing)]
    pub password: SecretString,
    pub device: Option<Device>,
}

impl Command for LogIn {
    const NAME: &'static str = "log_in";
    const REPEATABLE: bool = false;
    type Output = SignedIn;
    type Error = LogInError;
}

#[derive(Debug, thiserror::Error)]
pub enum LogInError {
    /// Unknown address, wrong password, deactivated: the caller is not told which, and waits as long for each.
    #[error("mail address or password is wrong")]
    InvalidCredentials,
    #[error(transparent)]
    Hashing(#[from] HashingError),
    #[error(transparent)]
    Signing(#[from] SigningError),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for LogInError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::InvalidCredentials => ErrorKind::Unauthenticated,
            Self::Hashing(error) => error.kind(),
            Self::Signing(error) => error.kind(),
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::InvalidCredentials => "INVALID_CREDENTIALS",
            Self::Hashing(error) => error.code(),
            Self::Signing(_) | Self::Database(_) => "INTERNAL",
        }
    }
}

pub(crate) struct LogInHandler(pub Parts);

#[async_trait]
impl CommandHandler<LogIn> for LogInHandler {
    async fn handle(&self, call: &Call, command: LogIn) -> Result<SignedIn, LogInError> {
        let known =
            sqlx::query!("select id, password_hash, active from auth.account where email = $1", command.email.as_str())
                .fetch_optional(&self.0.pool)
                .await?;
        let hash = known.as_ref().and_then(|account| account.password_hash.as_deref());
        let matches = self.0.passwords.matches(&command.password, hash).await?;
        let account = known.filter(|account| matches && account.active).ok_or(LogInError::InvalidCredentials)?;

        let now = call.now();
        let mut work = call.begin(&self.0.pool).await?;
        // Whoever deactivates the member or changes the password now either comes first and is seen here, or waits and
        // sees the session.
        let role = sqlx::query_scalar!(
            "select role from auth.account where id = $1 and password_hash = $2 and active for share",
            account.id,
            account.password_hash,
        )
        .fetch_optional(work.connection())
        .await?
        .ok_or(LogInError::InvalidCredentials)?;
        let user = UserId::from(account.id);
        let device = command.device.as_ref();
        let opener = &self.0.opener;
        let signed_in = opener.open(work.connection(), user, &role, device, now).await?;
        let signed_in = work.commit(signed_in).await?;
        self.0.view.refresh_now(&[signed_in.session_id.uuid()]).await;
        Ok(signed_in)
    }
}
