//! What time does: requests nobody answers and books nobody picks up run out, people are reminded. It keeps
//! nothing in memory and works from what is stored, so it may run on every replica and be killed at any moment.

use std::sync::Arc;
use std::time::Duration;

use borrowing_events::BorrowEvent;
use database::Database;
use event_bus::{Meta, undone_by_another};
use kernel::actor::RecordedActor;
use kernel::{BorrowId, Clock};
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;

use crate::domain::{Borrow, LendingRules, Reminder};
use crate::store;
use crate::transition::{TransitionError, Turn, Writing, carry_out};

/// How many borrows one turn takes on.
const BATCH: i64 = 100;
/// How often a batch starts over when another transaction was in its way.
const STARTS: u32 = 5;

/// What one look at the clock did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tick {
    /// Requests and approvals that ran out.
    expired: u64,
    /// Reminders told.
    reminded: u64,
}

impl Tick {
    pub(crate) fn changes(self) -> u64 {
        self.expired + self.reminded
    }
}

pub(crate) struct Scheduler {
    pub pool: Database,
    pub rules: Arc<LendingRules>,
}

impl Scheduler {
    /// Looks at the clock every `every`, until it is told to stop; what it is at is finished. While the clock is not trusted it
    /// does nothing: another host does.
    pub(crate) async fn run(&self, every: Duration, clock: &dyn Clock, shutdown: CancellationToken) {
        loop {
            if clock.is_trusted() {
                match self.tick(clock.now()).await {
                    Ok(tick) if tick == Tick::default() => {}
                    Ok(tick) => tracing::info!(tick.expired, tick.reminded, "time has passed"),
                    Err(error) => tracing::warn!(%error, "the scheduler could not do its work; it tries again"),
                }
            }
            tokio::select! {
                () = tokio::time::sleep(every) => {}
                () = shutdown.cancelled() => return,
            }
        }
    }

    pub(crate) async fn tick(&self, now: OffsetDateTime) -> Result<Tick, TransitionError> {
        Ok(Tick { expired: self.expire(now).await?, reminded: self.remind(now).await? })
    }

    async fn begin(&self, now: OffsetDateTime) -> Result<Turn, sqlx::Error> {
        let actor = RecordedActor::System { name: "borrowing.scheduler".to_owned() };
        Ok(Turn { tx: self.pool.begin().await?, meta: Meta { actor, trace: None, occurred_at: now } })
    }

    /// Each in a transaction of its own: it locks the copy, and one that fails must not keep the others.
    async fn expire(&self, now: OffsetDateTime) -> Result<u64, TransitionError> {
        let mut expired = 0;
        let mut after = (OffsetDateTime::UNIX_EPOCH, uuid::Uuid::nil());
        loop {
            let found = sqlx::query!(
                r#"select id, expires_at as "expires_at!" from borrowing.borrow
                where expires_at <= $1 and (expires_at, id) > ($2, $3)
                order by expires_at, id limit $4"#,
                now,
                after.0,
                after.1,
                BATCH,
            )
            .fetch_all(&self.pool)
            .await?;
            let Some(last) = found.last() else { return Ok(expired) };
            after = (last.expires_at, last.id);
            for row in found {
                match self.expire_one(row.id.into(), now).await {
                    Ok(done) => expired += u64::from(done),
                    Err(TransitionError::Database(error)) if !event_bus::unavailable(&error) => {
                        tracing::error!(borrow = %row.id, %error, "a borrow did not expire");
                    }
                    Err(TransitionError::Database(error)) if undone_by_another(&error) => {
                        tracing::debug!(borrow = %row.id, "left for the next tick");
                    }
                    Err(error) => return Err(error),
                }
            }
        }
    }

    /// `false`: somebody else was faster.
    async fn expire_one(&self, id: BorrowId, now: OffsetDateTime) -> Result<bool, TransitionError> {
        let mut turn = self.begin(now).await?;
        let Some((copy, borrow)) = store::lock_borrow(turn.connection(), id).await? else { return Ok(false) };
        let Some(change) = borrow.expire(now) else { return Ok(false) };
        carry_out(&mut turn, &copy, change, now, &self.rules).await?;
        turn.tx.commit().await?;
        Ok(true)
    }

    async fn remind(&self, now: OffsetDateTime) -> Result<u64, TransitionError> {
        let mut reminded = 0;
        loop {
            let (found, told) = self.remind_some(now).await?;
            reminded += told;
            if found == 0 {
                return Ok(reminded);
            }
        }
    }

    async fn remind_some(&self, now: OffsetDateTime) -> Result<(usize, u64), TransitionError> {
        for _ in 1..STARTS {
            match self.remind_batch(now).await {
                Err(error) if undone_by_another(&error) => {}
                outcome => return outcome,
            }
        }
        self.remind_batch(now).await
    }

    /// How many borrows were looked at and how many reminders told of them.
    async fn remind_batch(&self, now: OffsetDateTime) -> Result<(usize, u64), TransitionError> {
        let mut turn = self.begin(now).await?;
        let found = store::lock_with_reminder_due(turn.connection(), now, BATCH).await?;
        let mut events: Vec<(BorrowEvent, i64)> = Vec::new();
        for borrow in &found {
            let change = match borrow.reminder(now, &self.rules) {
                Some(reminder) if is_first(&mut turn, borrow, &reminder, now).await? => reminder.change,
                Some(reminder) => reminder.unsaid(borrow),
                None => borrow.nothing_to_say(now, &self.rules),
            };
            store::save(turn.connection(), &change).await?;
            events.extend(change.versioned_events().map(|(event, version)| (event.clone(), version)));
        }
        if !events.is_empty() {
            turn.tell(&events).await?;
        }
        turn.tx.commit().await?;
        Ok((found.len(), events.len() as u64))
    }
}

/// Whether nobody has said it before of this due date.
async fn is_first(
    turn: &mut Turn,
    borrow: &Borrow,
    reminder: &Reminder,
    now: OffsetDateTime,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "insert into borrowing.reminder (borrow_id, kind, due_at, sent_at) values ($1, $2, $3, $4)
        on conflict do nothing",
        borrow.id.uuid(),
        reminder.kind.as_str(),
        reminder.due_at,
        now,
    )
    .execute(turn.connection())
    .await?;
    Ok(done.rows_affected() == 1)
}
