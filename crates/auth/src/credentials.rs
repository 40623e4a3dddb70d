//! What the check of a request asks auth: its tables where auth runs, and the process that has them elsewhere.

use async_trait::async_trait;
use database::Database;
use kernel::SessionId;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::TokenHash;
use crate::ports::{CredentialSource, CredentialsUnavailable};
use crate::view::{LiveSession, View};

/// An API key as auth has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StoredKey {
    pub(crate) id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) role: String,
    pub(crate) active: bool,
    pub(crate) scopes: Vec<String>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) expires_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) ended_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) last_used_at: Option<OffsetDateTime>,
}

/// When a key was used last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyUse {
    pub key: Uuid,
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

/// The tables of auth.
#[derive(Clone)]
pub(crate) struct Stored {
    pub pool: Database,
    pub view: View,
}

#[async_trait]
impl CredentialSource for Stored {
    async fn session(&self, id: SessionId) -> Result<Option<LiveSession>, CredentialsUnavailable> {
        Ok(self.view.stored(id).await?)
    }

    async fn key(&self, hash: TokenHash) -> Result<Option<StoredKey>, CredentialsUnavailable> {
        let found = sqlx::query_as!(
            StoredKey,
            "select k.id, k.user_id, a.role, a.active, k.scopes, k.expires_at, k.ended_at, k.last_used_at
            from auth.api_key k join auth.account a on a.id = k.user_id where k.hash = $1",
            hash.as_bytes(),
        );
        Ok(found.fetch_optional(&self.pool).await?)
    }

    async fn note_uses(&self, uses: Vec<KeyUse>) -> Result<u64, CredentialsUnavailable> {
        let (keys, at): (Vec<Uuid>, Vec<OffsetDateTime>) = uses.into_iter().map(|used| (used.key, used.at)).unzip();
        // Another host may have written the same minute. Rows that somebody changes just now are passed over: nobody waits
        // for this.
        let written = sqlx::query!(
            "update auth.api_key k set last_used_at = u.at
            from unnest($1::uuid[], $2::timestamptz[]) u (id, at)
            where k.id = u.id and k.id in (
                select id from auth.api_key where id = any($1) order by id for no key update skip locked)
            and (k.last_used_at is null or k.last_used_at <= u.at - interval '1 minute')",
            &keys,
            &at,
        )
        .execute(&self.pool)
        .await?;
        Ok(written.rows_affected())
    }
}
