//! What reviews hears: the reviews of a member who leaves go with them.

use async_trait::async_trait;
use event_bus::{Delivery, HandlerError, Hear, Recorded};
use users_events::UserEvent;

pub(crate) struct Subscriber;

#[async_trait]
impl Hear<UserEvent> for Subscriber {
    async fn hear(&self, delivery: &mut Delivery<'_>, _: &Recorded, heard: UserEvent) -> Result<(), HandlerError> {
        match heard {
            // The row stays without its text, so that the view knows which document to delete.
            UserEvent::Deleted(e) => {
                let now = delivery.now();
                sqlx::query!(
                    "update reviews.review set text = '', deleted_at = $2, version = version + 1
                    where author_id = $1 and deleted_at is null",
                    e.user_id.uuid(),
                    now,
                )
                .execute(delivery.connection())
                .await?;
            }
            UserEvent::Updated(_) | UserEvent::RoleChanged(_) => {}
        }
        Ok(())
    }
}
