use std::sync::Arc;

use async_trait::async_trait;
use books_events::{BookDeleted, BookEvent};
use cqrs::{Call, Caller, CommandHandler};
use database::Database;
use event_bus::Meta;
use kernel::actor::RecordedActor;
use kernel::{BookId, Clock, Command, Detail, ErrorKind, Permission, Refusal, UserId};
use serde::Serialize;
use time::Duration;

use crate::hidden;
use crate::ports::{LendingGate, WithdrawRefused};
use crate::stored;
use crate::visible::Visible;

/// A deletion that was asked for so long ago and is not done was cut short.
const CUT_SHORT_AFTER: Duration = Duration::seconds(30);

/// The owner, or somebody who moderates books, takes a book off its shelf for good. Borrowing is asked first, and refuses
/// while the book is on loan.
#[derive(Debug, Clone, Serialize)]
pub struct DeleteBook {
    pub book_id: BookId,
    /// The version the caller has seen; `None`: whichever.
    pub expected_version: Option<i64>,
}

impl Command for DeleteBook {
    const NAME: &'static str = "delete_book";
    type Output = ();
    type Error = DeleteBookError;
}

#[derive(Debug, thiserror::Error)]
pub enum DeleteBookError {
    #[error("there is no such book")]
    NotFound,
    #[error("only the owner may delete a book")]
    NotOwner,
    #[error("the book has changed since")]
    VersionMismatch { now: i64 },
    #[error("the book is on loan or promised to somebody")]
    OnLoan { details: Vec<Detail> },
    /// The deletion is remembered and will be finished.
    #[error("borrowing did not answer")]
    GateUnavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for DeleteBookError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound => ErrorKind::NotFound,
            Self::NotOwner => ErrorKind::Forbidden,
            Self::VersionMismatch { .. } => ErrorKind::VersionMismatch,
            Self::OnLoan { .. } => ErrorKind::Conflict,
            Self::GateUnavailable(_) => ErrorKind::Unavailable,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "BOOK_NOT_FOUND",
            Self::NotOwner => "FORBIDDEN",
            Self::VersionMismatch { .. } => "VERSION_MISMATCH",
            Self::OnLoan { .. } => "BOOK_ON_LOAN",
            Self::GateUnavailable(_) => "UNAVAILABLE",
            Self::Database(_) => "INTERNAL",
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::VersionMismatch { now } => vec![Detail::new("version", now.to_string())],
            Self::OnLoan { details } => details.clone(),
            Self::NotFound | Self::NotOwner | Self::GateUnavailable(_) | Self::Database(_) => Vec::new(),
        }
    }
}

pub(crate) struct DeleteBookHandler {
    deletions: Deletions,
}

impl DeleteBookHandler {
    pub(crate) fn new(deletions: Deletions) -> Self {
        Self { deletions }
    }

    async fn check(&self, call: &Call, command: &DeleteBook) -> Result<(), DeleteBookError> {
        let row = sqlx::query!(
            "select owner_id, owner_active, lending, version from books.book where id = $1",
            command.book_id.uuid(),
        )
        .fetch_optional(&self.deletions.pool)
        .await?
        .ok_or(DeleteBookError::NotFound)?;
        let visible = Visible::of_row(row.owner_id, row.owner_active, &row.lending);
        if !visible.visible_to(call.actor()) {
            return Err(DeleteBookError::NotFound);
        }
        if !call.actor().is(row.owner_id.into()) && !call.actor().may(Permission::ModerateBook) {
            let mut connection = self.deletions.pool.acquire().await?;
            let apart = hidden::hides_from(&mut connection, call.actor(), row.owner_id.into()).await?;
            return Err(if apart { DeleteBookError::NotFound } else { DeleteBookError::NotOwner });
        }
        if command.expected_version.is_some_and(|expected| expected != row.version) {
            return Err(DeleteBookError::VersionMismatch { now: row.version });
        }
        Ok(())
    }
}

#[async_trait]
impl CommandHandler<DeleteBook> for DeleteBookHandler {
    async fn handle(&self, call: &Call, command: DeleteBook) -> Result<(), DeleteBookError> {
        self.check(call, &command).await?;
        let id = command.book_id;
        // Committed before borrowing is asked: whatever happens from here on, the sweeper finds the deletion and ends it.
        sqlx::query!(
            "update books.book set deletion_requested_at = $2, deletion_requested_by = $3 where id = $1",
            id.uuid(),
            call.now(),
            call.actor().user_id().map(UserId::uuid),
        )
        .execute(&self.deletions.pool)
        .await?;
        self.deletions.pass_the_gate(id, &call.caller()).await?;

        let mut work = call.begin(&self.deletions.pool).await?;
        let (owner, version) = stored::remove(work.connection(), id).await?.ok_or(DeleteBookError::NotFound)?;
        let deleted = BookDeleted { book_id: id, owner_id: owner };
        work.append(&BookEvent::from(deleted), version).await?;
        Ok(work.commit(()).await?)
    }
}

/// Deletions on their way.
#[derive(Clone)]
pub(crate) struct Deletions {
    pool: Database,
    gate: Arc<dyn LendingGate>,
    clock: Arc<dyn Clock>,
}

impl Deletions {
    pub(crate) fn new(pool: Database, gate: Arc<dyn LendingGate>, clock: Arc<dyn Clock>) -> Self {
        Self { pool, gate, clock }
    }

    async fn pass_the_gate(&self, book: BookId, caller: &Caller) -> Result<(), DeleteBookError> {
        match self.gate.withdraw(book, caller).await {
            Ok(()) => Ok(()),
            Err(WithdrawRefused::OnLoan { status, borrow }) => {
                sqlx::query!(
                    "update books.book set deletion_requested_at = null, deletion_requested_by = null where id = $1",
                    book.uuid(),
                )
                .execute(&self.pool)
                .await?;
                let mut details = vec![Detail::new("status", status)];
                details.extend(borrow.map(|borrow| Detail::new("borrowId", borrow.to_string())));
                Err(DeleteBookError::OnLoan { details })
            }
            Err(WithdrawRefused::Unavailable(source)) => Err(DeleteBookError::GateUnavailable(source)),
        }
    }

    /// Finishes the deletions that a crash cut short; answers how many.
    pub(crate) async fn finish_cut_short(&self) -> Result<u64, DeleteBookError> {
        let books = sqlx::query!(
            "select id, deletion_requested_by from books.book
            where deletion_requested_at < $1 order by deletion_requested_at limit 100",
            self.clock.now() - CUT_SHORT_AFTER,
        )
        .fetch_all(&self.pool)
        .await?;
        let mut finished = 0;
        for book in books {
            let id = BookId::from(book.id);
            match self.pass_the_gate(id, &Caller::system("books")).await {
                Ok(()) => {}
                Err(DeleteBookError::OnLoan { .. }) => continue,
                Err(error) => return Err(error),
            }
            let actor = match book.deletion_requested_by {
                Some(user) => RecordedActor::User { id: user.into() },
                None => RecordedActor::System { name: "books".to_owned() },
            };
            let meta = Meta { actor, trace: None, occurred_at: self.clock.now() };
            let mut tx = self.pool.begin().await?;
            if let Some((owner, version)) = stored::remove(&mut tx, id).await? {
                let deleted = BookDeleted { book_id: id, owner_id: owner };
                event_bus::append(&mut tx, &meta, &BookEvent::from(deleted), version).await?;
                tx.commit().await?;
                finished += 1;
            }
        }
        Ok(finished)
    }
}
