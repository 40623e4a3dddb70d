use async_trait::async_trait;
use cqrs::{Call, CommandHandler};
use kernel::{BorrowId, Command};
use serde::Serialize;

use crate::desk::Desk;
use crate::transition::TransitionError;
use crate::view::BorrowView;

/// The owner has not got what the borrower says is back: a moderator must settle it.
#[derive(Debug, Clone, Serialize)]
pub struct MarkNotReceived {
    pub borrow: BorrowId,
}

impl Command for MarkNotReceived {
    const NAME: &'static str = "mark_not_received";
    type Output = BorrowView;
    type Error = TransitionError;
}

pub(crate) struct MarkNotReceivedHandler(pub Desk);

#[async_trait]
impl CommandHandler<MarkNotReceived> for MarkNotReceivedHandler {
    async fn handle(&self, call: &Call, command: MarkNotReceived) -> Result<BorrowView, TransitionError> {
        let at = self.0.open(call, command.borrow).await?;
        let change = at.borrow.mark_not_received(at.part)?;
        at.carry_out(change).await
    }
}
