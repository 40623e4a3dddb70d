use async_trait::async_trait;
use cqrs::{Call, CommandHandler};
use kernel::{BorrowId, Command, Prose};
use serde::Serialize;
use time::OffsetDateTime;

use crate::desk::Desk;
use crate::domain::{Approval, HandOverCode};
use crate::transition::TransitionError;
use crate::view::BorrowView;

/// The owner agrees: the copy is held for the borrower, and who else had asked for it waits.
#[derive(Debug, Clone, Serialize)]
pub struct ApproveBorrow {
    pub borrow: BorrowId,
    /// In the future and at most 30 days ahead; `None`: the community's usual time.
    #[serde(with = "time::serde::rfc3339::option")]
    pub pickup_by: Option<OffsetDateTime>,
    /// Where to meet.
    pub place: Option<Prose<1000>>,
}

impl Command for ApproveBorrow {
    const NAME: &'static str = "approve_borrow";
    type Output = BorrowView;
    type Error = TransitionError;
}

pub(crate) struct ApproveBorrowHandler(pub Desk);

#[async_trait]
impl CommandHandler<ApproveBorrow> for ApproveBorrowHandler {
    async fn handle(&self, call: &Call, command: ApproveBorrow) -> Result<BorrowView, TransitionError> {
        let mut at = self.0.open(call, command.borrow).await?;
        let held = at.others().await?.iter().any(|other| other.status().is_holding());
        let approval = Approval {
            pickup_by: command.pickup_by,
            place: command.place.map(Prose::into_string),
            lending: at.copy.lending,
            code: HandOverCode::random(&mut rand::rng()),
        };
        let change = at.borrow.approve(at.part, approval, held, at.now, &self.0.rules)?;
        at.carry_out(change).await
    }
}
