use async_trait::async_trait;
use cqrs::{Call, CommandHandler};
use kernel::{BorrowId, Command, Prose};
use serde::Serialize;

use crate::desk::Desk;
use crate::domain::ExtensionAnswer;
use crate::transition::TransitionError;
use crate::view::BorrowView;

/// The owner grants the days that the borrower asked for, or not.
#[derive(Debug, Clone, Serialize)]
pub struct AnswerExtension {
    pub borrow: BorrowId,
    pub approve: bool,
    /// Why not.
    pub reason: Option<Prose<1000>>,
}

impl Command for AnswerExtension {
    const NAME: &'static str = "answer_extension";
    type Output = BorrowView;
    type Error = TransitionError;
}

pub(crate) struct AnswerExtensionHandler(pub Desk);

#[async_trait]
impl CommandHandler<AnswerExtension> for AnswerExtensionHandler {
    async fn handle(&self, call: &Call, command: AnswerExtension) -> Result<BorrowView, TransitionError> {
        let at = self.0.open(call, command.borrow).await?;
        let answer = match command.approve {
            true => ExtensionAnswer::Granted,
            false => ExtensionAnswer::Refused { reason: command.reason.map(Prose::into_string) },
        };
        let change = at.borrow.answer_extension(at.part, answer, at.now, &self.0.rules)?;
        at.carry_out(change).await
    }
}
