use async_trait::async_trait;
use books_events::BookEvent;
use cqrs::{Call, CommandHandler};
use kernel::{BookId, BorrowId, Command, Detail, ErrorKind, Event, Refusal};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::desk::Desk;
use crate::domain::{BorrowStatus, Withdrawal};
use crate::store;
use crate::transition::{TransitionError, cancel_waiting};

/// A book is about to be deleted: from now on nobody can borrow it, and what waited for it is cancelled. Refused while
/// somebody holds it. May be sent again. Only books may send it, through the host's port: it knows who may delete a book.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WithdrawBook {
    pub book: BookId,
}

impl Command for WithdrawBook {
    const NAME: &'static str = "withdraw_book";
    type Output = ();
    type Error = WithdrawBookError;
}

cqrs::travels_as_it_is!(WithdrawBook);

#[derive(Debug, thiserror::Error)]
pub enum WithdrawBookError {
    #[error("Only books may withdraw a book.")]
    NotPermitted,
    #[error("The book is on loan or promised.")]
    OnLoan { borrow: BorrowId, status: BorrowStatus },
    #[error(transparent)]
    Failed(TransitionError),
}

impl<E: Into<TransitionError>> From<E> for WithdrawBookError {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl Refusal for WithdrawBookError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotPermitted => ErrorKind::Forbidden,
            Self::OnLoan { .. } => ErrorKind::Conflict,
            Self::Failed(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotPermitted => "FORBIDDEN",
            Self::OnLoan { .. } => "BOOK_ON_LOAN",
            Self::Failed(error) => error.code(),
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::OnLoan { borrow, status } => {
                vec![Detail::new("borrowId", borrow.to_string()), Detail::new("status", status.as_str())]
            }
            Self::NotPermitted => Vec::new(),
            Self::Failed(error) => error.details(),
        }
    }
}

pub(crate) struct WithdrawBookHandler(pub Desk);

#[async_trait]
impl CommandHandler<WithdrawBook> for WithdrawBookHandler {
    async fn handle(&self, call: &Call, command: WithdrawBook) -> Result<(), WithdrawBookError> {
        if !call.actor().is_service(BookEvent::FAMILY) {
            return Err(WithdrawBookError::NotPermitted);
        }
        let now = call.now();
        let mut work = call.begin(&self.0.pool).await?;
        remember_withdrawn(work.connection(), command.book, now).await?;
        // Without an owner nothing is known of it but that it goes: nobody can have asked for it.
        let Some(copy) = store::lock_copy(work.connection(), command.book).await? else {
            return Ok(work.commit(()).await?);
        };
        let open = store::open_borrows(work.connection(), command.book).await?;
        if let Some(holder) = open.iter().find(|borrow| borrow.status().is_holding()) {
            return Err(WithdrawBookError::OnLoan { borrow: holder.id, status: holder.status() });
        }
        if copy.withdrawn.is_none() {
            store::withdraw(work.connection(), command.book, Withdrawal::Deleting, now).await?;
        }
        cancel_waiting(&mut work, &copy, Withdrawal::Deleting, now).await?;
        Ok(work.commit(()).await?)
    }
}

/// For a book of which books' own event is still on its way: when it comes, the book is withdrawn already.
async fn remember_withdrawn(
    connection: &mut PgConnection,
    book: BookId,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into borrowing.lendable_book (book_id, version, title, authors, lending, withdrawn, withdrawn_at)
        values ($1, 0, '', '{}', 'off', 'deleting', $2) on conflict (book_id) do nothing",
        book.uuid(),
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}
