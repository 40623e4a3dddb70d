use async_trait::async_trait;
use cqrs::{Call, QueryHandler, Source};
use database::Database;
use kernel::{BorrowId, ErrorKind, Query, Refusal};

use crate::domain::Part;
use crate::view::{self, BorrowView, View};

/// One borrow, for its parties and moderators; for anybody else there is none.
#[derive(Debug, Clone)]
pub struct GetBorrow {
    pub borrow: BorrowId,
}

impl Query for GetBorrow {
    const NAME: &'static str = "get_borrow";
    type Answer = BorrowView;
    type Error = GetBorrowError;
}

#[derive(Debug, thiserror::Error)]
pub enum GetBorrowError {
    #[error("There is no such borrow.")]
    NotFound,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for GetBorrowError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound => ErrorKind::NotFound,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "BORROW_NOT_FOUND",
            Self::Database(_) => "INTERNAL",
        }
    }
}

pub(crate) struct GetBorrowHandler {
    pool: Database,
    view: View,
}

impl GetBorrowHandler {
    pub(crate) fn new(pool: Database, view: View) -> Self {
        Self { pool, view }
    }

    /// `None`: the projection has no answer.
    async fn in_projection(&self, id: BorrowId) -> Option<BorrowView> {
        match self.view.projection.get(&id.to_string()).await {
            Ok(body) => serde_json::from_slice(&body?)
                .inspect_err(|error| tracing::warn!(%error, "a document cannot be read"))
                .ok(),
            Err(error) => {
                tracing::debug!(%error, "looked up in PostgreSQL");
                None
            }
        }
    }
}

#[async_trait]
impl QueryHandler<GetBorrow> for GetBorrowHandler {
    async fn handle(&self, call: &Call, query: GetBorrow) -> Result<BorrowView, GetBorrowError> {
        let found = match call.source() {
            Source::ReadStore => self.in_projection(query.borrow).await,
            Source::Database => None,
        };
        let view = match found {
            Some(view) => view,
            None => {
                let mut connection = self.pool.acquire().await?;
                view::one(&mut connection, query.borrow).await?.ok_or(GetBorrowError::NotFound)?.view
            }
        };
        match Part::of(call.actor(), view.owner.id, view.borrower.id) {
            Part::Stranger => Err(GetBorrowError::NotFound),
            part => Ok(view.shown_to(part, call.now())),
        }
    }
}
