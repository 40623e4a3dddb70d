//! Ending API keys: what several commands share.

use auth_events::{ApiKeyRevoked, AuthEvent, RevocationReason};
use kernel::{ApiKeyId, UserId};
use sqlx::PgConnection;
use time::OffsetDateTime;

/// Which of a member's keys shall end.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Which {
    One(ApiKeyId),
    All,
}

/// Ends keys; returns the events to append, each with its key's version. A key that has expired is ended too: it leaves
/// its member's list.
pub(crate) async fn end(
    connection: &mut PgConnection,
    user_id: UserId,
    which: Which,
    reason: RevocationReason,
    now: OffsetDateTime,
) -> Result<Vec<(AuthEvent, i64)>, sqlx::Error> {
    let only = match which {
        Which::One(id) => Some(id.uuid()),
        Which::All => None,
    };
    let ended = sqlx::query!(
        "update auth.api_key set ended_at = $3, version = version + 1
        where user_id = $1 and ended_at is null and ($2::uuid is null or id = $2)
        returning id, version",
        user_id.uuid(),
        only,
        now,
    )
    .fetch_all(connection)
    .await?;
    let revoked = |id: uuid::Uuid| AuthEvent::ApiKeyRevoked(ApiKeyRevoked { user_id, key_id: id.into(), reason });
    Ok(ended.into_iter().map(|row| (revoked(row.id), row.version)).collect())
}
