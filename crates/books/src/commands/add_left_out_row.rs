use async_trait::async_trait;
use cqrs::{Call, CommandHandler};
use database::Database;
use kernel::{BookId, Command, Detail, ErrorKind, ImportId, Refusal};
use serde::{Deserialize, Serialize};

use crate::domain::BookDetails;
use crate::imports::{created, is_duplicate};
use crate::stored::{self, Stored};

/// The caller wants a row on their shelf that their import left out, although the shelf has the book already or the file says
/// that it is not theirs. Said again it adds nothing and names the same book.
#[derive(Debug, Clone, Serialize)]
pub struct AddLeftOutRow {
    pub import_id: ImportId,
    /// As a spreadsheet numbers it: the header is row 1.
    pub row: i32,
}

impl Command for AddLeftOutRow {
    const NAME: &'static str = "add_left_out_row";
    type Output = RowAdded;
    type Error = AddLeftOutRowError;
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct RowAdded {
    /// The first of its copies.
    pub book_id: BookId,
}

#[derive(Debug, thiserror::Error)]
pub enum AddLeftOutRowError {
    /// Or somebody else's.
    #[error("there is no such import")]
    NotFound,
    #[error("this row was not left out, or is no longer kept")]
    RowNotFound,
    /// The account was deleted while its last access token still counted.
    #[error("this account is gone")]
    OwnerGone,
    #[error("the shelf may hold {max} books: delete some of them first")]
    ShelfFull { max: u32 },
    #[error("this row cannot be listed as it stands: list the book by hand")]
    NoBook,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for AddLeftOutRowError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound | Self::RowNotFound => ErrorKind::NotFound,
            Self::OwnerGone => ErrorKind::Forbidden,
            Self::NoBook | Self::ShelfFull { .. } => ErrorKind::Conflict,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "IMPORT_NOT_FOUND",
            Self::RowNotFound => "IMPORT_ROW_NOT_FOUND",
            Self::OwnerGone => "FORBIDDEN",
            Self::ShelfFull { .. } => "SHELF_FULL",
            Self::NoBook => "IMPORT_ROW_IS_NO_BOOK",
            Self::Database(_) => "INTERNAL",
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::ShelfFull { max } => vec![Detail::new("maxBooks", max.to_string())],
            Self::NotFound | Self::RowNotFound | Self::OwnerGone | Self::NoBook | Self::Database(_) => Vec::new(),
        }
    }
}

pub(crate) struct AddLeftOutRowHandler {
    pool: Database,
    max_books: u32,
}

impl AddLeftOutRowHandler {
    pub(crate) fn new(pool: Database, max_books: u32) -> Self {
        Self { pool, max_books }
    }
}

#[async_trait]
impl CommandHandler<AddLeftOutRow> for AddLeftOutRowHandler {
    async fn handle(&self, call: &Call, command: AddLeftOutRow) -> Result<RowAdded, AddLeftOutRowError> {
        let owner = call.actor().user_id().ok_or(AddLeftOutRowError::NotFound)?;
        let (import, now) = (command.import_id.uuid(), call.now());
        let mut work = call.begin(&self.pool).await?;
        // The worker passes over an import that somebody holds, so that nobody waits for anybody.
        sqlx::query!("select id from books.import where id = $1 and owner_id = $2 for update", import, owner.uuid())
            .fetch_optional(work.connection())
            .await?
            .ok_or(AddLeftOutRowError::NotFound)?;
        let row = sqlx::query!(
            "select reason, copies, added, book from books.import_left_out where import_id = $1 and row = $2",
            import,
            command.row,
        )
        .fetch_optional(work.connection())
        .await?
        .ok_or(AddLeftOutRowError::RowNotFound)?;
        if let Some(added) = row.added {
            return Ok(work.commit(RowAdded { book_id: added.into() }).await?);
        }
        // What an older version kept may break a rule of today.
        let book = row.book.and_then(|book| serde_json::from_value::<BookDetails>(book).ok());
        let book = book.ok_or(AddLeftOutRowError::NoBook)?;
        let gone = sqlx::query_scalar!("select deleted from books.member where id = $1 for share", owner.uuid())
            .fetch_optional(work.connection())
            .await?;
        if gone == Some(true) {
            return Err(AddLeftOutRowError::OwnerGone);
        }
        let ids: Vec<BookId> = (0..row.copies).map(|_| BookId::new(now)).collect();
        let first = *ids.first().ok_or(AddLeftOutRowError::NoBook)?;
        let rows: Vec<Stored> = ids.iter().map(|id| Stored::new(*id, &book)).collect();
        let room = stored::room(work.connection(), owner, self.max_books).await?;
        if u32::try_from(row.copies).unwrap_or(u32::MAX) > room {
            return Err(AddLeftOutRowError::ShelfFull { max: self.max_books });
        }
        stored::insert(work.connection(), owner, &rows, now).await?;
        for id in &ids {
            work.append(&created(*id, owner, &book), 1).await?;
        }
        sqlx::query!(
            "update books.import_left_out set added = $3 where import_id = $1 and row = $2",
            import,
            command.row,
            first.uuid(),
        )
        .execute(work.connection())
        .await?;
        let duplicates = i32::from(is_duplicate(&row.reason));
        sqlx::query!(
            "update books.import set imported = imported + $2, duplicates = duplicates - $3, skipped = skipped - (1 - $3),
                left_out = jsonb_set(left_out, array[$4], to_jsonb((left_out ->> $4)::integer - 1))
            where id = $1",
            import,
            row.copies,
            duplicates,
            row.reason,
        )
        .execute(work.connection())
        .await?;
        Ok(work.commit(RowAdded { book_id: first }).await?)
    }
}
