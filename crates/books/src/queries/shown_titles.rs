use async_trait::async_trait;
use cqrs::{Call, QueryHandler};
use database::Database;
use kernel::{BookId, ErrorKind, Query, Refusal};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The titles of those of these books that everybody sees, in no order.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShownTitles {
    pub books: Vec<BookId>,
}

impl Query for ShownTitles {
    const NAME: &'static str = "shown_titles";
    type Answer = Vec<ShownTitle>;
    type Error = ShownTitlesError;
}

cqrs::travels_as_it_is!(ShownTitles);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShownTitle {
    pub book: BookId,
    pub title: String,
    pub authors: Vec<String>,
}

#[derive(Debug, thiserror::Error)]
#[error("the database failed")]
pub struct ShownTitlesError(#[from] sqlx::Error);

impl Refusal for ShownTitlesError {
    fn kind(&self) -> ErrorKind {
        event_bus::error_kind(&self.0)
    }

    fn code(&self) -> &'static str {
        "INTERNAL"
    }
}

pub(crate) struct ShownTitlesHandler(pub Database);

#[async_trait]
impl QueryHandler<ShownTitles> for ShownTitlesHandler {
    async fn handle(&self, _call: &Call, query: ShownTitles) -> Result<Vec<ShownTitle>, ShownTitlesError> {
        let ids: Vec<Uuid> = query.books.iter().map(|book| book.uuid()).collect();
        let rows = sqlx::query!(
            "select id, title, authors from books.book where owner_active and lending <> 'off' and id = any($1)",
            &ids,
        )
        .fetch_all(&self.0)
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| ShownTitle { book: row.id.into(), title: row.title, authors: row.authors })
            .collect())
    }
}
