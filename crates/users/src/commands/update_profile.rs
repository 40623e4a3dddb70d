use async_trait::async_trait;
use cqrs::{Call, CommandHandler};
use kernel::{Command, ErrorKind, LanguageTag, Line, Prose, Refusal};
use serde::Serialize;
use sqlx::PgPool;
use users_events::{UserEvent, UserUpdated};

use crate::domain::{Preferences, TimeZoneName};
use crate::view::{ProfileView, Row};

/// The caller describes themself anew.
#[derive(Debug, Clone, Serialize)]
pub struct UpdateProfile {
    pub name: Line<100>,
    pub bio: Option<Prose<1000>>,
    pub location: Option<Line<100>>,
    pub language: LanguageTag,
    pub time_zone: TimeZoneName,
    pub preferences: Preferences,
}

impl Command for UpdateProfile {
    const NAME: &'static str = "update_profile";
    type Output = ProfileView;
    type Error = UpdateProfileError;
}

#[derive(Debug, thiserror::Error)]
pub enum UpdateProfileError {
    #[error("sign in first")]
    NotSignedIn,
    #[error("there is no such member")]
    NotFound,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for UpdateProfileError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotSignedIn => ErrorKind::Unauthenticated,
            Self::NotFound => ErrorKind::NotFound,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotSignedIn => "UNAUTHENTICATED",
            Self::NotFound => "USER_NOT_FOUND",
            Self::Database(_) => "INTERNAL",
        }
    }
}

pub(crate) struct UpdateProfileHandler {
    pub pool: PgPool,
}

#[async_trait]
impl CommandHandler<UpdateProfile> for UpdateProfileHandler {
    async fn handle(&self, call: &Call, command: UpdateProfile) -> Result<ProfileView, UpdateProfileError> {
        let user = call.actor().user_id().ok_or(UpdateProfileError::NotSignedIn)?;
        let mut work = call.begin(&self.pool).await?;
        let row = sqlx::query_as!(
            Row,
            "update users.member set name = $2, bio = $3, location = $4, language = $5, time_zone = $6,
                preferences = $7, version = version + 1
            where id = $1 and deleted_at is null
            returning id, name, bio, location, language, time_zone, preferences, role, active, verified, created_at,
                version",
            user.uuid(),
            command.name.as_str(),
            command.bio.as_ref().map(Prose::as_str),
            command.location.as_ref().map(Line::as_str),
            command.language.as_str(),
            command.time_zone.as_str(),
            command.preferences.into_value(),
        )
        .fetch_optional(work.connection())
        .await?
        .ok_or(UpdateProfileError::NotFound)?;
        let event =
            UserUpdated { user_id: user, name: row.name.clone(), active: row.active, language: row.language.clone() };
        work.append(&UserEvent::Updated(event), row.version).await?;
        Ok(work.commit(row.into()).await?)
    }
}
