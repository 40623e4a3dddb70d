use async_trait::async_trait;
use cqrs::{Call, CommandHandler};
use kernel::{BorrowId, Command, Prose};
use serde::Serialize;

use crate::desk::Desk;
use crate::transition::TransitionError;
use crate::view::BorrowView;

/// The owner says no.
#[derive(Debug, Clone, Serialize)]
pub struct RejectBorrow {
    pub borrow: BorrowId,
    pub reason: Option<Prose<1000>>,
}

impl Command for RejectBorrow {
    const NAME: &'static str = "reject_borrow";
    type Output = BorrowView;
    type Error = TransitionError;
}

pub(crate) struct RejectBorrowHandler(pub Desk);

#[async_trait]
impl CommandHandler<RejectBorrow> for RejectBorrowHandler {
    async fn handle(&self, call: &Call, command: RejectBorrow) -> Result<BorrowView, TransitionError> {
        let at = self.0.open(call, command.borrow).await?;
        let change = at.borrow.reject(at.part, command.reason.map(Prose::into_string), at.now)?;
        at.carry_out(change).await
    }
}
