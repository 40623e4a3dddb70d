use std::collections::HashMap;

use async_trait::async_trait;
use books_events::BookEvent;
use cqrs::{Call, QueryHandler};
use database::Database;
use event_bus::OwnEvents;
use kernel::actor::RecordedActor;
use kernel::{BookId, ErrorKind, Permission, Query, Refusal, UserId};
use serde::Serialize;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::BookSnapshot;
use crate::hidden;
use crate::view::BookOwner;
use crate::visible::Visible;

/// Everything that happened to a book, oldest first, for its owner and moderators: it tells who borrowed it.
#[derive(Debug, Clone)]
pub struct BookHistory {
    pub book_id: BookId,
    /// Only what had happened by then.
    pub at: Option<OffsetDateTime>,
}

impl Query for BookHistory {
    const NAME: &'static str = "book_history";
    type Answer = Vec<HistoryEntry>;
    type Error = BookHistoryError;
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HistoryEntry {
    /// The event's name: `book.created`.
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// `None`: Folkshelf itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<BookOwner>,
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub data: serde_json::Value,
    /// The book afterwards. Absent where more than 1,000 events follow its beginning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<BookSnapshot>,
}

#[derive(Debug, thiserror::Error)]
pub enum BookHistoryError {
    #[error("there is no such book")]
    NotFound,
    #[error("The book was not listed yet at that time.")]
    NotYetListed,
    #[error("only the owner may see what happened to a book")]
    NotOwner,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for BookHistoryError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound | Self::NotYetListed => ErrorKind::NotFound,
            Self::NotOwner => ErrorKind::Forbidden,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "BOOK_NOT_FOUND",
            Self::NotYetListed => "BOOK_NOT_YET_LISTED",
            Self::NotOwner => "FORBIDDEN",
            Self::Database(_) => "INTERNAL",
        }
    }
}

pub(crate) struct BookHistoryHandler {
    pool: Database,
    events: OwnEvents<BookEvent>,
}

impl BookHistoryHandler {
    pub(crate) fn new(pool: Database, events: OwnEvents<BookEvent>) -> Self {
        Self { pool, events }
    }

    async fn names(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, String>, sqlx::Error> {
        let rows =
            sqlx::query!("select id, name from books.member where id = any($1)", ids).fetch_all(&self.pool).await?;
        Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
    }
}

#[async_trait]
impl QueryHandler<BookHistory> for BookHistoryHandler {
    async fn handle(&self, call: &Call, query: BookHistory) -> Result<Vec<HistoryEntry>, BookHistoryError> {
        let id = query.book_id.uuid();
        let book = sqlx::query!("select owner_id, owner_active, lending from books.book where id = $1", id)
            .fetch_optional(&self.pool)
            .await?
            .ok_or(BookHistoryError::NotFound)?;
        let owner = book.owner_id;
        let visible = Visible::of_row(owner, book.owner_active, &book.lending);
        if !visible.visible_to(call.actor()) {
            return Err(BookHistoryError::NotFound);
        }
        if !call.actor().is(UserId::from(owner)) && !call.actor().may(Permission::ModerateBook) {
            let apart = hidden::hides_from(&mut *self.pool.acquire().await?, call.actor(), owner.into()).await?;
            return Err(if apart { BookHistoryError::NotFound } else { BookHistoryError::NotOwner });
        }
        let events = self.events.history_until(id, query.at).await?;
        if events.is_empty() && query.at.is_some() {
            return Err(BookHistoryError::NotYetListed);
        }
        let actor = |actor: &RecordedActor| match actor {
            RecordedActor::User { id } => Some(*id),
            RecordedActor::Anonymous | RecordedActor::System { .. } => None,
        };
        let ids: Vec<Uuid> = events.iter().filter_map(|event| actor(&event.actor)).map(UserId::uuid).collect();
        let names = self.names(&ids).await?;
        let mut state = None;
        let entry = |event: event_bus::Recorded| {
            // An event that this program cannot read leaves nothing that it could vouch for.
            state = event.decode().ok().flatten().and_then(|event| BookSnapshot::after(state.take(), &event));
            HistoryEntry {
                actor: actor(&event.actor)
                    .map(|id| BookOwner { id, name: names.get(&id.uuid()).cloned().unwrap_or_default() }),
                kind: event.name,
                at: event.occurred_at,
                data: event.payload,
                state: state.clone(),
            }
        };
        Ok(events.into_iter().map(entry).collect())
    }
}
