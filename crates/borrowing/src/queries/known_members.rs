use async_trait::async_trait;
use cqrs::{Call, QueryHandler};
use database::Database;
use kernel::{ErrorKind, KnownMember, Query, Refusal, UserId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What this context was told of these members. Whom it does not know is left out.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KnownMembers {
    pub ids: Vec<UserId>,
}

impl Query for KnownMembers {
    const NAME: &'static str = "borrowing_known_members";
    type Answer = Vec<KnownMember>;
    type Error = KnownMembersError;
}

cqrs::travels_as_it_is!(KnownMembers);

#[derive(Debug, thiserror::Error)]
#[error("the database failed")]
pub struct KnownMembersError(#[from] sqlx::Error);

impl Refusal for KnownMembersError {
    fn kind(&self) -> ErrorKind {
        event_bus::error_kind(&self.0)
    }

    fn code(&self) -> &'static str {
        "INTERNAL"
    }
}

pub(crate) struct KnownMembersHandler(pub Database);

#[async_trait]
impl QueryHandler<KnownMembers> for KnownMembersHandler {
    async fn handle(&self, _call: &Call, query: KnownMembers) -> Result<Vec<KnownMember>, KnownMembersError> {
        let ids: Vec<Uuid> = query.ids.iter().map(|id| id.uuid()).collect();
        Ok(sqlx::query_as!(
            KnownMember,
            r#"select id, name, active as "active?", closed_at is not null as "gone!", version
            from borrowing.member where id = any($1)"#,
            &ids,
        )
        .fetch_all(&self.0)
        .await?)
    }
}
