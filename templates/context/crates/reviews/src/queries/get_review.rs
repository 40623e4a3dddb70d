use async_trait::async_trait;
use cqrs::{Call, QueryHandler};
use kernel::ids::ReviewId;
use kernel::{ErrorKind, Query, Refusal};

use crate::view::{ReviewView, View};

/// One review.
#[derive(Debug, Clone)]
pub struct GetReview {
    pub id: ReviewId,
}

impl Query for GetReview {
    const NAME: &'static str = "get_review";
    type Answer = ReviewView;
    type Error = GetReviewError;
}

#[derive(Debug, thiserror::Error)]
pub enum GetReviewError {
    #[error("There is no review with this id.")]
    NotFound,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for GetReviewError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound => ErrorKind::NotFound,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "REVIEW_NOT_FOUND",
            Self::Database(_) => "INTERNAL",
        }
    }
}

pub(crate) struct GetReviewHandler {
    pub view: View,
}

#[async_trait]
impl QueryHandler<GetReview> for GetReviewHandler {
    async fn handle(&self, call: &Call, query: GetReview) -> Result<ReviewView, GetReviewError> {
        self.view.review(query.id, call.source()).await?.ok_or(GetReviewError::NotFound)
    }
}
