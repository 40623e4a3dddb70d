//! The live view of each session in Redis: who it is, in which role, whether it still counts. It is believed while PostgreSQL
//! is away; that it changes tells every process to ask again.
//! Written right after the commit by the command that changed something, and again by the subscription, which does not
//! give up: a document that a failing Redis missed is made good as soon as Redis is back.

use std::collections::BTreeSet;

use async_trait::async_trait;
use auth_events::AuthEvent;
use database::Database;
use event_bus::{HandlerError, Outdate, Recorded, Refresh};
use kernel::{ApiKeyId, SessionId, UserId};
use read_store::{BoxError, Document, Local, Projection, ReadStoreError, Rebuild, Stamp, Subject};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use users_events::UserEvent;
use uuid::Uuid;

use crate::domain::Scopes;
use crate::queries::AccountView;

/// How many sessions one statement reads.
const CHUNK: usize = 1_000;

/// Whose session it is, and the role they have now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authenticated {
    pub user_id: UserId,
    pub session_id: SessionId,
    pub role: String,
}

/// Whose key it is, the role they have now, and what the key permits of that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyHolder {
    pub user_id: UserId,
    pub key_id: ApiKeyId,
    pub role: String,
    pub scopes: Scopes,
}

/// A session as it is now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LiveSession {
    pub(crate) user_id: UserId,
    pub(crate) role: String,
    pub(crate) active: bool,
    pub(crate) revoked: bool,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) expires_at: OffsetDateTime,
    /// The member's own account, for the session that may see it. Not of a session that has ended.
    pub(crate) account: Option<AccountView>,
}

impl LiveSession {
    pub(crate) fn counts(&self, now: OffsetDateTime) -> bool {
        self.active && !self.revoked && now < self.expires_at
    }
}

struct Row {
    id: Uuid,
    user_id: Uuid,
    version: i64,
    role: String,
    active: bool,
    revoked: bool,
    expires_at: OffsetDateTime,
    email: Option<String>,
    verified: bool,
    created_at: OffsetDateTime,
}

impl From<Row> for LiveSession {
    fn from(row: Row) -> Self {
        let (verified, created_at) = (row.verified, row.created_at);
        Self {
            user_id: row.user_id.into(),
            role: row.role,
            active: row.active,
            revoked: row.revoked,
            expires_at: row.expires_at,
            account: row.email.filter(|_| !row.revoked).map(|email| AccountView { email, verified, created_at }),
        }
    }
}

impl TryFrom<Row> for Document {
    type Error = serde_json::Error;

    fn try_from(row: Row) -> Result<Self, Self::Error> {
        Ok(Document {
            id: row.id.to_string(),
            version: row.version,
            body: Some(serde_json::to_vec(&LiveSession::from(row))?),
            lists: Vec::new(),
        })
    }
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum ViewError {
    #[error(transparent)]
    Store(#[from] ReadStoreError),
    #[error("a session's document cannot be written or read")]
    Document(#[from] serde_json::Error),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

/// What Redis shows of sessions, to every process.
#[derive(Clone)]
pub(crate) struct Shown(Projection);

impl Shown {
    pub(crate) fn new(projection: Projection) -> Self {
        Self(projection)
    }

    /// Answers about sessions, kept in this process.
    pub(crate) fn local<V: Clone + Send + Sync + 'static>(&self, bytes: u64, weigh: fn(&V) -> usize) -> Local<V> {
        self.0.local(bytes, weigh)
    }

    /// To be taken before a session is read, by either of the ways below, or an API key.
    pub(crate) fn stamp(&self, id: Uuid) -> Option<Stamp> {
        self.0.stamp(Subject::Document(&id.to_string()))
    }

    /// The session's document; `None` when the projection does not have it or does not answer.
    pub(crate) async fn cached(&self, session: SessionId) -> Option<LiveSession> {
        match self.0.get(&session.to_string()).await {
            Ok(body) => serde_json::from_slice(&body?).ok(),
            Err(error) => {
                tracing::debug!(%error, "the session is looked up in PostgreSQL");
                None
            }
        }
    }
}

#[derive(Clone)]
pub(crate) struct View {
    pool: Database,
    pub shown: Shown,
}

impl View {
    pub(crate) fn new(pool: Database, projection: Projection) -> Self {
        Self { pool, shown: Shown(projection) }
    }

    pub(crate) async fn stored(&self, session: SessionId) -> Result<Option<LiveSession>, sqlx::Error> {
        let rows = self.rows(&[session.uuid()]).await?;
        Ok(rows.into_iter().next().map(LiveSession::from))
    }

    async fn rows(&self, ids: &[Uuid]) -> Result<Vec<Row>, sqlx::Error> {
        sqlx::query_as!(
            Row,
            r#"select s.id, s.user_id, s.version, a.role, a.active, s.ended_at is not null as "revoked!",
                s.expires_at, a.email, a.verified_at is not null as "verified!", a.created_at
            from auth.session s join auth.account a on a.id = s.user_id
            where s.id = any($1)"#,
            ids,
        )
        .fetch_all(&self.pool)
        .await
    }

    /// Writes the sessions as they now are, and makes every host read the API keys again. Sessions that are gone leave
    /// nothing to be believed.
    async fn show(&self, ids: &[Uuid]) -> Result<(), ViewError> {
        for ids in ids.chunks(CHUNK) {
            let rows = self.rows(ids).await?;
            let others: Vec<Uuid> = ids.iter().copied().filter(|id| !rows.iter().any(|row| row.id == *id)).collect();
            let mut documents = Vec::with_capacity(ids.len());
            for row in rows {
                documents.push(row.try_into()?);
            }
            if !others.is_empty() {
                let keys = self.keys(&others).await?;
                let gone = others.iter().filter(|id| !keys.iter().any(|key| key.id == id.to_string()));
                documents.extend(gone.map(|id| Document::deleted(id.to_string())));
                documents.extend(keys);
            }
            self.shown.0.write(&documents).await?;
        }
        Ok(())
    }

    /// The documents of API keys are empty, and nobody reads them. A new version of one makes every host drop what it keeps
    /// of the key.
    async fn keys(&self, ids: &[Uuid]) -> Result<Vec<Document>, sqlx::Error> {
        let rows =
            sqlx::query!("select id, version from auth.api_key where id = any($1)", ids).fetch_all(&self.pool).await?;
        let document =
            |id: Uuid, version| Document { id: id.to_string(), version, body: Some(b"{}".to_vec()), lists: Vec::new() };
        Ok(rows.into_iter().map(|row| document(row.id, row.version)).collect())
    }

    /// After a commit: so that the next request, on whichever replica, sees it. What fails here the subscription does.
    pub(crate) async fn refresh_now(&self, ids: &[Uuid]) {
        if let Err(error) = self.show(ids).await {
            tracing::warn!(%error, "sessions are shown in Redis a little later");
        }
    }

    /// The sessions are deleted already.
    pub(crate) async fn forget(&self, ids: &[Uuid]) {
        let documents: Vec<Document> = ids.iter().map(|id| Document::deleted(id.to_string())).collect();
        if let Err(error) = self.shown.0.write(&documents).await {
            tracing::debug!(%error, "documents of sessions that are over stay for a while");
        }
    }

    async fn all_of(&self, user: UserId) -> Result<Vec<Uuid>, sqlx::Error> {
        sqlx::query_scalar!(
            r#"select id as "id!" from auth.session where user_id = $1
            union all select id from auth.api_key where user_id = $1"#,
            user.uuid()
        )
        .fetch_all(&self.pool)
        .await
    }
}

#[async_trait]
impl Refresh for View {
    /// Sessions and API keys.
    type Stale = BTreeSet<Uuid>;

    async fn refresh(&self, stale: BTreeSet<Uuid>) -> Result<(), HandlerError> {
        Ok(self.show(&Vec::from_iter(stale)).await?)
    }
}

#[async_trait]
impl Outdate<AuthEvent> for View {
    async fn outdate(&self, stale: &mut BTreeSet<Uuid>, _: &Recorded, heard: AuthEvent) -> Result<(), HandlerError> {
        match heard {
            AuthEvent::SessionRevoked(e) => stale.extend([e.session_id.uuid()]),
            AuthEvent::Verified(e) => stale.extend(self.all_of(e.user_id).await?),
            AuthEvent::ApiKeyRevoked(e) => stale.extend([e.key_id.uuid()]),
            AuthEvent::Registered(_) | AuthEvent::ApiKeyCreated(_) => {}
        }
        Ok(())
    }
}

#[async_trait]
impl Outdate<UserEvent> for View {
    async fn outdate(&self, stale: &mut BTreeSet<Uuid>, _: &Recorded, heard: UserEvent) -> Result<(), HandlerError> {
        let user = match heard {
            UserEvent::Updated(e) => e.user_id,
            UserEvent::RoleChanged(e) => e.user_id,
            UserEvent::Deleted(e) => e.user_id,
            UserEvent::Blocked(_) | UserEvent::Unblocked(_) | UserEvent::Reported(_) | UserEvent::ReportAnswered(_) => {
                return Ok(());
            }
        };
        stale.extend(self.all_of(user).await?);
        Ok(())
    }
}

#[async_trait]
impl Rebuild for View {
    fn name(&self) -> &'static str {
        "auth"
    }

    async fn documents(&self, after: Option<Uuid>, limit: i64) -> Result<Vec<Document>, BoxError> {
        let rows = sqlx::query_as!(
            Row,
            r#"select s.id, s.user_id, s.version, a.role, a.active, s.ended_at is not null as "revoked!",
                s.expires_at, a.email, a.verified_at is not null as "verified!", a.created_at
            from auth.session s join auth.account a on a.id = s.user_id
            where s.id > $1 order by s.id limit $2"#,
            after.unwrap_or(Uuid::nil()),
            limit,
        )
        .fetch_all(&self.pool)
        .await?;
        let documents: Result<Vec<Document>, _> = rows.into_iter().map(Document::try_from).collect();
        Ok(documents?)
    }
}
