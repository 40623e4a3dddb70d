//! Copies as borrowing knows them, in PostgreSQL.

use books_events::Lending;
use kernel::{BookId, UserId};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::{Copy, Withdrawal};
use crate::ports::ListedBook;

/// A row holds what no version of this program has written.
fn unreadable(what: &str) -> sqlx::Error {
    sqlx::Error::Decode(format!("unknown {what} in a row").into())
}

/// Whether it was news. A copy that was set aside may be lent again once its owner has touched the book after that; what they
/// did before is no answer to it.
pub(crate) async fn remember_book(connection: &mut PgConnection, book: &ListedBook) -> Result<bool, sqlx::Error> {
    let news = sqlx::query!(
        "insert into borrowing.lendable_book as known (book_id, version, owner_id, title, authors, lending)
        values ($1, $2, $3, $4, $5, $6)
        on conflict (book_id) do update set
            version = excluded.version, owner_id = excluded.owner_id, title = excluded.title,
            authors = excluded.authors, lending = excluded.lending,
            set_aside_at = case when known.set_aside_at >= $7 then known.set_aside_at end
        where known.version < excluded.version",
        book.id.uuid(),
        book.version,
        book.owner.uuid(),
        book.title,
        &book.authors,
        book.lending.as_str(),
        book.updated_at,
    )
    .execute(&mut *connection)
    .await?
    .rows_affected()
        == 1;
    if news {
        sqlx::query!("update borrowing.borrow set revision = revision + 1 where book_id = $1", book.id.uuid())
            .execute(&mut *connection)
            .await?;
    }
    Ok(news)
}

/// Locks the copy until the transaction ends. `None`: books has not told of it, or nothing but its deletion is known.
pub(crate) async fn lock_copy(connection: &mut PgConnection, book: BookId) -> Result<Option<Copy>, sqlx::Error> {
    let row = sqlx::query_as!(
        CopyRow,
        "select owner_id, lending, set_aside_at, withdrawn from borrowing.lendable_book where book_id = $1 for update",
        book.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    row.map_or(Ok(None), |row| row.copy(book))
}

/// As [`lock_copy`], with how many requests of this member are not handed over yet. The member is locked already: nobody
/// else can add one.
pub(crate) async fn lock_copy_for(
    connection: &mut PgConnection,
    book: BookId,
    borrower: UserId,
) -> Result<Option<(Copy, u32)>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select owner_id, lending, set_aside_at, withdrawn, (
                select count(*) from borrowing.borrow
                where borrower_id = $2 and status in ('pending', 'queued', 'approved')
            ) as "open_requests!"
        from borrowing.lendable_book where book_id = $1 for update"#,
        book.uuid(),
        borrower.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let open_requests = u32::try_from(row.open_requests).unwrap_or(u32::MAX);
    let row = CopyRow {
        owner_id: row.owner_id,
        lending: row.lending,
        set_aside_at: row.set_aside_at,
        withdrawn: row.withdrawn,
    };
    Ok(row.copy(book)?.map(|copy| (copy, open_requests)))
}

struct CopyRow {
    owner_id: Option<Uuid>,
    lending: String,
    set_aside_at: Option<OffsetDateTime>,
    withdrawn: Option<String>,
}

impl CopyRow {
    fn copy(self, book_id: BookId) -> Result<Option<Copy>, sqlx::Error> {
        let Some(owner) = self.owner_id else { return Ok(None) };
        let withdrawn = match self.withdrawn.as_deref() {
            None => None,
            Some(name) => Some(Withdrawal::from_name(name).ok_or_else(|| unreadable("withdrawal"))?),
        };
        Ok(Some(Copy {
            book_id,
            owner_id: owner.into(),
            lending: Lending::from_name(&self.lending).ok_or_else(|| unreadable("lending mode"))?,
            set_aside_at: self.set_aside_at,
            withdrawn,
        }))
    }
}

pub(crate) async fn set_aside(
    connection: &mut PgConnection,
    book: BookId,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query!("update borrowing.lendable_book set set_aside_at = $2 where book_id = $1", book.uuid(), now)
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) async fn withdraw(
    connection: &mut PgConnection,
    book: BookId,
    why: Withdrawal,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update borrowing.lendable_book set withdrawn = $2, withdrawn_at = $3 where book_id = $1",
        book.uuid(),
        why.as_str(),
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}
