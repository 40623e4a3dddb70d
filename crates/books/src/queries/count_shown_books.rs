use async_trait::async_trait;
use cqrs::{Call, QueryHandler};
use database::Database;
use kernel::{ErrorKind, Query, Refusal};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// How many books everybody sees that were listed before `until`, and how many of them since `from`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CountShownBooks {
    #[serde(with = "time::serde::rfc3339")]
    pub from: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub until: OffsetDateTime,
}

impl Query for CountShownBooks {
    const NAME: &'static str = "count_shown_books";
    type Answer = ShownBooks;
    type Error = CountShownBooksError;
}

cqrs::travels_as_it_is!(CountShownBooks);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShownBooks {
    pub books: u64,
    pub listed: u64,
}

#[derive(Debug, thiserror::Error)]
#[error("the database failed")]
pub struct CountShownBooksError(#[from] sqlx::Error);

impl Refusal for CountShownBooksError {
    fn kind(&self) -> ErrorKind {
        event_bus::error_kind(&self.0)
    }

    fn code(&self) -> &'static str {
        "INTERNAL"
    }
}

pub(crate) struct CountShownBooksHandler(pub Database);

#[async_trait]
impl QueryHandler<CountShownBooks> for CountShownBooksHandler {
    async fn handle(&self, _call: &Call, query: CountShownBooks) -> Result<ShownBooks, CountShownBooksError> {
        let counts = sqlx::query!(
            r#"select count(*) as "books!", count(*) filter (where created_at >= $1) as "listed!"
            from books.book where owner_active and lending <> 'off' and created_at < $2"#,
            query.from,
            query.until,
        )
        .fetch_one(&self.0)
        .await?;
        Ok(ShownBooks { books: counts.books.unsigned_abs(), listed: counts.listed.unsigned_abs() })
    }
}
