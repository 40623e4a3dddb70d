use async_trait::async_trait;
use cqrs::{Call, QueryHandler};
use kernel::{BorrowId, ErrorKind, Query, Refusal};

use crate::agenda::{self, Written};
use crate::desk::Desk;

/// The next day of one borrow as a calendar file, for its two parties; for anybody else there is none.
#[derive(Debug, Clone)]
pub struct BorrowCalendar {
    pub borrow: BorrowId,
    pub written: Written,
}

impl Query for BorrowCalendar {
    const NAME: &'static str = "borrow_calendar";
    type Answer = String;
    type Error = BorrowCalendarError;
}

#[derive(Debug, thiserror::Error)]
pub enum BorrowCalendarError {
    #[error("There is no borrow of yours with a day to come.")]
    NothingPlanned,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for BorrowCalendarError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NothingPlanned => ErrorKind::NotFound,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NothingPlanned => "NOTHING_PLANNED",
            Self::Database(_) => "INTERNAL",
        }
    }
}

pub(crate) struct BorrowCalendarHandler(pub Desk);

#[async_trait]
impl QueryHandler<BorrowCalendar> for BorrowCalendarHandler {
    async fn handle(&self, call: &Call, query: BorrowCalendar) -> Result<String, BorrowCalendarError> {
        let member = call.actor().user_id().ok_or(BorrowCalendarError::NothingPlanned)?;
        let mut connection = self.0.pool.acquire().await?;
        let entries = agenda::of_member(&mut connection, member, Some(query.borrow)).await?;
        if entries.is_empty() {
            return Err(BorrowCalendarError::NothingPlanned);
        }
        Ok(agenda::write(&entries, &self.0.rules.zone, &query.written, call.now()))
    }
}
