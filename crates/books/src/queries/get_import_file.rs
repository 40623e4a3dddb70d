use async_trait::async_trait;
use cqrs::{Call, QueryHandler};
use database::Database;
use kernel::{ErrorKind, ImportId, Query, Refusal};

use crate::imports::{KeepError, Originals};
use crate::ports::{FilePieces, FilesUnavailable};

/// The file of an import as it was sent, for the one who sent it.
#[derive(Debug, Clone)]
pub struct GetImportFile {
    pub import_id: ImportId,
}

impl Query for GetImportFile {
    const NAME: &'static str = "get_import_file";
    type Answer = FilePieces;
    type Error = GetImportFileError;
}

#[derive(Debug, thiserror::Error)]
pub enum GetImportFileError {
    /// Or somebody else's.
    #[error("there is no such import")]
    NotFound,
    #[error("The file is not kept any more. A file is kept until a day after its import has ended.")]
    NotKept,
    #[error("the file store did not answer")]
    Store(#[source] FilesUnavailable),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for GetImportFileError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound | Self::NotKept => ErrorKind::NotFound,
            Self::Store(_) => ErrorKind::Unavailable,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "IMPORT_NOT_FOUND",
            Self::NotKept => "IMPORT_FILE_NOT_KEPT",
            Self::Store(_) => "UNAVAILABLE",
            Self::Database(_) => "INTERNAL",
        }
    }
}

impl From<KeepError> for GetImportFileError {
    fn from(error: KeepError) -> Self {
        match error {
            KeepError::Database(error) => Self::Database(error),
            KeepError::Store(error) => Self::Store(error),
        }
    }
}

pub(crate) struct GetImportFileHandler {
    pool: Database,
    originals: Originals,
}

impl GetImportFileHandler {
    pub(crate) fn new(pool: Database, originals: Originals) -> Self {
        Self { pool, originals }
    }
}

#[async_trait]
impl QueryHandler<GetImportFile> for GetImportFileHandler {
    async fn handle(&self, call: &Call, query: GetImportFile) -> Result<FilePieces, GetImportFileError> {
        let owner = call.actor().user_id().ok_or(GetImportFileError::NotFound)?;
        let import = query.import_id.uuid();
        sqlx::query_scalar!("select id from books.import where id = $1 and owner_id = $2", import, owner.uuid())
            .fetch_optional(&self.pool)
            .await?
            .ok_or(GetImportFileError::NotFound)?;
        self.originals.read(import).await?.ok_or(GetImportFileError::NotKept)
    }
}
