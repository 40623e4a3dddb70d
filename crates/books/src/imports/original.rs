//! The files of imports as they were sent, in the host's file store: kept until a day after the import has ended, so that
//! its owner can look at what they sent. An import does not depend on it: where the store is away, nothing is kept.
//!
//! PostgreSQL and the store have no transaction together. A row of `import_file` is there before its file and goes after it,
//! so no file is forgotten.

use std::io::Seek;
use std::sync::Arc;
use std::time::Duration;

use database::Database;
use kernel::{Clock, ImportId};
use time::OffsetDateTime;
use tokio::time::timeout;
use uuid::Uuid;

use super::Upload;
use crate::metrics;
use crate::ports::{FilePieces, FileStore, FilesUnavailable};

/// A file that takes longer to be kept is not kept.
const KEEP_WITHIN: Duration = Duration::from_secs(60);
/// Nobody writes a file any more that was begun so long ago.
const WRITTEN_WITHIN: time::Duration = time::Duration::minutes(5);
/// A file stays for so long after its import has ended.
const KEPT_AFTER_THE_END: time::Duration = time::Duration::days(1);
/// Files that one sweep removes.
const REMOVED: i64 = 50;

#[derive(Clone)]
pub(crate) struct Originals {
    pool: Database,
    clock: Arc<dyn Clock>,
    /// `None`: nothing is kept.
    pub(crate) files: Option<Arc<dyn FileStore>>,
}

fn name(import: Uuid) -> String {
    format!("imports/{import}")
}

impl Originals {
    pub(crate) fn new(pool: Database, clock: Arc<dyn Clock>) -> Self {
        metrics::serve_originals_not_kept();
        Self { pool, clock, files: None }
    }

    /// Keeps the file of an import, if that can be.
    pub(crate) async fn keep(&self, import: ImportId, upload: &Upload) {
        let (Some(files), Some(mut file)) = (&self.files, upload.lend()) else { return };
        let import = import.uuid();
        let kept = async {
            sqlx::query!(
                "insert into books.import_file (import_id, created_at) values ($1, $2)",
                import,
                self.clock.now(),
            )
            .execute(&self.pool)
            .await?;
            // It was read to its end.
            file.rewind().map_err(|error| FilesUnavailable(Box::new(error)))?;
            files.put(&name(import), Box::new(file)).await?;
            sqlx::query!("update books.import_file set stored = true where import_id = $1", import)
                .execute(&self.pool)
                .await?;
            Ok::<_, KeepError>(())
        };
        let problem = match timeout(KEEP_WITHIN, kept).await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(_) => "it took too long".to_owned(),
        };
        metrics::original_not_kept();
        tracing::warn!(%import, error = problem, "the file of an import is not kept; the import goes on");
    }

    /// The file of an import; `None`: it is not kept.
    pub(crate) async fn read(&self, import: Uuid) -> Result<Option<FilePieces>, KeepError> {
        let Some(files) = &self.files else { return Ok(None) };
        let stored = sqlx::query_scalar!("select stored from books.import_file where import_id = $1", import)
            .fetch_optional(&self.pool)
            .await?;
        if stored != Some(true) {
            return Ok(None);
        }
        Ok(files.get(&name(import)).await?)
    }

    /// Removes files whose import is gone, or ended a day ago. Twice does no harm.
    pub(crate) async fn remove_old(&self) -> Result<usize, KeepError> {
        let Some(files) = &self.files else { return Ok(0) };
        let now: OffsetDateTime = self.clock.now();
        let old = sqlx::query_scalar!(
            "select file.import_id from books.import_file file left join books.import on import.id = file.import_id
            where (file.stored or file.created_at < $1)
                and (import.id is null or (import.status in ('completed', 'failed') and import.updated_at < $2))
            order by file.created_at limit $3",
            now - WRITTEN_WITHIN,
            now - KEPT_AFTER_THE_END,
            REMOVED,
        )
        .fetch_all(&self.pool)
        .await?;
        for import in &old {
            files.delete(&name(*import)).await?;
            sqlx::query!("delete from books.import_file where import_id = $1", import).execute(&self.pool).await?;
        }
        Ok(old.len())
    }
}

/// Why a file was not kept, read or removed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeepError {
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Store(#[from] FilesUnavailable),
}
