//! Copies and borrows in PostgreSQL: locked, read, written. The order of locks is always the members (by id), the copy, the
//! borrow; whoever holds a copy's lock sees all of its borrows as they are.

use kernel::{BookId, BorrowId, UserId};
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};

use crate::domain::{Borrow, BorrowStatus, Change, Copy, LendingRules, Recent, Refused};
use crate::row::Row;
use crate::transition::TransitionError;

/// Requests of a day are counted up to the largest limit that can be set.
const COUNTED: i64 = 1_000_000;

mod copies;

pub(crate) use copies::{lock_copy, lock_copy_for, remember_book, set_aside, withdraw};

/// Locks the copy of a borrow, then the borrow.
pub(crate) async fn lock_borrow(
    connection: &mut PgConnection,
    id: BorrowId,
) -> Result<Option<(Copy, Borrow)>, sqlx::Error> {
    // A borrow never changes its copy, so it can be looked up before anything is locked.
    let book = sqlx::query_scalar!("select book_id from borrowing.borrow where id = $1", id.uuid())
        .fetch_optional(&mut *connection)
        .await?;
    let Some(book) = book else { return Ok(None) };
    let Some(copy) = lock_copy(connection, book.into()).await? else { return Ok(None) };
    let row = sqlx::query_as!(
        Row,
        "select id, book_id, owner_id, borrower_id, status, days, message, requested_at, queued_at, approved_at,
            pickup_by, place, hand_over_code, wrong_codes, handed_over_at, due_at, return_declared_at, returned_at,
            closed_at, closed_reason, condition, note, note_by, resolved_at, resolved_by, resolved_outcome,
            resolved_note, extensions, extensions_refused, extension_asked, expires_at, remind_at, version,
            agreed_lending
        from borrowing.borrow where id = $1 for update",
        id.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| Ok((copy, row.try_into()?))).transpose()
}

/// The open borrows of a copy whose lock is held, in the order of its queue.
pub(crate) async fn open_borrows(connection: &mut PgConnection, book: BookId) -> Result<Vec<Borrow>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        "select id, book_id, owner_id, borrower_id, status, days, message, requested_at, queued_at, approved_at,
            pickup_by, place, hand_over_code, wrong_codes, handed_over_at, due_at, return_declared_at, returned_at,
            closed_at, closed_reason, condition, note, note_by, resolved_at, resolved_by, resolved_outcome,
            resolved_note, extensions, extensions_refused, extension_asked, expires_at, remind_at, version,
            agreed_lending
        from borrowing.borrow
        where book_id = $1 and status in ('pending', 'queued', 'approved', 'active', 'return_pending', 'disputed')
        order by queued_at, id for update",
        book.uuid(),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(|row| Ok(row.try_into()?)).collect()
}

/// What a member who is locked asked for of late, and of this owner in vain.
pub(crate) async fn recent(
    connection: &mut PgConnection,
    borrower: UserId,
    owner: UserId,
    now: OffsetDateTime,
) -> Result<Recent, sqlx::Error> {
    let row = sqlx::query!(
        r#"select today as "today!", in_vain as "in_vain!", last_in_vain
        from (select count(*) as today from (
            select from borrowing.borrow where borrower_id = $1 and requested_at > $3 limit $5
        ) requests) requested,
        (select count(*) as in_vain, max(closed_at) as last_in_vain from borrowing.borrow
            where borrower_id = $1 and owner_id = $2 and turned_down and closed_at > $4) turned_down"#,
        borrower.uuid(),
        owner.uuid(),
        now - Duration::DAY,
        now - LendingRules::REMEMBERED,
        COUNTED,
    )
    .fetch_one(connection)
    .await?;
    let count = |number: i64| u32::try_from(number).unwrap_or(u32::MAX);
    Ok(Recent { today: count(row.today), in_vain: count(row.in_vain), last_in_vain: row.last_in_vain })
}

/// Locks borrows that are due for a reminder; skips rows locked by another scheduler, and rows that cannot be read: one of them
/// must not keep everybody else's reminders back.
pub(crate) async fn lock_with_reminder_due(
    connection: &mut PgConnection,
    now: OffsetDateTime,
    limit: i64,
) -> Result<Vec<Borrow>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        "select id, book_id, owner_id, borrower_id, status, days, message, requested_at, queued_at, approved_at,
            pickup_by, place, hand_over_code, wrong_codes, handed_over_at, due_at, return_declared_at, returned_at,
            closed_at, closed_reason, condition, note, note_by, resolved_at, resolved_by, resolved_outcome,
            resolved_note, extensions, extensions_refused, extension_asked, expires_at, remind_at, version,
            agreed_lending
        from borrowing.borrow where remind_at <= $1
        order by remind_at, id limit $2 for update skip locked",
        now,
        limit,
    )
    .fetch_all(connection)
    .await?;
    let readable = rows.into_iter().filter_map(|row| match Borrow::try_from(row) {
        Ok(borrow) => Some(borrow),
        Err(error) => {
            tracing::error!(%error, "reminder skipped");
            None
        }
    });
    Ok(readable.collect())
}

/// Writes a borrow as it now is, if what is stored is still what the change was decided on.
pub(crate) async fn save(connection: &mut PgConnection, change: &Change) -> Result<(), TransitionError> {
    let written = match change.from {
        None => insert(connection, &change.borrow).await,
        Some((status, version)) => update(connection, &change.borrow, status, version, change.turns_down()).await,
    };
    match written {
        Ok(1) => Ok(()),
        Ok(_) => Err(overtaken(connection, change.borrow.id).await?.into()),
        Err(sqlx::Error::Database(error)) => Err(match error.constraint() {
            Some("borrow_one_holder") => Refused::AlreadyHeld.into(),
            Some("borrow_one_open_per_member") => Refused::AlreadyRequested.into(),
            _ => sqlx::Error::Database(error).into(),
        }),
        Err(error) => Err(error.into()),
    }
}

async fn overtaken(connection: &mut PgConnection, id: BorrowId) -> Result<Refused, sqlx::Error> {
    let status = sqlx::query_scalar!("select status from borrowing.borrow where id = $1", id.uuid())
        .fetch_optional(connection)
        .await?;
    Ok(match status.as_deref().and_then(BorrowStatus::from_name) {
        Some(now) => Refused::Overtaken { now },
        None => Refused::NotFound,
    })
}

async fn insert(connection: &mut PgConnection, borrow: &Borrow) -> Result<u64, sqlx::Error> {
    let row = Row::of(borrow);
    let done = sqlx::query!(
        "insert into borrowing.borrow
            (id, book_id, owner_id, borrower_id, status, days, message, requested_at, queued_at, expires_at, remind_at,
            version)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        row.id,
        row.book_id,
        row.owner_id,
        row.borrower_id,
        row.status,
        row.days,
        row.message,
        row.requested_at,
        row.queued_at,
        row.expires_at,
        row.remind_at,
        row.version,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

async fn update(
    connection: &mut PgConnection,
    borrow: &Borrow,
    status: BorrowStatus,
    version: i64,
    turned_down: bool,
) -> Result<u64, sqlx::Error> {
    let row = Row::of(borrow);
    let done = sqlx::query!(
        "update borrowing.borrow set
            status = $4, approved_at = $5, pickup_by = $6, place = $7, hand_over_code = $8, wrong_codes = $9,
            handed_over_at = $10, due_at = $11, return_declared_at = $12, returned_at = $13, closed_at = $14,
            closed_reason = $15, condition = $16, note = $17, extensions = $18, extension_asked = $19, expires_at = $20,
            remind_at = $21, version = $22, note_by = $23, resolved_at = $24, resolved_by = $25, resolved_outcome = $26,
            resolved_note = $27, extensions_refused = $28, agreed_lending = $29, turned_down = turned_down or $30,
            agreed_title = coalesce(agreed_title, (
                select title from borrowing.lendable_book k where k.book_id = borrow.book_id and $29::text is not null
            )),
            agreed_authors = coalesce(agreed_authors, (
                select authors from borrowing.lendable_book k where k.book_id = borrow.book_id and $29::text is not null
            )),
            names_authors = true, revision = revision + 1
        where id = $1 and status = $2 and version = $3",
        row.id,
        status.as_str(),
        version,
        row.status,
        row.approved_at,
        row.pickup_by,
        row.place,
        row.hand_over_code,
        row.wrong_codes,
        row.handed_over_at,
        row.due_at,
        row.return_declared_at,
        row.returned_at,
        row.closed_at,
        row.closed_reason,
        row.condition,
        row.note,
        row.extensions,
        row.extension_asked,
        row.expires_at,
        row.remind_at,
        row.version,
        row.note_by,
        row.resolved_at,
        row.resolved_by,
        row.resolved_outcome,
        row.resolved_note,
        row.extensions_refused,
        row.agreed_lending,
        turned_down,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

/// Somebody joined or left the queue: everyone's place in it is to be shown anew.
pub(crate) async fn touch_queue(connection: &mut PgConnection, book: BookId) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update borrowing.borrow set revision = revision + 1 where book_id = $1 and status = 'queued'",
        book.uuid(),
    )
    .execute(connection)
    .await?;
    Ok(())
}
