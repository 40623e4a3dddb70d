use async_trait::async_trait;
use cqrs::{Call, QueryHandler};
use database::Database;
use kernel::{ErrorKind, Query, Refusal, ReportId, UserId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What a member was warned with. Only notifications may ask it, through the host's port, and only for their own reader.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReportWarnings {
    pub member: UserId,
    pub reports: Vec<ReportId>,
}

impl Query for ReportWarnings {
    const NAME: &'static str = "report_warnings";
    /// Without those that hold no warning of this member.
    type Answer = Vec<(ReportId, String)>;
    type Error = ReportWarningsError;
}

cqrs::travels_as_it_is!(ReportWarnings);

#[derive(Debug, thiserror::Error)]
pub enum ReportWarningsError {
    #[error("Only notifications may ask for warnings.")]
    NotPermitted,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for ReportWarningsError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotPermitted => ErrorKind::Forbidden,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotPermitted => "FORBIDDEN",
            Self::Database(_) => "INTERNAL",
        }
    }
}

pub(crate) struct ReportWarningsHandler {
    pub pool: Database,
}

#[async_trait]
impl QueryHandler<ReportWarnings> for ReportWarningsHandler {
    async fn handle(&self, call: &Call, query: ReportWarnings) -> Result<Vec<(ReportId, String)>, ReportWarningsError> {
        if !call.actor().is_service("notifications") {
            return Err(ReportWarningsError::NotPermitted);
        }
        let ids: Vec<Uuid> = query.reports.iter().map(|id| id.uuid()).collect();
        let rows = sqlx::query!(
            r#"select id, warning as "warning!" from users.report
            where id = any($1) and member_id = $2 and warning is not null"#,
            &ids,
            query.member.uuid(),
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|row| (row.id.into(), row.warning)).collect())
    }
}
