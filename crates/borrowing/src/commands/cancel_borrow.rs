use async_trait::async_trait;
use cqrs::{Call, CommandHandler};
use kernel::{BorrowId, Command, Prose};
use serde::Serialize;

use crate::desk::Desk;
use crate::transition::TransitionError;
use crate::view::BorrowView;

/// The borrower changes their mind before the hand-over, or the owner takes back an approval.
#[derive(Debug, Clone, Serialize)]
pub struct CancelBorrow {
    pub borrow: BorrowId,
    pub reason: Option<Prose<1000>>,
}

impl Command for CancelBorrow {
    const NAME: &'static str = "cancel_borrow";
    type Output = BorrowView;
    type Error = TransitionError;
}

pub(crate) struct CancelBorrowHandler(pub Desk);

#[async_trait]
impl CommandHandler<CancelBorrow> for CancelBorrowHandler {
    async fn handle(&self, call: &Call, command: CancelBorrow) -> Result<BorrowView, TransitionError> {
        let at = self.0.open(call, command.borrow).await?;
        let change = at.borrow.cancel(at.part, command.reason.map(Prose::into_string), at.now)?;
        at.carry_out(change).await
    }
}
