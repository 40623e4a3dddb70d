//! Reviews in Redis: one document each. An event only says which to look at again.

use std::collections::BTreeSet;

use async_trait::async_trait;
use cqrs::Source;
use database::Database;
use event_bus::{HandlerError, Outdate, Recorded, Refresh};
use kernel::ids::ReviewId;
use kernel::{BookId, Event, UserId};
use read_store::{BoxError, Document, Projection, Rebuild};
use reviews_events::ReviewEvent;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use users_events::UserEvent;
use uuid::Uuid;

/// A review as the API shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ReviewView {
    pub id: ReviewId,
    pub book_id: BookId,
    pub author_id: UserId,
    pub text: String,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// A row of `reviews.review`, as every statement that shows reviews selects it.
pub(crate) struct Row {
    pub id: Uuid,
    pub book_id: Uuid,
    pub author_id: Uuid,
    pub text: String,
    pub created_at: OffsetDateTime,
    pub version: i64,
}

impl From<Row> for ReviewView {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.into(),
            book_id: row.book_id.into(),
            author_id: row.author_id.into(),
            text: row.text,
            created_at: row.created_at,
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

    /// A review, from Redis or else from PostgreSQL.
    pub async fn review(&self, id: ReviewId, source: Source) -> Result<Option<ReviewView>, sqlx::Error> {
        if source == Source::ReadStore
            && let Ok(Some(body)) = self.projection.get(&id.to_string()).await
            && let Ok(review) = serde_json::from_slice(&body)
        {
            return Ok(Some(review));
        }
        Ok(self.read(&[id.uuid()]).await?.pop().map(ReviewView::from))
    }

    async fn read(&self, ids: &[Uuid]) -> Result<Vec<Row>, sqlx::Error> {
        sqlx::query_as!(
            Row,
            "select id, book_id, author_id, text, created_at, version from reviews.review
            where id = any($1) and deleted_at is null",
            ids,
        )
        .fetch_all(&self.pool)
        .await
    }

    async fn of_author(&self, author: Uuid) -> Result<Vec<Uuid>, sqlx::Error> {
        sqlx::query_scalar!("select id from reviews.review where author_id = $1", author).fetch_all(&self.pool).await
    }
}

fn document(row: Row) -> Result<Document, serde_json::Error> {
    let (id, version) = (row.id.to_string(), row.version);
    let body = serde_json::to_vec(&ReviewView::from(row))?;
    Ok(Document { id, version, body: Some(body), lists: Vec::new() })
}

#[async_trait]
impl Refresh for View {
    /// Reviews.
    type Stale = BTreeSet<Uuid>;

    async fn refresh(&self, stale: BTreeSet<Uuid>) -> Result<(), HandlerError> {
        let ids = Vec::from_iter(stale);
        let mut documents: Vec<Document> =
            self.read(&ids).await?.into_iter().map(document).collect::<Result<_, _>>()?;
        let gone: Vec<String> =
            ids.iter().map(Uuid::to_string).filter(|id| !documents.iter().any(|it| it.id == *id)).collect();
        documents.extend(gone.into_iter().map(Document::deleted));
        Ok(self.projection.write(&documents).await?)
    }
}

#[async_trait]
impl Outdate<ReviewEvent> for View {
    async fn outdate(&self, stale: &mut BTreeSet<Uuid>, _: &Recorded, heard: ReviewEvent) -> Result<(), HandlerError> {
        stale.insert(heard.aggregate_id());
        Ok(())
    }
}

#[async_trait]
impl Outdate<UserEvent> for View {
    async fn outdate(&self, stale: &mut BTreeSet<Uuid>, _: &Recorded, heard: UserEvent) -> Result<(), HandlerError> {
        if let UserEvent::Deleted(e) = heard {
            stale.extend(self.of_author(e.user_id.uuid()).await?);
        }
        Ok(())
    }
}

#[async_trait]
impl Rebuild for View {
    fn name(&self) -> &'static str {
        "reviews"
    }

    fn schema(&self) -> u32 {
        1
    }

    async fn documents(&self, after: Option<Uuid>, limit: i64) -> Result<Vec<Document>, BoxError> {
        let rows = sqlx::query_as!(
            Row,
            "select id, book_id, author_id, text, created_at, version from reviews.review
            where id > $1 and deleted_at is null order by id limit $2",
            after.unwrap_or(Uuid::nil()),
            limit,
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(document).collect::<Result<_, _>>()?)
    }
}
