use async_trait::async_trait;
use cqrs::{Call, CommandHandler};
use database::Database;
use kernel::{Command, ErrorKind, Refusal, UserId};
use serde::Serialize;
use users_events::{UserEvent, UserUnblocked};

use crate::member;

/// The caller no longer blocks somebody. Whoever was not blocked stays so.
#[derive(Debug, Clone, Serialize)]
pub struct UnblockMember {
    pub member: UserId,
}

impl Command for UnblockMember {
    const NAME: &'static str = "unblock_member";
    type Output = ();
    type Error = UnblockMemberError;
}

#[derive(Debug, thiserror::Error)]
pub enum UnblockMemberError {
    #[error("Sign in first.")]
    NotSignedIn,
    /// They registered a moment ago, and that was not told of yet.
    #[error("The profile is not there yet.")]
    NotYet,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for UnblockMemberError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotSignedIn => ErrorKind::Unauthenticated,
            Self::NotYet => ErrorKind::Unavailable,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotSignedIn => "UNAUTHENTICATED",
            Self::NotYet => "UNAVAILABLE",
            Self::Database(_) => "INTERNAL",
        }
    }
}

pub(crate) struct UnblockMemberHandler {
    pub pool: Database,
}

#[async_trait]
impl CommandHandler<UnblockMember> for UnblockMemberHandler {
    async fn handle(&self, call: &Call, command: UnblockMember) -> Result<(), UnblockMemberError> {
        let blocker = call.actor().user_id().ok_or(UnblockMemberError::NotSignedIn)?;
        let mut work = call.begin(&self.pool).await?;
        if !member::lock_own(work.connection(), blocker).await? {
            return Err(UnblockMemberError::NotYet);
        }
        let removed = sqlx::query!(
            "delete from users.block where blocker_id = $1 and blocked_id = $2",
            blocker.uuid(),
            command.member.uuid(),
        )
        .execute(work.connection())
        .await?;
        if removed.rows_affected() == 1 {
            let version = sqlx::query_scalar!(
                "update users.member set blocks_version = blocks_version + 1 where id = $1 returning blocks_version",
                blocker.uuid(),
            )
            .fetch_one(work.connection())
            .await?;
            let event = UserUnblocked { user_id: blocker, blocked_id: command.member };
            work.append(&UserEvent::Unblocked(event), version).await?;
        }
        Ok(work.commit(()).await?)
    }
}
