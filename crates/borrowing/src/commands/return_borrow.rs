use async_trait::async_trait;
use borrowing_events::ReturnCondition;
use cqrs::{Call, CommandHandler};
use kernel::{BorrowId, Command, Prose};
use serde::Serialize;

use crate::desk::Desk;
use crate::transition::TransitionError;
use crate::view::BorrowView;

/// The owner has it back. The next in the queue may come, unless it came back damaged.
#[derive(Debug, Clone, Serialize)]
pub struct ReturnBorrow {
    pub borrow: BorrowId,
    pub condition: ReturnCondition,
    pub note: Option<Prose<1000>>,
}

impl Command for ReturnBorrow {
    const NAME: &'static str = "return_borrow";
    type Output = BorrowView;
    type Error = TransitionError;
}

pub(crate) struct ReturnBorrowHandler(pub Desk);

#[async_trait]
impl CommandHandler<ReturnBorrow> for ReturnBorrowHandler {
    async fn handle(&self, call: &Call, command: ReturnBorrow) -> Result<BorrowView, TransitionError> {
        let at = self.0.open(call, command.borrow).await?;
        let note = command.note.map(Prose::into_string);
        let change = at.borrow.confirm_return(at.part, command.condition, note, at.now)?;
        at.carry_out(change).await
    }
}
