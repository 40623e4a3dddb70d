use async_trait::async_trait;
use books_events::{BookEvent, BookUpdated, Lending};
use cqrs::{Call, CommandHandler};
use database::Database;
use kernel::{BookId, Command, Detail, ErrorKind, Permission, Refusal, UserId};
use serde::Serialize;

use crate::domain::BookChanges;
use crate::findable::{self, FOLDING};
use crate::hidden;
use crate::stored::{Stored, Written};
use crate::view::{self, BookView, View};
use crate::visible::Visible;

/// The owner, or somebody who moderates books, changes the description or the lending mode.
#[derive(Debug, Clone, Serialize)]
pub struct UpdateBook {
    pub book_id: BookId,
    /// The version the caller has seen; `None`: whichever.
    pub expected_version: Option<i64>,
    pub changes: BookChanges,
}

impl Command for UpdateBook {
    const NAME: &'static str = "update_book";
    type Output = BookView;
    type Error = UpdateBookError;
}

#[derive(Debug, thiserror::Error)]
pub enum UpdateBookError {
    #[error("there is no such book")]
    NotFound,
    #[error("only the owner may change a book")]
    NotOwner,
    #[error("the book has changed since")]
    VersionMismatch { now: i64 },
    #[error("the description of the book breaks a rule")]
    Invalid(Vec<Detail>),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for UpdateBookError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound => ErrorKind::NotFound,
            Self::NotOwner => ErrorKind::Forbidden,
            Self::VersionMismatch { .. } => ErrorKind::VersionMismatch,
            Self::Invalid(_) => ErrorKind::Invalid,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "BOOK_NOT_FOUND",
            Self::NotOwner => "FORBIDDEN",
            Self::VersionMismatch { .. } => "VERSION_MISMATCH",
            Self::Invalid(_) => "VALIDATION_ERROR",
            Self::Database(_) => "INTERNAL",
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::VersionMismatch { now } => vec![Detail::new("version", now.to_string())],
            Self::Invalid(details) => details.clone(),
            Self::NotFound | Self::NotOwner | Self::Database(_) => Vec::new(),
        }
    }
}

pub(crate) struct UpdateBookHandler {
    pool: Database,
    view: View,
}

impl UpdateBookHandler {
    pub(crate) fn new(pool: Database, view: View) -> Self {
        Self { pool, view }
    }
}

#[async_trait]
impl CommandHandler<UpdateBook> for UpdateBookHandler {
    async fn handle(&self, call: &Call, command: UpdateBook) -> Result<BookView, UpdateBookError> {
        let id = command.book_id;
        let mut work = call.begin(&self.pool).await?;
        let row = sqlx::query!(
            "select owner_id, version, title, authors, isbn13, isbn10, published_year, language, categories, description,
                condition, notes, lending, holding, owner_active
            from books.book where id = $1 for update",
            id.uuid(),
        )
        .fetch_optional(work.connection())
        .await?
        .ok_or(UpdateBookError::NotFound)?;
        let owner = UserId::from(row.owner_id);
        let offered = Lending::from_name(&row.lending).unwrap_or(Lending::Off);
        let visible = Visible { owner, owner_active: row.owner_active, lending: offered };
        if !visible.visible_to(call.actor()) {
            return Err(UpdateBookError::NotFound);
        }
        if !call.actor().is(owner) && !call.actor().may(Permission::ModerateBook) {
            let apart = hidden::hides_from(work.connection(), call.actor(), owner).await?;
            return Err(if apart { UpdateBookError::NotFound } else { UpdateBookError::NotOwner });
        }
        if command.expected_version.is_some_and(|expected| expected != row.version) {
            return Err(UpdateBookError::VersionMismatch { now: row.version });
        }
        let (was_lost, was_off) = (row.holding.as_deref() == Some("lost"), offered == Lending::Off);
        let mut written = Written {
            title: row.title,
            authors: row.authors,
            isbn13: row.isbn13,
            isbn10: row.isbn10,
            published_year: row.published_year,
            language: row.language,
            categories: row.categories,
            description: row.description,
            condition: row.condition,
            notes: row.notes,
            lending: row.lending,
        };
        let changes = command.changes.check(&written.input(), call.now()).map_err(UpdateBookError::Invalid)?;
        written.change(changes);
        let lending = Lending::from_name(&written.lending).unwrap_or(Lending::Off);

        if was_lost && was_off && lending != Lending::Off {
            // Who lends a lost book again has found it.
            sqlx::query!(
                "with found as (update books.availability set state = 'released' where book_id = $1 and state = 'lost')
                update books.book set holding = null, held_by_borrow = null where id = $1",
                id.uuid(),
            )
            .execute(work.connection())
            .await?;
        }
        let Stored { written: stored, keys, .. } = Stored::written(id, written);
        let version = sqlx::query_scalar!(
            "update books.book set title = $2, title_sort = $3, shelf_key = decode($4, 'hex'), authors = $5,
                author_words = $6, isbn13 = $7, isbn10 = $8, published_year = $9, language = $10, categories = $11,
                category_keys = $12, description = $13, condition = $14, notes = $15, lending = $16,
                search_title = $17, search = array_to_tsvector($18), folding = -$20::smallint, version = version + 1,
                updated_at = $19
            where id = $1 returning version",
            id.uuid(),
            stored.title,
            keys.title_sort,
            keys.shelf_key,
            &stored.authors,
            &keys.author_words,
            stored.isbn13,
            stored.isbn10,
            stored.published_year,
            stored.language,
            &stored.categories,
            &keys.category_keys,
            stored.description,
            stored.condition,
            stored.notes,
            stored.lending,
            keys.search_title,
            &keys.search_words,
            call.now(),
            FOLDING,
        )
        .fetch_one(work.connection())
        .await?;
        findable::learn(work.connection(), [(stored.authors.as_slice(), keys.spelt_words.as_slice())]).await?;
        let updated =
            BookUpdated { book_id: id, owner_id: owner, title: stored.title, authors: stored.authors, lending };
        work.append(&BookEvent::from(updated), version).await?;
        let loaded = view::load_one(work.connection(), id).await?.ok_or(UpdateBookError::NotFound)?;
        let coming = self.view.coming(&loaded);
        let answer = work.commit(loaded.view.clone().for_actor(call.actor())).await?;
        self.view.write_through(coming, &loaded).await;
        Ok(answer)
    }
}
