//! What is heard from users: the name, the language, whether the member is active, the role, and that they are gone. Whoever may no longer
//! sign in loses their sessions and API keys in the same transaction.

use async_trait::async_trait;
use auth_events::RevocationReason;
use event_bus::{Delivery, HandlerError, Hear, Recorded};
use kernel::UserId;
use users_events::{UserEvent, UserRoleChanged, UserUpdated};

use crate::api_key;
use crate::session::{self, Which};

pub(crate) struct Subscriber;

#[async_trait]
impl Hear<UserEvent> for Subscriber {
    async fn hear(&self, delivery: &mut Delivery<'_>, event: &Recorded, heard: UserEvent) -> Result<(), HandlerError> {
        let version = event.aggregate_version;
        match heard {
            UserEvent::Updated(e) => hear_updated(delivery, &e, version).await?,
            UserEvent::RoleChanged(e) => hear_role(delivery, &e, version).await?,
            UserEvent::Deleted(e) => hear_deleted(delivery, e.user_id).await?,
            UserEvent::Blocked(_) | UserEvent::Unblocked(_) | UserEvent::Reported(_) | UserEvent::ReportAnswered(_) => {
            }
        }
        Ok(())
    }
}

async fn hear_updated(delivery: &mut Delivery<'_>, heard: &UserUpdated, version: i64) -> Result<(), sqlx::Error> {
    // Waits for whoever is signing in and has locked the row, so that their session is among those ended below.
    let changed = sqlx::query!(
        "update auth.account set name = $2, active = $3, language = $4, profile_version = $5, version = version + 1
        where id = $1 and profile_version < $5 and deleted_at is null",
        heard.user_id.uuid(),
        heard.name,
        heard.active,
        heard.language,
        version,
    )
    .execute(delivery.connection())
    .await?;
    if changed.rows_affected() == 1 && !heard.active {
        end_all(delivery, heard.user_id, RevocationReason::Deactivated).await?;
    }
    Ok(())
}

async fn hear_role(delivery: &mut Delivery<'_>, heard: &UserRoleChanged, version: i64) -> Result<(), sqlx::Error> {
    let changed = sqlx::query!(
        "update auth.account set role = $2, profile_version = $3, version = version + 1
        where id = $1 and profile_version < $3 and deleted_at is null",
        heard.user_id.uuid(),
        heard.role,
        version,
    )
    .execute(delivery.connection())
    .await?;
    if changed.rows_affected() == 1 {
        session::touch_all(delivery.connection(), heard.user_id).await?;
    }
    Ok(())
}

/// Address and password go. The row stays, without anything personal, as long as its sessions' documents name it.
async fn hear_deleted(delivery: &mut Delivery<'_>, user: UserId) -> Result<(), sqlx::Error> {
    let now = delivery.now();
    sqlx::query!(
        "delete from auth.mail using auth.account
        where account.id = $1 and mail.recipient = account.email",
        user.uuid()
    )
    .execute(delivery.connection())
    .await?;
    sqlx::query!(
        "delete from auth.given_up_mail using auth.account
        where account.id = $1 and given_up_mail.address in (account.email, account.email_key)",
        user.uuid()
    )
    .execute(delivery.connection())
    .await?;
    sqlx::query!(
        "with asked as (
            delete from auth.registration using auth.account
            where account.id = $1 and registration.address in (account.email, account.email_key))
        delete from auth.letter_sent using auth.account
        where account.id = $1 and letter_sent.address in (account.email, account.email_key)",
        user.uuid()
    )
    .execute(delivery.connection())
    .await?;
    sqlx::query!(
        "update auth.account set email = null, email_key = null, name = '', language = null, password_hash = null, active = false,
            deleted_at = $2, version = version + 1
        where id = $1 and deleted_at is null",
        user.uuid(),
        now,
    )
    .execute(delivery.connection())
    .await?;
    sqlx::query!("delete from auth.mail_token where user_id = $1", user.uuid()).execute(delivery.connection()).await?;
    sqlx::query!("update auth.api_key set name = '' where user_id = $1", user.uuid())
        .execute(delivery.connection())
        .await?;
    cqrs::forget_answers(delivery.connection(), user).await?;
    end_all(delivery, user, RevocationReason::Deleted).await
}

async fn end_all(delivery: &mut Delivery<'_>, user: UserId, reason: RevocationReason) -> Result<(), sqlx::Error> {
    let now = delivery.now();
    let sessions = session::end(delivery.connection(), user, Which::All, reason, now).await?;
    delivery.append_all(&sessions).await?;
    let keys = api_key::end(delivery.connection(), user, api_key::Which::All, reason, now).await?;
    delivery.append_all(&keys).await?;
    Ok(())
}
