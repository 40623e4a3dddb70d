//! What users hears: auth opens accounts, users keeps their profiles.

use async_trait::async_trait;
use auth_events::AuthEvent;
use event_bus::{Delivery, HandlerError, Hear, Recorded};
use kernel::LanguageTag;

use crate::names::name_key;

pub(crate) struct Subscriber {
    /// Of members who did not say theirs.
    pub language: LanguageTag,
}

#[async_trait]
impl Hear<AuthEvent> for Subscriber {
    async fn hear(&self, delivery: &mut Delivery<'_>, event: &Recorded, heard: AuthEvent) -> Result<(), HandlerError> {
        match heard {
            // Heard again, it finds the profile, or the trace of one that was deleted.
            AuthEvent::Registered(e) => {
                sqlx::query!(
                    "insert into users.member (id, name, name_key, language, created_at, version)
                    values ($1, $2, $5, $3, $4, 1)
                    on conflict (id) do nothing",
                    e.user_id.uuid(),
                    e.name,
                    e.language.as_ref().unwrap_or(&self.language).as_str(),
                    event.occurred_at,
                    name_key(&e.name),
                )
                .execute(delivery.connection())
                .await?;
            }
            AuthEvent::Verified(e) => {
                sqlx::query!(
                    "update users.member set verified = true, version = version + 1
                    where id = $1 and not verified and deleted_at is null",
                    e.user_id.uuid(),
                )
                .execute(delivery.connection())
                .await?;
            }
            AuthEvent::SessionRevoked(_) | AuthEvent::ApiKeyCreated(_) | AuthEvent::ApiKeyRevoked(_) => {}
        }
        Ok(())
    }
}
