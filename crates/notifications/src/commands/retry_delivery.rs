use async_trait::async_trait;
use cqrs::{Call, CommandHandler};
use database::Database;
use kernel::{Command, ErrorKind, Permission, Refusal};
use serde::Serialize;
use uuid::Uuid;

/// An administrator, or the command line, has a letter tried again that was given up.
#[derive(Debug, Clone, Serialize)]
pub struct RetryDelivery {
    pub delivery: Uuid,
}

impl Command for RetryDelivery {
    const NAME: &'static str = "retry_delivery";
    type Output = ();
    type Error = RetryDeliveryError;
}

#[derive(Debug, thiserror::Error)]
pub enum RetryDeliveryError {
    #[error("Only administrators have letters tried again.")]
    NotPermitted,
    /// Not there, or not given up.
    #[error("No letter with this id was given up.")]
    NotFound,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for RetryDeliveryError {
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
            Self::NotFound => "DELIVERY_NOT_FOUND",
            Self::Database(_) => "INTERNAL",
        }
    }
}

pub(crate) struct RetryDeliveryHandler(pub Database);

#[async_trait]
impl CommandHandler<RetryDelivery> for RetryDeliveryHandler {
    async fn handle(&self, call: &Call, command: RetryDelivery) -> Result<(), RetryDeliveryError> {
        if !call.actor().may(Permission::Admin) {
            return Err(RetryDeliveryError::NotPermitted);
        }
        let mut work = call.begin(&self.0).await?;
        let found = sqlx::query!(
            "update notifications.delivery set state = 'pending', settled_at = null, tries = 0, next_try_at = $2
            where id = $1 and state = 'failed'",
            command.delivery,
            call.now(),
        )
        .execute(work.connection())
        .await?;
        if found.rows_affected() == 0 {
            return Err(RetryDeliveryError::NotFound);
        }
        Ok(work.commit(()).await?)
    }
}
