use async_trait::async_trait;
use bibliography::export::{HEADER, ShelfRow};
use cqrs::{Call, QueryHandler};
use database::{Database, Reading};
use kernel::{BookId, ErrorKind, Query, Refusal};
use time::OffsetDateTime;

/// Books in one piece of an export: as much is in memory at once.
const PIECE: i64 = 500;
/// What spreadsheets know UTF-8 by.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// One piece of the caller's own shelf as CSV, in the order the books came. The pieces of a shelf, put together, are a
/// file that an import reads back unchanged; books that come or go meanwhile may be in it or not.
#[derive(Debug, Clone, Default)]
pub struct ExportShelf {
    /// As the piece before said; `None`: the first, which begins with the header.
    pub after: Option<ExportPlace>,
}

/// Where a piece ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExportPlace {
    created_at: OffsetDateTime,
    id: BookId,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShelfPiece {
    pub csv: Vec<u8>,
    /// `None`: this was the last.
    pub next: Option<ExportPlace>,
}

impl Query for ExportShelf {
    const NAME: &'static str = "export_shelf";
    type Answer = ShelfPiece;
    type Error = ExportShelfError;
}

#[derive(Debug, thiserror::Error)]
pub enum ExportShelfError {
    #[error("sign in to export your books")]
    NotSignedIn,
    #[error("a row cannot be written")]
    Csv(#[from] csv::Error),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for ExportShelfError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotSignedIn => ErrorKind::Unauthenticated,
            Self::Csv(_) => ErrorKind::Internal,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotSignedIn => "UNAUTHENTICATED",
            Self::Csv(_) | Self::Database(_) => "INTERNAL",
        }
    }
}

pub(crate) struct ExportShelfHandler {
    pool: Database,
}

impl ExportShelfHandler {
    pub(crate) fn new(pool: Database) -> Self {
        Self { pool }
    }
}

#[async_trait]
impl QueryHandler<ExportShelf> for ExportShelfHandler {
    async fn handle(&self, call: &Call, query: ExportShelf) -> Result<ShelfPiece, ExportShelfError> {
        let owner = call.actor().user_id().ok_or(ExportShelfError::NotSignedIn)?;
        let piece = |mut connection: Reading| async move {
            sqlx::query!(
                "select id, created_at, title, authors, isbn13, published_year, language, categories, description, condition,
                notes, lending
            from books.book
            where owner_id = $1 and owner_active
                and (created_at, id) > (coalesce($2::timestamptz, '-infinity'), coalesce($3::uuid, '00000000-0000-0000-0000-000000000000'))
            order by created_at, id limit $4",
                owner.uuid(),
                query.after.map(|place| place.created_at),
                query.after.map(|place| place.id.uuid()),
                PIECE,
            )
            .fetch_all(&mut *connection)
            .await
        };
        let books = call.read(&self.pool, piece).await?;
        let last = books.last().filter(|_| books.len() as i64 == PIECE);
        let next = last.map(|book| ExportPlace { created_at: book.created_at, id: book.id.into() });
        let mut file = csv::Writer::from_writer(Vec::new());
        if query.after.is_none() {
            file.write_record(HEADER)?;
        }
        for book in books {
            let row = ShelfRow {
                title: book.title,
                authors: book.authors,
                isbn13: book.isbn13,
                published_year: book.published_year,
                language: book.language,
                categories: book.categories,
                description: book.description,
                condition: book.condition,
                notes: book.notes,
                lending: book.lending,
            };
            file.write_record(row.cells())?;
        }
        let rows = file.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
        let beginning = if query.after.is_none() { BYTE_ORDER_MARK } else { &[] };
        Ok(ShelfPiece { csv: [beginning, &rows].concat(), next })
    }
}
