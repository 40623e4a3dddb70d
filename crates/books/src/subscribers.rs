//! What is heard from the other contexts. Borrows decide what a book's status shows; members' names are shown beside
//! their books, and who leaves takes their books along. Effect, events and checkpoint commit together; every replica row
//! keeps the version of what it copies, so that a replay changes nothing.

use async_trait::async_trait;
use auth_events::{AuthEvent, UserRegistered};
use books_events::{BookBorrowed, BookDeleted, BookEvent, BookReturned, BookUpdated, Lending};
use borrowing_events::{BorrowEvent, DisputeOutcome, Parties, ReturnCondition};
use event_bus::{Delivery, HandlerError, Hear, Recorded};
use kernel::{BookId, UserId};
use users_events::{UserDeleted, UserEvent, UserUpdated};

use crate::hidden;

pub(crate) struct Subscriber;

#[async_trait]
impl Hear<BorrowEvent> for Subscriber {
    async fn hear(
        &self,
        delivery: &mut Delivery<'_>,
        event: &Recorded,
        heard: BorrowEvent,
    ) -> Result<(), HandlerError> {
        Ok(hear_borrow(delivery, event.aggregate_version, &heard).await?)
    }
}

#[async_trait]
impl Hear<UserEvent> for Subscriber {
    async fn hear(&self, delivery: &mut Delivery<'_>, event: &Recorded, heard: UserEvent) -> Result<(), HandlerError> {
        match heard {
            UserEvent::Updated(user) => member_changed(delivery, event.aggregate_version, &user).await?,
            UserEvent::Deleted(user) => member_left(delivery, &user).await?,
            UserEvent::Blocked(e) => block(delivery, (e.user_id, e.blocked_id), true, event.aggregate_version).await?,
            UserEvent::Unblocked(e) => {
                block(delivery, (e.user_id, e.blocked_id), false, event.aggregate_version).await?
            }
            UserEvent::RoleChanged(_) | UserEvent::Reported(_) | UserEvent::ReportAnswered(_) => {}
        }
        Ok(())
    }
}

#[async_trait]
impl Hear<AuthEvent> for Subscriber {
    async fn hear(&self, delivery: &mut Delivery<'_>, _: &Recorded, heard: AuthEvent) -> Result<(), HandlerError> {
        match heard {
            AuthEvent::Registered(user) => member_came(delivery, &user).await?,
            AuthEvent::Verified(_)
            | AuthEvent::SessionRevoked(_)
            | AuthEvent::ApiKeyCreated(_)
            | AuthEvent::ApiKeyRevoked(_) => {}
        }
        Ok(())
    }
}

/// Where a borrow leaves the copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holding {
    Reserved,
    OnLoan,
    Lost,
    /// The owner can lend it again.
    Released,
}

impl Holding {
    const fn as_str(self) -> &'static str {
        match self {
            Holding::Reserved => "reserved",
            Holding::OnLoan => "on_loan",
            Holding::Lost => "lost",
            Holding::Released => "released",
        }
    }
}

/// What one event of a borrow means for the copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Effect {
    holding: Holding,
    /// The owner has nothing to lend any more: it was given away, is lost, or came back damaged. Lending it again is
    /// the owner's word that it is found or mended.
    ends_lending: bool,
}

/// `None`: the event leaves the copy where it is.
fn effect(event: &BorrowEvent) -> Option<Effect> {
    let moves = |holding| Some(Effect { holding, ends_lending: false });
    match event {
        BorrowEvent::Approved(_) => moves(Holding::Reserved),
        BorrowEvent::HandedOver(e) if e.due_at.is_none() => {
            Some(Effect { holding: Holding::Released, ends_lending: true })
        }
        BorrowEvent::HandedOver(_) => moves(Holding::OnLoan),
        BorrowEvent::Returned(e) => {
            Some(Effect { holding: Holding::Released, ends_lending: e.condition == ReturnCondition::Damaged })
        }
        BorrowEvent::Cancelled(e) if e.held => moves(Holding::Released),
        BorrowEvent::Expired(e) if e.held => moves(Holding::Released),
        BorrowEvent::Lost(_) => Some(Effect { holding: Holding::Lost, ends_lending: true }),
        BorrowEvent::Resolved(e) => match e.outcome {
            DisputeOutcome::Returned => moves(Holding::Released),
            DisputeOutcome::Lost => Some(Effect { holding: Holding::Lost, ends_lending: true }),
            DisputeOutcome::Active => moves(Holding::OnLoan),
        },
        BorrowEvent::Cancelled(_)
        | BorrowEvent::Expired(_)
        | BorrowEvent::Created(_)
        | BorrowEvent::Queued(_)
        | BorrowEvent::Promoted(_)
        | BorrowEvent::AnswerReminder(_)
        | BorrowEvent::Rejected(_)
        | BorrowEvent::ExtensionRequested(_)
        | BorrowEvent::ExtensionRefused(_)
        | BorrowEvent::Extended(_)
        | BorrowEvent::DueSoon(_)
        | BorrowEvent::DueToday(_)
        | BorrowEvent::Overdue(_)
        | BorrowEvent::ReturnDeclared(_)
        | BorrowEvent::Disputed(_)
        | BorrowEvent::MessageSent(_)
        | BorrowEvent::MessagesRead(_) => None,
    }
}

/// Whether the event changes what the book shows.
pub(crate) fn moves_the_copy(event: &BorrowEvent) -> bool {
    effect(event).is_some()
}

async fn hear_borrow(delivery: &mut Delivery<'_>, version: i64, event: &BorrowEvent) -> Result<(), sqlx::Error> {
    let Some(effect) = effect(event) else { return Ok(()) };
    let parties = event.parties();
    let now = delivery.now();
    // Locked first: what follows is decided on the row as it is.
    let Some(before) =
        sqlx::query_scalar!("select holding from books.book where id = $1 for update", parties.book_id.uuid())
            .fetch_optional(delivery.connection())
            .await?
    else {
        return Ok(());
    };
    let news = sqlx::query_scalar!(
        "insert into books.availability (borrow_id, book_id, state, version) values ($1, $2, $3, $4)
        on conflict (borrow_id) do update set state = excluded.state, version = excluded.version
            where availability.version < excluded.version
        returning borrow_id",
        parties.borrow_id.uuid(),
        parties.book_id.uuid(),
        effect.holding.as_str(),
        version,
    )
    .fetch_optional(delivery.connection())
    .await?;
    if news.is_none() {
        return Ok(());
    }
    // Computed from all borrows of the book, so that it is right whichever order two of them are heard in.
    let after = sqlx::query!(
        "with holder as (
            select borrow_id, state from books.availability where book_id = $1 and state <> 'released'
            order by state = 'on_loan' desc, state = 'reserved' desc, borrow_id desc limit 1
        )
        update books.book set held_by_borrow = (select borrow_id from holder), holding = (select state from holder),
            version = version + 1, updated_at = $2
        where id = $1 returning holding, version",
        parties.book_id.uuid(),
        now,
    )
    .fetch_one(delivery.connection())
    .await?;
    tell(delivery, parties, effect, before.as_deref() == Some("on_loan"), after.version).await?;
    if effect.ends_lending {
        end_lending(delivery, parties.book_id).await?;
    }
    Ok(())
}

/// `book.borrowed` when the copy left the owner's hands, `book.returned` when it is back in them.
async fn tell(
    delivery: &mut Delivery<'_>,
    parties: &Parties,
    effect: Effect,
    was_out: bool,
    version: i64,
) -> Result<(), sqlx::Error> {
    let given = effect.holding == Holding::Released && effect.ends_lending && !was_out;
    if given || (effect.holding == Holding::OnLoan && !was_out) {
        let borrowed =
            BookBorrowed { book_id: parties.book_id, borrow_id: parties.borrow_id, borrower_id: parties.borrower_id };
        delivery.append::<BookEvent>(borrowed, version).await?;
    } else if effect.holding == Holding::Released && was_out {
        let returned = BookReturned { book_id: parties.book_id, borrow_id: parties.borrow_id };
        delivery.append::<BookEvent>(returned, version).await?;
    }
    Ok(())
}

async fn end_lending(delivery: &mut Delivery<'_>, book: BookId) -> Result<(), sqlx::Error> {
    let now = delivery.now();
    let row = sqlx::query!(
        "update books.book set lending = 'off', version = version + 1, updated_at = $2
        where id = $1 returning owner_id, title, authors, version",
        book.uuid(),
        now,
    )
    .fetch_one(delivery.connection())
    .await?;
    let updated = BookUpdated {
        book_id: book,
        owner_id: row.owner_id.into(),
        title: row.title,
        authors: row.authors,
        lending: Lending::Off,
    };
    delivery.append::<BookEvent>(updated, row.version).await?;
    Ok(())
}

/// What users tells of a blocker and whom they block.
async fn block(
    delivery: &mut Delivery<'_>,
    (blocker, blocked): (UserId, UserId),
    stands: bool,
    version: i64,
) -> Result<(), sqlx::Error> {
    hidden::remember(delivery.connection(), blocker, blocked, stands, version).await
}

async fn member_came(delivery: &mut Delivery<'_>, user: &UserRegistered) -> Result<(), sqlx::Error> {
    let new = sqlx::query_scalar!(
        "insert into books.member (id, name, active, version) values ($1, $2, true, 0)
        on conflict (id) do nothing returning id",
        user.user_id.uuid(),
        user.name,
    )
    .fetch_optional(delivery.connection())
    .await?;
    if new.is_some() {
        show_owner(delivery, user.user_id, true).await?;
    }
    Ok(())
}

async fn member_changed(delivery: &mut Delivery<'_>, version: i64, user: &UserUpdated) -> Result<(), sqlx::Error> {
    let before = sqlx::query!("select name, active from books.member where id = $1 for update", user.user_id.uuid())
        .fetch_optional(delivery.connection())
        .await?;
    let news = sqlx::query_scalar!(
        "insert into books.member (id, name, active, version) values ($1, $2, $3, $4)
        on conflict (id) do update set name = excluded.name, active = excluded.active, version = excluded.version
            where member.version < excluded.version and not member.deleted
        returning id",
        user.user_id.uuid(),
        user.name,
        user.active,
        version,
    )
    .fetch_optional(delivery.connection())
    .await?;
    let same = before.is_some_and(|before| before.name == user.name && before.active == user.active);
    if news.is_some() && !same {
        show_owner(delivery, user.user_id, user.active).await?;
    }
    Ok(())
}

/// The owner's name or activity is part of what their books show: they all change.
async fn show_owner(delivery: &mut Delivery<'_>, owner: UserId, active: bool) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update books.book set owner_active = $2, version = version + 1 where owner_id = $1",
        owner.uuid(),
        active,
    )
    .execute(delivery.connection())
    .await?;
    Ok(())
}

/// Their books go with them, without asking borrowing: it hears of it too, and closes what is open.
async fn member_left(delivery: &mut Delivery<'_>, user: &UserDeleted) -> Result<(), sqlx::Error> {
    let owner = user.user_id;
    sqlx::query!(
        "insert into books.member (id, name, active, deleted, version) values ($1, '', false, true, 0)
        on conflict (id) do update set name = '', active = false, deleted = true",
        owner.uuid(),
    )
    .execute(delivery.connection())
    .await?;
    hidden::forget(delivery.connection(), owner).await?;
    sqlx::query!("delete from books.import where owner_id = $1", owner.uuid()).execute(delivery.connection()).await?;
    let books = sqlx::query!("delete from books.book where owner_id = $1 returning id, version", owner.uuid())
        .fetch_all(delivery.connection())
        .await?;
    let ids: Vec<_> = books.iter().map(|book| book.id).collect();
    sqlx::query!("delete from books.availability where book_id = any($1)", &ids).execute(delivery.connection()).await?;
    let deleted: Vec<(BookEvent, i64)> = books
        .into_iter()
        .map(|book| (BookDeleted { book_id: book.id.into(), owner_id: owner }.into(), book.version + 1))
        .collect();
    delivery.append_all(&deleted).await?;
    cqrs::forget_answers(delivery.connection(), owner).await
}

#[cfg(test)]
mod tests {
    use borrowing_events::{BorrowCancelled, BorrowHandedOver};
    use kernel::{BorrowId, Event};
    use time::OffsetDateTime;

    use super::*;

    fn parties() -> Parties {
        let now = OffsetDateTime::UNIX_EPOCH;
        Parties {
            borrow_id: BorrowId::new(now),
            book_id: BookId::new(now),
            owner_id: UserId::new(now),
            borrower_id: UserId::new(now),
        }
    }

    #[test]
    fn every_event_that_books_hears_reads_as_its_sample_says() {
        kernel::event::assert_samples_hold::<BorrowEvent>();
        kernel::event::assert_samples_hold::<UserEvent>();
        kernel::event::assert_samples_hold::<AuthEvent>();
        assert_eq!(BorrowEvent::PUBLISHED.len(), 22, "a new event of a borrow wants a look at effect()");
    }

    #[test]
    fn a_hand_over_for_good_ends_lending() {
        let event = BorrowHandedOver { parties: parties(), due_at: None };
        let expected = Effect { holding: Holding::Released, ends_lending: true };
        assert_eq!(effect(&event.into()), Some(expected));
    }

    #[test]
    fn only_the_request_that_held_the_copy_frees_it() {
        let cancelled = |held| BorrowCancelled { parties: parties(), cancelled_by: None, reason: None, held };
        assert_eq!(effect(&cancelled(false).into()), None);
        assert_eq!(effect(&cancelled(true).into()).map(|e| e.holding), Some(Holding::Released));
    }
}
