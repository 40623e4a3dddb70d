//! Inboxes in Redis: a document per notification, and for each member the lists `inbox:`, `unread:` and `read:`, newest
//! first; and a document per member, for the names and languages that words are made with. An event only says what to look
//! at again; what is written is read from our own tables.

use async_trait::async_trait;
use auth_events::AuthEvent;
use borrowing_events::BorrowEvent;
use database::Database;
use event_bus::{HandlerError, Outdate, Recorded, Refresh};
use kernel::{BorrowId, DecodeError, Event, UserId};
use notifications_events::NotificationEvent;
use read_store::{BoxError, Document, Listing, Projection, ReadStoreError, Rebuild, WrittenThrough};
use sqlx::types::Json;
use time::OffsetDateTime;
use users_events::UserEvent;
use uuid::Uuid;

use crate::domain::{Facts, Known, NotificationData};
use crate::told::{Row, Told};

/// How many notifications one statement reads.
const CHUNK: usize = 1_000;

/// Why the projection did not answer; PostgreSQL is asked then.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ViewError {
    #[error(transparent)]
    Store(#[from] ReadStoreError),
    #[error("a document cannot be read")]
    Document(#[from] serde_json::Error),
    #[error("a member is not known there")]
    Unknown,
}

/// The lists of one member, as the projection names them.
pub(crate) fn inbox(user: UserId) -> String {
    format!("inbox:{user}")
}

pub(crate) fn unread(user: UserId) -> String {
    format!("unread:{user}")
}

pub(crate) fn read(user: UserId) -> String {
    format!("read:{user}")
}

/// Microseconds, which a list's score holds exactly.
pub(crate) fn score(created_at: OffsetDateTime) -> f64 {
    (created_at.unix_timestamp_nanos() / 1_000) as f64
}

#[derive(Clone)]
pub(crate) struct View {
    pool: Database,
    pub(crate) projection: Projection,
    shown: WrittenThrough,
}

/// What a document is made of.
struct Source {
    id: Uuid,
    user_id: Uuid,
    version: i64,
    deleted: bool,
    kind: String,
    /// `None`: it is deleted.
    facts: Option<Json<Facts>>,
    words: Option<String>,
    words_by: Option<Uuid>,
    read: bool,
    data: Json<NotificationData>,
    created_at: OffsetDateTime,
}

impl TryFrom<Source> for Document {
    type Error = serde_json::Error;

    fn try_from(row: Source) -> Result<Self, Self::Error> {
        let Some(facts) = row.facts.filter(|_| !row.deleted) else {
            return Ok(Document::deleted(row.id.to_string()));
        };
        let (user, score) = (UserId::from(row.user_id), score(row.created_at));
        let by_read = if row.read { read(user) } else { unread(user) };
        let told = Told::from(Row {
            id: row.id,
            kind: row.kind,
            facts,
            words: row.words,
            words_by: row.words_by,
            read: row.read,
            data: row.data,
            created_at: row.created_at,
        });
        Ok(Document {
            id: row.id.to_string(),
            version: row.version,
            body: Some(serde_json::to_vec(&told)?),
            lists: vec![Listing::new(inbox(user), score), Listing::new(by_read, score)],
        })
    }
}

/// What the document of a member is made of. Whoever left stays there, as somebody who left.
struct MemberSource {
    id: Uuid,
    revision: i64,
    name: String,
    language: String,
    left: bool,
}

impl TryFrom<MemberSource> for Document {
    type Error = serde_json::Error;

    fn try_from(row: MemberSource) -> Result<Self, Self::Error> {
        let known = Known { name: row.name, language: row.language, left: row.left };
        let body = Some(serde_json::to_vec(&known)?);
        Ok(Document { id: row.id.to_string(), version: row.revision, body, lists: Vec::new() })
    }
}

impl View {
    pub(crate) fn new(pool: Database, projection: Projection) -> Self {
        Self { pool, shown: WrittenThrough::new(projection.clone()), projection }
    }

    /// Writes the notifications as they now are.
    async fn show(&self, ids: &[Uuid]) -> Result<(), HandlerError> {
        for ids in ids.chunks(CHUNK) {
            let rows = sqlx::query_as!(
                Source,
                r#"select id, user_id, version, deleted_at is not null as "deleted!", kind,
                    facts as "facts: Json<Facts>", words, words_by, read, data as "data: Json<NotificationData>", created_at
                from notifications.notification where id = any($1)"#,
                ids,
            )
            .fetch_all(&self.pool)
            .await?;
            self.write(rows).await?;
        }
        Ok(())
    }

    /// Writes what each member was told of an event. What tells that they were told finds it done.
    async fn show_told(&self, told: &[(Uuid, Uuid)]) -> Result<(), HandlerError> {
        for told in told.chunks(CHUNK) {
            let (users, events): (Vec<Uuid>, Vec<Uuid>) = told.iter().copied().unzip();
            let rows = sqlx::query_as!(
                Source,
                r#"select id, user_id as "user_id!", version, deleted_at is not null as "deleted!", kind,
                    facts as "facts: Json<Facts>", words, words_by, read, data as "data: Json<NotificationData>", created_at
                from unnest($1::uuid[], $2::uuid[]) as told (user_id, source_event_id)
                join notifications.notification using (user_id, source_event_id)"#,
                &users,
                &events,
            )
            .fetch_all(&self.pool)
            .await?;
            let shown: Vec<(Uuid, i64)> = rows.iter().map(|row| (row.id, row.version)).collect();
            self.write(rows).await?;
            shown.into_iter().for_each(|(id, version)| self.shown.remember(id, version));
        }
        Ok(())
    }

    /// Writes the members as they now are.
    async fn show_members(&self, ids: &[Uuid]) -> Result<(), HandlerError> {
        for ids in ids.chunks(CHUNK) {
            let rows = sqlx::query_as!(
                MemberSource,
                r#"select id, revision, name, language, deleted_at is not null as "left!" from notifications.member
                where id = any($1)"#,
                ids,
            )
            .fetch_all(&self.pool)
            .await?;
            let documents: Result<Vec<Document>, _> = rows.into_iter().map(Document::try_from).collect();
            self.projection.write(&documents?).await?;
        }
        Ok(())
    }

    async fn write(&self, rows: Vec<Source>) -> Result<(), HandlerError> {
        let documents: Result<Vec<Document>, _> = rows.into_iter().map(Document::try_from).collect();
        Ok(self.projection.write(&documents?).await?)
    }

    /// What a member was told of a conversation: one entry for what is unread, and those that were read of late.
    async fn of_conversation(&self, user: UserId, borrow: BorrowId) -> Result<Vec<Uuid>, sqlx::Error> {
        sqlx::query_scalar!(
            "select id from notifications.notification
            where user_id = $1 and deleted_at is null and data ->> 'borrowId' = $2 and facts ->> 'message' is not null
            order by created_at desc, id desc limit 10",
            user.uuid(),
            borrow.to_string(),
        )
        .fetch_all(&self.pool)
        .await
    }

    /// What was told to a member, and what holds or held words of theirs.
    async fn all_of(&self, user: UserId) -> Result<Vec<Uuid>, sqlx::Error> {
        sqlx::query_scalar!(
            r#"select id as "id!" from notifications.notification where user_id = $1
            union select id from notifications.notification where words_by = $1"#,
            user.uuid(),
        )
        .fetch_all(&self.pool)
        .await
    }
}

/// What a batch of events made stale.
#[derive(Debug, Default)]
pub(crate) struct Stale {
    notifications: Vec<Uuid>,
    members: Vec<Uuid>,
    /// A member who may have been told of something, and of which event.
    told: Vec<(Uuid, Uuid)>,
}

#[async_trait]
impl Refresh for View {
    type Stale = Stale;

    async fn refresh(&self, stale: Stale) -> Result<(), HandlerError> {
        // Whoever finds a notification finds those whom it speaks of.
        self.show_members(&stale.members).await?;
        self.show_told(&stale.told).await?;
        self.show(&stale.notifications).await
    }
}

/// Shown with the event itself: `notification.created` comes later, and whoever waited for the first would look in between.
#[async_trait]
impl Outdate<BorrowEvent> for View {
    async fn outdate(&self, stale: &mut Stale, event: &Recorded, heard: BorrowEvent) -> Result<(), HandlerError> {
        let parties = heard.parties();
        stale.told.extend([parties.owner_id, parties.borrower_id].map(|party| (party.uuid(), event.id.uuid())));
        if let BorrowEvent::MessagesRead(read) = &heard {
            stale.notifications.extend(self.of_conversation(read.reader_id, read.parties.borrow_id).await?);
        }
        Ok(())
    }

    /// It has told nobody.
    fn unreadable(&self, _: DecodeError) -> Result<(), HandlerError> {
        Ok(())
    }
}

#[async_trait]
impl Outdate<NotificationEvent> for View {
    async fn outdate(&self, stale: &mut Stale, event: &Recorded, heard: NotificationEvent) -> Result<(), HandlerError> {
        let id = heard.aggregate_id();
        if !self.shown.covers(id, event.aggregate_version).await {
            stale.notifications.push(id);
        }
        Ok(())
    }
}

#[async_trait]
impl Outdate<UserEvent> for View {
    async fn outdate(&self, stale: &mut Stale, _: &Recorded, heard: UserEvent) -> Result<(), HandlerError> {
        match heard {
            UserEvent::Deleted(e) => {
                stale.members.push(e.user_id.uuid());
                stale.notifications.extend(self.all_of(e.user_id).await?);
            }
            UserEvent::Updated(e) => stale.members.push(e.user_id.uuid()),
            UserEvent::RoleChanged(_)
            | UserEvent::Blocked(_)
            | UserEvent::Unblocked(_)
            | UserEvent::Reported(_)
            | UserEvent::ReportAnswered(_) => {}
        }
        Ok(())
    }
}

#[async_trait]
impl Outdate<AuthEvent> for View {
    async fn outdate(&self, stale: &mut Stale, _: &Recorded, heard: AuthEvent) -> Result<(), HandlerError> {
        match heard {
            AuthEvent::Registered(e) => stale.members.push(e.user_id.uuid()),
            AuthEvent::Verified(_)
            | AuthEvent::SessionRevoked(_)
            | AuthEvent::ApiKeyCreated(_)
            | AuthEvent::ApiKeyRevoked(_) => {}
        }
        Ok(())
    }
}

#[async_trait]
impl Rebuild for View {
    fn name(&self) -> &'static str {
        "notifications"
    }

    fn schema(&self) -> u32 {
        // 2: facts in the place of words, and members. 3: no piece of a name in the place of a title.
        3
    }

    /// Both kinds have UUIDs, so both are in one order.
    async fn documents(&self, after: Option<Uuid>, limit: i64) -> Result<Vec<Document>, BoxError> {
        let after = after.unwrap_or(Uuid::nil());
        let told = sqlx::query_as!(
            Source,
            r#"select id, user_id, version, false as "deleted!", kind,
                facts as "facts: Json<Facts>", words, words_by, read, data as "data: Json<NotificationData>", created_at
            from notifications.notification
            where id > $1 and deleted_at is null
            order by id limit $2"#,
            after,
            limit,
        )
        .fetch_all(&self.pool)
        .await?;
        let members = sqlx::query_as!(
            MemberSource,
            r#"select id, revision, name, language, deleted_at is not null as "left!" from notifications.member
            where id > $1 order by id limit $2"#,
            after,
            limit,
        )
        .fetch_all(&self.pool)
        .await?;
        let told = told.into_iter().map(|row| (row.id, Document::try_from(row)));
        let members = members.into_iter().map(|row| (row.id, Document::try_from(row)));
        let mut both: Vec<(Uuid, Result<Document, serde_json::Error>)> = told.chain(members).collect();
        both.sort_unstable_by_key(|(id, _)| *id);
        // What lies behind comes with the next ones.
        both.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let documents: Result<Vec<Document>, _> = both.into_iter().map(|(_, document)| document).collect();
        Ok(documents?)
    }
}
