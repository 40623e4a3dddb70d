//! The loop that feeds one subscription.
//!
//! A turn reads a batch behind the checkpoint and hands it over. When a batch fails it is undone as a whole and its
//! events are tried one by one, so that only the one at fault is retried and, in the end, parked. Trouble that comes of
//! the database or another server being away is waited out and never parked.

use std::sync::Arc;
use std::time::Duration;

use kernel::Position;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, Span};

use crate::bus::Inner;
use crate::handling::{self, caught};
use crate::log::{self, Recorded};
use crate::subscription::{HandlerError, Subscription, Work};
use crate::{dead_letters, metrics};

/// Without a wake, the log is looked at this often: a lost NOTIFY costs no more.
const POLL: Duration = Duration::from_millis(500);
/// Events are committed but still hidden by the horizon: look again this soon, then ever less often …
const HIDDEN_POLL: Duration = Duration::from_millis(2);
/// … doubling this many times: whoever keeps a transaction open must not keep every runner busy.
const HIDDEN_DOUBLINGS: u32 = 4;
/// A transaction that applies events takes no further one after this long.
const APPLY_FOR: Duration = Duration::from_millis(50);
/// How long to wait when the database is away, at most.
const MAX_AWAY: Duration = Duration::from_secs(5);

/// An event that failed, and when it may be tried again.
struct Failing {
    position: Position,
    attempts: u32,
    not_before: Instant,
}

pub(crate) struct Runner {
    bus: Arc<Inner>,
    subscription: Subscription,
    /// `None`: to be read from the table, at the start and whenever somebody else may have moved it.
    checkpoint: Option<Position>,
    failing: Option<Failing>,
    /// Up to here events are handled one by one, because the batch they were in failed.
    one_by_one_until: Position,
    away: u32,
    /// How often in a row there was something that the horizon hid.
    hidden: u32,
}

enum Turn {
    /// There may be more at once.
    Handled,
    /// Nothing to do until a wake or this much later.
    Idle(Duration),
}

impl Runner {
    pub fn new(bus: Arc<Inner>, subscription: Subscription) -> Self {
        Self {
            bus,
            subscription,
            checkpoint: None,
            failing: None,
            one_by_one_until: Position::START,
            away: 0,
            hidden: 0,
        }
    }

    /// Runs until `shutdown`; what a turn has begun it finishes.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let mut wake = self.bus.wake.subscribe();
        while !shutdown.is_cancelled() {
            wake.mark_unchanged();
            let bus = Arc::clone(&self.bus);
            let moved = bus.progress.moved();
            let turn = self.turn().await;
            let wait = match turn {
                Ok(Turn::Handled) => {
                    self.away = 0;
                    continue;
                }
                Ok(Turn::Idle(wait)) => {
                    self.away = 0;
                    wait
                }
                Err(error) => self.stumble(&error).await,
            };
            let follows = self.subscription.follows.is_some();
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = tokio::time::sleep(wait) => {}
                _ = wake.changed(), if wait >= POLL && !follows => {}
                () = moved, if wait >= POLL && follows => {}
            }
        }
        self.bus.progress.forget(self.subscription.name);
    }

    /// One look at the log.
    async fn turn(&mut self) -> Result<Turn, HandlerError> {
        if !self.bus.holds(self.subscription.name) {
            self.checkpoint = None;
            self.bus.progress.forget(self.subscription.name);
            return Ok(Turn::Idle(POLL));
        }
        let from = match self.checkpoint {
            Some(checkpoint) => checkpoint,
            None => self.load_checkpoint().await?,
        };
        if let Some(failing) = &self.failing {
            let wait = failing.not_before.saturating_duration_since(Instant::now());
            if !wait.is_zero() {
                // Kept below POLL, so that wakes do not cut the backoff short.
                return Ok(Turn::Idle(wait.min(POLL / 2)));
            }
        }
        let limit = if from < self.one_by_one_until { 1 } else { self.bus.settings.batch };
        let events = match self.subscription.follows {
            None => log::read(&self.bus.pool, from, limit).await?,
            Some(leader) => log::read_behind(&self.bus.pool, leader, from, limit).await?,
        };
        let Some(last) = events.last() else {
            return self.look_around(from).await;
        };
        self.hidden = 0;
        let to = last.position;
        match self.handle(&events, from).await {
            Ok(Some(handled)) => {
                let to = handled.last().map_or(from, |last| last.position);
                self.checkpoint = Some(to);
                self.failing = None;
                self.observe(handled);
                self.bus.progress.reached(self.subscription.name, to);
            }
            Ok(None) => self.checkpoint = None,
            // The shorter a transaction, the less another one is in its way.
            Err(error) if error.is_conflict() && events.len() > 1 => self.one_by_one_until = to,
            Err(error) if error.is_unavailable() => return Err(error),
            Err(_) if events.len() > 1 => self.one_by_one_until = to,
            Err(error) => {
                let trace = events[0].trace.as_deref();
                trace::within(trace, Span::none, self.retry_or_park(&events[0], from, &error)).await?;
            }
        }
        Ok(Turn::Handled)
    }

    /// There is nothing to read: is there anything else to do, and how soon is it worth another look?
    async fn look_around(&mut self, from: Position) -> Result<Turn, HandlerError> {
        // As in `log::goes_on_after`, `exists` would not use the index.
        let seen = sqlx::query!(
            r#"select s.transaction_id::text::bigint as "transaction!", s.position,
                coalesce((select true from event_bus.log l
                    where (l.transaction_id, l.position) > (s.transaction_id, s.position)
                    order by l.transaction_id, l.position limit 1), false) as "more!",
                exists (select 1 from event_bus.dead_letter d
                    where d.subscription = s.name and d.retry_requested_at is not null) as "retry!"
            from event_bus.subscription s where s.name = $1"#,
            self.subscription.name,
        )
        .fetch_one(&self.bus.pool)
        .await?;
        let checkpoint = Position { transaction: seen.transaction, sequence: seen.position };
        if checkpoint != from {
            // Somebody asked for a replay.
            self.checkpoint = None;
            return Ok(Turn::Handled);
        }
        if seen.retry && self.retry_parked().await? {
            return Ok(Turn::Handled);
        }
        // A follower does not look for more: its leader wakes it.
        if seen.more && self.subscription.follows.is_none() {
            let wait = HIDDEN_POLL * (1 << self.hidden.min(HIDDEN_DOUBLINGS));
            self.hidden += 1;
            return Ok(Turn::Idle(wait));
        }
        self.hidden = 0;
        Ok(Turn::Idle(POLL))
    }

    /// Hands events over and moves the checkpoint; answers those that were handled, all or the first of them. `None`:
    /// the lease is lost, or the checkpoint was set elsewhere.
    async fn handle<'e>(&self, events: &'e [Recorded], from: Position) -> Result<Option<&'e [Recorded]>, HandlerError> {
        let name = self.subscription.name;
        let span = tracing::info_span!("turn", subscription = name, events = events.len());
        let handling = async {
            match &self.subscription.work {
                Work::Apply(_, _) if !events.iter().any(|event| self.subscription.is_handed(event)) => {
                    let mut connection = self.bus.pool.acquire().await?;
                    let moved = self.advance(&mut connection, from, events[events.len() - 1].position).await?;
                    Ok(moved.then_some(events))
                }
                Work::Apply(pool, handler) => {
                    let mut tx = pool.begin().await?;
                    let (begun, mut count) = (Instant::now(), 0);
                    // A transaction that has written holds back every reader of the log: a long batch ends early.
                    while count < events.len() && (count == 0 || begun.elapsed() < APPLY_FOR) {
                        if self.subscription.is_handed(&events[count]) {
                            handling::apply(name, &**handler, &mut tx, &events[count], self.bus.clock.now()).await?;
                        }
                        count += 1;
                    }
                    let last = &events[count - 1];
                    let checkpoint = async {
                        if !self.advance(&mut tx, from, last.position).await? {
                            tx.rollback().await?;
                            return Ok(None);
                        }
                        tx.commit().await?;
                        Ok(Some(&events[..count]))
                    };
                    trace::within(last.trace.as_deref(), || handling::checkpoint(name), checkpoint).await
                }
                Work::Project(handler) => {
                    handling::project(name, &**handler, events, async || {
                        let mut connection = self.bus.pool.acquire().await?;
                        let moved = self.advance(&mut connection, from, events[events.len() - 1].position).await?;
                        Ok(moved.then_some(events))
                    })
                    .await
                }
            }
        };
        caught(handling.instrument(span)).await
    }

    async fn advance(
        &self,
        connection: &mut sqlx::PgConnection,
        from: Position,
        to: Position,
    ) -> Result<bool, sqlx::Error> {
        sqlx::query_scalar!(
            r#"select event_bus.advance($1, $2, $3::bigint::text::xid8, $4, $5::bigint::text::xid8, $6) as "moved!""#,
            self.subscription.name,
            self.bus.holder,
            from.transaction,
            from.sequence,
            to.transaction,
            to.sequence,
        )
        .fetch_one(connection)
        .await
    }

    /// A single event failed: back off, or park it once its tries are used up.
    async fn retry_or_park(
        &mut self,
        event: &Recorded,
        from: Position,
        error: &HandlerError,
    ) -> Result<(), HandlerError> {
        let name = self.subscription.name;
        let attempts = self.failing.as_ref().filter(|f| f.position == event.position).map_or(0, |f| f.attempts) + 1;
        let retries = self.bus.settings.retries;
        let text = error.chain();
        tracing::warn!(subscription = name, event = %event.id, event_name = event.name, attempts, error = text,
            "an event was not handled");
        self.remember_error(&text).await?;
        metrics::HANDLED.with_label_values(&[name, "failed"]).inc();
        if attempts <= retries {
            // At once, then 2 s, 4 s, 8 s …
            let wait = if attempts == 1 { Duration::ZERO } else { Duration::from_secs(1 << (attempts - 1).min(10)) };
            let wait = wait.mul_f64(self.bus.settings.backoff_scale);
            self.failing = Some(Failing { position: event.position, attempts, not_before: Instant::now() + wait });
            return Ok(());
        }
        let mut tx = self.bus.pool.begin().await?;
        dead_letters::park(&mut tx, name, event, &text, i32::try_from(attempts).unwrap_or(i32::MAX)).await?;
        if !self.advance(&mut tx, from, event.position).await? {
            tx.rollback().await?;
            self.checkpoint = None;
            return Ok(());
        }
        tx.commit().await?;
        tracing::error!(subscription = name, event = %event.id, event_name = event.name, "an event was parked");
        metrics::HANDLED.with_label_values(&[name, "parked"]).inc();
        self.failing = None;
        self.checkpoint = Some(event.position);
        self.bus.progress.reached(name, event.position);
        Ok(())
    }

    /// Tries one dead letter that somebody asked to retry. `false` when there is none, or none for us any more.
    async fn retry_parked(&self) -> Result<bool, HandlerError> {
        let name = self.subscription.name;
        let Some((letter, event)) = dead_letters::next_to_retry(&self.bus.pool, name).await? else {
            return Ok(false);
        };
        let outcome = caught(async {
            match &self.subscription.work {
                Work::Apply(pool, handler) => {
                    let mut tx = pool.begin().await?;
                    handling::apply(name, &**handler, &mut tx, &event, self.bus.clock.now()).await?;
                    let settled = dead_letters::settle(&mut tx, letter, self.bus.holder).await?;
                    if settled {
                        tx.commit().await?;
                    } else {
                        tx.rollback().await?;
                    }
                    Ok(settled)
                }
                Work::Project(handler) => {
                    handling::project(name, &**handler, std::slice::from_ref(&event), async || {
                        let mut connection = self.bus.pool.acquire().await?;
                        Ok(dead_letters::settle(&mut connection, letter, self.bus.holder).await?)
                    })
                    .await
                }
            }
        })
        .await;
        match outcome {
            Ok(false) => return Ok(false),
            Ok(true) => metrics::HANDLED.with_label_values(&[name, "retried"]).inc(),
            Err(error) if error.is_unavailable() => return Err(error),
            Err(error) => {
                let mut connection = self.bus.pool.acquire().await?;
                dead_letters::park(&mut connection, name, &event, &error.chain(), 1).await?;
            }
        }
        Ok(true)
    }

    async fn load_checkpoint(&mut self) -> Result<Position, sqlx::Error> {
        let row = sqlx::query!(
            r#"select transaction_id::text::bigint as "transaction_id!", position
            from event_bus.subscription where name = $1"#,
            self.subscription.name,
        )
        .fetch_one(&self.bus.pool)
        .await?;
        let checkpoint = Position { transaction: row.transaction_id, sequence: row.position };
        self.checkpoint = Some(checkpoint);
        self.bus.progress.reached(self.subscription.name, checkpoint);
        Ok(checkpoint)
    }

    async fn remember_error(&self, error: &str) -> Result<(), sqlx::Error> {
        sqlx::query!(
            "update event_bus.subscription set last_error = $2, last_error_at = now() where name = $1",
            self.subscription.name,
            error,
        )
        .execute(&self.bus.pool)
        .await?;
        Ok(())
    }

    /// Something we need is away: wait longer each time. What happened in between is read from the table afterwards.
    async fn stumble(&mut self, error: &HandlerError) -> Duration {
        if self.away == 0 {
            tracing::warn!(subscription = self.subscription.name, error = error.chain(), "a subscription has to wait");
        }
        self.away = self.away.saturating_add(1);
        self.checkpoint = None;
        Duration::from_millis(50).saturating_mul(1 << self.away.min(10)).min(MAX_AWAY)
    }

    fn observe(&self, events: &[Recorded]) {
        let name = self.subscription.name;
        let handled = u64::try_from(events.len()).unwrap_or(u64::MAX);
        metrics::HANDLED.with_label_values(&[name, "handled"]).inc_by(handled);
        let now = self.bus.clock.now();
        let seconds = metrics::HANDLING_SECONDS.with_label_values(&[name]);
        for event in events {
            seconds.observe((now - event.occurred_at).as_seconds_f64().max(0.0));
        }
    }
}
