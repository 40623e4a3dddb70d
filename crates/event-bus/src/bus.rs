//! The bus as a process holds it: its runners, and what operators ask of it.

use std::sync::Arc;
use std::time::Duration;

use database::Database;
use kernel::{Clock, Event, Position};
use sqlx::PgPool;
use time::OffsetDateTime;
use tokio::sync::{Notify, broadcast, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::arrival::Arrivals;
use crate::checkpoint::Checkpoints;
use crate::dead_letters::{self, DeadLetter};
use crate::feed::Feeds;
use crate::find::{self, EventCursor, EventFilter, EventPage};
use crate::held::{Held, Renewed};
use crate::horizon::{Hidden, Watch};
use crate::lateness::{self, Lateness};
use crate::lease::Leases;
use crate::log::{self, Recorded};
use crate::own::OwnEvents;
use crate::progress::{Heard, Progress};
use crate::runner::Runner;
use crate::running::Running;
use crate::scope::Scope;
use crate::subscription::{self, Subscription};
use crate::told::{self, ASK};
use crate::window::{self, Window};
use crate::{lease, metrics, sessions};

/// How often the lag of the subscriptions is measured.
const MEASURE_EVERY: Duration = Duration::from_secs(2);

#[derive(Debug, Clone)]
pub struct BusSettings {
    /// How many events a turn hands over at most.
    pub batch: i64,
    /// How often a failing event is retried before it is parked.
    pub retries: u32,
    /// Multiplies the waits between retries (0 s, 2 s, 4 s …); tests shorten them.
    pub backoff_scale: f64,
    /// This process, among those that share the database. Its sessions are named after it: [`crate::session_name`].
    pub process: Uuid,
}

impl Default for BusSettings {
    fn default() -> Self {
        Self { batch: 500, retries: 3, backoff_scale: 1.0, process: Uuid::now_v7() }
    }
}

pub(crate) struct Inner {
    /// That of `database`, for the tasks of the bus itself.
    pub pool: PgPool,
    /// For calls that may come from another runtime, such as that of an HTTP worker, and for listening.
    pub database: Database,
    pub clock: Arc<dyn Clock>,
    pub settings: BusSettings,
    /// This process, among those that share the database.
    pub holder: Uuid,
    /// There is something new in the log.
    pub wake: watch::Sender<()>,
    /// Somebody has asked for something that the table tells of subscriptions.
    pub asked: Notify,
    /// There is something to do for subscriptions.
    pub stirred: watch::Sender<()>,
    pub progress: Progress,
    pub checkpoints: Checkpoints,
    pub window: Window,
    horizon: Watch,
    pub lateness: Lateness,
    pub tail: broadcast::Sender<Arc<Recorded>>,
    pub held: Held,
    /// Which imports this process runs.
    pub imports: Held,
    pub arrivals: Arrivals,
    pub feeds: Feeds,
}

impl Inner {
    pub fn stir(&self) {
        self.stirred.send_replace(());
    }
}

/// The event bus of one process. Cheap to clone.
#[derive(Clone)]
pub struct EventBus {
    pub(crate) inner: Arc<Inner>,
}

/// A subscription as operators see it.
#[derive(Debug, Clone)]
pub struct SubscriptionStatus {
    pub name: String,
    pub checkpoint: Position,
    /// Events not handled yet, counted up to 10,000.
    pub behind: i64,
    /// Age in seconds of the oldest of them; 0 when there is none.
    pub lag_seconds: f64,
    /// Whether some process runs it now.
    pub running: bool,
    pub dead_letters: i64,
    pub last_error: Option<String>,
    pub last_error_at: Option<OffsetDateTime>,
}

impl EventBus {
    /// `pool` is that of the role `folkshelf_event_bus`.
    pub fn new(pool: impl Into<Database>, clock: Arc<dyn Clock>, settings: BusSettings) -> Self {
        let database = pool.into();
        let inner = Inner {
            pool: database.pool().clone(),
            database,
            clock,
            holder: settings.process,
            settings,
            wake: watch::Sender::new(()),
            asked: Notify::new(),
            stirred: watch::Sender::new(()),
            progress: Progress::default(),
            checkpoints: Checkpoints::default(),
            window: Window::default(),
            horizon: Watch::default(),
            lateness: Lateness::default(),
            tail: broadcast::Sender::new(1024),
            held: Held::default(),
            imports: Held::default(),
            arrivals: Arrivals::default(),
            feeds: Feeds::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Starts feeding `subscriptions`, as far as no other process does. Whatever one of them follows must be among them.
    pub async fn start(&self, subscriptions: Vec<Subscription>) -> Result<Running, sqlx::Error> {
        subscription::require_leaders(&subscriptions)?;
        if log::is_ahead_of_its_server(&self.inner.pool).await? {
            let text = "the event log comes from a server that had given more transaction ids than this one; \
                raise this server's with pg_resetwal first";
            return Err(sqlx::Error::Configuration(text.into()));
        }
        // Leaders first: their followers' rows point to them.
        let (leaders, followers): (Vec<_>, Vec<_>) = subscriptions.iter().partition(|s| s.follows.is_none());
        for subscription in leaders.into_iter().chain(followers) {
            lease::declare(&self.inner.pool, subscription).await?;
        }
        let names: Vec<String> = subscriptions.iter().map(|s| s.name.to_owned()).collect();
        self.inner.progress.declare(&names);
        let (expired, told) = mpsc::channel(8);
        self.renew(&names, &expired).await?;
        let tail_from = log::head(&self.inner.pool).await?;
        self.inner.window.begin(tail_from);

        let shutdown = CancellationToken::new();
        let mut keepers = JoinSet::new();
        let (bus, watched) = (Arc::clone(&self.inner), names.clone());
        keepers.spawn(async move { lateness::watch(&bus, &watched).await });
        keepers.spawn(self.clone().keep_leases(names, expired));
        keepers.spawn(sessions::end_waiting(sessions::pools(&self.inner.pool, &subscriptions), told));
        keepers.spawn(self.clone().measure());
        let watched = Arc::clone(&self.inner);
        keepers.spawn(async move { watched.horizon.run(&watched.pool).await });
        keepers.spawn(told::listen(Arc::clone(&self.inner)));
        keepers.spawn(window::read(Arc::clone(&self.inner)));
        let flushed = Arc::clone(&self.inner);
        keepers.spawn(async move {
            flushed.checkpoints.keep(&flushed.pool, flushed.holder, &flushed.progress.moved).await;
        });
        let mut runners = JoinSet::new();
        for subscription in subscriptions {
            runners.spawn(Runner::new(Arc::clone(&self.inner), subscription).run(shutdown.clone()));
        }
        Ok(Running { bus: self.clone(), shutdown, runners, keepers })
    }

    /// Processes whose leases ran out are told to `expired`.
    async fn renew(&self, names: &[String], expired: &mpsc::Sender<Vec<Uuid>>) -> Result<(), sqlx::Error> {
        let asked_at = Instant::now();
        let Leases { held, expired: processes } = lease::renew(&self.inner.pool, self.inner.holder, names).await?;
        if !processes.is_empty() {
            // A full channel holds the same ones.
            drop(expired.try_send(processes));
        }
        let Renewed { gained, is_back } = self.inner.held.renewed(held, asked_at);
        if gained {
            self.inner.stir();
        }
        self.inner.progress.list(&self.inner.pool, asked_at).await?;
        if is_back && !self.inner.progress.others_run(&self.inner.held.names()) {
            self.inner.held.is_alone();
        }
        Ok(())
    }

    async fn keep_leases(self, names: Vec<String>, expired: mpsc::Sender<Vec<Uuid>>) {
        let mut every = tokio::time::interval(lease::EVERY);
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let asked = tokio::select! {
                _ = every.tick() => false,
                () = self.inner.asked.notified() => true,
            };
            if let Err(error) = self.renew(&names, &expired).await {
                tracing::debug!(%error, "leases were not renewed");
            }
            if asked {
                self.inner.stir();
            }
        }
    }

    /// Apart from the leases: counting a long way behind may take a while, and they must not wait for it.
    async fn measure(self) {
        let mut every = tokio::time::interval(MEASURE_EVERY);
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            every.tick().await;
            match self.subscriptions().await {
                Ok(subscriptions) => subscriptions.iter().for_each(metrics::show),
                Err(error) => tracing::debug!(%error, "the lag was not measured"),
            }
        }
    }

    /// Waits until the subscriptions of `scope` have handled the event at `position`, at most `within`.
    pub async fn wait_for(&self, position: Position, scope: Scope<'_>, within: Duration) -> Heard {
        if self.inner.database.server().is_away() {
            return self.inner.progress.seen(position, scope);
        }
        self.carry(self.inner.progress.wait_for(&self.inner.pool, position, scope, within)).await
    }

    pub(crate) async fn carry<F: Future>(&self, work: F) -> F::Output {
        self.inner.database.carry(work).await
    }

    /// How often this process has come back to its subscriptions after others may have stopped waiting for them. `None`: just
    /// now, so that others may not wait for them yet. What they write then they neither wait for nor announce.
    pub fn returns(&self) -> Option<u64> {
        if self.is_away() { Some(self.inner.held.count()) } else { self.inner.held.returns(Instant::now()) }
    }

    /// Whether it is known already that they have.
    pub fn has_passed(&self, position: Position, scope: Scope<'_>) -> bool {
        self.inner.progress.has_passed(position, scope)
    }

    /// Whether PostgreSQL is away, as far as this process knows.
    pub fn is_away(&self) -> bool {
        self.inner.database.server().is_away()
    }

    /// Whether the log comes from a server that has given more transaction ids than this one: hosts do not start on it.
    pub async fn is_ahead_of_its_server(&self) -> Result<bool, sqlx::Error> {
        self.carry(log::is_ahead_of_its_server(&self.inner.pool)).await
    }

    /// The last committed event, whether or not the horizon hides it. Refused at once while PostgreSQL is away.
    pub async fn latest(&self) -> Result<Position, sqlx::Error> {
        log::latest(&self.inner.database).await
    }

    /// How far this process has read the log. No event can appear at or before this position any more, and the tail has shown
    /// nothing after it.
    pub fn read_to(&self) -> Position {
        self.inner.window.read_to()
    }

    /// What the context that publishes `E` may see of the log.
    pub fn own<E: Event>(&self) -> OwnEvents<E> {
        OwnEvents::of(self.clone())
    }

    /// Up to `limit` events that pass `filter`, newest first: those behind `after`, or else after skipping `offset`.
    pub async fn find(
        &self,
        filter: &EventFilter,
        after: Option<EventCursor>,
        offset: u64,
        limit: u32,
    ) -> Result<EventPage, sqlx::Error> {
        // A replica answers where it has what this process has read.
        let find = |connection| find::find(connection, filter, after, offset, limit);
        self.inner.database.read(Some(self.read_to()), find).await
    }

    /// Events as this process sees them appear, from now on. Not durable: whoever listens can fall behind and must be
    /// able to look elsewhere for what was missed.
    pub fn tail(&self) -> broadcast::Receiver<Arc<Recorded>> {
        self.inner.tail.subscribe()
    }

    /// As the table has them: checkpoints without an effect in PostgreSQL may be a quarter of a second further.
    pub async fn subscriptions(&self) -> Result<Vec<SubscriptionStatus>, sqlx::Error> {
        let rows = sqlx::query!(
            r#"select s.name, s.transaction_id::text::bigint as "transaction_id!", s.position,
                behind.events as "behind!", coalesce(extract(epoch from now() - behind.oldest)::float8, 0) as "lag!",
                coalesce(s.lease_until > now(), false) as "running!", s.last_error, s.last_error_at,
                (select count(*) from event_bus.dead_letter d where d.subscription = s.name) as "dead_letters!"
            from event_bus.subscription s
            cross join lateral (
                select count(*) as events, min(l.occurred_at) as oldest from (
                    select occurred_at from event_bus.log
                    where (log.transaction_id, log.position) > (s.transaction_id, s.position)
                    order by log.transaction_id, log.position limit 10000
                ) l
            ) behind
            order by s.name"#
        )
        .fetch_all(&self.inner.database)
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| SubscriptionStatus {
                name: row.name,
                checkpoint: Position { transaction: row.transaction_id, sequence: row.position },
                behind: row.behind,
                lag_seconds: row.lag.max(0.0),
                running: row.running,
                dead_letters: row.dead_letters,
                last_error: row.last_error,
                last_error_at: row.last_error_at,
            })
            .collect())
    }

    /// Whether an open transaction has hidden committed events for more than 5 s, as far as this process has looked.
    pub fn hidden(&self) -> Option<Hidden> {
        self.inner.horizon.hidden()
    }

    /// Sets a subscription's checkpoint: it handles again everything after `from`. `false`: no such subscription. Where the
    /// table has that checkpoint already, its runner may be ahead of it in memory: one place further back tells it so, and
    /// the event there is handled again too.
    pub async fn replay(&self, subscription: &str, from: Position) -> Result<bool, sqlx::Error> {
        let moved = sqlx::query!(
            "with moved as (
                update event_bus.subscription set transaction_id = $2::bigint::text::xid8,
                    position = case
                        when transaction_id = $2::bigint::text::xid8 and position between $3::bigint - 2 and $3 then position - 1
                        else $3
                    end
                where name = $1 returning name
            )
            select pg_notify('event_bus_log', $4) from moved",
            subscription,
            from.transaction,
            from.sequence,
            ASK,
        )
        .fetch_optional(&self.inner.database)
        .await?;
        Ok(moved.is_some())
    }

    /// The newest dead letters and how many there are.
    pub async fn dead_letters(&self, offset: i64, limit: i64) -> Result<(Vec<DeadLetter>, u64), sqlx::Error> {
        self.carry(dead_letters::list(&self.inner.pool, offset, limit)).await
    }

    /// Asks for another try; whoever runs the subscription makes it. `false`: there is no such dead letter.
    pub async fn retry_dead_letter(&self, id: Uuid) -> Result<bool, sqlx::Error> {
        self.carry(dead_letters::request_retry(&self.inner.pool, id)).await
    }

    /// `false`: there is no such dead letter.
    pub async fn drop_dead_letter(&self, id: Uuid) -> Result<bool, sqlx::Error> {
        self.carry(dead_letters::drop_letter(&self.inner.pool, id)).await
    }
}
