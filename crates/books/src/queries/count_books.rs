use async_trait::async_trait;
use cqrs::{Call, QueryHandler, Source};
use database::Database;
use kernel::{ErrorKind, Query, Refusal, UserId};
use serde::{Deserialize, Serialize};

use crate::hidden::Hidden;
use crate::view::{self, View};

/// How many books a member shows; to whom these are hidden, none.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CountBooks {
    pub owner: UserId,
}

impl Query for CountBooks {
    const NAME: &'static str = "count_books";
    type Answer = u64;
    type Error = CountBooksError;
}

cqrs::travels_as_it_is!(CountBooks);

#[derive(Debug, thiserror::Error)]
pub enum CountBooksError {
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for CountBooksError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        "INTERNAL"
    }
}

pub(crate) struct CountBooksHandler {
    pool: Database,
    view: View,
    hidden: Hidden,
}

impl CountBooksHandler {
    pub(crate) fn new(pool: Database, view: View, hidden: Hidden) -> Self {
        Self { pool, view, hidden }
    }
}

#[async_trait]
impl QueryHandler<CountBooks> for CountBooksHandler {
    async fn handle(&self, call: &Call, query: CountBooks) -> Result<u64, CountBooksError> {
        if self.hidden.from(call).await?.hides(query.owner) {
            return Ok(0);
        }
        if call.source() == Source::ReadStore {
            match self.view.projection.count(&view::of_owner(query.owner)).await {
                Ok(count) => return Ok(count),
                Err(error) => tracing::debug!(%error, "books are counted in PostgreSQL"),
            }
        }
        let count = sqlx::query_scalar!(
            r#"select count(*) as "count!" from books.book where owner_id = $1 and owner_active and lending <> 'off'"#,
            query.owner.uuid(),
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(u64::try_from(count).unwrap_or(0))
    }
}
