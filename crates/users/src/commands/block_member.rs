use async_trait::async_trait;
use cqrs::{Call, CommandHandler};
use database::Database;
use kernel::{Command, Detail, ErrorKind, Refusal, UserId};
use serde::Serialize;
use users_events::{UserBlocked, UserEvent};

use crate::member;
use crate::queries::BlockView;

/// Members whom one member blocks at most.
pub(crate) const MOST_BLOCKS: i64 = 1_000;

/// The caller does not want to meet somebody: neither sees the other's books, and neither can ask for one. Whoever is blocked
/// already stays so; the blocked member is not told.
#[derive(Debug, Clone, Serialize)]
pub struct BlockMember {
    pub member: UserId,
}

impl Command for BlockMember {
    const NAME: &'static str = "block_member";
    type Output = BlockView;
    type Error = BlockMemberError;
}

#[derive(Debug, thiserror::Error)]
pub enum BlockMemberError {
    #[error("Sign in first.")]
    NotSignedIn,
    #[error("You cannot block yourself.")]
    Oneself,
    #[error("There is no such member.")]
    NotFound,
    /// They registered a moment ago, and that was not told of yet.
    #[error("The profile is not there yet.")]
    NotYet,
    #[error("You block {MOST_BLOCKS} members already; unblock one of them first.")]
    Full,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for BlockMemberError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotSignedIn => ErrorKind::Unauthenticated,
            Self::Oneself => ErrorKind::Invalid,
            Self::NotFound => ErrorKind::NotFound,
            Self::NotYet => ErrorKind::Unavailable,
            Self::Full => ErrorKind::Conflict,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotSignedIn => "UNAUTHENTICATED",
            Self::Oneself => "VALIDATION_ERROR",
            Self::NotFound => "USER_NOT_FOUND",
            Self::NotYet => "UNAVAILABLE",
            Self::Full => "BLOCKS_FULL",
            Self::Database(_) => "INTERNAL",
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::Oneself => vec![Detail::new("userId", self.to_string())],
            Self::NotSignedIn | Self::NotFound | Self::NotYet | Self::Full | Self::Database(_) => Vec::new(),
        }
    }
}

pub(crate) struct BlockMemberHandler {
    pub pool: Database,
}

#[async_trait]
impl CommandHandler<BlockMember> for BlockMemberHandler {
    async fn handle(&self, call: &Call, command: BlockMember) -> Result<BlockView, BlockMemberError> {
        let blocker = call.actor().user_id().ok_or(BlockMemberError::NotSignedIn)?;
        if blocker == command.member {
            return Err(BlockMemberError::Oneself);
        }
        let mut work = call.begin(&self.pool).await?;
        if !member::lock_own(work.connection(), blocker).await? {
            return Err(BlockMemberError::NotYet);
        }
        // A member who leaves waits for us, or we find them gone.
        let name = sqlx::query_scalar!(
            "select name from users.member where id = $1 and active and deleted_at is null for key share",
            command.member.uuid(),
        )
        .fetch_optional(work.connection())
        .await?
        .ok_or(BlockMemberError::NotFound)?;
        let there = sqlx::query!(
            r#"select count(*) as "count!", max(blocked_at) filter (where blocked_id = $2) as blocked_at
            from users.block where blocker_id = $1"#,
            blocker.uuid(),
            command.member.uuid(),
        )
        .fetch_one(work.connection())
        .await?;
        if let Some(blocked_at) = there.blocked_at {
            return Ok(work.commit(BlockView::new(command.member, name, blocked_at)).await?);
        }
        if there.count >= MOST_BLOCKS {
            return Err(BlockMemberError::Full);
        }
        let version = sqlx::query_scalar!(
            "with blocked as (insert into users.block (blocker_id, blocked_id, blocked_at) values ($1, $2, $3))
            update users.member set blocks_version = blocks_version + 1 where id = $1 returning blocks_version",
            blocker.uuid(),
            command.member.uuid(),
            call.now(),
        )
        .fetch_one(work.connection())
        .await?;
        let event = UserBlocked { user_id: blocker, blocked_id: command.member };
        work.append(&UserEvent::Blocked(event), version).await?;
        Ok(work.commit(BlockView::new(command.member, name, call.now())).await?)
    }
}
