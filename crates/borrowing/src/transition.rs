//! Carrying out what the rules decided: the borrow, the copy, the queue and the events in one transaction. Commands,
//! subscriptions and the scheduler all come through here.

use async_trait::async_trait;
use borrowing_events::BorrowEvent;
use cqrs::Work;
use event_bus::{Delivery, Meta};
use kernel::{Detail, ErrorKind, Refusal};
use sqlx::{PgConnection, Postgres, Transaction};
use time::OffsetDateTime;

use crate::domain::queue::{Queue, QueueEffect};
use crate::domain::{BorrowStatus, Change, Copy, CopyEffect, LendingRules, Refused, Withdrawal};
use crate::store;

/// Why a command on an existing borrow was not done. One type for all of them: they are refused by the same rules.
#[derive(Debug, thiserror::Error)]
pub enum TransitionError {
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for TransitionError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Refused(refused) => refused.kind(),
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Refused(refused) => refused.code(),
            Self::Database(_) => "INTERNAL",
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::Refused(refused) => refused.details(),
            Self::Database(_) => Vec::new(),
        }
    }
}

/// A transaction that can tell what it changed.
#[async_trait]
pub(crate) trait Writing: Send {
    fn connection(&mut self) -> &mut PgConnection;
    async fn tell(&mut self, events: &[(BorrowEvent, i64)]) -> Result<(), sqlx::Error>;
}

#[async_trait]
impl Writing for Work<'_> {
    fn connection(&mut self) -> &mut PgConnection {
        self.connection()
    }

    async fn tell(&mut self, events: &[(BorrowEvent, i64)]) -> Result<(), sqlx::Error> {
        self.append_all(events).await.map(drop)
    }
}

#[async_trait]
impl Writing for Delivery<'_> {
    fn connection(&mut self) -> &mut PgConnection {
        self.connection()
    }

    async fn tell(&mut self, events: &[(BorrowEvent, i64)]) -> Result<(), sqlx::Error> {
        self.append_all(events).await.map(drop)
    }
}

/// What the scheduler does at one moment, to one copy or one batch.
pub(crate) struct Turn {
    pub tx: Transaction<'static, Postgres>,
    pub meta: Meta,
}

#[async_trait]
impl Writing for Turn {
    fn connection(&mut self) -> &mut PgConnection {
        &mut self.tx
    }

    async fn tell(&mut self, events: &[(BorrowEvent, i64)]) -> Result<(), sqlx::Error> {
        event_bus::append_all(&mut self.tx, &self.meta, events).await.map(drop)
    }
}

/// Carries out a change of a borrow whose copy is locked, and what follows from it for the copy and those who wait.
pub(crate) async fn carry_out(
    work: &mut impl Writing,
    copy: &Copy,
    change: Change,
    now: OffsetDateTime,
    rules: &LendingRules,
) -> Result<(), TransitionError> {
    let (effect, queue) = (change.copy, change.queue());
    let mut copy = copy.clone();
    write(work, &copy, vec![change]).await?;
    match effect {
        CopyEffect::None => {}
        CopyEffect::SetAside => {
            copy.set_aside_at = Some(now);
            store::set_aside(work.connection(), copy.book_id, now).await?;
        }
        CopyEffect::Withdraw(why) => {
            copy.withdrawn = Some(why);
            store::withdraw(work.connection(), copy.book_id, why, now).await?;
            cancel_waiting(work, &copy, why, now).await?;
        }
    }
    match queue {
        QueueEffect::None => Ok(()),
        QueueEffect::NextMayCome => put_next_forward(work, &copy, now, rules).await,
        QueueEffect::OthersWait => {
            let open = store::open_borrows(work.connection(), copy.book_id).await?;
            let changes = Queue { copy: &copy, open: &open }.make_pending_wait()?;
            write(work, &copy, changes).await
        }
    }
}

/// Puts the oldest queued request of a locked copy forward, if the copy is free for it.
pub(crate) async fn put_next_forward(
    work: &mut impl Writing,
    copy: &Copy,
    now: OffsetDateTime,
    rules: &LendingRules,
) -> Result<(), TransitionError> {
    let open = store::open_borrows(work.connection(), copy.book_id).await?;
    let next = Queue { copy, open: &open }.promote_next(now, rules)?;
    write(work, copy, next.into_iter().collect()).await
}

/// Cancels what waits for a locked copy that is gone.
pub(crate) async fn cancel_waiting(
    work: &mut impl Writing,
    copy: &Copy,
    why: Withdrawal,
    now: OffsetDateTime,
) -> Result<(), TransitionError> {
    let open = store::open_borrows(work.connection(), copy.book_id).await?;
    let changes = Queue { copy, open: &open }.cancel_waiting(why.cause(), now)?;
    write(work, copy, changes).await
}

/// Changes of borrows of one copy, whose lock is held.
pub(crate) async fn write(work: &mut impl Writing, copy: &Copy, changes: Vec<Change>) -> Result<(), TransitionError> {
    let mut events = Vec::new();
    let mut queue_moved = false;
    for change in changes {
        store::save(work.connection(), &change).await?;
        let was_queued = change.from.is_some_and(|(status, _)| status == BorrowStatus::Queued);
        queue_moved |= was_queued || change.borrow.status() == BorrowStatus::Queued;
        events.extend(change.versioned_events().map(|(event, version)| (event.clone(), version)));
    }
    if queue_moved {
        store::touch_queue(work.connection(), copy.book_id).await?;
    }
    if !events.is_empty() {
        work.tell(&events).await?;
    }
    Ok(())
}
