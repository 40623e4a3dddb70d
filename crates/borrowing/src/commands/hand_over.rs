use async_trait::async_trait;
use cqrs::{Call, CommandHandler};
use kernel::{BorrowId, Command};
use serde::Serialize;

use crate::desk::Desk;
use crate::domain::{Refused, WrongCode};
use crate::store;
use crate::transition::TransitionError;
use crate::view::{BorrowView, View};

/// The book changes hands. The owner says so, or the borrower with the code that the owner told them.
#[derive(Debug, Clone, Serialize)]
pub struct HandOver {
    pub borrow: BorrowId,
    /// Six digits; the borrower needs it.
    pub code: Option<String>,
}

impl Command for HandOver {
    const NAME: &'static str = "hand_over";
    type Output = BorrowView;
    type Error = TransitionError;
}

pub(crate) struct HandOverHandler {
    pub desk: Desk,
    pub view: View,
}

#[async_trait]
impl CommandHandler<HandOver> for HandOverHandler {
    async fn handle(&self, call: &Call, command: HandOver) -> Result<BorrowView, TransitionError> {
        let at = self.desk.open(call, command.borrow).await?;
        let by = at.borrow.hand_over_by(at.part, command.code.as_deref())?;
        match at.borrow.hand_over(by, at.copy.lending, at.now, &self.desk.rules) {
            Ok(change) => at.carry_out(change).await,
            Err(refused @ Refused::WrongCode { .. }) => {
                drop(at);
                Err(self.count_wrong_code(command.borrow, refused).await?.into())
            }
            Err(refused) => Err(refused.into()),
        }
    }
}

impl HandOverHandler {
    /// In a transaction of its own: the refusal undoes the command's. Locked and read again, so that many guesses at once
    /// are no more than many guesses one after the other.
    async fn count_wrong_code(&self, id: BorrowId, refused: Refused) -> Result<Refused, TransitionError> {
        let mut tx = self.desk.pool.begin().await?;
        let Some((_, borrow)) = store::lock_borrow(&mut tx, id).await? else { return Ok(refused) };
        let Some(WrongCode { change, attempts_left }) = borrow.count_wrong_code() else {
            return Ok(Refused::CodeVoid);
        };
        store::save(&mut tx, &change).await?;
        tx.commit().await?;
        if attempts_left <= 0
            && let Err(error) = self.view.show(&[id.uuid()]).await
        {
            // No event tells of it. The owner may be shown a dead code until the next one does; it opens nothing.
            tracing::debug!(?error, "the view of a borrow whose code is void was not refreshed");
        }
        Ok(Refused::WrongCode { attempts_left })
    }
}
