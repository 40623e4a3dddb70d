//! A small world for the tests: our own context on a real PostgreSQL and Redis, hearing what auth would tell.

// Every test binary uses a part of it.
#![allow(dead_code, reason = "each file of tests uses a part")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use auth_events::{AuthEvent, UserRegistered};
use cqrs::{AskError, Caller, CommandBus, DispatchError, QueryBus};
use event_bus::{BusSettings, EventBus, Heard, Meta, Recorded, Running, Scope};
use kernel::actor::RecordedActor;
use kernel::{Clock, Command, Detail, LanguageTag, ManualClock, Query, UserId};
use read_store::ReadStore;
use sqlx::PgPool;
use testkit::{A_SATURDAY, TestDatabase, a_user, eventually};
use tokio_util::sync::{CancellationToken, DropGuard};
use users::{ChangeRole, CloseRefused, LendingGate, PasswordCheck, PortError, Users};
use users_events::UserEvent;

pub const PASSWORD: &str = "correct horse";

/// What borrowing and auth would answer.
#[derive(Default)]
pub struct Neighbours {
    pub lending: Mutex<Vec<UserId>>,
    pub closed: Mutex<Vec<UserId>>,
}

#[async_trait]
impl LendingGate for Neighbours {
    async fn close_member(&self, user: UserId, _: &Caller) -> Result<(), CloseRefused> {
        if self.lending.lock().expect("no panic").contains(&user) {
            return Err(CloseRefused::OpenLoans { details: vec![Detail::new("borrowId", "one")] });
        }
        self.closed.lock().expect("no panic").push(user);
        Ok(())
    }
}

#[async_trait]
impl PasswordCheck for Neighbours {
    async fn is_password_of(&self, _: UserId, password: &str, _: &Caller) -> Result<bool, PortError> {
        Ok(password == PASSWORD)
    }
}

pub struct World {
    pub pool: PgPool,
    pub neighbours: Arc<Neighbours>,
    pub store: ReadStore,
    pub bus: EventBus,
    pub users: Users,
    clock: Arc<ManualClock>,
    commands: CommandBus,
    queries: QueryBus,
    _running: Running,
    _watcher: DropGuard,
    // The last to go: the others use it.
    _database: TestDatabase,
}

impl World {
    /// Profiles are served from Redis.
    pub async fn new() -> Self {
        let world = Self::with_redis(&testkit::redis_url()).await;
        eventually("the projection is built", async || {
            let status = world.store.status().await;
            status.is_ok_and(|all| all.iter().all(|projection| projection.ready))
        })
        .await;
        world
    }

    /// Redis may be away.
    pub async fn with_redis(url: &str) -> Self {
        let database = TestDatabase::of("users").await;
        let pool = database.pool("users");
        let clock = Arc::new(ManualClock::at(A_SATURDAY));
        let store = ReadStore::connect(read_store::Settings::new(url, testkit::redis_prefix())).expect("an address");
        let neighbours = Arc::new(Neighbours::default());
        let users = Users::new(
            pool.clone(),
            store.projection("users"),
            neighbours.clone(),
            neighbours.clone(),
            LanguageTag::new("fr").expect("a language"),
        );
        store.register(users.rebuild());
        let shutdown = CancellationToken::new();
        let (watched, until) = (store.clone(), shutdown.clone());
        tokio::spawn(async move { watched.run_watcher(until).await });

        let settings = BusSettings { backoff_scale: 0.01, ..BusSettings::default() };
        let bus = EventBus::new(database.pool("event_bus"), clock.clone(), settings);
        let running = bus.start(users.subscriptions()).await.expect("the runners start");
        let (mut commands, mut queries) = cqrs::builders(clock.clone(), bus.clone(), None);
        users.register(&mut commands, &mut queries);
        Self {
            pool,
            neighbours,
            store,
            bus,
            users,
            clock,
            commands: commands.build().expect("one handler each"),
            queries: queries.build().expect("one handler each"),
            _running: running,
            _watcher: shutdown.drop_guard(),
            _database: database,
        }
    }

    pub async fn send<C: Command>(&self, caller: &Caller, command: C) -> Result<C::Output, DispatchError<C::Error>> {
        let dispatch = self.commands.dispatch::<C>().expect("a handler");
        dispatch.send(caller, command).await.map(|done| done.output)
    }

    pub async fn ask<Q: Query>(&self, caller: &Caller, query: Q) -> Result<Q::Answer, AskError<Q::Error>> {
        self.queries.asking::<Q>().expect("a handler").ask(caller, query).await
    }

    /// What auth tells; everybody has heard it.
    pub async fn tell(&self, event: impl Into<AuthEvent>) {
        let actor = RecordedActor::System { name: "test".to_owned() };
        let meta = Meta { actor, trace: None, occurred_at: self.clock.now() };
        let mut tx = self.pool.begin().await.expect("a transaction");
        let position = event_bus::append(&mut tx, &meta, &event.into(), 1).await.expect("appended");
        tx.commit().await.expect("committed");
        let heard = self.bus.wait_for(position, Scope::All, Duration::from_secs(10)).await;
        assert_eq!(heard, Heard::Yes, "not heard in time");
    }

    pub async fn register(&self, user_id: UserId, name: &str) {
        self.tell(AuthEvent::Registered(UserRegistered { user_id, name: name.to_owned(), language: None })).await;
    }

    pub async fn a_member(&self, name: &str) -> UserId {
        let user = a_user();
        self.register(user, name).await;
        user
    }

    pub async fn an_admin(&self, name: &str) -> UserId {
        let id = self.a_member(name).await;
        let command = ChangeRole { id, expected_version: None, role: "admin".to_owned() };
        self.send(&Caller::system("promote"), command).await.expect("promoted");
        id
    }

    pub async fn history(&self, user: UserId) -> Vec<Recorded> {
        self.bus.own::<UserEvent>().history(user.uuid()).await.expect("the log")
    }
}
