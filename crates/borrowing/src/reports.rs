//! Borrows that one of the two has reported: moderators read and write their messages meanwhile. What the report says is
//! known to users alone.

use kernel::{BorrowId, ReportId, UserId};
use sqlx::{PgConnection, PgExecutor};
use time::OffsetDateTime;

pub(crate) async fn open(connection: &mut PgConnection, report: ReportId, borrow: BorrowId) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into borrowing.report (id, borrow_id) values ($1, $2) on conflict (id) do nothing",
        report.uuid(),
        borrow.uuid(),
    )
    .execute(&mut *connection)
    .await?;
    show_anew(connection, borrow).await
}

pub(crate) async fn answered(
    connection: &mut PgConnection,
    report: ReportId,
    borrow: BorrowId,
    at: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update borrowing.report set answered_at = coalesce(answered_at, $2) where id = $1",
        report.uuid(),
        at,
    )
    .execute(&mut *connection)
    .await?;
    show_anew(connection, borrow).await
}

async fn show_anew(connection: &mut PgConnection, borrow: BorrowId) -> Result<(), sqlx::Error> {
    sqlx::query!("update borrowing.borrow set revision = revision + 1 where id = $1", borrow.uuid())
        .execute(connection)
        .await?;
    Ok(())
}

/// One of the two has left: nobody answers what they reported, or what was reported about them.
pub(crate) async fn close_those_of(
    connection: &mut PgConnection,
    user: UserId,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update borrowing.report set answered_at = $2
        where answered_at is null
            and borrow_id in (
                select id from borrowing.borrow where borrower_id = $1
                union all select id from borrowing.borrow where owner_id = $1
            )",
        user.uuid(),
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Deletes some that were answered so long ago; returns how many. Who does so at once shares the work.
pub(crate) async fn forget_some(
    executor: impl PgExecutor<'_>,
    answered_before: OffsetDateTime,
    some: i64,
) -> Result<u64, sqlx::Error> {
    let forgotten = sqlx::query!(
        "delete from borrowing.report where id in (
            select id from borrowing.report where answered_at <= $1 order by answered_at limit $2
            for update skip locked
        )",
        answered_before,
        some,
    )
    .execute(executor)
    .await?;
    Ok(forgotten.rows_affected())
}
