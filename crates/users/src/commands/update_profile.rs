use async_trait::async_trait;
use cqrs::{Call, CommandHandler};
use database::Database;
use kernel::{Command, Detail, ErrorKind, LanguageTag, Line, Prose, Refusal};
use serde::Serialize;
use users_events::{UserEvent, UserUpdated};

use crate::domain::{Preferences, TimeZoneName};
use crate::member::{self, MemberRefused};
use crate::names::name_key;
use crate::view::{ProfileView, Row};

/// The caller describes themself anew.
#[derive(Debug, Clone, Serialize)]
pub struct UpdateProfile {
    /// Refused in any other version.
    pub expected_version: Option<i64>,
    pub name: Line<100>,
    pub bio: Option<Prose<1000>>,
    pub location: Option<Line<100>>,
    /// Whether other members see it. `None`: stays as it is.
    pub show_bio: Option<bool>,
    pub show_location: Option<bool>,
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
    /// They registered a moment ago, and that was not told of yet.
    #[error("the profile is not there yet")]
    NotYet,
    #[error(transparent)]
    Member(MemberRefused),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl From<MemberRefused> for UpdateProfileError {
    fn from(refused: MemberRefused) -> Self {
        match refused {
            // Whoever is signed in is there.
            MemberRefused::NotFound => Self::NotYet,
            refused => Self::Member(refused),
        }
    }
}

impl Refusal for UpdateProfileError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotSignedIn => ErrorKind::Unauthenticated,
            Self::NotYet => ErrorKind::Unavailable,
            Self::Member(refused) => refused.kind(),
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotSignedIn => "UNAUTHENTICATED",
            Self::NotYet => "UNAVAILABLE",
            Self::Member(refused) => refused.code(),
            Self::Database(_) => "INTERNAL",
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::Member(refused) => refused.details(),
            Self::NotSignedIn | Self::NotYet | Self::Database(_) => Vec::new(),
        }
    }
}

pub(crate) struct UpdateProfileHandler {
    pub pool: Database,
}

#[async_trait]
impl CommandHandler<UpdateProfile> for UpdateProfileHandler {
    async fn handle(&self, call: &Call, command: UpdateProfile) -> Result<ProfileView, UpdateProfileError> {
        let user = call.actor().user_id().ok_or(UpdateProfileError::NotSignedIn)?;
        let mut work = call.begin(&self.pool).await?;
        member::lock(work.connection(), user, command.expected_version).await?;
        let row = sqlx::query_as!(
            Row,
            "update users.member set name = $2, bio = $3, location = $4, language = $5, time_zone = $6,
                preferences = $7, show_bio = coalesce($8, show_bio), show_location = coalesce($9, show_location),
                name_key = $10, version = version + 1
            where id = $1
            returning id, name, bio, location, show_bio, show_location, language, time_zone, preferences, role, active,
                verified, created_at, version",
            user.uuid(),
            command.name.as_str(),
            command.bio.as_ref().map(Prose::as_str),
            command.location.as_ref().map(Line::as_str),
            command.language.as_str(),
            command.time_zone.as_str(),
            command.preferences.into_value(),
            command.show_bio,
            command.show_location,
            name_key(command.name.as_str()),
        )
        .fetch_one(work.connection())
        .await?;
        let event =
            UserUpdated { user_id: user, name: row.name.clone(), active: row.active, language: row.language.clone() };
        work.append(&UserEvent::Updated(event), row.version).await?;
        Ok(work.commit(row.into()).await?)
    }
}
