//! Counters that count: each event of a counter carries its next number, so that order, gaps and repeats show.
//! The tables stand in the schema of the context `books`, in a database that only one test has.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends here")]
#![allow(dead_code, reason = "each file of tests uses a part")]

pub mod apart;
pub mod process;
pub mod rough;
pub mod storm;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use event_bus::{Apply, BusSettings, Delivery, EventBus, HandlerError, Meta, Recorded, Running, Subscription};
use kernel::actor::RecordedActor;
use kernel::event::Published;
use kernel::{Clock, DecodeError, Event, Position, SystemClock};
use serde_json::{Value, json};
use sqlx::{PgPool, Postgres, Transaction};
use testkit::TestDatabase;
use uuid::Uuid;

/// A counter reached its next number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Counted {
    pub counter: Uuid,
    pub n: i64,
}

impl Event for Counted {
    const FAMILY: &'static str = "counters";
    const PUBLISHED: &'static [Published] = &[Published { name: "counter.counted", version: 1, sample: "" }];

    fn name(&self) -> &'static str {
        "counter.counted"
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
        Ok(json!({"n": self.n}))
    }
    fn decode(_: &str, _: i16, payload: &Value) -> Result<Option<Self>, DecodeError> {
        Ok(payload["n"].as_i64().map(|n| Self { counter: Uuid::nil(), n }))
    }
}

pub fn n_of(event: &Recorded) -> i64 {
    event.payload["n"].as_i64().expect("a counter's number")
}

pub fn meta() -> Meta {
    Meta { actor: RecordedActor::Anonymous, trace: None, occurred_at: SystemClock.now() }
}

pub fn a_counter() -> Uuid {
    testkit::a_user().uuid()
}

const TABLES: &str = "
    create table books.counter (id uuid primary key, n bigint not null);
    create table books.seen (nth bigint generated always as identity primary key,
        counter uuid not null, n bigint not null, by text not null);
    create table books.gate (open boolean)";

/// A database with the tables above, and a pool of the context `books`.
pub async fn counters() -> (TestDatabase, PgPool) {
    let database = TestDatabase::new().await;
    let pool = database.pool("books");
    prepare(&database.owner_pool("books")).await;
    (database, pool)
}

pub async fn prepare(pool: &PgPool) {
    sqlx::raw_sql(TABLES).execute(pool).await.unwrap();
}

/// Its waits between tries are a thousandth of what they are.
pub fn bus(pool: PgPool, batch: i64) -> EventBus {
    bus_of(Uuid::now_v7(), pool, batch)
}

pub fn bus_of(process: Uuid, pool: PgPool, batch: i64) -> EventBus {
    let settings = BusSettings { batch, backoff_scale: 0.001, process, ..BusSettings::default() };
    EventBus::new(pool, Arc::new(SystemClock), settings)
}

pub async fn append(tx: &mut Transaction<'_, Postgres>, counter: Uuid, n: i64) -> Position {
    event_bus::append(tx, &meta(), &Counted { counter, n }, n).await.unwrap()
}

/// Appends the numbers in one transaction each.
pub async fn write(pool: &PgPool, counter: Uuid, numbers: impl IntoIterator<Item = i64>) -> Vec<Position> {
    let mut positions = Vec::new();
    for n in numbers {
        let mut tx = pool.begin().await.unwrap();
        positions.push(append(&mut tx, counter, n).await);
        tx.commit().await.unwrap();
    }
    positions
}

/// What the handlers wrote, in the order of writing.
pub async fn seen(pool: &PgPool) -> Vec<i64> {
    sqlx::query_scalar("select n from books.seen order by nth").fetch_all(pool).await.unwrap()
}

/// Waits until the handlers have written exactly these numbers in this order.
pub async fn until_seen(pool: &PgPool, numbers: impl IntoIterator<Item = i64>) {
    let wanted: Vec<i64> = numbers.into_iter().collect();
    testkit::eventually(&format!("{wanted:?} are seen"), || async { seen(pool).await == wanted }).await;
}

/// What goes wrong with which number at which try.
pub type Trouble = fn(n: i64, attempt: u32) -> Result<(), HandlerError>;

/// Writes each number to `books.seen`, unless there is trouble.
pub struct Seeing {
    by: &'static str,
    trouble: Trouble,
    attempts: Mutex<HashMap<i64, u32>>,
    healed: AtomicBool,
}

impl Seeing {
    pub fn calmly(by: &'static str) -> Arc<Self> {
        Self::with(by, |_, _| Ok(()))
    }

    pub fn with(by: &'static str, trouble: Trouble) -> Arc<Self> {
        Arc::new(Self { by, trouble, attempts: Mutex::default(), healed: AtomicBool::new(false) })
    }

    /// From now on there is no trouble any more.
    pub fn heal(&self) {
        self.healed.store(true, Ordering::SeqCst);
    }

    pub fn attempts(&self, n: i64) -> u32 {
        self.attempts.lock().unwrap().get(&n).copied().unwrap_or(0)
    }
}

#[async_trait]
impl Apply for Seeing {
    async fn apply(&self, delivery: &mut Delivery<'_>, event: &Recorded) -> Result<(), HandlerError> {
        let n = n_of(event);
        let attempt = {
            let mut attempts = self.attempts.lock().unwrap();
            let attempt = attempts.entry(n).or_default();
            *attempt += 1;
            *attempt
        };
        if !self.healed.load(Ordering::SeqCst) {
            (self.trouble)(n, attempt)?;
        }
        write_down(delivery, event, self.by).await
    }
}

pub async fn write_down(delivery: &mut Delivery<'_>, event: &Recorded, by: &str) -> Result<(), HandlerError> {
    sqlx::query("insert into books.seen (counter, n, by) values ($1, $2, $3)")
        .bind(event.aggregate_id)
        .bind(n_of(event))
        .bind(by)
        .execute(delivery.connection())
        .await?;
    Ok(())
}

/// Starts the subscription `books` with `handler`.
pub async fn start(bus: &EventBus, pool: &PgPool, handler: Arc<dyn Apply>) -> Running {
    let subscription = Subscription::apply("books", pool.clone(), handler);
    bus.start(vec![subscription]).await.unwrap()
}
