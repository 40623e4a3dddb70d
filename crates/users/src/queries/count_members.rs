use async_trait::async_trait;
use cqrs::{Call, QueryHandler};
use database::Database;
use kernel::{ErrorKind, Query, Refusal};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// How many members there were before `until`, and how many of them came since `from`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CountMembers {
    #[serde(with = "time::serde::rfc3339")]
    pub from: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub until: OffsetDateTime,
}

impl Query for CountMembers {
    const NAME: &'static str = "count_members";
    type Answer = MemberCounts;
    type Error = CountMembersError;
}

cqrs::travels_as_it_is!(CountMembers);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MemberCounts {
    /// Who had come and had not left, whether active or not.
    pub members: u64,
    /// Who came, also if they left again.
    pub joined: u64,
}

#[derive(Debug, thiserror::Error)]
#[error("the database failed")]
pub struct CountMembersError(#[from] sqlx::Error);

impl Refusal for CountMembersError {
    fn kind(&self) -> ErrorKind {
        event_bus::error_kind(&self.0)
    }

    fn code(&self) -> &'static str {
        "INTERNAL"
    }
}

pub(crate) struct CountMembersHandler {
    pub pool: Database,
}

#[async_trait]
impl QueryHandler<CountMembers> for CountMembersHandler {
    async fn handle(&self, _call: &Call, query: CountMembers) -> Result<MemberCounts, CountMembersError> {
        let counts = sqlx::query!(
            r#"select count(*) filter (where deleted_at is null or deleted_at >= $2) as "members!",
                count(*) filter (where created_at >= $1) as "joined!"
            from users.member where created_at < $2"#,
            query.from,
            query.until,
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(MemberCounts { members: counts.members.unsigned_abs(), joined: counts.joined.unsigned_abs() })
    }
}
