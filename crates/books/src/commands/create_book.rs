use async_trait::async_trait;
use books_events::{BookCreated, BookEvent};
use cqrs::{Call, CommandHandler};
use database::Database;
use kernel::{BookId, Command, Detail, ErrorKind, Refusal};
use serde::Serialize;

use crate::domain::BookInput;
use crate::stored::{self, Stored};
use crate::view::{self, BookView, View};

/// The caller lists a book of theirs.
#[derive(Debug, Clone, Serialize)]
pub struct CreateBook {
    pub book: BookInput,
}

impl Command for CreateBook {
    const NAME: &'static str = "create_book";
    type Output = BookView;
    type Error = CreateBookError;
}

#[derive(Debug, thiserror::Error)]
pub enum CreateBookError {
    #[error("sign in to list books")]
    NotSignedIn,
    /// The account was deleted while its last access token still counted.
    #[error("this account is gone")]
    OwnerGone,
    #[error("the shelf may hold {max} books: delete some of them first")]
    ShelfFull { max: u32 },
    #[error("the description of the book breaks a rule")]
    Invalid(Vec<Detail>),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for CreateBookError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotSignedIn => ErrorKind::Unauthenticated,
            Self::OwnerGone => ErrorKind::Forbidden,
            Self::ShelfFull { .. } => ErrorKind::Conflict,
            Self::Invalid(_) => ErrorKind::Invalid,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotSignedIn => "UNAUTHENTICATED",
            Self::OwnerGone => "FORBIDDEN",
            Self::ShelfFull { .. } => "SHELF_FULL",
            Self::Invalid(_) => "VALIDATION_ERROR",
            Self::Database(_) => "INTERNAL",
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::Invalid(details) => details.clone(),
            Self::ShelfFull { max } => vec![Detail::new("maxBooks", max.to_string())],
            Self::NotSignedIn | Self::OwnerGone | Self::Database(_) => Vec::new(),
        }
    }
}

pub(crate) struct CreateBookHandler {
    pool: Database,
    view: View,
    max_books: u32,
}

impl CreateBookHandler {
    pub(crate) fn new(pool: Database, view: View, max_books: u32) -> Self {
        Self { pool, view, max_books }
    }
}

#[async_trait]
impl CommandHandler<CreateBook> for CreateBookHandler {
    async fn handle(&self, call: &Call, command: CreateBook) -> Result<BookView, CreateBookError> {
        let owner = call.actor().user_id().ok_or(CreateBookError::NotSignedIn)?;
        let now = call.now();
        let book = command.book.check(now).map_err(CreateBookError::Invalid)?;
        let id = BookId::new(now);

        let mut work = call.begin(&self.pool).await?;
        // Locked against `user.deleted`, which removes the books it sees, and against a new name, which raises their versions.
        let gone = sqlx::query_scalar!("select deleted from books.member where id = $1 for share", owner.uuid())
            .fetch_optional(work.connection())
            .await?;
        if gone == Some(true) {
            return Err(CreateBookError::OwnerGone);
        }
        if stored::room(work.connection(), owner, self.max_books).await? == 0 {
            return Err(CreateBookError::ShelfFull { max: self.max_books });
        }
        stored::insert(work.connection(), owner, &[Stored::new(id, &book)], now).await?;
        let created = BookCreated {
            book_id: id,
            owner_id: owner,
            title: book.title.into_string(),
            authors: book.authors.into_iter().map(|author| author.into_string()).collect(),
            lending: book.lending,
        };
        work.append(&BookEvent::from(created), 1).await?;
        let loaded = view::load_one(work.connection(), id).await?.ok_or(sqlx::Error::RowNotFound)?;
        // A member nobody has told us of yet has no name here: the event shows the book when they do.
        let coming = gone.is_some().then(|| self.view.coming(&loaded));
        let answer = work.commit(loaded.view.clone()).await?;
        if let Some(coming) = coming {
            self.view.write_through(coming, &loaded).await;
        }
        Ok(answer)
    }
}
