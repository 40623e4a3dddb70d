use async_trait::async_trait;
use cqrs::{Call, QueryHandler, Source};
use database::Database;
use kernel::{ErrorKind, Query, Refusal, UserId};
use read_store::ReadStoreError;
use serde::{Deserialize, Serialize};

use crate::view::{Tally, View};

/// How often a member has borrowed and lent, and what became of it: books that went from hand to hand. Public.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CountBorrows {
    pub user: UserId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Loans of other members' books, present and past.
    pub borrowed: u64,
    /// Loans of their books, present and past.
    pub lent: u64,
    /// Of those lent: the book is back.
    pub came_back: u64,
    /// Of those lent: somebody has the book.
    pub out: u64,
    /// Books that they gave away for good.
    pub given: u64,
}

impl Query for CountBorrows {
    const NAME: &'static str = "count_borrows";
    type Answer = Counts;
    type Error = CountBorrowsError;
}

cqrs::travels_as_it_is!(CountBorrows);

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
    pool: Database,
    view: View,
}

impl CountBorrowsHandler {
    pub(crate) fn new(pool: Database, view: View) -> Self {
        Self { pool, view }
    }

    async fn in_projection(&self, user: UserId) -> Result<Counts, ReadStoreError> {
        let count = async |tally: Tally| self.view.projection.count(&tally.of(user)).await;
        let (borrowed, lent, came_back, out, given) = tokio::try_join!(
            count(Tally::Borrowed),
            count(Tally::Lent),
            count(Tally::CameBack),
            count(Tally::Out),
            count(Tally::Given),
        )?;
        Ok(Counts { borrowed, lent, came_back, out, given })
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
        // A loan has a due date, a gift has none.
        let counts = sqlx::query!(
            r#"select
                (select count(*) from borrowing.borrow
                    where borrower_id = $1 and handed_over_at is not null and due_at is not null) as "borrowed!",
                count(*) filter (where due_at is not null) as "lent!",
                count(*) filter (where due_at is not null and status = 'returned') as "came_back!",
                count(*) filter (where due_at is not null
                    and status in ('approved', 'active', 'return_pending', 'disputed')) as "out!",
                count(*) filter (where due_at is null) as "given!"
            from borrowing.borrow where owner_id = $1 and handed_over_at is not null"#,
            query.user.uuid(),
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(Counts {
            borrowed: counts.borrowed.unsigned_abs(),
            lent: counts.lent.unsigned_abs(),
            came_back: counts.came_back.unsigned_abs(),
            out: counts.out.unsigned_abs(),
            given: counts.given.unsigned_abs(),
        })
    }
}
