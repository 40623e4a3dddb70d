use async_trait::async_trait;
use cqrs::{Call, QueryHandler};
use database::{Database, Reading};
use kernel::{ErrorKind, Permission, Query, Refusal, ReportId};
use sqlx::QueryBuilder;

use crate::reports::{ReportView, Row, SELECT};

/// A report, for whoever made it and for moderators. For the reported member there is none.
#[derive(Debug, Clone)]
pub struct GetReport {
    pub id: ReportId,
}

impl Query for GetReport {
    const NAME: &'static str = "get_report";
    type Answer = ReportView;
    type Error = GetReportError;
}

#[derive(Debug, thiserror::Error)]
pub enum GetReportError {
    #[error("There is no such report.")]
    NotFound,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for GetReportError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound => ErrorKind::NotFound,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "REPORT_NOT_FOUND",
            Self::Database(_) => "INTERNAL",
        }
    }
}

pub(crate) struct GetReportHandler {
    pub pool: Database,
}

#[async_trait]
impl QueryHandler<GetReport> for GetReportHandler {
    async fn handle(&self, call: &Call, query: GetReport) -> Result<ReportView, GetReportError> {
        let id = query.id.uuid();
        let found = |mut connection: Reading| async move {
            let mut sql = QueryBuilder::new(SELECT);
            sql.push(" where r.id = ").push_bind(id);
            sql.build_query_as::<Row>().fetch_optional(&mut *connection).await
        };
        let row = call.read(&self.pool, found).await?.ok_or(GetReportError::NotFound)?;
        let actor = call.actor();
        if actor.is(row.member_id.into()) {
            return Err(GetReportError::NotFound);
        }
        match (actor.may(Permission::ModerateBorrow), actor.is(row.reporter_id.into())) {
            (_, true) => Ok(row.for_reporter()),
            (true, false) => Ok(row.for_moderator()),
            (false, false) => Err(GetReportError::NotFound),
        }
    }
}
