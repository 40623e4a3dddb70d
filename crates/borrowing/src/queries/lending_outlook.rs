use async_trait::async_trait;
use cqrs::{Call, QueryHandler};
use database::Database;
use kernel::{BookId, BorrowId, ErrorKind, Query, Refusal, UserId};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::domain::BorrowStatus;

/// When a book may be had, for anybody: whose loan it is and who waits is told to nobody. Of a book that nobody knows it
/// says what it says of one that nobody has asked for.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LendingOutlook {
    pub book: BookId,
}

impl Query for LendingOutlook {
    const NAME: &'static str = "lending_outlook";
    type Answer = Outlook;
    type Error = LendingOutlookError;
}

cqrs::travels_as_it_is!(LendingOutlook);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outlook {
    /// When the loan that runs at present is due.
    #[serde(with = "time::serde::rfc3339::option")]
    pub due_at: Option<OffsetDateTime>,
    /// Requests that wait, for the owner's answer or in the queue.
    pub waiting: i64,
    /// The caller's own open borrow of it.
    pub mine: Option<OwnBorrow>,
}

/// Where one's own borrow of a book stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct OwnBorrow {
    pub borrow_id: BorrowId,
    pub status: BorrowStatus,
    /// From 1; `None` unless it is queued.
    pub queue_position: Option<i64>,
}

#[derive(Debug, thiserror::Error)]
pub enum LendingOutlookError {
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for LendingOutlookError {
    fn kind(&self) -> ErrorKind {
        let Self::Database(error) = self;
        event_bus::error_kind(error)
    }

    fn code(&self) -> &'static str {
        "INTERNAL"
    }
}

/// Asks PostgreSQL: Redis has no list of the borrows of one book.
pub(crate) struct LendingOutlookHandler {
    pool: Database,
}

impl LendingOutlookHandler {
    pub(crate) fn new(pool: Database) -> Self {
        Self { pool }
    }
}

#[async_trait]
impl QueryHandler<LendingOutlook> for LendingOutlookHandler {
    async fn handle(&self, call: &Call, query: LendingOutlook) -> Result<Outlook, LendingOutlookError> {
        let row = sqlx::query!(
            r#"select
                (select due_at from borrowing.borrow where book_id = $1 and status = 'active') as due_at,
                (select count(*) from borrowing.borrow
                    where book_id = $1 and status in ('pending', 'queued')) as "waiting!",
                mine.id as "id?", mine.status as "status?",
                case when mine.status = 'queued' then (
                    select count(*) from borrowing.borrow q where q.book_id = $1 and q.status = 'queued'
                        and (q.queued_at, q.id) <= (mine.queued_at, mine.id)
                ) end as queue_position
            from (select) nobody left join borrowing.borrow mine on mine.book_id = $1 and mine.borrower_id = $2
                and mine.status in ('pending', 'queued', 'approved', 'active', 'return_pending', 'disputed')"#,
            query.book.uuid(),
            call.actor().user_id().map(UserId::uuid),
        )
        .fetch_one(&self.pool)
        .await?;
        let mine = match row.id.zip(row.status) {
            Some((id, status)) => Some(OwnBorrow {
                borrow_id: id.into(),
                status: BorrowStatus::from_name(&status)
                    .ok_or_else(|| sqlx::Error::Decode("unknown status in a row".into()))?,
                queue_position: row.queue_position,
            }),
            None => None,
        };
        Ok(Outlook { due_at: row.due_at, waiting: row.waiting, mine })
    }
}
