use async_trait::async_trait;
use cqrs::{Call, QueryHandler};
use kernel::Query;
use time::OffsetDateTime;

use crate::commands::CalendarFeedError;
use crate::desk::Desk;

/// Since when the caller's calendar has a secret address. `None`: it has none.
#[derive(Debug, Clone)]
pub struct GetCalendarFeed {}

impl Query for GetCalendarFeed {
    const NAME: &'static str = "get_calendar_feed";
    type Answer = Option<OffsetDateTime>;
    type Error = CalendarFeedError;
}

pub(crate) struct GetCalendarFeedHandler(pub Desk);

#[async_trait]
impl QueryHandler<GetCalendarFeed> for GetCalendarFeedHandler {
    async fn handle(&self, call: &Call, _: GetCalendarFeed) -> Result<Option<OffsetDateTime>, CalendarFeedError> {
        let member = call.actor().user_id().ok_or(CalendarFeedError::NotSignedIn)?;
        let since =
            sqlx::query_scalar!("select created_at from borrowing.calendar_feed where member_id = $1", member.uuid())
                .fetch_optional(&self.0.pool)
                .await?;
        Ok(since)
    }
}
