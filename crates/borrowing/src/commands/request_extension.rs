use async_trait::async_trait;
use cqrs::{Call, CommandHandler};
use kernel::{BorrowId, Command};
use serde::Serialize;

use crate::desk::Desk;
use crate::domain::BorrowStatus;
use crate::transition::TransitionError;
use crate::view::BorrowView;

/// The borrower asks to keep it longer. Granted at once where the community's rule allows it and nobody waits.
#[derive(Debug, Clone, Serialize)]
pub struct RequestExtension {
    pub borrow: BorrowId,
    /// Days more.
    pub days: u16,
}

impl Command for RequestExtension {
    const NAME: &'static str = "request_extension";
    type Output = BorrowView;
    type Error = TransitionError;
}

pub(crate) struct RequestExtensionHandler(pub Desk);

#[async_trait]
impl CommandHandler<RequestExtension> for RequestExtensionHandler {
    async fn handle(&self, call: &Call, command: RequestExtension) -> Result<BorrowView, TransitionError> {
        let mut at = self.0.open(call, command.borrow).await?;
        let others_wait = at.others().await?.iter().any(|other| other.status() == BorrowStatus::Queued);
        let change = at.borrow.request_extension(at.part, command.days, others_wait, at.now, &self.0.rules)?;
        at.carry_out(change).await
    }
}
