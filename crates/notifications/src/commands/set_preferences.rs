use async_trait::async_trait;
use cqrs::{Call, CommandHandler};
use database::Database;
use kernel::{Command, Detail, ErrorKind, Refusal, UserId};
use serde::Serialize;
use sqlx::PgConnection;
use sqlx::types::Json;

use crate::domain::{Channels, Chosen, MailPace, Topic};
use crate::queries::PreferencesView;

/// The caller chooses which notifications reach them, and how. Topics that are not named stay as they are.
#[derive(Debug, Clone, Serialize)]
pub struct SetPreferences {
    /// Refused in any other version. 0: nothing was chosen yet.
    pub expected_version: Option<i64>,
    pub topics: Vec<Preference>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Preference {
    pub topic: Topic,
    pub in_app: bool,
    pub mail: MailPace,
}

impl Command for SetPreferences {
    const NAME: &'static str = "set_notification_preferences";
    type Output = PreferencesView;
    type Error = SetPreferencesError;
}

#[derive(Debug, thiserror::Error)]
pub enum SetPreferencesError {
    #[error("Sign in to choose.")]
    NotSignedIn,
    #[error("Some notifications ask for something: they always stand in the inbox.")]
    StaysInApp { nth: usize },
    #[error("The preferences have changed since.")]
    VersionMismatch { now: i64 },
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for SetPreferencesError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotSignedIn => ErrorKind::Unauthenticated,
            Self::StaysInApp { .. } => ErrorKind::Invalid,
            Self::VersionMismatch { .. } => ErrorKind::VersionMismatch,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotSignedIn => "UNAUTHENTICATED",
            Self::StaysInApp { .. } => "VALIDATION_ERROR",
            Self::VersionMismatch { .. } => "VERSION_MISMATCH",
            Self::Database(_) => "INTERNAL",
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::StaysInApp { nth } => vec![Detail::new(format!("topics[{nth}].inApp"), "must be true")],
            Self::VersionMismatch { now } => vec![Detail::new("version", now.to_string())],
            Self::NotSignedIn | Self::Database(_) => Vec::new(),
        }
    }
}

pub(crate) struct SetPreferencesHandler(pub Database);

/// What a member has chosen, locked against others who change it.
pub(crate) async fn lock(connection: &mut PgConnection, user: UserId) -> Result<(Chosen, i64), sqlx::Error> {
    sqlx::query!(
        "insert into notifications.preference (user_id, chosen, version) values ($1, '{}', 0) on conflict do nothing",
        user.uuid(),
    )
    .execute(&mut *connection)
    .await?;
    let row = sqlx::query!(
        r#"select chosen as "chosen: Json<Chosen>", version from notifications.preference where user_id = $1 for update"#,
        user.uuid(),
    )
    .fetch_one(connection)
    .await?;
    Ok((row.chosen.0, row.version))
}

/// The version that it has then.
pub(crate) async fn store(connection: &mut PgConnection, user: UserId, chosen: &Chosen) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        "update notifications.preference set chosen = $2, version = version + 1 where user_id = $1 returning version",
        user.uuid(),
        Json(chosen) as _,
    )
    .fetch_one(connection)
    .await
}

#[async_trait]
impl CommandHandler<SetPreferences> for SetPreferencesHandler {
    async fn handle(&self, call: &Call, command: SetPreferences) -> Result<PreferencesView, SetPreferencesError> {
        let user = call.actor().user_id().ok_or(SetPreferencesError::NotSignedIn)?;
        if let Some(nth) = command.topics.iter().position(|it| it.topic.stays_in_app() && !it.in_app) {
            return Err(SetPreferencesError::StaysInApp { nth });
        }
        let mut work = call.begin(&self.0).await?;
        let (mut chosen, now) = lock(work.connection(), user).await?;
        if command.expected_version.is_some_and(|expected| expected != now) {
            return Err(SetPreferencesError::VersionMismatch { now });
        }
        let new = command.topics.iter().map(|it| (it.topic, Channels { in_app: it.in_app, mail: it.mail }));
        chosen.extend(new);
        let version = store(work.connection(), user, &chosen).await?;
        Ok(work.commit(PreferencesView::of(&chosen, version)).await?)
    }
}
