use async_trait::async_trait;
use cqrs::{Call, QueryHandler};
use database::Database;
use kernel::{ApiKeyId, ErrorKind, Query, Refusal};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::CreateApiKey;
use crate::domain::Scopes;

/// The caller's keys that have not been ended, newest first. Only a session may see them.
#[derive(Debug, Clone)]
pub struct ListApiKeys {}

/// A key without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ApiKeyView {
    pub id: ApiKeyId,
    pub name: String,
    /// How the key begins, to know it again.
    #[cfg_attr(feature = "openapi", schema(example = "fsk_3xQd"))]
    pub beginning: String,
    /// What it permits, as far as the role of its member does.
    #[cfg_attr(feature = "openapi", schema(example = json!(["write:book"])))]
    pub scopes: Vec<String>,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    pub expires_at: Option<OffsetDateTime>,
    /// To the minute.
    #[serde(with = "time::serde::rfc3339::option")]
    pub last_used_at: Option<OffsetDateTime>,
}

impl Query for ListApiKeys {
    const NAME: &'static str = "list_api_keys";
    type Answer = Vec<ApiKeyView>;
    type Error = ListApiKeysError;
}

#[derive(Debug, thiserror::Error)]
pub enum ListApiKeysError {
    #[error("Log in first: keys are shown to their member alone.")]
    NotSignedIn,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for ListApiKeysError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotSignedIn => ErrorKind::Unauthenticated,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotSignedIn => "UNAUTHENTICATED",
            Self::Database(_) => "INTERNAL",
        }
    }
}

pub(crate) struct ListApiKeysHandler(pub Database);

#[async_trait]
impl QueryHandler<ListApiKeys> for ListApiKeysHandler {
    async fn handle(&self, call: &Call, _: ListApiKeys) -> Result<Vec<ApiKeyView>, ListApiKeysError> {
        let actor = call.actor();
        let (Some(user), Some(_)) = (actor.user_id(), actor.session_id()) else {
            return Err(ListApiKeysError::NotSignedIn);
        };
        let rows = sqlx::query!(
            "select id, name, beginning, scopes, created_at, expires_at, last_used_at from auth.api_key
            where user_id = $1 and ended_at is null
            order by created_at desc, id desc limit $2",
            user.uuid(),
            CreateApiKey::MOST,
        )
        .fetch_all(&self.0)
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| ApiKeyView {
                id: row.id.into(),
                name: row.name,
                beginning: row.beginning,
                scopes: Scopes::of_names(&row.scopes).names(),
                created_at: row.created_at,
                expires_at: row.expires_at,
                last_used_at: row.last_used_at,
            })
            .collect())
    }
}
