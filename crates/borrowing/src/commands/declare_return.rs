use async_trait::async_trait;
use cqrs::{Call, CommandHandler};
use kernel::{BorrowId, Command};
use serde::Serialize;

use crate::desk::Desk;
use crate::transition::TransitionError;
use crate::view::BorrowView;

/// The borrower says that it is back; from now on it is not late.
#[derive(Debug, Clone, Serialize)]
pub struct DeclareReturn {
    pub borrow: BorrowId,
}

impl Command for DeclareReturn {
    const NAME: &'static str = "declare_return";
    type Output = BorrowView;
    type Error = TransitionError;
}

pub(crate) struct DeclareReturnHandler(pub Desk);

#[async_trait]
impl CommandHandler<DeclareReturn> for DeclareReturnHandler {
    async fn handle(&self, call: &Call, command: DeclareReturn) -> Result<BorrowView, TransitionError> {
        let at = self.0.open(call, command.borrow).await?;
        let change = at.borrow.declare_return(at.part, at.now)?;
        at.carry_out(change).await
    }
}
