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
use crate::checkpoint::Checkpoint;
use crate::handling::{self, caught};
use crate::log::{self, Recorded};
use crate::subscription::{HandlerError, Subscription, Work};
use crate::{dead_letters, metrics};

/// Without anything new, leases and requests are looked at this often.
const POLL: Duration = Duration::from_millis(500);
/// A transaction that applies events takes no further one after this long.
const APPLY_FOR: Duration = Duration::from_millis(50);
/// So many events are handed over in one go at most.
const TOGETHER: usize = 50;
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
    checkpoint: Arc<Checkpoint>,
    failing: Option<Failing>,
    /// Up to here events are handled one by one, because the batch they were in failed.
    one_by_one_until: Position,
    away: u32,
}

enum Turn {
    /// There may be more at once.
    Handled,
    /// Nothing to do until something is new.
    Idle,
    /// Not before so much time has passed, whatever happens.
    Later(Duration),
}

impl Runner {
    pub fn new(bus: Arc<Inner>, subscription: Subscription) -> Self {
        let checkpoint = bus.checkpoints.add(subscription.name);
        Self { bus, subscription, checkpoint, failing: None, one_by_one_until: Position::START, away: 0 }
    }

    /// Runs until `shutdown`; what a turn has begun it finishes.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let mut stirred = self.bus.stirred.subscribe();
        let bus = Arc::clone(&self.bus);
        let follows = self.subscription.follows.is_some();
        while !shutdown.is_cancelled() {
            stirred.borrow_and_update();
            let moved = bus.progress.moved();
            let (wait, may_be_woken) = match self.turn().await {
                Ok(Turn::Handled) => {
                    self.away = 0;
                    continue;
                }
                Ok(Turn::Idle) => {
                    self.away = 0;
                    (POLL, true)
                }
                Ok(Turn::Later(wait)) => {
                    self.away = 0;
                    (wait, false)
                }
                Err(error) => (self.stumble(&error).await, false),
            };
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = tokio::time::sleep(wait) => {}
                _ = stirred.changed(), if may_be_woken => {}
                () = moved, if may_be_woken && follows => {}
            }
        }
        self.bus.progress.forget(self.subscription.name);
    }

    /// One look at what comes after the checkpoint.
    async fn turn(&mut self) -> Result<Turn, HandlerError> {
        let name = self.subscription.name;
        if !self.bus.held.holds(name) {
            self.checkpoint.forget().await;
            self.bus.progress.forget(name);
            return Ok(Turn::Idle);
        }
        let from = self.checkpoint.load(&self.bus.pool).await?;
        self.bus.progress.reached(name, from);
        if let Some(failing) = &self.failing {
            let wait = failing.not_before.saturating_duration_since(Instant::now());
            if !wait.is_zero() {
                return Ok(Turn::Later(wait.min(POLL / 2)));
            }
        }
        let limit = if from < self.one_by_one_until { 1 } else { self.bus.settings.batch };
        let events = self.read(from, limit).await?;
        let Some(last) = events.last() else {
            return self.look_around().await;
        };
        let to = last.position;
        match self.handle(&events, from).await {
            Ok(Some(count)) => {
                let handled = &events[..count];
                self.failing = None;
                self.observe(handled);
                self.bus.progress.reached(name, handled.last().map_or(from, |last| last.position));
            }
            Ok(None) => self.checkpoint.forget().await,
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

    async fn read(&self, from: Position, limit: i64) -> Result<Vec<Arc<Recorded>>, sqlx::Error> {
        let bus = &self.bus;
        let Some(leader) = self.subscription.follows else {
            return bus.window.after(&bus.pool, from, limit).await;
        };
        match bus.progress.ours(leader) {
            Some(reached) if from < reached => {
                let mut events = bus.window.after(&bus.pool, from, limit).await?;
                events.truncate(events.partition_point(|event| event.position <= reached));
                Ok(events)
            }
            Some(_) => Ok(Vec::new()),
            // It runs here too, and has not looked at its checkpoint yet.
            None => Ok(log::read_behind(&bus.pool, leader, from, limit).await?.into_iter().map(Arc::new).collect()),
        }
    }

    /// There is nothing to read: has somebody asked for something?
    async fn look_around(&mut self) -> Result<Turn, HandlerError> {
        let Some(asked) = self.bus.progress.asked(self.subscription.name) else { return Ok(Turn::Idle) };
        if self.checkpoint.forget_if_set(asked.at, asked.position).await {
            return Ok(Turn::Handled);
        }
        if asked.retry && self.retry_parked().await? {
            return Ok(Turn::Handled);
        }
        Ok(Turn::Idle)
    }

    /// Hands events over, and moves the checkpoint: how many were handled, all or the first of them. `None`: the lease is
    /// lost, or the checkpoint was set elsewhere.
    async fn handle(&self, events: &[Arc<Recorded>], from: Position) -> Result<Option<usize>, HandlerError> {
        let name = self.subscription.name;
        let span = tracing::info_span!("turn", subscription = name, events = events.len());
        let handling = async {
            let to = events[events.len() - 1].position;
            match &self.subscription.work {
                Work::Apply(pool, handler) if events.iter().any(|event| self.subscription.is_handed(event)) => {
                    if planted::bug("checkpoint-first") {
                        let mut own = pool.begin().await?;
                        let advanced = self.checkpoint.advance(&mut own, self.bus.holder, from, to).await?;
                        own.commit().await?;
                        let Some(advanced) = advanced else { return Ok(None) };
                        advanced.committed();
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                    let mut tx = pool.begin().await?;
                    let (begun, mut count, mut touched) = (Instant::now(), 0, false);
                    // A transaction that has written holds back every reader of the log: a long batch ends early.
                    while count < events.len()
                        && (count == 0 || planted::bug("checkpoint-first") || begun.elapsed() < APPLY_FOR)
                    {
                        let next = events.iter().enumerate().skip(count);
                        let handed = next.filter(|(_, event)| self.subscription.is_handed(event)).take(TOGETHER);
                        let (places, handed): (Vec<usize>, Vec<&Recorded>) =
                            handed.map(|(place, event)| (place, &**event)).unzip();
                        if handed.is_empty() {
                            count = events.len();
                            break;
                        }
                        let together = handler.together(&handed).clamp(1, handed.len());
                        let now = self.bus.clock.now();
                        touched |= handling::apply(name, &**handler, &mut tx, &handed[..together], now).await?;
                        count = places[together - 1] + 1;
                    }
                    let last = &events[count - 1];
                    if planted::bug("checkpoint-first") {
                        tx.commit().await?;
                        return Ok(Some(events.len()));
                    }
                    if !touched {
                        tx.rollback().await?;
                        return Ok(self.checkpoint.reach(from, last.position).await.then_some(count));
                    }
                    let checkpoint = async {
                        let holder = self.bus.holder;
                        let Some(advanced) = self.checkpoint.advance(&mut tx, holder, from, last.position).await?
                        else {
                            tx.rollback().await?;
                            return Ok(None);
                        };
                        tx.commit().await?;
                        advanced.committed();
                        Ok(Some(count))
                    };
                    return trace::within(last.trace.as_deref(), || handling::checkpoint(name), checkpoint).await;
                }
                Work::Apply(..) => {}
                Work::Project(handler) => handling::project(name, &**handler, events).await?,
            }
            Ok(self.checkpoint.reach(from, to).await.then_some(events.len()))
        };
        caught(handling.instrument(span)).await
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
        if attempts <= retries || planted::bug("never-parks") {
            // At once, then 2 s, 4 s, 8 s …
            let wait = if attempts == 1 { Duration::ZERO } else { Duration::from_secs(1 << (attempts - 1).min(10)) };
            let wait = wait.mul_f64(self.bus.settings.backoff_scale);
            self.failing = Some(Failing { position: event.position, attempts, not_before: Instant::now() + wait });
            return Ok(());
        }
        let mut tx = self.bus.pool.begin().await?;
        dead_letters::park(&mut tx, name, event, &text, i32::try_from(attempts).unwrap_or(i32::MAX)).await?;
        let Some(advanced) = self.checkpoint.advance(&mut tx, self.bus.holder, from, event.position).await? else {
            tx.rollback().await?;
            self.checkpoint.forget().await;
            return Ok(());
        };
        tx.commit().await?;
        advanced.committed();
        tracing::error!(subscription = name, event = %event.id, event_name = event.name, "an event was parked");
        metrics::HANDLED.with_label_values(&[name, "parked"]).inc();
        self.failing = None;
        self.bus.progress.reached(name, event.position);
        Ok(())
    }

    /// Tries one dead letter that somebody asked to retry. `false` when there is none, or none for us any more.
    async fn retry_parked(&self) -> Result<bool, HandlerError> {
        let name = self.subscription.name;
        let Some((letter, event)) = dead_letters::next_to_retry(&self.bus.pool, name).await? else {
            return Ok(false);
        };
        let event = Arc::new(event);
        let outcome = caught(async {
            match &self.subscription.work {
                Work::Apply(pool, handler) => {
                    let mut tx = pool.begin().await?;
                    handling::apply(name, &**handler, &mut tx, &[&*event], self.bus.clock.now()).await?;
                    let settled = dead_letters::settle(&mut tx, letter, self.bus.holder).await?;
                    if settled {
                        tx.commit().await?;
                    } else {
                        tx.rollback().await?;
                    }
                    Ok(settled)
                }
                Work::Project(handler) => {
                    handling::project(name, &**handler, std::slice::from_ref(&event)).await?;
                    let mut connection = self.bus.pool.acquire().await?;
                    Ok(dead_letters::settle(&mut connection, letter, self.bus.holder).await?)
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
        Duration::from_millis(50).saturating_mul(1 << self.away.min(10)).min(MAX_AWAY)
    }

    fn observe(&self, events: &[Arc<Recorded>]) {
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
