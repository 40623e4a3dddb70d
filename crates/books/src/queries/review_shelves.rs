use async_trait::async_trait;
use bibliography::table::{Layout, Shelf, ShelfColumns};
use cqrs::{Call, QueryHandler};
use database::Database;
use kernel::{Detail, ErrorKind, ImportId, Query, Refusal};
use serde::Serialize;
use sqlx::types::Json;

use super::ImportStatus;
use crate::imports::count_shelves;

/// The shelves of an import that waits for its review, with other columns taken for them than those that were recognised. It
/// changes nothing: `StartReviewedImport` says what counts.
#[derive(Debug, Clone)]
pub struct ReviewShelves {
    pub import_id: ImportId,
    pub columns: ShelfColumns,
}

impl Query for ReviewShelves {
    const NAME: &'static str = "review_shelves";
    type Answer = CountedShelves;
    type Error = ReviewShelvesError;
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CountedShelves {
    /// As in `review.shelves`: the first 200, in the order of the file.
    pub shelves: Vec<Shelf>,
}

#[derive(Debug, thiserror::Error)]
pub enum ReviewShelvesError {
    /// Or somebody else's.
    #[error("there is no such import")]
    NotFound,
    #[error("this import does not wait for a review")]
    NotInReview { now: &'static str },
    #[error("the file has no such columns")]
    Invalid(Vec<Detail>),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for ReviewShelvesError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound => ErrorKind::NotFound,
            Self::NotInReview { .. } => ErrorKind::Conflict,
            Self::Invalid(_) => ErrorKind::Invalid,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "IMPORT_NOT_FOUND",
            Self::NotInReview { .. } => "IMPORT_NOT_IN_REVIEW",
            Self::Invalid(_) => "VALIDATION_ERROR",
            Self::Database(_) => "INTERNAL",
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::NotInReview { now } => vec![Detail::new("status", *now)],
            Self::Invalid(details) => details.clone(),
            Self::NotFound | Self::Database(_) => Vec::new(),
        }
    }
}

pub(crate) struct ReviewShelvesHandler {
    pool: Database,
}

impl ReviewShelvesHandler {
    pub(crate) fn new(pool: Database) -> Self {
        Self { pool }
    }
}

#[async_trait]
impl QueryHandler<ReviewShelves> for ReviewShelvesHandler {
    async fn handle(&self, call: &Call, query: ReviewShelves) -> Result<CountedShelves, ReviewShelvesError> {
        let owner = call.actor().user_id().ok_or(ReviewShelvesError::NotFound)?;
        let id = query.import_id.uuid();
        let mut connection = self.pool.acquire().await?;
        let import = sqlx::query!(
            r#"select status, layout as "layout: Json<Layout>" from books.import where id = $1 and owner_id = $2"#,
            id,
            owner.uuid(),
        )
        .fetch_optional(&mut *connection)
        .await?
        .ok_or(ReviewShelvesError::NotFound)?;
        let mut layout = match import.layout {
            Some(layout) if import.status == "review" => layout.0,
            _ => {
                let now = ImportStatus::of_column(&import.status).as_str();
                return Err(ReviewShelvesError::NotInReview { now });
            }
        };
        layout.take_shelf_columns(query.columns).map_err(ReviewShelvesError::Invalid)?;
        count_shelves(&mut connection, id, &mut layout).await?;
        Ok(CountedShelves { shelves: layout.shelves })
    }
}
