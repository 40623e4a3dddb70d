//! Members who block each other: neither asks the other for a book. What waits between them when one blocks the other is
//! cancelled; a loan goes on.

use borrowing_events::CancellationCause;
use kernel::{BookId, UserId};
use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::domain::LendingRules;
use crate::store;
use crate::transition::{TransitionError, Writing, put_next_forward, write};

/// What was taken back is remembered for so many changes of the blocker's blocks: longer than an event is late.
const REMEMBERED: i64 = 2_000;

/// What users tells of a pair. `version` is that of the blocker's blocks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told {
    pub blocker: UserId,
    pub blocked: UserId,
    pub stands: bool,
    pub version: i64,
}

/// Whether one of the two blocks the other. Both are locked.
pub(crate) async fn are_apart(connection: &mut PgConnection, one: UserId, other: UserId) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (
            select from borrowing.block
            where stands and ((blocker_id, blocked_id) = ($1, $2) or (blocker_id, blocked_id) = ($2, $1))
        ) as "apart!""#,
        one.uuid(),
        other.uuid(),
    )
    .fetch_one(connection)
    .await
}

/// Takes over what users tells; what is older than what is known changes nothing.
pub(crate) async fn remember(
    work: &mut impl Writing,
    told: Told,
    now: OffsetDateTime,
    rules: &LendingRules,
) -> Result<(), TransitionError> {
    // Whoever asks has both rows locked: they see the block, or we see their request.
    sqlx::query!(
        "select from borrowing.member where id = $1 or id = $2 order by id for no key update",
        told.blocker.uuid(),
        told.blocked.uuid(),
    )
    .fetch_all(work.connection())
    .await?;
    let news = sqlx::query!(
        "insert into borrowing.block as known (blocker_id, blocked_id, stands, version) values ($1, $2, $3, $4)
        on conflict (blocker_id, blocked_id) do update set stands = excluded.stands, version = excluded.version
        where known.version < excluded.version",
        told.blocker.uuid(),
        told.blocked.uuid(),
        told.stands,
        told.version,
    )
    .execute(work.connection())
    .await?;
    sqlx::query!(
        "delete from borrowing.block where blocker_id = $1 and not stands and version < $2",
        told.blocker.uuid(),
        told.version - REMEMBERED,
    )
    .execute(work.connection())
    .await?;
    if news.rows_affected() == 1 && told.stands {
        cancel_requests_between(work, told.blocker, told.blocked, now, rules).await?;
    }
    Ok(())
}

/// A member has left: nobody needs to know whom they blocked, or who blocked them.
pub(crate) async fn forget(connection: &mut PgConnection, user: UserId) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from borrowing.block where blocker_id = $1 or blocked_id = $1", user.uuid())
        .execute(connection)
        .await?;
    Ok(())
}

/// The cause is that of other cancellations too, and neither of the two is told which it was.
async fn cancel_requests_between(
    work: &mut impl Writing,
    one: UserId,
    other: UserId,
    now: OffsetDateTime,
    rules: &LendingRules,
) -> Result<(), TransitionError> {
    for book in lock_copies_between(work.connection(), one, other).await? {
        let Some(copy) = store::lock_copy(work.connection(), book).await? else { continue };
        let changes: Result<Vec<_>, _> = store::open_borrows(work.connection(), book)
            .await?
            .iter()
            .filter(|borrow| borrow.status().is_waiting())
            .filter(|borrow| [(one, other), (other, one)].contains(&(borrow.owner_id, borrow.borrower_id)))
            .map(|borrow| borrow.cancel_because(CancellationCause::NotPossible, now))
            .collect();
        write(work, &copy, changes?).await?;
        put_next_forward(work, &copy, now, rules).await?;
    }
    Ok(())
}

/// In the order of ids, as everybody locks copies.
async fn lock_copies_between(
    connection: &mut PgConnection,
    one: UserId,
    other: UserId,
) -> Result<Vec<BookId>, sqlx::Error> {
    let books = sqlx::query_scalar!(
        "select book_id from borrowing.lendable_book
        where book_id in (
            select book_id from borrowing.borrow
            where borrower_id = $1 and owner_id = $2 and status in ('pending', 'queued')
            union all
            select book_id from borrowing.borrow
            where borrower_id = $2 and owner_id = $1 and status in ('pending', 'queued')
        )
        order by book_id for update",
        one.uuid(),
        other.uuid(),
    )
    .fetch_all(connection)
    .await?;
    Ok(books.into_iter().map(BookId::from).collect())
}
