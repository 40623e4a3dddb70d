use async_trait::async_trait;
use cqrs::{Call, QueryHandler};
use kernel::{ErrorKind, ImportId, Query, Refusal};
use serde::Serialize;
use sqlx::PgPool;
use sqlx::types::Json;
use time::OffsetDateTime;

use crate::domain::import::RowValues;

/// How far an import has come, for the one who started it.
#[derive(Debug, Clone)]
pub struct GetImport {
    pub import_id: ImportId,
}

impl Query for GetImport {
    const NAME: &'static str = "get_import";
    type Answer = ImportView;
    type Error = GetImportError;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportStatus {
    Queued,
    Running,
    /// Every row is dealt with, and lists show the books.
    Completed,
    /// It could not go on; what was imported stays.
    Failed,
}

impl ImportStatus {
    /// As `books.import.status` has it.
    pub(super) fn of_column(status: &str) -> Self {
        match status {
            "completed" => ImportStatus::Completed,
            "failed" => ImportStatus::Failed,
            "running" => ImportStatus::Running,
            _ => ImportStatus::Queued,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImportSummary {
    pub id: ImportId,
    pub status: ImportStatus,
    /// Rows of the file without the header and empty ones.
    pub total: i32,
    pub imported: i32,
    /// Rows whose book is on the shelf already.
    pub duplicates: i32,
    /// Rows that were not taken, and not repaired since.
    pub failed: i32,
    pub repaired: i32,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct ImportView {
    #[serde(flatten)]
    pub summary: ImportSummary,
    /// The first thousand, without those of repaired rows.
    pub errors: Vec<RowError>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct RowError {
    /// As a spreadsheet numbers it: the header is row 1.
    pub row: i32,
    pub field: String,
    pub message: String,
    /// The row as it was read, the same in each of its errors.
    pub values: RowValues,
}

#[derive(Debug, thiserror::Error)]
pub enum GetImportError {
    /// Or somebody else's.
    #[error("there is no such import")]
    NotFound,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for GetImportError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound => ErrorKind::NotFound,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "IMPORT_NOT_FOUND",
            Self::Database(_) => "INTERNAL",
        }
    }
}

pub(crate) struct GetImportHandler {
    pool: PgPool,
}

impl GetImportHandler {
    pub(crate) fn new(pool: PgPool) -> Self {
        Self { pool }
    }
}

#[async_trait]
impl QueryHandler<GetImport> for GetImportHandler {
    async fn handle(&self, call: &Call, query: GetImport) -> Result<ImportView, GetImportError> {
        let owner = call.actor().user_id().ok_or(GetImportError::NotFound)?;
        let import = sqlx::query!(
            "select status, total, imported, duplicates, failed, repaired, created_at from books.import
            where id = $1 and owner_id = $2",
            query.import_id.uuid(),
            owner.uuid(),
        )
        .fetch_optional(&self.pool)
        .await?
        .ok_or(GetImportError::NotFound)?;
        let errors = sqlx::query!(
            r#"select row, field, message, row_values as "row_values: Json<RowValues>" from books.import_error
            where import_id = $1 order by nth"#,
            query.import_id.uuid(),
        )
        .fetch_all(&self.pool)
        .await?;
        let errors = errors.into_iter().map(|error| RowError {
            row: error.row,
            field: error.field,
            message: error.message,
            // Those of before there were any have none.
            values: error.row_values.map(|values| values.0).unwrap_or_default(),
        });
        let summary = ImportSummary {
            id: query.import_id,
            status: ImportStatus::of_column(&import.status),
            total: import.total,
            imported: import.imported,
            duplicates: import.duplicates,
            failed: import.failed,
            repaired: import.repaired,
            created_at: import.created_at,
        };
        Ok(ImportView { summary, errors: errors.collect() })
    }
}
