//! Profiles in Redis: one document a member. An event only says whose to look at again.

use std::collections::BTreeSet;

use async_trait::async_trait;
use auth_events::AuthEvent;
use cqrs::Source;
use database::Database;
use event_bus::{HandlerError, Outdate, Recorded, Refresh};
use kernel::{Event, UserId};
use read_store::{BoxError, Document, Projection, Rebuild};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use users_events::UserEvent;
use uuid::Uuid;

/// A member as they themselves and those who look after members see them. The mail address is auth's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ProfileView {
    pub id: UserId,
    pub name: String,
    pub bio: Option<String>,
    pub location: Option<String>,
    /// Whether other members see the bio.
    #[serde(default)]
    pub show_bio: bool,
    /// Whether other members see the location.
    #[serde(default)]
    pub show_location: bool,
    pub language: String,
    pub time_zone: String,
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub preferences: Value,
    pub avatar_url: Option<String>,
    pub role: String,
    pub active: bool,
    pub verified: bool,
    #[serde(with = "time::serde::rfc3339")]
    pub member_since: OffsetDateTime,
    pub version: i64,
}

/// What others may know of a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct PublicProfileView {
    pub id: UserId,
    pub name: String,
    /// For members alone, where the member shows it.
    pub location: Option<String>,
    /// For members alone, where the member shows it.
    pub bio: Option<String>,
    pub avatar_url: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    pub member_since: OffsetDateTime,
}

impl PublicProfileView {
    /// `to_a_member`: a visitor without an account sees neither location nor bio.
    pub(crate) fn of(profile: ProfileView, to_a_member: bool) -> Self {
        Self {
            id: profile.id,
            name: profile.name,
            location: profile.location.filter(|_| to_a_member && profile.show_location),
            bio: profile.bio.filter(|_| to_a_member && profile.show_bio),
            avatar_url: profile.avatar_url,
            member_since: profile.member_since,
        }
    }
}

/// A row of `users.member`, as every statement that shows members selects it.
#[derive(sqlx::FromRow)]
pub(crate) struct Row {
    pub id: Uuid,
    pub name: String,
    pub bio: Option<String>,
    pub location: Option<String>,
    pub show_bio: bool,
    pub show_location: bool,
    pub language: String,
    pub time_zone: String,
    pub preferences: Value,
    pub role: String,
    pub active: bool,
    pub verified: bool,
    pub created_at: OffsetDateTime,
    pub version: i64,
}

impl From<Row> for ProfileView {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.into(),
            name: row.name,
            bio: row.bio,
            location: row.location,
            show_bio: row.show_bio,
            show_location: row.show_location,
            language: row.language,
            time_zone: row.time_zone,
            preferences: row.preferences,
            avatar_url: None,
            role: row.role,
            active: row.active,
            verified: row.verified,
            member_since: row.created_at,
            version: row.version,
        }
    }
}

#[derive(Clone)]
pub(crate) struct View {
    pool: Database,
    projection: Projection,
}

impl View {
    pub fn new(pool: Database, projection: Projection) -> Self {
        Self { pool, projection }
    }

    /// A profile, from Redis or else from PostgreSQL.
    pub async fn profile(&self, user: UserId, source: Source) -> Result<Option<ProfileView>, sqlx::Error> {
        if source == Source::ReadStore
            && let Ok(Some(body)) = self.projection.get(&user.to_string()).await
            && let Ok(profile) = serde_json::from_slice(&body)
        {
            return Ok(Some(profile));
        }
        Ok(self.read(&[user.uuid()]).await?.pop().map(ProfileView::from))
    }

    async fn read(&self, ids: &[Uuid]) -> Result<Vec<Row>, sqlx::Error> {
        sqlx::query_as!(
            Row,
            "select id, name, bio, location, show_bio, show_location, language, time_zone, preferences, role, active, verified,
                created_at, version
            from users.member where id = any($1) and deleted_at is null",
            ids,
        )
        .fetch_all(&self.pool)
        .await
    }

    async fn show(&self, ids: &[Uuid]) -> Result<(), HandlerError> {
        let mut documents: Vec<Document> = self.read(ids).await?.into_iter().map(document).collect::<Result<_, _>>()?;
        let gone: Vec<String> =
            ids.iter().map(Uuid::to_string).filter(|id| !documents.iter().any(|document| document.id == *id)).collect();
        documents.extend(gone.into_iter().map(Document::deleted));
        Ok(self.projection.write(&documents).await?)
    }
}

fn document(row: Row) -> Result<Document, serde_json::Error> {
    let (id, version) = (row.id.to_string(), row.version);
    let body = serde_json::to_vec(&ProfileView::from(row))?;
    Ok(Document { id, version, body: Some(body), lists: Vec::new() })
}

#[async_trait]
impl Refresh for View {
    /// Members.
    type Stale = BTreeSet<Uuid>;

    async fn refresh(&self, stale: BTreeSet<Uuid>) -> Result<(), HandlerError> {
        self.show(&Vec::from_iter(stale)).await
    }
}

#[async_trait]
impl Outdate<UserEvent> for View {
    async fn outdate(&self, stale: &mut BTreeSet<Uuid>, _: &Recorded, heard: UserEvent) -> Result<(), HandlerError> {
        match heard {
            UserEvent::Updated(_) | UserEvent::RoleChanged(_) | UserEvent::Deleted(_) => {
                stale.insert(heard.aggregate_id());
            }
            // No profile shows them.
            UserEvent::Blocked(_) | UserEvent::Unblocked(_) | UserEvent::Reported(_) | UserEvent::ReportAnswered(_) => {
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Outdate<AuthEvent> for View {
    async fn outdate(&self, stale: &mut BTreeSet<Uuid>, _: &Recorded, heard: AuthEvent) -> Result<(), HandlerError> {
        match heard {
            AuthEvent::Registered(e) => stale.insert(e.user_id.uuid()),
            AuthEvent::Verified(e) => stale.insert(e.user_id.uuid()),
            AuthEvent::SessionRevoked(_) | AuthEvent::ApiKeyCreated(_) | AuthEvent::ApiKeyRevoked(_) => false,
        };
        Ok(())
    }
}

#[async_trait]
impl Rebuild for View {
    fn name(&self) -> &'static str {
        "users"
    }

    fn schema(&self) -> u32 {
        // 2: `showBio`, `showLocation`.
        2
    }

    async fn documents(&self, after: Option<Uuid>, limit: i64) -> Result<Vec<Document>, BoxError> {
        let rows = sqlx::query_as!(
            Row,
            "select id, name, bio, location, show_bio, show_location, language, time_zone, preferences, role, active, verified,
                created_at, version
            from users.member where id > $1 and deleted_at is null order by id limit $2",
            after.unwrap_or(Uuid::nil()),
            limit,
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(document).collect::<Result<_, _>>()?)
    }
}
