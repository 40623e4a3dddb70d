use async_trait::async_trait;
use cqrs::{Call, CommandHandler};
use kernel::{BorrowId, Command, Prose};
use serde::Serialize;

use crate::desk::Desk;
use crate::transition::TransitionError;
use crate::view::BorrowView;

/// The book is lost. The borrower's word closes the loan; the owner's opens a dispute.
#[derive(Debug, Clone, Serialize)]
pub struct ReportLost {
    pub borrow: BorrowId,
    pub note: Option<Prose<1000>>,
}

impl Command for ReportLost {
    const NAME: &'static str = "report_lost";
    type Output = BorrowView;
    type Error = TransitionError;
}

pub(crate) struct ReportLostHandler(pub Desk);

#[async_trait]
impl CommandHandler<ReportLost> for ReportLostHandler {
    async fn handle(&self, call: &Call, command: ReportLost) -> Result<BorrowView, TransitionError> {
        let at = self.0.open(call, command.borrow).await?;
        let change = at.borrow.report_lost(at.part, command.note.map(Prose::into_string), at.now)?;
        at.carry_out(change).await
    }
}
