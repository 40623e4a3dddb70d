use async_trait::async_trait;
use cqrs::{Call, QueryHandler};
use kernel::{ErrorKind, Query, Refusal};
use secrecy::SecretString;

use crate::agenda::{self, Written};
use crate::calendar_feed::token_hash;
use crate::desk::Desk;

/// The days of the member whose secret address was asked for. Whoever knows the address reads them.
#[derive(Debug, Clone)]
pub struct MemberCalendar {
    pub token: SecretString,
    pub written: Written,
}

impl Query for MemberCalendar {
    const NAME: &'static str = "member_calendar";
    type Answer = String;
    type Error = MemberCalendarError;
}

#[derive(Debug, thiserror::Error)]
pub enum MemberCalendarError {
    /// Never was one, was ended, or its member has left or is not active.
    #[error("There is no calendar at this address.")]
    NotFound,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for MemberCalendarError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound => ErrorKind::NotFound,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "CALENDAR_NOT_FOUND",
            Self::Database(_) => "INTERNAL",
        }
    }
}

pub(crate) struct MemberCalendarHandler(pub Desk);

#[async_trait]
impl QueryHandler<MemberCalendar> for MemberCalendarHandler {
    async fn handle(&self, call: &Call, query: MemberCalendar) -> Result<String, MemberCalendarError> {
        let mut connection = self.0.pool.acquire().await?;
        let hash = token_hash(&query.token);
        // Of a member who was never told of nothing is known that speaks against it.
        let member = sqlx::query_scalar!(
            r#"select f.member_id from borrowing.calendar_feed f left join borrowing.member m on m.id = f.member_id
            where f.token_hash = $1 and coalesce(m.active, true)"#,
            hash.as_slice(),
        )
        .fetch_optional(&mut *connection)
        .await?
        .ok_or(MemberCalendarError::NotFound)?;
        let entries = agenda::of_member(&mut connection, member.into(), None).await?;
        Ok(agenda::write(&entries, &self.0.rules.zone, &query.written, call.now()))
    }
}
