use async_trait::async_trait;
use cqrs::{Call, QueryHandler};
use database::Database;
use kernel::{BookId, ErrorKind, Query, Refusal};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// What was asked for and lent from `from` until before `until`, and the `most` copies that were asked for most often.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CountLending {
    #[serde(with = "time::serde::rfc3339")]
    pub from: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub until: OffsetDateTime,
    pub most: u32,
}

impl Query for CountLending {
    const NAME: &'static str = "count_lending";
    type Answer = LendingCounts;
    type Error = CountLendingError;
}

cqrs::travels_as_it_is!(CountLending);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LendingCounts {
    pub requests: u64,
    /// Books that went from hand to hand to come back.
    pub loans: u64,
    /// Books that were given away for good.
    pub given: u64,
    pub returned: u64,
    /// Loans that were due in this time and not back by then.
    pub late: u64,
    /// With how often each was asked for, the most first.
    pub most_asked: Vec<(BookId, u64)>,
}

#[derive(Debug, thiserror::Error)]
#[error("the database failed")]
pub struct CountLendingError(#[from] sqlx::Error);

impl Refusal for CountLendingError {
    fn kind(&self) -> ErrorKind {
        event_bus::error_kind(&self.0)
    }

    fn code(&self) -> &'static str {
        "INTERNAL"
    }
}

pub(crate) struct CountLendingHandler(pub Database);

#[async_trait]
impl QueryHandler<CountLending> for CountLendingHandler {
    async fn handle(&self, _call: &Call, query: CountLending) -> Result<LendingCounts, CountLendingError> {
        // A loan has a due date, a gift has none. One walk along all borrows: a month's figures are made once a month.
        let counts = sqlx::query!(
            r#"select count(*) filter (where requested_at >= $1) as "requests!",
                count(*) filter (where handed_over_at >= $1 and handed_over_at < $2 and due_at is not null) as "loans!",
                count(*) filter (where handed_over_at >= $1 and handed_over_at < $2 and due_at is null) as "given!",
                count(*) filter (where returned_at >= $1 and returned_at < $2) as "returned!",
                count(*) filter (where due_at >= $1 and due_at < $2 and handed_over_at is not null
                    and coalesce(return_declared_at, returned_at, closed_at, 'infinity') > due_at) as "late!"
            from borrowing.borrow where requested_at < $2"#,
            query.from,
            query.until,
        )
        .fetch_one(&self.0)
        .await?;
        let most_asked = sqlx::query!(
            r#"select book_id, count(*) as "requests!" from borrowing.borrow
            where requested_at >= $1 and requested_at < $2
            group by book_id order by count(*) desc, book_id limit $3"#,
            query.from,
            query.until,
            i64::from(query.most),
        )
        .fetch_all(&self.0)
        .await?;
        Ok(LendingCounts {
            requests: counts.requests.unsigned_abs(),
            loans: counts.loans.unsigned_abs(),
            given: counts.given.unsigned_abs(),
            returned: counts.returned.unsigned_abs(),
            late: counts.late.unsigned_abs(),
            most_asked: most_asked.into_iter().map(|row| (row.book_id.into(), row.requests.unsigned_abs())).collect(),
        })
    }
}
