//! Whoever has read the messages of a borrow has read that there were some.

use borrowing_events::BorrowMessagesRead;
use event_bus::{Delivery, Recorded};
use notifications_events::{NotificationEvent, NotificationRead};

/// Messages that came after those that were read keep their entry.
pub(crate) async fn mark_read(
    delivery: &mut Delivery<'_>,
    cause: &Recorded,
    read: &BorrowMessagesRead,
) -> Result<(), sqlx::Error> {
    let now = delivery.now();
    let marked = sqlx::query!(
        "update notifications.notification set read_at = $4, version = version + 1
        where user_id = $1 and not read and deleted_at is null
            and data ->> 'borrowId' = $2 and (facts ->> 'message')::integer <= $3
        returning id, version",
        read.reader_id.uuid(),
        read.parties.borrow_id.to_string(),
        read.number,
        now,
    )
    .fetch_all(delivery.connection())
    .await?;
    let events: Vec<(&Recorded, NotificationEvent, i64)> = marked
        .into_iter()
        .map(|row| {
            let event = NotificationRead { notification_id: row.id.into(), user_id: read.reader_id };
            (cause, event.into(), row.version)
        })
        .collect();
    delivery.append_each(&events).await?;
    Ok(())
}
