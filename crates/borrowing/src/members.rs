//! Members who leave, or who may no longer lend and borrow: what waits of theirs is cancelled.

use borrowing_events::CancellationCause;
use kernel::{BookId, UserId};
use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::domain::LendingRules;
use crate::store;
use crate::transition::{TransitionError, Writing, put_next_forward, write};

/// The version of a member who is gone: no event is newer. Statements spell it out.
pub(crate) const LEFT: i64 = i64::MAX;

/// Locks the member's row and marks it; a member of whom nothing is known yet gets one.
pub(crate) async fn close(connection: &mut PgConnection, user: UserId, now: OffsetDateTime) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into borrowing.member (id, version, name, active, closed_at) values ($1, 0, '', true, $2)
        on conflict (id) do update set closed_at = coalesce(member.closed_at, excluded.closed_at)",
        user.uuid(),
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Locks every copy that has an open borrow with the member, in the order of ids.
pub(crate) async fn lock_copies_of(connection: &mut PgConnection, user: UserId) -> Result<Vec<BookId>, sqlx::Error> {
    let books = sqlx::query_scalar!(
        "select book_id from borrowing.lendable_book
        where book_id in (
            select book_id from borrowing.borrow
            where borrower_id = $1
                and status in ('pending', 'queued', 'approved', 'active', 'return_pending', 'disputed')
            union all
            select book_id from borrowing.borrow
            where owner_id = $1
                and status in ('pending', 'queued', 'approved', 'active', 'return_pending', 'disputed')
        )
        order by book_id for update",
        user.uuid(),
    )
    .fetch_all(connection)
    .await?;
    Ok(books.into_iter().map(BookId::from).collect())
}

/// Cancels what waits of theirs and for their books; `copies` are locked.
pub(crate) async fn cancel_requests_of(
    work: &mut impl Writing,
    (user, cause): (UserId, CancellationCause),
    copies: &[BookId],
    now: OffsetDateTime,
    rules: &LendingRules,
) -> Result<(), TransitionError> {
    for book in copies {
        let Some(copy) = store::lock_copy(work.connection(), *book).await? else { continue };
        let changes: Result<Vec<_>, _> = store::open_borrows(work.connection(), *book)
            .await?
            .iter()
            .filter(|borrow| borrow.status().is_waiting() && (borrow.borrower_id == user || borrow.owner_id == user))
            .map(|borrow| borrow.cancel_because(cause, now))
            .collect();
        write(work, &copy, changes?).await?;
        put_next_forward(work, &copy, now, rules).await?;
    }
    Ok(())
}
