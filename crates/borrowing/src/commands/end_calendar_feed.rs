use async_trait::async_trait;
use cqrs::{Call, CommandHandler};
use kernel::Command;
use serde::Serialize;

use super::open_calendar_feed::CalendarFeedError;
use crate::desk::Desk;

/// The secret address of the caller's calendar leads nowhere any more. Where there is none it stays so.
#[derive(Debug, Clone, Serialize)]
pub struct EndCalendarFeed {}

impl Command for EndCalendarFeed {
    const NAME: &'static str = "end_calendar_feed";
    type Output = ();
    type Error = CalendarFeedError;
}

pub(crate) struct EndCalendarFeedHandler(pub Desk);

#[async_trait]
impl CommandHandler<EndCalendarFeed> for EndCalendarFeedHandler {
    async fn handle(&self, call: &Call, _: EndCalendarFeed) -> Result<(), CalendarFeedError> {
        let member = call.actor().user_id().ok_or(CalendarFeedError::NotSignedIn)?;
        let mut work = call.begin(&self.0.pool).await?;
        sqlx::query!("delete from borrowing.calendar_feed where member_id = $1", member.uuid())
            .execute(work.connection())
            .await?;
        work.commit(()).await?;
        Ok(())
    }
}
