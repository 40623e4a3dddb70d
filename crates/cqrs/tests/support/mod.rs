//! A counter with one command and one query, in the schema of the context `books` of a database of its own.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends here")]
#![allow(dead_code, reason = "each file of tests uses a part")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use cqrs::{Call, CommandBus, CommandHandler, QueryBus, QueryHandler, Source};
use database::Database;
use event_bus::{BusSettings, EventBus};
use kernel::event::Published;
use kernel::{Command, DecodeError, ErrorKind, Event, ManualClock, Query, Refusal};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use testkit::{A_SATURDAY, TestDatabase};
use uuid::Uuid;

/// Adds to the counter; refuses to go beyond a hundred.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Add {
    pub by: i64,
}

#[derive(Debug, thiserror::Error)]
pub enum AddError {
    #[error("a hundred is enough")]
    TooMuch,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for AddError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::TooMuch => ErrorKind::Conflict,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::TooMuch => "TOO_MUCH",
            Self::Database(_) => "INTERNAL",
        }
    }
}

impl Command for Add {
    const NAME: &'static str = "add";
    type Output = i64;
    type Error = AddError;
}

/// The same effect under another name.
#[derive(Debug, Clone, Serialize)]
pub struct AddSecretly {
    pub by: i64,
}

impl Command for AddSecretly {
    const NAME: &'static str = "add_secretly";
    const REPEATABLE: bool = false;
    type Output = i64;
    type Error = AddError;
}

/// Takes for ever.
#[derive(Debug, Clone, Serialize)]
pub struct Linger;

impl Command for Linger {
    const NAME: &'static str = "linger";
    type Output = ();
    type Error = AddError;
}

pub struct Added {
    pub counter: Uuid,
}

impl Event for Added {
    const FAMILY: &'static str = "counters";
    const PUBLISHED: &'static [Published] = &[];
    fn name(&self) -> &'static str {
        "counter.added"
    }
    fn version(&self) -> i16 {
        1
    }
    fn aggregate_type(&self) -> &'static str {
        "counter"
    }
    fn aggregate_id(&self) -> Uuid {
        self.counter
    }
    fn payload(&self) -> Result<Value, serde_json::Error> {
        Ok(json!({}))
    }
    fn decode(_: &str, _: i16, _: &Value) -> Result<Option<Self>, DecodeError> {
        Ok(None)
    }
}

/// Handles all of the above.
#[derive(Clone)]
pub struct Adder {
    pub pool: Database,
    /// How often a handler was begun.
    pub starts: Arc<AtomicU32>,
    /// Let another transaction reach the counter between a start's first word and its work, this often.
    pub disturbances: Arc<AtomicU32>,
}

impl Adder {
    async fn add(&self, call: &Call, by: i64) -> Result<i64, AddError> {
        self.starts.fetch_add(1, Ordering::SeqCst);
        let mut work = call.begin(&self.pool).await?;
        if self.disturbances.load(Ordering::SeqCst) > 0 {
            self.disturbances.fetch_sub(1, Ordering::SeqCst);
            // This transaction draws its id, and then another one is first at the counter.
            sqlx::query("select pg_current_xact_id()").execute(work.connection()).await?;
            self.tell_elsewhere().await?;
        }
        let (id, n): (Uuid, i64) = sqlx::query_as("update books.counter set n = n + $1 returning id, n")
            .bind(by)
            .fetch_one(work.connection())
            .await?;
        if n > 100 {
            return Err(AddError::TooMuch);
        }
        work.append(&Added { counter: id }, n).await?;
        Ok(work.commit(n).await?)
    }

    async fn tell_elsewhere(&self) -> Result<(), sqlx::Error> {
        let mut tx = self.pool.begin().await?;
        let (id, n): (Uuid, i64) =
            sqlx::query_as("update books.counter set n = n + 1 returning id, n").fetch_one(&mut *tx).await?;
        let meta =
            event_bus::Meta { actor: kernel::actor::RecordedActor::Anonymous, trace: None, occurred_at: A_SATURDAY };
        event_bus::append(&mut tx, &meta, &Added { counter: id }, n).await?;
        tx.commit().await
    }
}

#[async_trait]
impl CommandHandler<Add> for Adder {
    async fn handle(&self, call: &Call, command: Add) -> Result<i64, AddError> {
        self.add(call, command.by).await
    }
}

#[async_trait]
impl CommandHandler<AddSecretly> for Adder {
    async fn handle(&self, call: &Call, command: AddSecretly) -> Result<i64, AddError> {
        self.add(call, command.by).await
    }
}

#[async_trait]
impl CommandHandler<Linger> for Adder {
    async fn handle(&self, call: &Call, _: Linger) -> Result<(), AddError> {
        // Begun and not written to: an open transaction that has written would hold the whole server's log back.
        let _work = call.begin(&self.pool).await?;
        std::future::pending().await
    }
}

/// Answers where it was told to look.
pub struct Where;

impl Query for Where {
    const NAME: &'static str = "where";
    type Answer = Source;
    type Error = AddError;
}

pub struct Looking;

#[async_trait]
impl QueryHandler<Where> for Looking {
    async fn handle(&self, call: &Call, _: Where) -> Result<Source, AddError> {
        Ok(call.source())
    }
}

pub struct Counter {
    /// Holds the database; dropped last.
    pub pool: Database,
    pub clock: Arc<ManualClock>,
    pub events: EventBus,
    pub adder: Adder,
    pub commands: CommandBus,
    pub queries: QueryBus,
    pub database: TestDatabase,
}

impl Counter {
    pub async fn new() -> Self {
        let database = TestDatabase::new().await;
        let pool = Database::from(database.pool("books"));
        sqlx::raw_sql(
            "create table books.counter (id uuid primary key, n bigint not null);
            insert into books.counter values (gen_random_uuid(), 0);
            create table if not exists books.idempotency_key (
                actor text not null, key text not null, command text not null, request_hash bytea not null,
                answer jsonb not null, created_at timestamptz not null, told_transaction bigint, told_position bigint,
                told_families text[], primary key (actor, key)
            )",
        )
        .execute(&database.owner_pool("books"))
        .await
        .unwrap();
        let clock = Arc::new(ManualClock::at(A_SATURDAY));
        let events = EventBus::new(database.pool("event_bus"), clock.clone(), BusSettings::default());
        let adder = Adder { pool: pool.clone(), starts: Arc::default(), disturbances: Arc::default() };
        let (mut commands, mut queries) = cqrs::builders(clock.clone(), events.clone(), None);
        commands.register::<Add>(&pool, adder.clone());
        commands.register::<AddSecretly>(&pool, adder.clone());
        commands.register::<Linger>(&pool, adder.clone());
        queries.register::<Where>(&pool, Looking);
        Self {
            commands: commands.build().unwrap(),
            queries: queries.build().unwrap(),
            pool,
            clock,
            events,
            adder,
            database,
        }
    }

    pub async fn n(&self) -> i64 {
        sqlx::query_scalar("select n from books.counter").fetch_one(&self.pool).await.unwrap()
    }

    pub async fn keys(&self) -> i64 {
        sqlx::query_scalar("select count(*) from books.idempotency_key").fetch_one(&self.pool).await.unwrap()
    }

    pub fn starts(&self) -> u32 {
        self.adder.starts.load(Ordering::SeqCst)
    }
}
