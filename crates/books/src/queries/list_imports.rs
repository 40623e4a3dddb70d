use async_trait::async_trait;
use cqrs::{Call, QueryHandler};
use database::Database;
use kernel::{ErrorKind, Page, PageRequest, Query, Refusal};

use super::import_view::{ImportRow, ImportSummary};

/// The caller's imports, newest first; one that is still being uploaded is none yet. Paged by number.
#[derive(Debug, Clone)]
pub struct ListImports {
    pub page: PageRequest,
}

impl Query for ListImports {
    const NAME: &'static str = "list_imports";
    type Answer = Page<ImportSummary>;
    type Error = ListImportsError;
}

#[derive(Debug, thiserror::Error)]
pub enum ListImportsError {
    #[error("sign in to see your imports")]
    NotSignedIn,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for ListImportsError {
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

pub(crate) struct ListImportsHandler {
    pool: Database,
}

impl ListImportsHandler {
    pub(crate) fn new(pool: Database) -> Self {
        Self { pool }
    }
}

#[async_trait]
impl QueryHandler<ListImports> for ListImportsHandler {
    async fn handle(&self, call: &Call, query: ListImports) -> Result<Page<ImportSummary>, ListImportsError> {
        let owner = call.actor().user_id().ok_or(ListImportsError::NotSignedIn)?.uuid();
        let mut connection = self.pool.acquire().await?;
        let total = sqlx::query_scalar!(
            r#"select count(*) as "count!" from books.import where owner_id = $1 and status <> 'receiving'"#,
            owner,
        )
        .fetch_one(&mut *connection)
        .await?;
        let rows = sqlx::query_as!(
            ImportRow,
            r#"select id, status, total, imported, duplicates, skipped, failed, repaired, superseded, noted,
                layout -> 'format' as "format: _", created_at
            from books.import where owner_id = $1 and status <> 'receiving'
            order by created_at desc, id desc limit $2 offset $3"#,
            owner,
            i64::from(query.page.limit),
            i64::try_from(query.page.offset()).unwrap_or(i64::MAX),
        )
        .fetch_all(&mut *connection)
        .await?;
        let items = rows.iter().map(ImportSummary::from).collect();
        Ok(Page { items, total: u64::try_from(total).unwrap_or(0), next_cursor: None })
    }
}
