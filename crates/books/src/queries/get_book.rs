use async_trait::async_trait;
use cqrs::{Call, QueryHandler, Source};
use database::Database;
use kernel::{BookId, ErrorKind, Query, Refusal};
use serde::{Deserialize, Serialize};

use crate::hidden::Hidden;
use crate::view::{self, BookView, View, ViewError};

/// One book, for whoever sees it; its notes for the owner and moderators alone.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GetBook {
    pub book_id: BookId,
}

impl Query for GetBook {
    const NAME: &'static str = "get_book";
    type Answer = BookView;
    type Error = GetBookError;
}

cqrs::travels_as_it_is!(GetBook);

#[derive(Debug, thiserror::Error)]
pub enum GetBookError {
    #[error("there is no such book")]
    NotFound,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for GetBookError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound => ErrorKind::NotFound,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "BOOK_NOT_FOUND",
            Self::Database(_) => "INTERNAL",
        }
    }
}

pub(crate) struct GetBookHandler {
    pool: Database,
    view: View,
    hidden: Hidden,
}

impl GetBookHandler {
    pub(crate) fn new(pool: Database, view: View, hidden: Hidden) -> Self {
        Self { pool, view, hidden }
    }

    async fn in_read_store(&self, id: BookId) -> Result<Option<BookView>, ViewError> {
        let body = self.view.projection.get(&id.to_string()).await?;
        Ok(body.map(|body| serde_json::from_slice(&body)).transpose()?)
    }

    async fn shown_to(&self, call: &Call, is_visible: bool, book: BookView) -> Result<BookView, GetBookError> {
        if !is_visible || self.hidden.from(call).await?.hides(book.owner.id) {
            return Err(GetBookError::NotFound);
        }
        Ok(book.for_actor(call.actor()))
    }
}

#[async_trait]
impl QueryHandler<GetBook> for GetBookHandler {
    async fn handle(&self, call: &Call, query: GetBook) -> Result<BookView, GetBookError> {
        let actor = call.actor();
        if call.source() == Source::ReadStore {
            match self.in_read_store(query.book_id).await {
                Ok(Some(book)) => return self.shown_to(call, book.visible_to(actor), book).await,
                Ok(None) => {}
                Err(error) => tracing::debug!(%error, "a book is read from PostgreSQL"),
            }
        }
        let mut connection = self.pool.acquire().await?;
        let book = view::load_one(&mut connection, query.book_id).await?.ok_or(GetBookError::NotFound)?;
        drop(connection);
        self.shown_to(call, book.visible().visible_to(actor), book.view).await
    }
}
