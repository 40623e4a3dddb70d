use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cqrs::{Call, CommandHandler};
use kernel::{Command, Detail, ErrorKind, ImportId, Refusal};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::PgPool;
use tokio::sync::{Notify, Semaphore, mpsc};

use crate::imports::{FileError, ImportSettings, Parsed, Upload, parse};

/// Errors shown at most; all are counted.
const ERRORS_KEPT: i32 = 1_000;

/// The caller uploads a CSV file of books. It is read and checked as it comes in; the rows are put on the shelf by the
/// import worker. The same idempotency key is the same upload, whatever its bytes: they are gone once read.
#[derive(Debug, Clone, Serialize)]
pub struct StartImport {
    #[serde(skip)]
    pub upload: Upload,
}

impl Command for StartImport {
    const NAME: &'static str = "start_import";
    /// As long as a slow line takes for a large file.
    const TIMEOUT: Duration = Duration::from_secs(600);
    type Output = ImportStarted;
    type Error = StartImportError;
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ImportStarted {
    pub id: ImportId,
}

#[derive(Debug, thiserror::Error)]
pub enum StartImportError {
    #[error("sign in to import books")]
    NotSignedIn,
    #[error("the file {0}")]
    File(FileError),
    #[error("the file was read already")]
    ReadAlready,
    #[error("the file could not be read")]
    Parser(#[source] tokio::task::JoinError),
    #[error("a row could not be stored")]
    Row(#[from] serde_json::Error),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for StartImportError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotSignedIn => ErrorKind::Unauthenticated,
            Self::File(FileError::TooLarge { .. } | FileError::TooManyRows { .. }) => ErrorKind::TooLarge,
            Self::File(_) => ErrorKind::Invalid,
            Self::ReadAlready | Self::Parser(_) | Self::Row(_) => ErrorKind::Internal,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotSignedIn => "UNAUTHENTICATED",
            Self::File(FileError::TooLarge { .. } | FileError::TooManyRows { .. }) => "FILE_TOO_LARGE",
            Self::File(_) => "VALIDATION_ERROR",
            Self::ReadAlready | Self::Parser(_) | Self::Row(_) | Self::Database(_) => "INTERNAL",
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::File(error) => vec![Detail::new("file", error.to_string())],
            Self::NotSignedIn | Self::ReadAlready | Self::Parser(_) | Self::Row(_) | Self::Database(_) => Vec::new(),
        }
    }
}

pub(crate) struct StartImportHandler {
    pool: PgPool,
    settings: ImportSettings,
    wake: Arc<Notify>,
    at_once: Arc<Semaphore>,
}

impl StartImportHandler {
    pub(crate) fn new(pool: PgPool, settings: ImportSettings, wake: Arc<Notify>) -> Self {
        let at_once = Arc::new(Semaphore::new(settings.concurrent_uploads));
        Self { pool, settings, wake, at_once }
    }

    /// Stores rows as they are read; in transactions of their own, because one that stays open as long as a client
    /// sends would hold back every reader of the log.
    async fn receive(&self, call: &Call, import: ImportId, upload: &Upload) -> Result<Counts, StartImportError> {
        let file = upload.take().ok_or(StartImportError::ReadAlready)?;
        let (sender, mut rows) = mpsc::channel(2);
        let (settings, now) = (self.settings.clone(), call.now());
        // Lives as long as the thread, which may outlive this call.
        let permit = Arc::clone(&self.at_once).acquire_owned().await;
        let parser = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            parse(file, &settings, now, &sender)
        });
        let mut counts = Counts::default();
        while let Some(batch) = rows.recv().await {
            self.store(import, batch, &mut counts).await?;
        }
        parser.await.map_err(StartImportError::Parser)?.map_err(StartImportError::File)?;
        Ok(counts)
    }

    async fn store(&self, import: ImportId, batch: Vec<Parsed>, counts: &mut Counts) -> Result<(), StartImportError> {
        let (mut rows, mut books): (Vec<i32>, Vec<Value>) = (vec![], vec![]);
        let (mut nths, mut wrong_rows, mut fields, mut messages) = (vec![], vec![], vec![], vec![]);
        let mut values: Vec<Value> = vec![];
        for parsed in batch {
            counts.total += 1;
            match parsed.book {
                Ok(book) => {
                    rows.push(parsed.row);
                    books.push(serde_json::to_value(book)?);
                }
                Err(bad) => {
                    counts.failed += 1;
                    for detail in bad.wrong {
                        counts.errors += 1;
                        if counts.errors <= ERRORS_KEPT {
                            nths.push(counts.errors);
                            wrong_rows.push(parsed.row);
                            fields.push(detail.field);
                            messages.push(detail.message);
                            values.push(serde_json::to_value(&bad.values)?);
                        }
                    }
                }
            }
        }
        let mut tx = self.pool.begin().await?;
        sqlx::query!(
            "insert into books.import_row (import_id, row, book)
            select $1, r.row, r.book from unnest($2::integer[], $3::jsonb[]) as r (row, book)",
            import.uuid(),
            &rows,
            &books,
        )
        .execute(&mut *tx)
        .await?;
        sqlx::query!(
            "insert into books.import_error (import_id, nth, row, field, message, row_values)
            select $1, e.nth, e.row, e.field, e.message, e.row_values
            from unnest($2::integer[], $3::integer[], $4::text[], $5::text[], $6::jsonb[])
                as e (nth, row, field, message, row_values)",
            import.uuid(),
            &nths,
            &wrong_rows,
            &fields,
            &messages,
            &values,
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }
}

#[derive(Default)]
struct Counts {
    total: i32,
    failed: i32,
    errors: i32,
}

#[async_trait]
impl CommandHandler<StartImport> for StartImportHandler {
    async fn handle(&self, call: &Call, command: StartImport) -> Result<ImportStarted, StartImportError> {
        let owner = call.actor().user_id().ok_or(StartImportError::NotSignedIn)?;
        let id = ImportId::new(call.now());
        sqlx::query!(
            "insert into books.import (id, owner_id, status, created_at, updated_at) values ($1, $2, 'receiving', $3, $3)",
            id.uuid(),
            owner.uuid(),
            call.now(),
        )
        .execute(&self.pool)
        .await?;
        let counts = match self.receive(call, id, &command.upload).await {
            Ok(counts) => counts,
            Err(error) => {
                sqlx::query!("delete from books.import where id = $1", id.uuid()).execute(&self.pool).await?;
                return Err(error);
            }
        };
        let mut work = call.begin(&self.pool).await?;
        sqlx::query!(
            "update books.import set status = 'queued', total = $2, failed = $3, updated_at = $4 where id = $1",
            id.uuid(),
            counts.total,
            counts.failed,
            call.now(),
        )
        .execute(work.connection())
        .await?;
        let started = work.commit(ImportStarted { id }).await?;
        self.wake.notify_one();
        Ok(started)
    }
}
