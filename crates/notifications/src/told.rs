//! A notification as it is kept, and as it is shown: words are made in between, by [`Reader`].

use std::sync::Arc;

use database::Database;
use kernel::{NotificationId, ReportId, UserId};
use read_store::Projection;
use serde::{Deserialize, Serialize};
use sqlx::PgExecutor;
use sqlx::types::Json;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::{Facts, Known, NotificationData, Pen, People, Text, Words, WordsAre};
use crate::ports::Warnings;
use crate::view::ViewError;

/// A notification as the API shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct NotificationView {
    pub id: NotificationId,
    /// The name of the event that caused it: `borrow.approved`.
    #[serde(rename = "type")]
    pub kind: String,
    // In the reader's language, with the names that members have now.
    pub title: String,
    pub body: String,
    pub read: bool,
    pub data: NotificationData,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// A notification without its words, as it lies in Redis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Told {
    pub id: NotificationId,
    pub kind: String,
    pub facts: Facts,
    pub words: Option<Words>,
    pub read: bool,
    pub data: NotificationData,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// A row of `notifications.notification`, as every statement that shows notifications selects it.
pub(crate) struct Row {
    pub id: Uuid,
    pub kind: String,
    pub facts: Json<Facts>,
    pub words: Option<String>,
    pub words_by: Option<Uuid>,
    pub read: bool,
    pub data: Json<NotificationData>,
    pub created_at: OffsetDateTime,
}

impl From<Row> for Told {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.into(),
            kind: row.kind,
            facts: row.facts.0,
            words: row.words.map(|text| Words { by: row.words_by.map(UserId::from), text }),
            read: row.read,
            data: row.data.0,
            created_at: row.created_at,
        }
    }
}

impl Told {
    /// Those whose names its words depend on.
    fn people(&self) -> impl Iterator<Item = UserId> {
        let author = self.words.as_ref().and_then(|words| words.by);
        [self.facts.owner, self.facts.borrower].into_iter().chain(author).chain(self.facts.moderator)
    }

    fn written(self, reader: UserId, pen: &Pen, people: &People) -> NotificationView {
        let Text { title, body } = pen.write(reader, &self.facts, self.words.as_ref(), people);
        NotificationView {
            id: self.id,
            kind: self.kind,
            title,
            body,
            read: self.read,
            data: self.data,
            created_at: self.created_at,
        }
    }
}

/// Reads notifications to their members: makes words of them, with the names of now. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Reader {
    pool: Database,
    pen: Pen,
    warnings: Arc<dyn Warnings>,
}

impl Reader {
    pub fn new(pool: Database, pen: Pen, warnings: Arc<dyn Warnings>) -> Self {
        Self { pool, pen, warnings }
    }

    /// With the names that our own table has.
    pub async fn read(&self, reader: UserId, told: Vec<Told>) -> Result<Vec<NotificationView>, sqlx::Error> {
        let told = self.with_warnings(reader, told).await;
        self.read_in(&self.pool, reader, told).await
    }

    /// As [`Self::read`], in a transaction that is open. Without the words of warnings: the answer to a command is kept.
    pub async fn read_in(
        &self,
        at: impl PgExecutor<'_>,
        reader: UserId,
        told: Vec<Told>,
    ) -> Result<Vec<NotificationView>, sqlx::Error> {
        if told.is_empty() {
            return Ok(Vec::new());
        }
        let rows = sqlx::query!(
            r#"select id, name, language, deleted_at is not null as "left!" from notifications.member
            where id = any($1)"#,
            &everybody(reader, &told),
        )
        .fetch_all(at)
        .await?;
        let people = rows
            .into_iter()
            .map(|row| (row.id.into(), Known { name: row.name, language: row.language, left: row.left }))
            .collect();
        Ok(self.written(reader, told, &people))
    }

    /// With the names that the projection has. An error where it lacks somebody: PostgreSQL knows whether there is anybody.
    pub async fn read_projected(
        &self,
        projection: &Projection,
        reader: UserId,
        told: Vec<Told>,
    ) -> Result<Vec<NotificationView>, ViewError> {
        if told.is_empty() {
            return Ok(Vec::new());
        }
        let ids = everybody(reader, &told);
        let names: Vec<String> = ids.iter().map(Uuid::to_string).collect();
        let mut people = Vec::new();
        for (id, body) in ids.into_iter().zip(projection.get_many(&names).await?) {
            let known: Known = serde_json::from_slice(&body.ok_or(ViewError::Unknown)?)?;
            people.push((id.into(), known));
        }
        let told = self.with_warnings(reader, told).await;
        Ok(self.written(reader, told, &people.into_iter().collect()))
    }

    /// Users keeps the words of warnings. Where it does not answer, the warning is read without them.
    async fn with_warnings(&self, reader: UserId, mut told: Vec<Told>) -> Vec<Told> {
        let reports: Vec<ReportId> = told.iter().filter_map(|it| it.facts.warn_by()).collect();
        if reports.is_empty() {
            return told;
        }
        let warnings = self.warnings.warnings(reader, reports).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "a warning is read without its words");
            Vec::new()
        });
        for it in &mut told {
            let found = it.facts.warn_by().and_then(|report| warnings.iter().find(|(id, _)| *id == report));
            if let Some((_, text)) = found {
                it.facts.words_are = Some(WordsAre::Warning);
                it.words = Some(Words { by: it.facts.moderator, text: text.clone() });
            }
        }
        told
    }

    fn written(&self, reader: UserId, told: Vec<Told>, people: &People) -> Vec<NotificationView> {
        told.into_iter().map(|told| told.written(reader, &self.pen, people)).collect()
    }
}

/// Each once: the reader, for their language, and all that the words speak of.
fn everybody(reader: UserId, told: &[Told]) -> Vec<Uuid> {
    let mut ids: Vec<Uuid> = told.iter().flat_map(Told::people).chain([reader]).map(|member| member.uuid()).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}
