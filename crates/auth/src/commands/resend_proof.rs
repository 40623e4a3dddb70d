use async_trait::async_trait;
use cqrs::{Call, CommandHandler};
use kernel::{Command, ErrorKind, Refusal};
use serde::Serialize;

use crate::context::Parts;
use crate::domain::Email;
use crate::letter::Letter;
use crate::outbox;

/// Asks again for the letter that proves an address. Whether anybody waits for it is found out when it is sent: the answer,
/// and the time it takes, say nothing.
#[derive(Debug, Clone, Serialize)]
pub struct ResendProof {
    pub email: Email,
}

impl Command for ResendProof {
    const NAME: &'static str = "resend_proof";
    type Output = ();
    type Error = ResendProofError;
}

#[derive(Debug, thiserror::Error)]
pub enum ResendProofError {
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for ResendProofError {
    fn kind(&self) -> ErrorKind {
        let Self::Database(error) = self;
        event_bus::error_kind(error)
    }

    fn code(&self) -> &'static str {
        "INTERNAL"
    }
}

pub(crate) struct ResendProofHandler(pub Parts);

#[async_trait]
impl CommandHandler<ResendProof> for ResendProofHandler {
    async fn handle(&self, call: &Call, command: ResendProof) -> Result<(), ResendProofError> {
        let mut work = call.begin(&self.0.pool).await?;
        let recipient = command.email.as_str();
        outbox::note(work.connection(), Letter::VerifyEmail, recipient, call.now()).await?;
        work.commit(()).await?;
        self.0.wake_mails.notify_one();
        Ok(())
    }
}
