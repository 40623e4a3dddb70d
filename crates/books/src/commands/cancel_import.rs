use async_trait::async_trait;
use cqrs::{Call, CommandHandler};
use database::Database;
use kernel::{Command, Detail, ErrorKind, ImportId, Refusal};
use serde::Serialize;

use crate::queries::ImportStatus;

/// The caller does not want an import that waits for their review: it is forgotten with all its rows.
#[derive(Debug, Clone, Serialize)]
pub struct CancelImport {
    pub import_id: ImportId,
}

impl Command for CancelImport {
    const NAME: &'static str = "cancel_import";
    type Output = ();
    type Error = CancelImportError;
}

#[derive(Debug, thiserror::Error)]
pub enum CancelImportError {
    /// Or somebody else's.
    #[error("there is no such import")]
    NotFound,
    /// Its books may be on the shelf.
    #[error("only an import that waits for a review can be cancelled")]
    NotInReview { now: &'static str },
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for CancelImportError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound => ErrorKind::NotFound,
            Self::NotInReview { .. } => ErrorKind::Conflict,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "IMPORT_NOT_FOUND",
            Self::NotInReview { .. } => "IMPORT_NOT_IN_REVIEW",
            Self::Database(_) => "INTERNAL",
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::NotInReview { now } => vec![Detail::new("status", *now)],
            Self::NotFound | Self::Database(_) => Vec::new(),
        }
    }
}

pub(crate) struct CancelImportHandler {
    pool: Database,
}

impl CancelImportHandler {
    pub(crate) fn new(pool: Database) -> Self {
        Self { pool }
    }
}

#[async_trait]
impl CommandHandler<CancelImport> for CancelImportHandler {
    async fn handle(&self, call: &Call, command: CancelImport) -> Result<(), CancelImportError> {
        let owner = call.actor().user_id().ok_or(CancelImportError::NotFound)?;
        let id = command.import_id.uuid();
        let mut work = call.begin(&self.pool).await?;
        let status = sqlx::query_scalar!(
            "select status from books.import where id = $1 and owner_id = $2 for update",
            id,
            owner.uuid(),
        )
        .fetch_optional(work.connection())
        .await?
        .ok_or(CancelImportError::NotFound)?;
        if status != "review" {
            return Err(CancelImportError::NotInReview { now: ImportStatus::of_column(&status).as_str() });
        }
        sqlx::query!("delete from books.import where id = $1", id).execute(work.connection()).await?;
        Ok(work.commit(()).await?)
    }
}
