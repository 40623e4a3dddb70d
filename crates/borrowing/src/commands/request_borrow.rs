use std::sync::Arc;

use async_trait::async_trait;
use books_events::Lending;
use cqrs::{Call, CommandHandler};
use kernel::{BookId, BorrowId, Command, Detail, ErrorKind, Prose, Refusal, UserId};
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::blocks;
use crate::desk::Desk;
use crate::domain::{Borrow, BorrowStatus, Part, Refused, Request};
use crate::ports::{BookSource, BooksUnavailable};
use crate::store;
use crate::transition::{TransitionError, carry_out};
use crate::view::{self, BorrowView};

/// A member asks for a book: pending, or queued if it is held or others wait.
#[derive(Debug, Clone, Serialize)]
pub struct RequestBorrow {
    pub book: BookId,
    /// 1 to 90.
    pub days: u16,
    pub message: Option<Prose<1000>>,
}

impl Command for RequestBorrow {
    const NAME: &'static str = "request_borrow";
    type Output = BorrowView;
    type Error = RequestBorrowError;
}

#[derive(Debug, thiserror::Error)]
pub enum RequestBorrowError {
    #[error("Sign in to borrow a book.")]
    NotSignedIn,
    #[error("There is no such book.")]
    BookNotFound,
    #[error("Your account is closed or not active.")]
    MemberNotActive,
    #[error(transparent)]
    Books(BooksUnavailable),
    #[error(transparent)]
    Refused(TransitionError),
}

impl<E: Into<TransitionError>> From<E> for RequestBorrowError {
    fn from(error: E) -> Self {
        Self::Refused(error.into())
    }
}

impl Refusal for RequestBorrowError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotSignedIn => ErrorKind::Unauthenticated,
            Self::BookNotFound => ErrorKind::NotFound,
            Self::MemberNotActive => ErrorKind::Forbidden,
            Self::Books(_) => ErrorKind::Unavailable,
            Self::Refused(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotSignedIn => "UNAUTHENTICATED",
            Self::BookNotFound => "BOOK_NOT_FOUND",
            Self::MemberNotActive => "MEMBER_NOT_ACTIVE",
            Self::Books(_) => "UNAVAILABLE",
            Self::Refused(error) => error.code(),
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::NotSignedIn | Self::BookNotFound | Self::MemberNotActive | Self::Books(_) => Vec::new(),
            Self::Refused(error) => error.details(),
        }
    }
}

pub(crate) struct RequestBorrowHandler {
    pub desk: Desk,
    pub books: Arc<dyn BookSource>,
}

#[async_trait]
impl CommandHandler<RequestBorrow> for RequestBorrowHandler {
    async fn handle(&self, call: &Call, command: RequestBorrow) -> Result<BorrowView, RequestBorrowError> {
        match self.request(call, command.clone()).await {
            // Listed a moment ago, perhaps, and not told of yet.
            Err(Stopped::NoBook) if self.learn(call, command.book).await? => {}
            Err(Stopped::NoBook) => return Err(RequestBorrowError::BookNotFound),
            // Books is asked here too, for a book that nobody has: the time that the answer takes must not tell a block from
            // a book that is gone.
            Err(Stopped::Apart) => {
                let nobodys = BookId::new(call.now());
                self.books.book(nobodys, &call.caller()).await.map_err(RequestBorrowError::Books)?;
                return Err(RequestBorrowError::BookNotFound);
            }
            Err(Stopped::Refused(error)) => return Err(error),
            Ok(shown) => return Ok(shown),
        }
        self.request(call, command).await.map_err(|stopped| match stopped {
            Stopped::NoBook | Stopped::Apart => RequestBorrowError::BookNotFound,
            Stopped::Refused(error) => error,
        })
    }
}

/// Why a request went no further.
enum Stopped {
    /// As far as we have been told.
    NoBook,
    /// The two do not see each other's books.
    Apart,
    Refused(RequestBorrowError),
}

impl<E: Into<RequestBorrowError>> From<E> for Stopped {
    fn from(error: E) -> Self {
        Self::Refused(error.into())
    }
}

impl RequestBorrowHandler {
    /// Takes over from books what its event will tell. Whether there is such a book.
    async fn learn(&self, call: &Call, id: BookId) -> Result<bool, RequestBorrowError> {
        let Some(book) = self.books.book(id, &call.caller()).await.map_err(RequestBorrowError::Books)? else {
            return Ok(false);
        };
        let mut tx = self.desk.pool.begin().await?;
        store::remember_book(&mut tx, &book).await?;
        tx.commit().await?;
        Ok(true)
    }

    async fn request(&self, call: &Call, command: RequestBorrow) -> Result<BorrowView, Stopped> {
        let borrower = call.actor().user_id().ok_or(RequestBorrowError::NotSignedIn)?;
        let now = call.now();
        let mut work = call.begin(&self.desk.pool).await?;
        let known = owner(work.connection(), command.book).await?;
        // Where there is no book, nobody stands for its owner: it costs what a book costs that the borrower does not see.
        let owner = known.unwrap_or(UserId::from(Uuid::nil()));
        let members = lock_members(work.connection(), borrower, owner).await?;
        let are_apart = blocks::are_apart(work.connection(), borrower, owner).await?;
        // Before anything about the book: or another refusal than for no book would tell that there is one.
        if !members.borrower_active {
            return Err(Stopped::Refused(RequestBorrowError::MemberNotActive));
        }
        if known.is_none() {
            return Err(Stopped::NoBook);
        }
        if are_apart {
            return Err(Stopped::Apart);
        }
        let locked = store::lock_copy_for(work.connection(), command.book, borrower).await?;
        let (copy, open_requests) = locked.ok_or(Stopped::NoBook)?;
        // As books shows it: not at all.
        if members.owner_active == Some(false) || (copy.lending == Lending::Off && copy.owner_id != borrower) {
            return Err(Stopped::NoBook);
        }
        let open = store::open_borrows(work.connection(), command.book).await?;
        let recent = store::recent(work.connection(), borrower, owner, now).await?;
        let request = Request {
            id: BorrowId::new(now),
            borrower,
            days: command.days,
            message: command.message.map(Prose::into_string),
            copy: &copy,
            held: open.iter().any(|other| other.status().is_holding()),
            others_wait: open.iter().any(|other| other.status() == BorrowStatus::Queued),
            asked_already: open.iter().any(|other| other.borrower_id == borrower),
            open_requests,
            recent,
            now,
        };
        let change = Borrow::request(request, &self.desk.rules)?;
        let id = change.borrow.id;
        carry_out(&mut work, &copy, change, now, &self.desk.rules).await?;
        let shown = view::one(work.connection(), id).await?.ok_or(Refused::NotFound)?;
        // Who is not known yet cannot be locked: their name may come between our reading and our commit.
        let coming = members.owner_active.is_some().then(|| self.desk.view.coming(&shown));
        let answer = work.commit(shown.view.clone().shown_to(Part::Borrower, now)).await?;
        if let Some(coming) = coming {
            self.desk.view.write_through(coming, &shown).await;
        }
        Ok(answer)
    }
}

/// Whose book it is, if it is there for anybody to ask for. Books do not change hands, so it is read before any lock.
async fn owner(connection: &mut PgConnection, book: BookId) -> Result<Option<UserId>, sqlx::Error> {
    let owner = sqlx::query_scalar!(
        "select owner_id from borrowing.lendable_book where book_id = $1 and withdrawn is distinct from 'deleted'",
        book.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(owner.flatten().map(UserId::from))
}

struct Members {
    borrower_active: bool,
    /// `None`: we have not been told of the owner yet.
    owner_active: Option<bool>,
}

/// Locks both until the transaction ends, the borrower against any other request of theirs, the owner against leaving. The
/// lower id first, so that two who ask each other do not wait for one another.
async fn lock_members(connection: &mut PgConnection, borrower: UserId, owner: UserId) -> Result<Members, sqlx::Error> {
    if borrower < owner {
        let borrower_active = lock_borrower(connection, borrower).await?;
        Ok(Members { borrower_active, owner_active: lock_owner(connection, owner).await? })
    } else {
        let owner_active = lock_owner(connection, owner).await?;
        Ok(Members { borrower_active: lock_borrower(connection, borrower).await?, owner_active })
    }
}

/// Who asks may not have been told of yet: they are signed in, so they are there.
async fn lock_borrower(connection: &mut PgConnection, borrower: UserId) -> Result<bool, sqlx::Error> {
    if let Some(active) = lock_known_borrower(connection, borrower).await? {
        return Ok(active);
    }
    sqlx::query!(
        "insert into borrowing.member (id, version, name, active) values ($1, 0, '', true) on conflict (id) do nothing",
        borrower.uuid(),
    )
    .execute(&mut *connection)
    .await?;
    // Members are never removed: it is there now, whoever has written it.
    lock_known_borrower(connection, borrower).await?.ok_or(sqlx::Error::RowNotFound)
}

async fn lock_known_borrower(connection: &mut PgConnection, borrower: UserId) -> Result<Option<bool>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select active and closed_at is null as "active!" from borrowing.member where id = $1 for no key update"#,
        borrower.uuid(),
    )
    .fetch_optional(connection)
    .await
}

async fn lock_owner(connection: &mut PgConnection, owner: UserId) -> Result<Option<bool>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select active and closed_at is null as "active!" from borrowing.member where id = $1 for share"#,
        owner.uuid(),
    )
    .fetch_optional(connection)
    .await
}
