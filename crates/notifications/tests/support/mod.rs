//! A small world for the tests: our own context on a real PostgreSQL and Redis, fed with events as the other contexts
//! would append them, and asked as the host would.

// Every test binary uses a part of it.
#![allow(dead_code, reason = "each file of tests uses a part")]

use std::sync::Arc;
use std::time::Duration;

use cqrs::{AskError, Caller, CommandBus, DispatchError, QueryBus};
use event_bus::{BusSettings, EventBus, Heard, Meta, Running, Scope};
use jiff::tz::TimeZone;
use kernel::actor::RecordedActor;
use kernel::{BookId, BorrowId, Clock, Command, Event, ManualClock, Page, PageRequest, Position, Query, UserId};
use notifications::{Arrivals, ListNotifications, NotificationView, Notifications, NotificationsSince, UnreadCount};
use read_store::{ReadStore, Settings};
use sqlx::PgPool;
use testkit::{A_SATURDAY, TestDatabase, a_user, eventually, member};
use tokio_util::sync::{CancellationToken, DropGuard};
use wording::Language;

/// The runners of one process.
pub struct Process {
    pub bus: EventBus,
    pub running: Running,
}

pub struct World {
    pub pool: PgPool,
    pub bus: EventBus,
    pub store: ReadStore,
    clock: Arc<ManualClock>,
    notifications: Notifications,
    commands: CommandBus,
    queries: QueryBus,
    _running: Running,
    _watcher: DropGuard,
    // The last to go: the others use it.
    pub database: TestDatabase,
}

impl World {
    /// A member's inbox served from Redis, its subscriptions running.
    pub async fn new() -> Self {
        let world = Self::with_redis(&testkit::redis_url()).await;
        world.until_served().await;
        world
    }

    /// Redis may be away.
    pub async fn with_redis(url: &str) -> Self {
        let database = TestDatabase::of("notifications").await;
        let pool = database.pool("notifications");
        let clock = Arc::new(ManualClock::at(A_SATURDAY));
        let store = ReadStore::connect(Settings::new(url, testkit::redis_prefix())).expect("a usable address");
        let zone = TimeZone::get("Europe/Berlin").expect("a known zone");
        let notifications =
            Notifications::new(pool.clone(), store.projection("notifications"), zone, Language::English);
        store.register(notifications.rebuild());
        let shutdown = CancellationToken::new();
        let (watched, until) = (store.clone(), shutdown.clone());
        tokio::spawn(async move { watched.run_watcher(until).await });

        let Process { bus, running } = a_process(&database, &clock, &notifications).await;
        let (mut commands, mut queries) = cqrs::builders(clock.clone(), bus.clone(), None);
        notifications.register(&mut commands, &mut queries);
        Self {
            pool,
            bus,
            store,
            clock,
            notifications,
            commands: commands.build().expect("one handler each"),
            queries: queries.build().expect("one handler each"),
            _running: running,
            _watcher: shutdown.drop_guard(),
            database,
        }
    }

    /// Another process of the same community.
    pub async fn another_process(&self) -> Process {
        a_process(&self.database, &self.clock, &self.notifications).await
    }

    /// Until the inboxes are served from Redis.
    pub async fn until_served(&self) {
        eventually("the projection is built", async || {
            let status = self.store.status().await;
            status.is_ok_and(|all| all.iter().all(|projection| projection.ready))
        })
        .await;
    }

    /// What another context tells.
    pub async fn append<E: Event>(&self, event: impl Into<E>, version: i64) -> Position {
        let system = RecordedActor::System { name: "test".to_owned() };
        self.append_by(system, event.into(), version).await
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
        let heard = self.bus.wait_for(position, Scope::All, Duration::from_secs(10)).await == Heard::Yes;
        assert!(heard, "not heard in time: {position}");
    }

    /// Until every subscription has handled the whole log.
    pub async fn until_level(&self) {
        let newest = self.newest().await;
        let shown = self.bus.wait_for(newest, Scope::All, Duration::from_secs(10)).await == Heard::Yes;
        assert!(shown, "not shown in time: {newest}");
    }

    async fn newest(&self) -> Position {
        let (transaction, sequence) = sqlx::query_as(
            "select transaction_id::text::bigint, position from event_bus.log
            order by log.transaction_id desc, log.position desc limit 1",
        )
        .fetch_one(&self.pool)
        .await
        .expect("the log");
        Position { transaction, sequence }
    }

    pub async fn send<C: Command>(&self, caller: &Caller, command: C) -> Result<C::Output, DispatchError<C::Error>> {
        let dispatch = self.commands.dispatch::<C>().expect("a handler");
        dispatch.send(caller, command).await.map(|done| done.output)
    }

    pub async fn ask<Q: Query>(&self, caller: &Caller, query: Q) -> Result<Q::Answer, AskError<Q::Error>> {
        let asking = self.queries.asking::<Q>().expect("a handler");
        asking.ask(caller, query).await
    }

    pub async fn page(&self, user: UserId, unread: Option<bool>, page: PageRequest) -> Page<NotificationView> {
        self.ask(&member(user), ListNotifications { unread, page }).await.expect("a page")
    }

    pub async fn inbox(&self, user: UserId) -> Vec<NotificationView> {
        self.page(user, None, PageRequest::first(100)).await.items
    }

    pub async fn unread(&self, user: UserId) -> u64 {
        self.ask(&member(user), UnreadCount).await.expect("a count")
    }

    pub async fn since(&self, user: UserId, after: Option<Position>) -> Arrivals {
        self.ask(&member(user), NotificationsSince { after, shown: self.bus.read_to() }).await.expect("arrivals")
    }

    /// How many rows there are for `user`, whatever the views say.
    pub async fn rows(&self, user: UserId) -> i64 {
        sqlx::query_scalar("select count(*) from notifications.notification where user_id = $1")
            .bind(user.uuid())
            .fetch_one(&self.pool)
            .await
            .expect("a count")
    }
}

async fn a_process(database: &TestDatabase, clock: &Arc<ManualClock>, notifications: &Notifications) -> Process {
    let settings = BusSettings { backoff_scale: 0.01, ..BusSettings::default() };
    let bus = EventBus::new(database.pool("event_bus"), clock.clone(), settings);
    let running = bus.start(notifications.subscriptions()).await;
    Process { bus, running: running.expect("the runners start") }
}

/// Ada, who owns “Emma”, and Grace, who would like to read it.
pub struct Neighbours {
    pub ada: UserId,
    pub grace: UserId,
    pub emma: BookId,
}

impl Neighbours {
    pub async fn of(world: &World) -> Self {
        let them = Self::of_unheard(world).await;
        world.until_level().await;
        them
    }

    /// Where Redis is away, views are never level.
    pub async fn of_unheard(world: &World) -> Self {
        let (ada, grace, emma) = (a_user(), a_user(), BookId::new(A_SATURDAY));
        for (user_id, name) in [(ada, "Ada"), (grace, "Grace")] {
            let registered = auth_events::UserRegistered { user_id, name: name.to_owned(), language: None };
            world.append::<auth_events::AuthEvent>(registered, 1).await;
        }
        let created = books_events::BookCreated {
            book_id: emma,
            owner_id: ada,
            title: "Emma".to_owned(),
            authors: vec!["Jane Austen".to_owned()],
            lending: books_events::Lending::Lend,
        };
        world.append::<books_events::BookEvent>(created, 1).await;
        Self { ada, grace, emma }
    }

    /// Grace's request for Ada's book.
    pub fn a_request(&self) -> borrowing_events::BorrowEvent {
        borrowing_events::BorrowCreated { parties: self.a_borrow(), days: 21, queued: false }.into()
    }

    pub fn a_borrow(&self) -> borrowing_events::Parties {
        borrowing_events::Parties {
            borrow_id: BorrowId::new(A_SATURDAY),
            book_id: self.emma,
            owner_id: self.ada,
            borrower_id: self.grace,
        }
    }
}
