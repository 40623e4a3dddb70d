//! A small world for the tests: our own context on a real PostgreSQL and Redis, hearing what users would tell.

// Every test binary uses a part of it.
#![allow(dead_code, reason = "each file of tests uses a part")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use auth::{Auth, Authenticated, Email, LogIn, Mail, MailNotSent, Mailer, Password, Register, Settings, SignedIn};
use cqrs::{AskError, Caller, CommandBus, DispatchError, QueryBus};
use event_bus::{BusSettings, EventBus, Heard, Meta, Running, Scope};
use kernel::actor::RecordedActor;
use kernel::{Actor, Clock, Command, Line, ManualClock, PermissionSet, Position, Query, Refusal};
use read_store::ReadStore;
use secrecy::ExposeSecret;
use sqlx::PgPool;
use testkit::{A_SATURDAY, TestDatabase, anonymous, eventually};
use tokio_util::sync::{CancellationToken, DropGuard};
use users_events::UserEvent;

pub const PASSWORD: &str = "correct horse";

/// Keeps what it is given; fails as often as it is told to.
#[derive(Default)]
pub struct Postbox {
    mails: Mutex<Vec<Mail>>,
    failures: Mutex<u32>,
}

#[async_trait]
impl Mailer for Postbox {
    async fn send(&self, mail: Mail) -> Result<(), MailNotSent> {
        let mut failures = self.failures.lock().expect("no panic");
        if *failures > 0 {
            *failures -= 1;
            return Err(MailNotSent("the mail server is away".into()));
        }
        self.mails.lock().expect("no panic").push(mail);
        Ok(())
    }
}

impl Postbox {
    pub fn fail(&self, times: u32) {
        *self.failures.lock().expect("no panic") = times;
    }

    pub fn mails(&self) -> Vec<Mail> {
        self.mails.lock().expect("no panic").clone()
    }

    /// The token in the newest mail whose link leads to `page`.
    pub fn token(&self, page: &str) -> secrecy::SecretString {
        let mails = self.mails();
        let text = mails.iter().rev().find_map(|mail| mail.text.split_once(&format!("/{page}?token=")));
        let (_, rest) = text.expect("a mail with such a link");
        rest.lines().next().expect("a token").into()
    }
}

pub struct World {
    pub pool: PgPool,
    pub clock: Arc<ManualClock>,
    pub auth: Auth,
    pub postbox: Arc<Postbox>,
    pub store: ReadStore,
    bus: EventBus,
    commands: CommandBus,
    queries: QueryBus,
    _running: Running,
    _watcher: DropGuard,
    // The last to go: the others use it.
    database: TestDatabase,
}

impl World {
    /// Sessions are served from Redis.
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
        let database = TestDatabase::of("auth").await;
        let pool = database.pool("auth");
        let clock = Arc::new(ManualClock::at(A_SATURDAY));
        let store = ReadStore::connect(read_store::Settings::new(url, testkit::redis_prefix())).expect("an address");
        let postbox = Arc::new(Postbox::default());
        let settings = Settings {
            bcrypt_cost: 4,
            ..Settings::new("a secret of at least 32 characters".into(), "https://shelf.example")
        };
        let auth = Auth::new(pool.clone(), store.projection("auth"), postbox.clone(), clock.clone(), &settings);
        store.register(auth.rebuild());
        let shutdown = CancellationToken::new();
        let (watched, until) = (store.clone(), shutdown.clone());
        tokio::spawn(async move { watched.run_watcher(until).await });

        let settings = BusSettings { backoff_scale: 0.01, ..BusSettings::default() };
        let bus = EventBus::new(database.pool("event_bus"), clock.clone(), settings);
        let running = bus.start(auth.subscriptions()).await.expect("the runners start");
        let (mut commands, mut queries) = cqrs::builders(clock.clone(), bus.clone(), None);
        auth.register(&mut commands, &mut queries);
        Self {
            pool,
            clock,
            auth,
            postbox,
            store,
            bus,
            commands: commands.build().expect("one handler each"),
            queries: queries.build().expect("one handler each"),
            _running: running,
            _watcher: shutdown.drop_guard(),
            database,
        }
    }

    pub async fn send<C: Command>(&self, caller: &Caller, command: C) -> Result<C::Output, DispatchError<C::Error>> {
        let dispatch = self.commands.dispatch::<C>().expect("a handler");
        dispatch.send(caller, command).await.map(|done| done.output)
    }

    pub async fn ask<Q: Query>(&self, caller: &Caller, query: Q) -> Result<Q::Answer, AskError<Q::Error>> {
        self.queries.asking::<Q>().expect("a handler").ask(caller, query).await
    }

    /// What users tells; everybody has heard it.
    pub async fn tell(&self, event: impl Into<UserEvent>, version: i64) -> Position {
        let actor = RecordedActor::System { name: "test".to_owned() };
        let meta = Meta { actor, trace: None, occurred_at: self.clock.now() };
        let mut tx = self.pool.begin().await.expect("a transaction");
        let position = event_bus::append(&mut tx, &meta, &event.into(), version).await.expect("appended");
        tx.commit().await.expect("committed");
        let heard = self.bus.wait_for(position, Scope::All, Duration::from_secs(10)).await;
        assert_eq!(heard, Heard::Yes, "not heard in time");
        position
    }

    /// Somebody who has just registered.
    pub async fn registered(&self, email: &str) -> SignedIn {
        let command = Register {
            email: an_email(email),
            password: Password::new(PASSWORD).expect("a good one"),
            name: Line::new("Ada").expect("a name"),
            language: None,
            device: None,
        };
        self.send(&anonymous(), command).await.expect("registered")
    }

    pub async fn log_in(&self, email: &str, password: &str) -> Result<SignedIn, &'static str> {
        let command = LogIn { email: an_email(email), password: password.into(), device: None };
        self.send(&anonymous(), command).await.map_err(|refused| refused.code())
    }

    pub async fn refresh(&self, session: &SignedIn) -> Result<SignedIn, &'static str> {
        let command = auth::RefreshTokens { refresh_token: session.refresh_token.clone() };
        self.send(&anonymous(), command).await.map_err(|refused| refused.code())
    }

    pub async fn authenticate(&self, session: &SignedIn) -> Result<Authenticated, &'static str> {
        let token = session.access_token.expose_secret();
        let found = self.auth.authenticate(token).await;
        found.map(|who| (*who).clone()).map_err(|refused| refused.code())
    }

    /// How many rows a statement of the test's own counts.
    pub async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.expect("a count")
    }

    /// All that the log holds, as text.
    pub async fn log(&self) -> String {
        let owner = sqlx::PgPool::connect_with(self.database.options("event_bus")).await.expect("a connection");
        sqlx::query_scalar("select coalesce(string_agg(log::text, ' '), '') from event_bus.log")
            .fetch_one(&owner)
            .await
            .expect("the log")
    }
}

pub fn an_email(text: &str) -> Email {
    Email::new(text).expect("an address")
}

/// The caller that the host makes of a session.
pub fn caller(session: &SignedIn) -> Caller {
    let actor = Actor::Member {
        id: session.user_id,
        session: session.session_id,
        role: "user".to_owned(),
        permissions: PermissionSet::empty(),
    };
    Caller::new(actor, "")
}
