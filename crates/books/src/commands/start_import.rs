use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bibliography::table::Layout;
use cqrs::{Call, CommandHandler};
use database::Database;
use kernel::{Clock, Command, Detail, ErrorKind, ImportId, Refusal, UserId};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use sqlx::types::Json;
use time::OffsetDateTime;
use tokio::runtime::Handle;
use tokio::sync::{Notify, mpsc};
use turns::{Turn, Turns};

use crate::imports::{ABANDONED_AFTER, FileError, ImportSettings, Originals, RawRow, Upload, read};

/// So long an upload waits for its turn to be read.
const WAITS: Duration = Duration::from_secs(2);
/// Imports of one member, those under way as well. Who begins one more loses the oldest that ended.
const KEPT: i64 = 50;
/// Imports that are forgotten in one transaction. Each may have some thousand rows.
const FORGOTTEN: i64 = 20;

/// The caller has uploaded a file of books. It is read to its end, and its rows are stored; the import worker puts them on
/// the shelf, at once or, with `review`, when its owner has said how to read them. An idempotency key covers the bytes.
#[derive(Debug, Clone, Serialize)]
pub struct StartImport {
    pub upload: Upload,
    pub review: bool,
}

impl Command for StartImport {
    const NAME: &'static str = "start_import";
    /// As long as a busy database takes for a large file.
    const TIMEOUT: Duration = Duration::from_secs(300);
    type Output = ImportStarted;
    type Error = StartImportError;
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportStarted {
    pub id: ImportId,
}

#[derive(Debug, thiserror::Error)]
pub enum StartImportError {
    #[error("sign in to import books")]
    NotSignedIn,
    #[error("{max} imports are under way: wait until one has ended")]
    TooMany { max: i64 },
    #[error("{max} imports wait for their review: start or cancel one of them first")]
    TooManyReviews { max: i64 },
    #[error("the file {0}")]
    File(FileError),
    /// As many files are being read as may be.
    #[error("other files are being read")]
    Busy,
    /// The sweeper took it for one whose host has died.
    #[error("the file took too long to be read")]
    TooSlow,
    #[error("the file is being read already")]
    ReadAlready,
    #[error("the file could not be read")]
    Parser(#[source] tokio::task::JoinError),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for StartImportError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotSignedIn => ErrorKind::Unauthenticated,
            Self::TooMany { .. } | Self::TooManyReviews { .. } => ErrorKind::Conflict,
            Self::File(FileError::TooLarge { .. } | FileError::TooManyRows { .. } | FileError::TooManyCells { .. }) => {
                ErrorKind::TooLarge
            }
            Self::Busy | Self::TooSlow => ErrorKind::Unavailable,
            Self::File(FileError::Kept(_)) | Self::ReadAlready | Self::Parser(_) => ErrorKind::Internal,
            Self::File(_) => ErrorKind::Invalid,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotSignedIn => "UNAUTHENTICATED",
            Self::TooMany { .. } | Self::TooManyReviews { .. } => "TOO_MANY_IMPORTS",
            Self::File(FileError::TooLarge { .. } | FileError::TooManyRows { .. } | FileError::TooManyCells { .. }) => {
                "FILE_TOO_LARGE"
            }
            Self::Busy | Self::TooSlow => "UNAVAILABLE",
            Self::File(FileError::Kept(_)) | Self::ReadAlready | Self::Parser(_) | Self::Database(_) => "INTERNAL",
            Self::File(_) => "VALIDATION_ERROR",
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::File(error) => vec![Detail::new("file", error.to_string())],
            Self::TooMany { max } | Self::TooManyReviews { max } => vec![Detail::new("imports", max.to_string())],
            Self::NotSignedIn
            | Self::Busy
            | Self::TooSlow
            | Self::ReadAlready
            | Self::Parser(_)
            | Self::Database(_) => Vec::new(),
        }
    }
}

pub(crate) struct StartImportHandler {
    pool: Database,
    clock: Arc<dyn Clock>,
    settings: ImportSettings,
    wake: Arc<Notify>,
    originals: Originals,
    /// To read a file, by member in turn: one member's files are read one after the other.
    turns: Turns<UserId>,
}

impl StartImportHandler {
    pub(crate) fn new(
        pool: Database,
        clock: Arc<dyn Clock>,
        settings: ImportSettings,
        wake: Arc<Notify>,
        originals: Originals,
    ) -> Self {
        let turns = Turns::new(settings.concurrent_uploads, 1);
        Self { pool, clock, settings, wake, originals, turns }
    }

    /// Whether the member may have one more. Until the transaction ends nobody else asks that for them.
    async fn room(
        &self,
        connection: &mut PgConnection,
        owner: UserId,
        review: bool,
        now: OffsetDateTime,
    ) -> Result<UnderWay, StartImportError> {
        let under_way = count_under_way(connection, owner, now).await?;
        if under_way.unfinished >= self.settings.unfinished {
            return Err(StartImportError::TooMany { max: self.settings.unfinished });
        }
        if review && under_way.reviews >= self.settings.reviews {
            return Err(StartImportError::TooManyReviews { max: self.settings.reviews });
        }
        Ok(under_way)
    }

    /// A turn to read a file. Whoever may not have one more import is told so and does not wait.
    async fn turn(&self, owner: UserId, review: bool, now: OffsetDateTime) -> Result<Turn<UserId>, StartImportError> {
        let mut tx = self.pool.begin().await?;
        self.room(&mut tx, owner, review, now).await?;
        tx.rollback().await?;
        self.turns.take(&[owner], false, WAITS).await.ok_or(StartImportError::Busy)
    }

    async fn begin(
        &self,
        owner: UserId,
        import: ImportId,
        review: bool,
        now: OffsetDateTime,
    ) -> Result<(), StartImportError> {
        let mut tx = self.pool.begin().await?;
        let under_way = self.room(&mut tx, owner, review, now).await?;
        // Somebody who repairs a row of one holds it for a moment; it is forgotten the next time.
        sqlx::query!(
            "delete from books.import where id in (
                select id from books.import where id in (
                    select id from books.import where owner_id = $1 and status in ('completed', 'failed')
                    order by created_at desc, id desc offset $2 limit $3
                ) for update skip locked
            )",
            owner.uuid(),
            (KEPT - 1 - under_way.unfinished - under_way.reviews).max(0),
            FORGOTTEN,
        )
        .execute(&mut *tx)
        .await?;
        sqlx::query!(
            "insert into books.import (id, owner_id, status, created_at, updated_at) values ($1, $2, 'receiving', $3, $3)",
            import.uuid(),
            owner.uuid(),
            now,
        )
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }

    /// Stores rows as they are read; in transactions of their own, because one that stays open as long as a large file
    /// takes would hold back every reader of the log.
    async fn receive(
        &self,
        import: ImportId,
        command: &StartImport,
        turn: Turn<UserId>,
    ) -> Result<(Layout, i32), StartImportError> {
        let file = command.upload.lend().ok_or(StartImportError::ReadAlready)?;
        let (sender, mut rows) = mpsc::channel(2);
        let (settings, review) = (self.settings.clone(), command.review);
        let reader = tokio::task::spawn_blocking(move || {
            // Lives as long as the thread, which may outlive this call.
            let _turn = turn;
            read(file, &settings, review, &sender)
        });
        let mut stored = Ok(());
        while let Some(batch) = rows.recv().await {
            stored = self.store(import, batch).await;
            if stored.is_err() {
                break;
            }
        }
        // The reader stops at its next batch. It must have given the file back before the command starts over.
        drop(rows);
        let read = reader.await.map_err(StartImportError::Parser)?;
        stored?;
        let recognised = read.map_err(StartImportError::File)?;
        Ok((recognised.layout, i32::try_from(recognised.rows).unwrap_or(i32::MAX)))
    }

    /// Reads the file to its end and says so.
    async fn receive_and_tell(
        &self,
        call: &Call,
        id: ImportId,
        command: &StartImport,
        turn: Turn<UserId>,
    ) -> Result<ImportStarted, StartImportError> {
        let (layout, total) = self.receive(id, command, turn).await?;
        // The turn to read is over: a slow store keeps no other file waiting.
        self.originals.keep(id, &command.upload).await;
        let mut work = call.begin(&self.pool).await?;
        let updated = sqlx::query!(
            "update books.import set status = $2, total = $3, layout = $4, updated_at = $5
            where id = $1 and status = 'receiving'",
            id.uuid(),
            if command.review { "review" } else { "ready" },
            total,
            Json(layout) as _,
            call.now(),
        )
        .execute(work.connection())
        .await?;
        if updated.rows_affected() == 0 {
            return Err(StartImportError::TooSlow);
        }
        Ok(work.commit(ImportStarted { id }).await?)
    }

    /// JSON instead of UNNEST: there are no arrays of arrays of different lengths.
    async fn store(&self, import: ImportId, batch: Vec<RawRow>) -> Result<(), StartImportError> {
        // The last batch of a file may have none.
        let any = !batch.is_empty();
        let stored = sqlx::query!(
            "with alive as (update books.import set updated_at = $3 where id = $1 returning id)
            insert into books.import_row (import_id, row, cells)
            select alive.id, r.row, r.cells from alive, jsonb_to_recordset($2) as r (row integer, cells text[])",
            import.uuid(),
            Json(batch) as _,
            self.clock.now(),
        )
        .execute(&self.pool)
        .await?;
        if any && stored.rows_affected() == 0 { Err(StartImportError::TooSlow) } else { Ok(()) }
    }
}

/// An import while its file is read. Dropped before that has ended, it is forgotten, or it would count as under way for
/// minutes: the line broke off, or the command has run out of time.
struct Receiving {
    pool: Database,
    import: ImportId,
    ended: bool,
}

impl Receiving {
    async fn forget(mut self) -> Result<(), sqlx::Error> {
        forget(&self.pool, self.import).await?;
        self.ended = true;
        Ok(())
    }
}

impl Drop for Receiving {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        let Ok(runtime) = Handle::try_current() else { return };
        let (pool, import) = (self.pool.clone(), self.import);
        runtime.spawn(async move {
            if let Err(error) = forget(&pool, import).await {
                tracing::warn!(%error, %import, "could not forget an upload that was cut off; the sweeper will");
            }
        });
    }
}

/// Unless it is under way after all: nobody knows what became of a commit whose answer did not come.
async fn forget(pool: &Database, import: ImportId) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from books.import where id = $1 and status = 'receiving'", import.uuid())
        .execute(pool)
        .await?;
    Ok(())
}

/// The imports of one member that are not at their end.
pub(super) struct UnderWay {
    pub unfinished: i64,
    pub reviews: i64,
}

/// Counts them. Until the transaction ends nobody else does, so that two who begin at once count one after the other.
pub(super) async fn count_under_way(
    connection: &mut PgConnection,
    owner: UserId,
    now: OffsetDateTime,
) -> Result<UnderWay, sqlx::Error> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1, 1))", owner.to_string())
        .fetch_one(&mut *connection)
        .await?;
    sqlx::query_as!(
        UnderWay,
        r#"select count(*) filter (where status <> 'review') as "unfinished!",
            count(*) filter (where status = 'review') as "reviews!"
        from books.import
        where owner_id = $1 and status not in ('completed', 'failed') and (status <> 'receiving' or updated_at >= $2)"#,
        owner.uuid(),
        now - ABANDONED_AFTER,
    )
    .fetch_one(connection)
    .await
}

#[async_trait]
impl CommandHandler<StartImport> for StartImportHandler {
    async fn handle(&self, call: &Call, command: StartImport) -> Result<ImportStarted, StartImportError> {
        let owner = call.actor().user_id().ok_or(StartImportError::NotSignedIn)?;
        let id = ImportId::new(call.now());
        let turn = self.turn(owner, command.review, call.now()).await?;
        self.begin(owner, id, command.review, call.now()).await?;
        let mut receiving = Receiving { pool: self.pool.clone(), import: id, ended: false };
        match self.receive_and_tell(call, id, &command, turn).await {
            Ok(started) => {
                receiving.ended = true;
                self.wake.notify_one();
                Ok(started)
            }
            Err(error) => {
                // Waited for: a command that starts over at once would find its own import under way.
                receiving.forget().await?;
                Err(error)
            }
        }
    }
}
