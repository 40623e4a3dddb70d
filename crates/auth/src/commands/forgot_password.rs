use async_trait::async_trait;
use cqrs::{Call, CommandHandler};
use kernel::{Command, ErrorKind, Refusal};
use serde::Serialize;

use crate::context::Parts;
use crate::domain::Email;
use crate::letter::Letter;
use crate::outbox;

/// Asks for a mail to choose a new password with. Whether anybody has the address is found out when the mail is sent:
/// the answer, and the time it takes, say nothing.
#[derive(Debug, Clone, Serialize)]
pub struct ForgotPassword {
    pub email: Email,
}

impl Command for ForgotPassword {
    const NAME: &'static str = "forgot_password";
    type Output = ();
    type Error = ForgotPasswordError;
}

#[derive(Debug, thiserror::Error)]
pub enum ForgotPasswordError {
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for ForgotPasswordError {
    fn kind(&self) -> ErrorKind {
        let Self::Database(error) = self;
        event_bus::error_kind(error)
    }

    fn code(&self) -> &'static str {
        "INTERNAL"
    }
}

pub(crate) struct ForgotPasswordHandler(pub Parts);

#[async_trait]
impl CommandHandler<ForgotPassword> for ForgotPasswordHandler {
    async fn handle(&self, call: &Call, command: ForgotPassword) -> Result<(), ForgotPasswordError> {
        let mut work = call.begin(&self.0.pool).await?;
        let recipient = command.email.as_str();
        outbox::note(work.connection(), Letter::ResetPassword, recipient, call.now()).await?;
        work.commit(()).await?;
        self.0.wake_mails.notify_one();
        Ok(())
    }
}
