use async_trait::async_trait;
use borrowing_events::CancellationCause;
use cqrs::{Call, CommandHandler};
use kernel::{BorrowId, Command, Detail, ErrorKind, Event, Refusal, UserId};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use users_events::UserEvent;

use crate::desk::Desk;
use crate::members;
use crate::transition::TransitionError;

/// A member leaves or is locked out: they neither ask nor are asked any more, and what waited is cancelled. Refused while they
/// hold somebody's book or somebody holds theirs. May be sent again. Only users may send it, through the host's port: it
/// knows who may delete a member.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CloseMember {
    pub user: UserId,
}

impl Command for CloseMember {
    const NAME: &'static str = "close_member";
    type Output = ();
    type Error = CloseMemberError;
}

cqrs::travels_as_it_is!(CloseMember);

#[derive(Debug, thiserror::Error)]
pub enum CloseMemberError {
    #[error("Only users may close a member.")]
    NotPermitted,
    #[error("There are open loans.")]
    OpenLoans { borrows: Vec<BorrowId> },
    #[error(transparent)]
    Failed(TransitionError),
}

impl<E: Into<TransitionError>> From<E> for CloseMemberError {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl Refusal for CloseMemberError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotPermitted => ErrorKind::Forbidden,
            Self::OpenLoans { .. } => ErrorKind::Conflict,
            Self::Failed(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotPermitted => "FORBIDDEN",
            Self::OpenLoans { .. } => "MEMBER_HAS_OPEN_LOANS",
            Self::Failed(error) => error.code(),
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::OpenLoans { borrows } => {
                borrows.iter().map(|borrow| Detail::new("borrowId", borrow.to_string())).collect()
            }
            Self::NotPermitted => Vec::new(),
            Self::Failed(error) => error.details(),
        }
    }
}

pub(crate) struct CloseMemberHandler(pub Desk);

#[async_trait]
impl CommandHandler<CloseMember> for CloseMemberHandler {
    async fn handle(&self, call: &Call, command: CloseMember) -> Result<(), CloseMemberError> {
        if !call.actor().is_service(UserEvent::FAMILY) {
            return Err(CloseMemberError::NotPermitted);
        }
        let now = call.now();
        let mut work = call.begin(&self.0.pool).await?;
        // The member's lock keeps new requests out, so the copies found after it are all there are.
        members::close(work.connection(), command.user, now).await?;
        let copies = members::lock_copies_of(work.connection(), command.user).await?;
        let borrows = loans(work.connection(), command.user).await?;
        if !borrows.is_empty() {
            return Err(CloseMemberError::OpenLoans { borrows });
        }
        members::cancel_requests_of(
            &mut work,
            (command.user, CancellationCause::MemberLeft),
            &copies,
            now,
            &self.0.rules,
        )
        .await?;
        Ok(work.commit(()).await?)
    }
}

/// What the member holds, and what is held of theirs.
async fn loans(connection: &mut PgConnection, user: UserId) -> Result<Vec<BorrowId>, sqlx::Error> {
    let ids = sqlx::query_scalar!(
        "select id from borrowing.borrow
        where borrower_id = $1 and status in ('approved', 'active', 'return_pending', 'disputed')
        union
        select id from borrowing.borrow
        where owner_id = $1 and status in ('approved', 'active', 'return_pending', 'disputed')
        order by id",
        user.uuid(),
    )
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().filter_map(|id| id.map(BorrowId::from)).collect())
}
