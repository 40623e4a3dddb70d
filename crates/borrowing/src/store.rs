//! Copies and borrows in PostgreSQL: locked, read, written. The order of locks is always the members (by id), the copy, the
//! borrow; whoever holds a copy's lock sees all of its borrows as they are.

use borrowing_events::{DisputeOutcome, ReturnCondition};
use kernel::{BookId, BorrowId, UserId};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::{Borrow, BorrowStatus, Change, Copy, HandOverCode, Refused, Resolution};
use crate::transition::TransitionError;

mod copies;

pub(crate) use copies::{lock_copy, lock_copy_for, remember_book, set_aside, withdraw};

/// A row holds what no version of this program has written.
fn unreadable(what: &str) -> sqlx::Error {
    sqlx::Error::Decode(format!("unknown {what} in a row").into())
}

/// A row of `borrowing.borrow`, as every statement that decides something selects it.
struct Row {
    id: Uuid,
    book_id: Uuid,
    owner_id: Uuid,
    borrower_id: Uuid,
    status: String,
    days: i16,
    message: Option<String>,
    requested_at: OffsetDateTime,
    queued_at: OffsetDateTime,
    approved_at: Option<OffsetDateTime>,
    pickup_by: Option<OffsetDateTime>,
    place: Option<String>,
    hand_over_code: Option<String>,
    wrong_codes: i16,
    handed_over_at: Option<OffsetDateTime>,
    due_at: Option<OffsetDateTime>,
    return_declared_at: Option<OffsetDateTime>,
    returned_at: Option<OffsetDateTime>,
    closed_at: Option<OffsetDateTime>,
    closed_reason: Option<String>,
    condition: Option<String>,
    note: Option<String>,
    note_by: Option<Uuid>,
    resolved_at: Option<OffsetDateTime>,
    resolved_by: Option<Uuid>,
    resolved_outcome: Option<String>,
    resolved_note: Option<String>,
    extensions: i16,
    extension_asked: Option<i16>,
    expires_at: Option<OffsetDateTime>,
    remind_at: Option<OffsetDateTime>,
    version: i64,
}

impl TryFrom<Row> for Borrow {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        let resolution = match (row.resolved_at, row.resolved_outcome) {
            (Some(at), Some(outcome)) => Some(Resolution {
                outcome: DisputeOutcome::from_name(&outcome).ok_or_else(|| unreadable("outcome"))?,
                by: row.resolved_by.map(UserId::from),
                note: row.resolved_note,
                at,
            }),
            (None, None) => None,
            _ => return Err(unreadable("resolution")),
        };
        Ok(Self {
            id: row.id.into(),
            book_id: row.book_id.into(),
            owner_id: row.owner_id.into(),
            borrower_id: row.borrower_id.into(),
            status: BorrowStatus::from_name(&row.status).ok_or_else(|| unreadable("status"))?,
            days: row.days.unsigned_abs(),
            message: row.message,
            requested_at: row.requested_at,
            queued_at: row.queued_at,
            approved_at: row.approved_at,
            pickup_by: row.pickup_by,
            place: row.place,
            code: row.hand_over_code.map(HandOverCode::stored),
            wrong_codes: row.wrong_codes,
            handed_over_at: row.handed_over_at,
            due_at: row.due_at,
            return_declared_at: row.return_declared_at,
            returned_at: row.returned_at,
            closed_at: row.closed_at,
            closed_reason: row.closed_reason,
            condition: row.condition.as_deref().map(condition).transpose()?,
            note: row.note,
            note_by: row.note_by.map(UserId::from),
            resolution,
            extensions: row.extensions.unsigned_abs(),
            extension_asked: row.extension_asked.map(i16::unsigned_abs),
            expires_at: row.expires_at,
            remind_at: row.remind_at,
            version: row.version,
        })
    }
}

pub(crate) const fn condition_name(condition: ReturnCondition) -> &'static str {
    match condition {
        ReturnCondition::Ok => "ok",
        ReturnCondition::Damaged => "damaged",
    }
}

fn condition(name: &str) -> Result<ReturnCondition, sqlx::Error> {
    match name {
        "ok" => Ok(ReturnCondition::Ok),
        "damaged" => Ok(ReturnCondition::Damaged),
        _ => Err(unreadable("condition")),
    }
}

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
            resolved_note, extensions, extension_asked, expires_at, remind_at, version
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
            resolved_note, extensions, extension_asked, expires_at, remind_at, version
        from borrowing.borrow
        where book_id = $1 and status in ('pending', 'queued', 'approved', 'active', 'return_pending', 'disputed')
        order by queued_at, id for update",
        book.uuid(),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Borrow::try_from).collect()
}

/// Locks what has something to be reminded of and passes over what somebody else is at: they look after it.
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
            resolved_note, extensions, extension_asked, expires_at, remind_at, version
        from borrowing.borrow where remind_at <= $1
        order by remind_at, id limit $2 for update skip locked",
        now,
        limit,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Borrow::try_from).collect()
}

/// Writes a borrow as it now is, if what is stored is still what the change was decided on.
pub(crate) async fn save(connection: &mut PgConnection, change: &Change) -> Result<(), TransitionError> {
    let written = match change.from {
        None => insert(connection, &change.borrow).await,
        Some((status, version)) => update(connection, &change.borrow, status, version).await,
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
    let done = sqlx::query!(
        "insert into borrowing.borrow
            (id, book_id, owner_id, borrower_id, status, days, message, requested_at, queued_at, expires_at, remind_at,
            version)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        borrow.id.uuid(),
        borrow.book_id.uuid(),
        borrow.owner_id.uuid(),
        borrow.borrower_id.uuid(),
        borrow.status.as_str(),
        stored(borrow.days),
        borrow.message,
        borrow.requested_at,
        borrow.queued_at,
        borrow.expires_at,
        borrow.remind_at,
        borrow.version,
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
) -> Result<u64, sqlx::Error> {
    let resolution = borrow.resolution.as_ref();
    let done = sqlx::query!(
        "update borrowing.borrow set
            status = $4, approved_at = $5, pickup_by = $6, place = $7, hand_over_code = $8, wrong_codes = $9,
            handed_over_at = $10, due_at = $11, return_declared_at = $12, returned_at = $13, closed_at = $14,
            closed_reason = $15, condition = $16, note = $17, extensions = $18, extension_asked = $19, expires_at = $20,
            remind_at = $21, version = $22, note_by = $23, resolved_at = $24, resolved_by = $25, resolved_outcome = $26,
            resolved_note = $27, names_authors = true, revision = revision + 1
        where id = $1 and status = $2 and version = $3",
        borrow.id.uuid(),
        status.as_str(),
        version,
        borrow.status.as_str(),
        borrow.approved_at,
        borrow.pickup_by,
        borrow.place,
        borrow.code.as_ref().map(HandOverCode::as_str),
        borrow.wrong_codes,
        borrow.handed_over_at,
        borrow.due_at,
        borrow.return_declared_at,
        borrow.returned_at,
        borrow.closed_at,
        borrow.closed_reason,
        borrow.condition.map(condition_name),
        borrow.note,
        stored(borrow.extensions),
        borrow.extension_asked.map(stored),
        borrow.expires_at,
        borrow.remind_at,
        borrow.version,
        borrow.note_by.map(UserId::uuid),
        resolution.map(|resolution| resolution.at),
        resolution.and_then(|resolution| resolution.by).map(UserId::uuid),
        resolution.map(|resolution| resolution.outcome.as_str()),
        resolution.and_then(|resolution| resolution.note.as_deref()),
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

/// Counted in days and extensions, which are few.
fn stored(number: u16) -> i16 {
    i16::try_from(number).unwrap_or(i16::MAX)
}

/// Somebody left the queue: everyone's place in it is to be shown anew.
pub(crate) async fn touch_queue(connection: &mut PgConnection, book: BookId) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update borrowing.borrow set revision = revision + 1 where book_id = $1 and status = 'queued'",
        book.uuid(),
    )
    .execute(connection)
    .await?;
    Ok(())
}
