use async_trait::async_trait;
use cqrs::{Call, QueryHandler};
use database::Database;
use kernel::{ErrorKind, Query, Refusal};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;

use crate::domain::{Chosen, MailPace, Topic};
use crate::letters::channels_of;

/// Which notifications reach the caller, and how.
#[derive(Debug, Clone)]
pub struct GetPreferences;

impl Query for GetPreferences {
    const NAME: &'static str = "get_notification_preferences";
    type Answer = PreferencesView;
    type Error = GetPreferencesError;
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct PreferencesView {
    /// Every topic, in a fixed order.
    pub topics: Vec<TopicView>,
    pub version: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct TopicView {
    pub topic: Topic,
    /// Whether notifications about it stand in the inbox.
    pub in_app: bool,
    /// They always do: they ask for something.
    pub in_app_fixed: bool,
    pub mail: MailPace,
}

impl PreferencesView {
    pub(crate) fn of(chosen: &Chosen, version: i64) -> Self {
        let topics = Topic::ALL.map(|topic| {
            let channels = channels_of(Some(chosen), topic);
            TopicView { topic, in_app: channels.in_app, in_app_fixed: topic.stays_in_app(), mail: channels.mail }
        });
        Self { topics: topics.into(), version }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum GetPreferencesError {
    #[error("Sign in to see what you chose.")]
    NotSignedIn,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for GetPreferencesError {
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

pub(crate) struct GetPreferencesHandler(pub Database);

#[async_trait]
impl QueryHandler<GetPreferences> for GetPreferencesHandler {
    async fn handle(&self, call: &Call, _: GetPreferences) -> Result<PreferencesView, GetPreferencesError> {
        let user = call.actor().user_id().ok_or(GetPreferencesError::NotSignedIn)?;
        let row = sqlx::query!(
            r#"select chosen as "chosen: Json<Chosen>", version from notifications.preference where user_id = $1"#,
            user.uuid(),
        )
        .fetch_optional(&self.0)
        .await?;
        Ok(row.map_or_else(
            || PreferencesView::of(&Chosen::new(), 0),
            |row| PreferencesView::of(&row.chosen.0, row.version),
        ))
    }
}
