use async_trait::async_trait;
use cqrs::{Call, CommandHandler};
use database::Database;
use kernel::{Command, ErrorKind, ImportId, Refusal};
use serde::Serialize;

/// The caller has dealt with a row that their import did not take, or took without all it said: it is shown and counted as
/// failed, or as noted, no more. Said again, or of any other row, it changes nothing.
#[derive(Debug, Clone, Serialize)]
pub struct MarkRowRepaired {
    pub import_id: ImportId,
    /// As a spreadsheet numbers it: the header is row 1.
    pub row: i32,
}

impl Command for MarkRowRepaired {
    const NAME: &'static str = "mark_row_repaired";
    type Output = ();
    type Error = MarkRowRepairedError;
}

#[derive(Debug, thiserror::Error)]
pub enum MarkRowRepairedError {
    /// Or somebody else's.
    #[error("there is no such import")]
    NotFound,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for MarkRowRepairedError {
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

pub(crate) struct MarkRowRepairedHandler {
    pool: Database,
}

impl MarkRowRepairedHandler {
    pub(crate) fn new(pool: Database) -> Self {
        Self { pool }
    }
}

#[async_trait]
impl CommandHandler<MarkRowRepaired> for MarkRowRepairedHandler {
    async fn handle(&self, call: &Call, command: MarkRowRepaired) -> Result<(), MarkRowRepairedError> {
        let owner = call.actor().user_id().ok_or(MarkRowRepairedError::NotFound)?;
        let import = command.import_id.uuid();
        let mut work = call.begin(&self.pool).await?;
        sqlx::query!("select id from books.import where id = $1 and owner_id = $2 for update", import, owner.uuid())
            .fetch_optional(work.connection())
            .await?
            .ok_or(MarkRowRepairedError::NotFound)?;
        let struck =
            sqlx::query!("delete from books.import_error where import_id = $1 and row = $2", import, command.row)
                .execute(work.connection())
                .await?;
        if struck.rows_affected() > 0 {
            sqlx::query!("update books.import set failed = failed - 1, repaired = repaired + 1 where id = $1", import)
                .execute(work.connection())
                .await?;
        }
        let struck =
            sqlx::query!("delete from books.import_note where import_id = $1 and row = $2", import, command.row)
                .execute(work.connection())
                .await?;
        if struck.rows_affected() > 0 {
            sqlx::query!("update books.import set noted = noted - 1 where id = $1", import)
                .execute(work.connection())
                .await?;
        }
        Ok(work.commit(()).await?)
    }
}
