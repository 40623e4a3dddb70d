use async_trait::async_trait;
use cqrs::{Call, QueryHandler};
use database::Database;
use kernel::{ErrorKind, KnownMember, Query, Refusal, UserId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Members in the order of their ids, those who left as well: the `limit` behind `after`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WalkMembers {
    pub after: Option<UserId>,
    pub limit: u32,
}

impl Query for WalkMembers {
    const NAME: &'static str = "walk_members";
    type Answer = Vec<KnownMember>;
    type Error = WalkMembersError;
}

cqrs::travels_as_it_is!(WalkMembers);

#[derive(Debug, thiserror::Error)]
#[error("the database failed")]
pub struct WalkMembersError(#[from] sqlx::Error);

impl Refusal for WalkMembersError {
    fn kind(&self) -> ErrorKind {
        event_bus::error_kind(&self.0)
    }

    fn code(&self) -> &'static str {
        "INTERNAL"
    }
}

pub(crate) struct WalkMembersHandler {
    pub pool: Database,
}

#[async_trait]
impl QueryHandler<WalkMembers> for WalkMembersHandler {
    async fn handle(&self, _call: &Call, query: WalkMembers) -> Result<Vec<KnownMember>, WalkMembersError> {
        Ok(sqlx::query_as!(
            KnownMember,
            r#"select id, name, active as "active?", deleted_at is not null as "gone!", version
            from users.member where id > $1 order by id limit $2"#,
            query.after.map_or_else(Uuid::nil, UserId::uuid),
            i64::from(query.limit),
        )
        .fetch_all(&self.pool)
        .await?)
    }
}
