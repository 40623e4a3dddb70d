use async_trait::async_trait;
use cqrs::{Call, QueryHandler, Source};
use kernel::{ErrorKind, Query, Refusal, UserId};
use read_store::ReadStoreError;
use serde::Serialize;
use sqlx::PgPool;

use crate::view::{self, View};

/// How often a member has borrowed and lent: books that went from hand to hand. Public.
#[derive(Debug, Clone)]
pub struct CountBorrows {
    pub user: UserId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Counts {
    pub borrowed: u64,
    pub lent: u64,
}

impl Query for CountBorrows {
    const NAME: &'static str = "count_borrows";
    type Answer = Counts;
    type Error = CountBorrowsError;
}

#[derive(Debug, thiserror::Error)]
pub enum CountBorrowsError {
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for CountBorrowsError {
    fn kind(&self) -> ErrorKind {
        let Self::Database(error) = self;
        event_bus::error_kind(error)
    }

    fn code(&self) -> &'static str {
        "INTERNAL"
    }
}

pub(crate) struct CountBorrowsHandler {
    pool: PgPool,
    view: View,
}

impl CountBorrowsHandler {
    pub(crate) fn new(pool: PgPool, view: View) -> Self {
        Self { pool, view }
    }

    async fn in_projection(&self, user: UserId) -> Result<Counts, ReadStoreError> {
        let projection = &self.view.projection;
        Ok(Counts {
            borrowed: projection.count(&view::borrowed(user)).await?,
            lent: projection.count(&view::lent(user)).await?,
        })
    }
}

#[async_trait]
impl QueryHandler<CountBorrows> for CountBorrowsHandler {
    async fn handle(&self, call: &Call, query: CountBorrows) -> Result<Counts, CountBorrowsError> {
        if call.source() == Source::ReadStore {
            match self.in_projection(query.user).await {
                Ok(counts) => return Ok(counts),
                Err(error) => tracing::debug!(%error, "counted in PostgreSQL"),
            }
        }
        let counts = sqlx::query!(
            r#"select
                (select count(*) from borrowing.borrow
                    where borrower_id = $1 and handed_over_at is not null) as "borrowed!",
                (select count(*) from borrowing.borrow where owner_id = $1 and handed_over_at is not null) as "lent!""#,
            query.user.uuid(),
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(Counts { borrowed: counts.borrowed.unsigned_abs(), lent: counts.lent.unsigned_abs() })
    }
}
