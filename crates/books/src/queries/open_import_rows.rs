use async_trait::async_trait;
use cqrs::{Call, QueryHandler};
use database::Database;
use kernel::{ErrorKind, ImportId, Query, Refusal};
use serde::Serialize;

/// What waits for the caller over all their imports, for a notice on their shelf.
#[derive(Debug, Clone)]
pub struct OpenImportRows;

impl Query for OpenImportRows {
    const NAME: &'static str = "open_import_rows";
    type Answer = OpenRows;
    type Error = OpenImportRowsError;
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct OpenRows {
    /// Rows that were not taken, and not repaired since.
    pub failed: i64,
    /// Rows whose book is on the shelf without all they said.
    pub noted: i64,
    /// Imports that wait for their review, newest first.
    pub reviews: Vec<ImportId>,
    /// Imports with rows of either kind, newest first; the first ten.
    pub imports: Vec<ImportId>,
}

#[derive(Debug, thiserror::Error)]
pub enum OpenImportRowsError {
    #[error("sign in to see your imports")]
    NotSignedIn,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for OpenImportRowsError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotSignedIn => ErrorKind::Unauthenticated,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotSignedIn => "UNAUTHENTICATED",
            Self::Database(_) => "INTERNAL",
        }
    }
}

pub(crate) struct OpenImportRowsHandler {
    pool: Database,
}

impl OpenImportRowsHandler {
    pub(crate) fn new(pool: Database) -> Self {
        Self { pool }
    }
}

#[async_trait]
impl QueryHandler<OpenImportRows> for OpenImportRowsHandler {
    async fn handle(&self, call: &Call, _query: OpenImportRows) -> Result<OpenRows, OpenImportRowsError> {
        let owner = call.actor().user_id().ok_or(OpenImportRowsError::NotSignedIn)?;
        let rows = sqlx::query!(
            // Rows that are kept, and can be repaired: an import with more of them than that counts them all by itself.
            r#"select coalesce(sum(failed), 0)::bigint as "failed!", coalesce(sum(noted), 0)::bigint as "noted!",
                coalesce(array_agg(id order by created_at desc, id desc) filter (where status = 'review'), '{}') as "reviews!",
                coalesce((array_agg(id order by created_at desc, id desc) filter (where failed > 0 or noted > 0))[:10], '{}')
                    as "imports!"
            from (
                select id, status, created_at,
                    (select count(distinct row) from books.import_error where import_id = import.id) as failed,
                    (select count(distinct row) from books.import_note where import_id = import.id) as noted
                from books.import where owner_id = $1 and status <> 'receiving'
            ) as counted"#,
            owner.uuid(),
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(OpenRows {
            failed: rows.failed,
            noted: rows.noted,
            reviews: rows.reviews.into_iter().map(Into::into).collect(),
            imports: rows.imports.into_iter().map(Into::into).collect(),
        })
    }
}
