use async_trait::async_trait;
use borrowing_events::DisputeOutcome;
use cqrs::{Call, CommandHandler};
use kernel::{BorrowId, Command, Prose};
use serde::Serialize;

use crate::desk::Desk;
use crate::domain::Finding;
use crate::transition::TransitionError;
use crate::view::BorrowView;

/// A moderator who is neither of the two settles where the book is.
#[derive(Debug, Clone, Serialize)]
pub struct ResolveDispute {
    pub borrow: BorrowId,
    pub outcome: DisputeOutcome,
    pub note: Prose<1000>,
}

impl Command for ResolveDispute {
    const NAME: &'static str = "resolve_dispute";
    type Output = BorrowView;
    type Error = TransitionError;
}

pub(crate) struct ResolveDisputeHandler(pub Desk);

#[async_trait]
impl CommandHandler<ResolveDispute> for ResolveDisputeHandler {
    async fn handle(&self, call: &Call, command: ResolveDispute) -> Result<BorrowView, TransitionError> {
        let at = self.0.open(call, command.borrow).await?;
        let finding =
            Finding { moderator: call.actor().user_id(), outcome: command.outcome, note: command.note.into_string() };
        let change = at.borrow.resolve(at.part, finding, at.now, &self.0.rules)?;
        at.carry_out(change).await
    }
}
