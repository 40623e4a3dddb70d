//! What is heard from the other contexts, as rows of our own. Each is guarded by the version of the thing it tells of, so a
//! replay does no harm; what follows for those who wait commits with it.

use std::sync::Arc;

use async_trait::async_trait;
use auth_events::{AuthEvent, UserRegistered};
use books_events::BookEvent;
use borrowing_events::CancellationCause;
use event_bus::{Delivery, HandlerError, Hear, Recorded};
use kernel::{BookId, UserId};
use users_events::{UserEvent, UserReportAnswered, UserReported, UserUpdated};

use crate::blocks::{self, Told};
use crate::domain::{LendingRules, Withdrawal};
use crate::ports::ListedBook;
use crate::transition::{TransitionError, cancel_waiting, put_next_forward};
use crate::{members, reports, store};

pub(crate) struct Subscriber {
    rules: Arc<LendingRules>,
}

impl Subscriber {
    pub(crate) fn new(rules: Arc<LendingRules>) -> Self {
        Self { rules }
    }
}

#[async_trait]
impl Hear<BookEvent> for Subscriber {
    async fn hear(&self, delivery: &mut Delivery<'_>, event: &Recorded, heard: BookEvent) -> Result<(), HandlerError> {
        Ok(self.hear_book(delivery, event, heard).await?)
    }
}

#[async_trait]
impl Hear<UserEvent> for Subscriber {
    async fn hear(&self, delivery: &mut Delivery<'_>, event: &Recorded, heard: UserEvent) -> Result<(), HandlerError> {
        Ok(self.hear_user(delivery, event, heard).await?)
    }
}

#[async_trait]
impl Hear<AuthEvent> for Subscriber {
    async fn hear(&self, delivery: &mut Delivery<'_>, _: &Recorded, heard: AuthEvent) -> Result<(), HandlerError> {
        match heard {
            AuthEvent::Registered(e) => remember_name(delivery, &e).await?,
            AuthEvent::Verified(_)
            | AuthEvent::SessionRevoked(_)
            | AuthEvent::ApiKeyCreated(_)
            | AuthEvent::ApiKeyRevoked(_) => {}
        }
        Ok(())
    }
}

impl Subscriber {
    async fn hear_book(
        &self,
        delivery: &mut Delivery<'_>,
        event: &Recorded,
        heard: BookEvent,
    ) -> Result<(), TransitionError> {
        // Nobody waits for a book that was not there: a whole imported shelf need not be asked.
        let new = matches!(heard, BookEvent::Created(_));
        let (version, updated_at) = (event.aggregate_version, event.occurred_at);
        let listed =
            |id, owner, title, authors, lending| ListedBook { id, owner, title, authors, lending, version, updated_at };
        let told = match heard {
            BookEvent::Created(e) => listed(e.book_id, e.owner_id, e.title, e.authors, e.lending),
            BookEvent::Updated(e) => listed(e.book_id, e.owner_id, e.title, e.authors, e.lending),
            BookEvent::Deleted(e) => return forget_book(delivery, e.book_id).await,
            // Echoes of what we told ourselves.
            BookEvent::Borrowed(_) | BookEvent::Returned(_) => return Ok(()),
        };
        if !store::remember_book(delivery.connection(), &told).await? || new {
            return Ok(());
        }
        if let Some(copy) = store::lock_copy(delivery.connection(), told.id).await? {
            let now = delivery.now();
            put_next_forward(delivery, &copy, now, &self.rules).await?;
        }
        Ok(())
    }

    async fn hear_user(
        &self,
        delivery: &mut Delivery<'_>,
        event: &Recorded,
        heard: UserEvent,
    ) -> Result<(), TransitionError> {
        match heard {
            UserEvent::Updated(e) => {
                // Who is not active has not left: they may be back.
                if remember_member(delivery, event, &e).await? && !e.active {
                    self.cancel_requests_of(delivery, e.user_id, CancellationCause::NotPossible).await?;
                }
                Ok(())
            }
            UserEvent::Deleted(e) => {
                forget_member(delivery, e.user_id).await?;
                blocks::forget(delivery.connection(), e.user_id).await?;
                self.cancel_requests_of(delivery, e.user_id, CancellationCause::MemberLeft).await
            }
            UserEvent::Blocked(e) => self.hear_block(delivery, event, (e.user_id, e.blocked_id), true).await,
            UserEvent::Unblocked(e) => self.hear_block(delivery, event, (e.user_id, e.blocked_id), false).await,
            UserEvent::Reported(UserReported { report_id, borrow_id: Some(borrow), .. }) => {
                Ok(reports::open(delivery.connection(), report_id, borrow).await?)
            }
            UserEvent::ReportAnswered(UserReportAnswered { report_id, borrow_id: Some(borrow), .. }) => {
                Ok(reports::answered(delivery.connection(), report_id, borrow, event.occurred_at).await?)
            }
            UserEvent::Reported(_) | UserEvent::ReportAnswered(_) | UserEvent::RoleChanged(_) => Ok(()),
        }
    }

    async fn hear_block(
        &self,
        delivery: &mut Delivery<'_>,
        event: &Recorded,
        (blocker, blocked): (UserId, UserId),
        stands: bool,
    ) -> Result<(), TransitionError> {
        let now = delivery.now();
        let told = Told { blocker, blocked, stands, version: event.aggregate_version };
        blocks::remember(delivery, told, now, &self.rules).await
    }

    /// Whoever closed the member has done it already, as a rule; here for those that nobody asked us about.
    async fn cancel_requests_of(
        &self,
        delivery: &mut Delivery<'_>,
        user: UserId,
        cause: CancellationCause,
    ) -> Result<(), TransitionError> {
        let now = delivery.now();
        let copies = members::lock_copies_of(delivery.connection(), user).await?;
        members::cancel_requests_of(delivery, (user, cause), &copies, now, &self.rules).await
    }
}

/// The row stays: closed borrows show the title for ever.
async fn forget_book(delivery: &mut Delivery<'_>, book: BookId) -> Result<(), TransitionError> {
    let now = delivery.now();
    let Some(copy) = store::lock_copy(delivery.connection(), book).await? else {
        // Withdrawn before we knew whose it was: nobody had it.
        store::withdraw(delivery.connection(), book, Withdrawal::Deleted, now).await?;
        return Ok(());
    };
    store::withdraw(delivery.connection(), book, Withdrawal::Deleted, now).await?;
    cancel_waiting(delivery, &copy, Withdrawal::Deleted, now).await
}

/// Whether it was news. A member who is told of as active after they were closed has not left after all, or is back.
async fn remember_member(
    delivery: &mut Delivery<'_>,
    event: &Recorded,
    told: &UserUpdated,
) -> Result<bool, sqlx::Error> {
    let news = sqlx::query!(
        "insert into borrowing.member as known (id, version, name, active) values ($1, $2, $3, $4)
        on conflict (id) do update set
            version = excluded.version, name = excluded.name, active = excluded.active,
            closed_at = case when excluded.active and known.closed_at < $5 then null else known.closed_at end
        where known.version < excluded.version",
        told.user_id.uuid(),
        event.aggregate_version,
        told.name,
        told.active,
        event.occurred_at,
    )
    .execute(delivery.connection())
    .await?
    .rows_affected()
        == 1;
    if news {
        show_anew(delivery, told.user_id).await?;
    }
    Ok(news)
}

/// The name given at the registration counts until the profile tells one.
async fn remember_name(delivery: &mut Delivery<'_>, told: &UserRegistered) -> Result<(), sqlx::Error> {
    let news = sqlx::query!(
        "insert into borrowing.member as known (id, version, name, active) values ($1, 0, $2, true)
        on conflict (id) do update set name = excluded.name where known.version = 0 and known.name = ''",
        told.user_id.uuid(),
        told.name,
    )
    .execute(delivery.connection())
    .await?
    .rows_affected()
        == 1;
    if news {
        show_anew(delivery, told.user_id).await?;
    }
    Ok(())
}

/// The other one keeps their history, with a former member in it; name and words of who is gone go. Nothing that is replayed later brings them back.
async fn forget_member(delivery: &mut Delivery<'_>, user: UserId) -> Result<(), sqlx::Error> {
    let now = delivery.now();
    sqlx::query!(
        "insert into borrowing.member as known (id, version, name, active, closed_at) values ($1, $2, '', false, $3)
        on conflict (id) do update set
            version = excluded.version, name = excluded.name, active = false,
            closed_at = coalesce(known.closed_at, excluded.closed_at)",
        user.uuid(),
        members::LEFT,
        now,
    )
    .execute(delivery.connection())
    .await?;
    sqlx::query!("update borrowing.borrow set message = null where borrower_id = $1", user.uuid())
        .execute(delivery.connection())
        .await?;
    // What a moderator found stays; the words of one who left go. Reasons that nobody gave are codes: of them a former member
    // wrote none. Who took a borrow back is not stored: the reason goes with either of the two.
    sqlx::query!(
        "update borrowing.borrow set note = case when note_by = $1 then null else note end,
            place = case when owner_id = $1 then null else place end,
            closed_reason = case
                when status = 'rejected' and owner_id = $1 then null
                when status = 'cancelled' and closed_reason not in ('book_gone', 'book_given', 'member_left', 'not_possible')
                    then null
                else closed_reason
            end
        where borrower_id = $1 or owner_id = $1",
        user.uuid(),
    )
    .execute(delivery.connection())
    .await?;
    sqlx::query!("update borrowing.borrow set resolved_note = null where resolved_by = $1", user.uuid(),)
        .execute(delivery.connection())
        .await?;
    sqlx::query!("delete from borrowing.calendar_feed where member_id = $1", user.uuid())
        .execute(delivery.connection())
        .await?;
    sqlx::query!("delete from borrowing.message where author_id = $1", user.uuid())
        .execute(delivery.connection())
        .await?;
    reports::close_those_of(delivery.connection(), user, now).await?;
    cqrs::forget_answers(delivery.connection(), user).await?;
    show_anew(delivery, user).await
}

async fn show_anew(delivery: &mut Delivery<'_>, user: UserId) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update borrowing.borrow set revision = revision + 1
        where borrower_id = $1 or owner_id = $1 or resolved_by = $1",
        user.uuid(),
    )
    .execute(delivery.connection())
    .await?;
    Ok(())
}
