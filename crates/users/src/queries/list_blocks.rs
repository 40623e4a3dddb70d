use async_trait::async_trait;
use cqrs::{Call, QueryHandler};
use database::Database;
use kernel::{ErrorKind, Page, PageRequest, Query, Refusal, UserId};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// Whom the caller blocks, newest first. Paged by number. Asked rarely, so PostgreSQL answers.
#[derive(Debug, Clone)]
pub struct ListBlocks {
    pub page: PageRequest,
}

impl Query for ListBlocks {
    const NAME: &'static str = "list_blocks";
    type Answer = Page<BlockView>;
    type Error = ListBlocksError;
}

/// Somebody whom the caller blocks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct BlockView {
    pub user: BlockedUser,
    #[serde(with = "time::serde::rfc3339")]
    pub blocked_at: OffsetDateTime,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BlockedUser {
    pub id: UserId,
    pub name: String,
}

impl BlockView {
    pub(crate) fn new(id: UserId, name: String, blocked_at: OffsetDateTime) -> Self {
        Self { user: BlockedUser { id, name }, blocked_at }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum ListBlocksError {
    #[error("Sign in first.")]
    NotSignedIn,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for ListBlocksError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotSignedIn => ErrorKind::Unauthenticated,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotSignedIn => "UNAUTHENTICATED",
            Self::Database(_) => "INTERNAL",
        }
    }
}

pub(crate) struct ListBlocksHandler {
    pub pool: Database,
}

#[async_trait]
impl QueryHandler<ListBlocks> for ListBlocksHandler {
    async fn handle(&self, call: &Call, query: ListBlocks) -> Result<Page<BlockView>, ListBlocksError> {
        let blocker = call.actor().user_id().ok_or(ListBlocksError::NotSignedIn)?;
        let total = sqlx::query_scalar!(
            r#"select count(*) as "count!" from users.block where blocker_id = $1"#,
            blocker.uuid(),
        )
        .fetch_one(&self.pool)
        .await?;
        let rows = sqlx::query!(
            "select member.id, member.name, block.blocked_at
            from users.block join users.member on member.id = block.blocked_id
            where block.blocker_id = $1
            order by block.blocked_at desc, block.blocked_id desc limit $2 offset $3",
            blocker.uuid(),
            i64::from(query.page.limit),
            i64::try_from(query.page.offset()).unwrap_or(i64::MAX),
        )
        .fetch_all(&self.pool)
        .await?;
        let items = rows.into_iter().map(|row| BlockView::new(row.id.into(), row.name, row.blocked_at)).collect();
        Ok(Page { items, total: u64::try_from(total).unwrap_or(0), next_cursor: None })
    }
}
