use async_trait::async_trait;
use cqrs::{Call, CommandHandler};
use database::Database;
use kernel::ids::ReviewId;
use kernel::{BookId, Command, ErrorKind, Prose, Refusal};
use reviews_events::{ReviewEvent, ReviewWritten};
use serde::Serialize;

use crate::view::{ReviewView, Row};

/// The caller writes about a book.
#[derive(Debug, Clone, Serialize)]
pub struct WriteReview {
    pub book: BookId,
    pub text: Prose<2000>,
}

impl Command for WriteReview {
    const NAME: &'static str = "write_review";
    type Output = ReviewView;
    type Error = WriteReviewError;
}

#[derive(Debug, thiserror::Error)]
pub enum WriteReviewError {
    #[error("Sign in to write a review.")]
    NotSignedIn,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for WriteReviewError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotSignedIn => ErrorKind::Unauthenticated,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotSignedIn => "UNAUTHENTICATED",
            Self::Database(_) => "INTERNAL",
        }
    }
}

pub(crate) struct WriteReviewHandler {
    pub pool: Database,
}

#[async_trait]
impl CommandHandler<WriteReview> for WriteReviewHandler {
    async fn handle(&self, call: &Call, command: WriteReview) -> Result<ReviewView, WriteReviewError> {
        let author = call.actor().user_id().ok_or(WriteReviewError::NotSignedIn)?;
        let id = ReviewId::new(call.now());
        let mut work = call.begin(&self.pool).await?;
        let row = sqlx::query_as!(
            Row,
            "insert into reviews.review (id, book_id, author_id, text, created_at, version)
            values ($1, $2, $3, $4, $5, 1)
            returning id, book_id, author_id, text, created_at, version",
            id.uuid(),
            command.book.uuid(),
            author.uuid(),
            command.text.as_str(),
            call.now(),
        )
        .fetch_one(work.connection())
        .await?;
        let written = ReviewWritten { review_id: id, book_id: command.book, author_id: author };
        work.append(&ReviewEvent::from(written), row.version).await?;
        Ok(work.commit(row.into()).await?)
    }
}
