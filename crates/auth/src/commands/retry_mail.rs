use async_trait::async_trait;
use cqrs::{Call, CommandHandler};
use kernel::{Command, ErrorKind, Permission, Refusal};
use serde::Serialize;
use uuid::Uuid;

use crate::context::Parts;
use crate::outbox;

/// An administrator, or the command line, has a letter tried again that was given up.
#[derive(Debug, Clone, Serialize)]
pub struct RetryMail {
    pub mail: Uuid,
}

impl Command for RetryMail {
    const NAME: &'static str = "retry_mail";
    type Output = ();
    type Error = RetryMailError;
}

#[derive(Debug, thiserror::Error)]
pub enum RetryMailError {
    #[error("Only administrators have letters tried again.")]
    NotPermitted,
    /// Not there, or not given up.
    #[error("No letter with this id was given up.")]
    NotFound,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for RetryMailError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotPermitted => ErrorKind::Forbidden,
            Self::NotFound => ErrorKind::NotFound,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotPermitted => "FORBIDDEN",
            Self::NotFound => "MAIL_NOT_FOUND",
            Self::Database(_) => "INTERNAL",
        }
    }
}

pub(crate) struct RetryMailHandler(pub Parts);

#[async_trait]
impl CommandHandler<RetryMail> for RetryMailHandler {
    async fn handle(&self, call: &Call, command: RetryMail) -> Result<(), RetryMailError> {
        if !call.actor().may(Permission::Admin) {
            return Err(RetryMailError::NotPermitted);
        }
        let mut work = call.begin(&self.0.pool).await?;
        if !outbox::retry(work.connection(), command.mail, call.now()).await? {
            return Err(RetryMailError::NotFound);
        }
        work.commit(()).await?;
        self.0.wake_mails.notify_one();
        Ok(())
    }
}
