//! A small world for the tests of one context: the context on a real PostgreSQL and Redis, fed with events as the others
//! would append them, and asked as the host would.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cqrs::{AskError, Caller, CommandBus, CommandBusBuilder, DispatchError, QueryBus, QueryBusBuilder};
use event_bus::{BusSettings, EventBus, Heard, Meta, Running, Scope, Subscription};
use jobs::{Job, do_by_hand};
use kernel::actor::RecordedActor;
use kernel::{Clock, Command, Event, ManualClock, Position, Query};
use read_store::{Projection, ReadStore, Rebuild, Settings};
use sqlx::PgPool;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{A_SATURDAY, TestDatabase, eventually, redis_prefix};

/// How long to wait for everybody to hear of an event.
const HEARD_WITHIN: Duration = Duration::from_secs(20);

/// Where a context is put: a database with its tables alone, Redis, the log, and a clock that the test moves.
pub struct Place {
    context: &'static str,
    /// Of the context's own role.
    pub pool: PgPool,
    /// Of the log's own role, which may look at all of it.
    pub log: PgPool,
    pub bus: EventBus,
    pub store: ReadStore,
    pub clock: Arc<ManualClock>,
    // The last to go: the others use it.
    pub database: TestDatabase,
}

impl Place {
    /// Redis may be away.
    ///
    /// # Panics
    /// As [`TestDatabase::of`], and when `redis` is no address.
    pub async fn of(context: &'static str, redis: &str) -> Self {
        let database = TestDatabase::of(context).await;
        let (pool, log) = (database.pool(context), database.pool(provision::EVENT_BUS));
        let clock = Arc::new(ManualClock::at(A_SATURDAY));
        let store = ReadStore::connect(Settings::new(redis, redis_prefix(), b"of the host")).expect("a usable address");
        let bus = EventBus::new(log.clone(), clock.clone(), quickly());
        Self { context, pool, log, bus, store, clock, database }
    }

    pub fn projection(&self) -> Projection {
        self.store.projection(self.context)
    }

    /// Puts the context there, as the host would, its subscriptions running.
    ///
    /// # Panics
    /// When it cannot be wired.
    pub async fn furnish<C>(
        self,
        context: C,
        rebuild: fn(&C) -> Arc<dyn Rebuild>,
        subscriptions: fn(&C) -> Vec<Subscription>,
        register: fn(&C, &mut CommandBusBuilder, &mut QueryBusBuilder),
    ) -> World<C> {
        self.store.register(rebuild(&context));
        let shutdown = CancellationToken::new();
        let (watched, until) = (self.store.clone(), shutdown.clone());
        tokio::spawn(async move { watched.run_watcher(until).await });
        let (mut commands, mut queries) = cqrs::builders(self.clock.clone(), self.bus.clone(), None);
        register(&context, &mut commands, &mut queries);
        let world = World {
            context,
            subscriptions,
            commands: commands.build().expect("one handler each"),
            queries: queries.build().expect("one handler each"),
            running: Mutex::default(),
            _watcher: shutdown.drop_guard(),
            place: self,
        };
        world.start_subscriptions().await;
        world
    }
}

/// A failing event is tried again at once.
fn quickly() -> BusSettings {
    BusSettings { backoff_scale: 0.01, ..BusSettings::default() }
}

/// A context in its [`Place`].
pub struct World<C> {
    pub context: C,
    subscriptions: fn(&C) -> Vec<Subscription>,
    commands: CommandBus,
    queries: QueryBus,
    running: Mutex<Option<Running>>,
    _watcher: DropGuard,
    place: Place,
}

impl<C> Deref for World<C> {
    type Target = Place;

    fn deref(&self) -> &Place {
        &self.place
    }
}

/// The runners of one more process.
pub struct Process {
    pub bus: EventBus,
    pub running: Running,
}

/// # Panics
/// Everything here panics when it goes otherwise than the test takes for granted.
impl<C> World<C> {
    /// Whether Redis answers for the context.
    pub async fn is_served(&self) -> bool {
        self.store.status().await.is_ok_and(|all| all.iter().all(|projection| projection.ready))
    }

    pub async fn until_served(&self) {
        eventually("the projection is built", async || self.is_served().await).await;
    }

    /// As when every process that runs subscriptions has died: what is appended from here on is seen by no view.
    pub async fn stop_subscriptions(&self) {
        let running = self.running.lock().expect("no panic holds it").take();
        running.expect("they run").stop().await;
    }

    pub async fn start_subscriptions(&self) {
        let running = self.bus.start((self.subscriptions)(&self.context)).await.expect("the runners start");
        *self.running.lock().expect("no panic holds it") = Some(running);
    }

    /// Another process of the same community.
    pub async fn another_process(&self) -> Process {
        let bus = EventBus::new(self.database.pool(provision::EVENT_BUS), self.clock.clone(), quickly());
        let running = bus.start((self.subscriptions)(&self.context)).await.expect("the runners start");
        Process { bus, running }
    }

    /// What another context tells.
    pub async fn append<E: Event>(&self, event: impl Into<E>, version: i64) -> Position {
        self.append_by(RecordedActor::System { name: "test".to_owned() }, event.into(), version).await
    }

    pub async fn append_by<E: Event>(&self, actor: RecordedActor, event: E, version: i64) -> Position {
        let meta = Meta { actor, trace: None, occurred_at: self.clock.now() };
        let mut tx = self.pool.begin().await.expect("a transaction");
        let position = event_bus::append(&mut tx, &meta, &event, version).await.expect("appended");
        tx.commit().await.expect("committed");
        position
    }

    /// As [`Self::append`], and everybody has heard it.
    pub async fn tell<E: Event>(&self, event: impl Into<E>, version: i64) -> Position {
        let position = self.append(event, version).await;
        self.until_heard(position).await;
        position
    }

    pub async fn until_heard(&self, position: Position) {
        let heard = self.bus.wait_for(position, Scope::All, HEARD_WITHIN).await;
        assert_eq!(heard, Heard::Yes, "not heard in time: {position}");
    }

    /// Until every subscription has handled the whole log.
    pub async fn until_level(&self) {
        let newest = "select transaction_id::text::bigint, position from event_bus.log
            order by log.transaction_id desc, log.position desc limit 1";
        let (transaction, sequence) = sqlx::query_as(newest).fetch_one(&self.pool).await.expect("the log");
        self.until_heard(Position { transaction, sequence }).await;
    }

    /// How many events of a name the log holds.
    pub async fn told(&self, name: &str) -> i64 {
        let count = sqlx::query_scalar("select count(*) from event_bus.log where name = $1").bind(name);
        count.fetch_one(&self.log).await.expect("a count")
    }

    /// Does one of the context's jobs, and returns what it counted.
    pub async fn do_job(&self, jobs: &[Arc<dyn Job>], name: &str) -> BTreeMap<String, u64> {
        do_by_hand(jobs, name, self.clock.clone()).await.expect("the job is done")
    }

    pub async fn send<M: Command>(&self, caller: &Caller, command: M) -> Result<M::Output, DispatchError<M::Error>> {
        let dispatch = self.commands.dispatch::<M>().expect("a handler");
        dispatch.send(caller, command).await.map(|done| done.output)
    }

    pub async fn ask<Q: Query>(&self, caller: &Caller, query: Q) -> Result<Q::Answer, AskError<Q::Error>> {
        self.queries.asking::<Q>().expect("a handler").ask(caller, query).await
    }
}
