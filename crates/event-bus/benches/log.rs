//! The figures of the event log: from an append to its handling, and how fast a subscription catches up.
//! `cargo bench -p event-bus` with a `DATABASE_URL`.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use event_bus::{Apply, BusSettings, Delivery, EventBus, HandlerError, Meta, Project, Recorded, Subscription};
use kernel::actor::RecordedActor;
use kernel::event::Published;
use kernel::{Clock, DecodeError, Event, Position, SystemClock};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool};
use testkit::{TestDatabase, eventually_within};
use uuid::Uuid;

const RATE: u32 = 500;
const SECONDS: u32 = 10;
const BEHIND: i64 = 50_000;

fn main() {
    if std::env::var_os("DATABASE_URL").is_none() {
        println!("no DATABASE_URL, so nothing is measured: `just bench` starts a server");
        return;
    }
    tokio::runtime::Runtime::new().expect("a runtime").block_on(async {
        latency().await;
        catching_up().await;
        if std::env::var_os("BENCH_PLANS").is_some() {
            plans().await;
        }
    });
}

struct Happened {
    about: Uuid,
    n: i64,
}

impl Event for Happened {
    const FAMILY: &'static str = "counters";
    const PUBLISHED: &'static [Published] = &[];

    fn name(&self) -> &'static str {
        "thing.happened"
    }
    fn version(&self) -> i16 {
        1
    }
    fn aggregate_type(&self) -> &'static str {
        "thing"
    }
    fn aggregate_id(&self) -> Uuid {
        self.about
    }
    fn payload(&self) -> Result<Value, serde_json::Error> {
        Ok(json!({"n": self.n, "title": "The Left Hand of Darkness", "authors": ["Ursula K. Le Guin"]}))
    }
    fn decode(_: &str, _: i16, _: &Value) -> Result<Option<Self>, DecodeError> {
        Ok(None)
    }
}

fn meta() -> Meta {
    Meta { actor: RecordedActor::Anonymous, trace: None, occurred_at: SystemClock.now() }
}

/// One upsert per event, as replica rows are kept.
struct Upserting;

#[async_trait]
impl Apply for Upserting {
    async fn apply(&self, delivery: &mut Delivery<'_>, event: &Recorded) -> Result<(), HandlerError> {
        sqlx::query(
            "insert into books.thing values ($1, $2)
            on conflict (id) do update set version = excluded.version where thing.version < excluded.version",
        )
        .bind(event.aggregate_id)
        .bind(event.aggregate_version)
        .execute(delivery.connection())
        .await?;
        Ok(())
    }
}

/// Notes how long ago each event happened.
#[derive(Default)]
struct Noting(Mutex<Vec<Duration>>);

#[async_trait]
impl Project for Noting {
    async fn project(&self, events: &[Arc<Recorded>]) -> Result<(), HandlerError> {
        let now = SystemClock.now();
        let ages = events.iter().map(|event| (now - event.occurred_at).unsigned_abs());
        self.0.lock().expect("no panic holds it").extend(ages);
        Ok(())
    }
}

async fn a_database() -> (TestDatabase, PgPool, EventBus) {
    let database = TestDatabase::new().await;
    let pool = database.pool("books");
    sqlx::raw_sql("create table books.thing (id uuid primary key, version bigint not null)")
        .execute(&database.owner_pool("books"))
        .await
        .expect("a table");
    let events = EventBus::new(database.pool("event_bus"), Arc::new(SystemClock), BusSettings::default());
    (database, pool, events)
}

/// Appends at a steady rate from several writers, with an applying subscription and a view behind it.
async fn latency() {
    let (_database, pool, events) = a_database().await;
    let view = Arc::new(Noting::default());
    let direct = Arc::new(Noting::default());
    let running = events
        .start(vec![
            Subscription::apply("books", pool.clone(), Arc::new(Upserting)),
            Subscription::project("books.view", view.clone()).after("books"),
            Subscription::project("books.direct", direct.clone()),
        ])
        .await
        .expect("a start");
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / RATE);
    let mut writers = tokio::task::JoinSet::new();
    for n in 0..i64::from(RATE * SECONDS) {
        ticks.tick().await;
        let pool = pool.clone();
        writers.spawn(async move {
            let event = Happened { about: Uuid::now_v7(), n };
            let mut tx = pool.begin().await.expect("a transaction");
            event_bus::append(&mut tx, &meta(), &event, 1).await.expect("an append");
            tx.commit().await.expect("a commit");
        });
    }
    while writers.join_next().await.is_some() {}
    let all = (RATE * SECONDS) as usize;
    eventually_within(Duration::from_secs(60), "all is handled", || async {
        view.0.lock().expect("whole").len() >= all
    })
    .await;
    running.stop().await;
    println!("append to handled, {RATE} events/s for {SECONDS} s (goal: p99 below 20 ms)");
    show("a subscription", &direct.0);
    show("a view behind another subscription", &view.0);
}

fn show(what: &str, ages: &Mutex<Vec<Duration>>) {
    let mut ages = ages.lock().expect("whole").clone();
    ages.sort_unstable();
    let at = |share: f64| {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
        let index = ((ages.len() - 1) as f64 * share) as usize;
        ages[index].as_secs_f64() * 1_000.0
    };
    println!("  {what:<36} p50 {:6.1} ms   p99 {:6.1} ms   max {:6.1} ms", at(0.5), at(0.99), at(1.0));
}

async fn catching_up() {
    let (_database, pool, events) = a_database().await;
    let mut last = Position::START;
    for first in (1..=BEHIND).step_by(1_000) {
        let many: Vec<_> = (first..first + 1_000).map(|n| (Happened { about: Uuid::now_v7(), n }, 1)).collect();
        let mut tx = pool.begin().await.expect("a transaction");
        let position = event_bus::append_all(&mut tx, &meta(), &many).await.expect("an append");
        tx.commit().await.expect("a commit");
        last = last.max(position.expect("there are some"));
    }
    println!("catching up with {BEHIND} events (goal: 5000 events/s)");
    for (what, subscription) in [
        ("one upsert per event", Subscription::apply("books", pool.clone(), Arc::new(Upserting))),
        ("a projection", Subscription::project("books.view", Arc::new(Noting::default()))),
    ] {
        let name = subscription.name();
        let started = Instant::now();
        let running = events.start(vec![subscription]).await.expect("a start");
        eventually_within(Duration::from_secs(120), "it has caught up", || async {
            let all = events.subscriptions().await.expect("the subscriptions");
            all.iter().any(|one| one.name == name && one.checkpoint >= last)
        })
        .await;
        let rate = BEHIND as f64 / started.elapsed().as_secs_f64();
        running.stop().await;
        println!("  {what:<36} {rate:6.0} events/s");
    }
}

/// With `BENCH_PLANS` set: how the log is read when it holds a million rows.
async fn plans() {
    let (database, _pool, _events) = a_database().await;
    let pool = database.owner_pool("event_bus");
    println!("the plans of the log's statements at 1,000,000 rows");
    for _ in 0..10 {
        sqlx::raw_sql(
            "alter table event_bus.log disable trigger log_keeps_aggregate_order;
            insert into event_bus.log (id, name, version, aggregate_type, aggregate_id, aggregate_version, payload,
                actor, occurred_at)
            select gen_random_uuid(), 'thing.happened', 1, 'thing', gen_random_uuid(), 1,
                '{\"title\": \"The Left Hand of Darkness\"}', '{\"kind\": \"anonymous\"}', now()
            from generate_series(1, 100000);
            alter table event_bus.log enable trigger log_keeps_aggregate_order",
        )
        .execute(&pool)
        .await
        .expect("rows");
    }
    sqlx::raw_sql(
        "analyze event_bus.log;
        insert into event_bus.subscription (name, transaction_id, position)
            select 'books', transaction_id, position from event_bus.log where position = 500000;
        insert into event_bus.subscription (name, transaction_id, position)
            select 'behind', transaction_id, position from event_bus.log where position = 499000;
        ",
    )
    .execute(&pool)
    .await
    .expect("a preparation");
    let row: (String, i64) =
        sqlx::query_as("select transaction_id::text, position from event_bus.subscription where name = 'books'")
            .fetch_one(&pool)
            .await
            .expect("a checkpoint");
    let from = format!("('{}'::bigint::text::xid8, {}::bigint)", row.0, row.1);
    for (what, statement) in [
        (
            "read",
            format!(
                "select * from event_bus.log where (transaction_id, position) > {from}
                and transaction_id < (select event_bus.horizon())
                order by log.transaction_id, log.position limit 500"
            ),
        ),
        (
            "read behind a leader",
            "select * from event_bus.log
            where (transaction_id, position) > (select transaction_id, position from event_bus.subscription where name = 'behind')
            and (transaction_id, position) <= (select s.transaction_id, s.position from event_bus.subscription s where s.name = 'books')
            order by log.transaction_id, log.position limit 500".to_owned(),
        ),
        (
            "look around",
            "select coalesce((select true from event_bus.log l
                where (l.transaction_id, l.position) > (s.transaction_id, s.position)
                order by l.transaction_id, l.position limit 1), false)
            from event_bus.subscription s where s.name = 'books'".to_owned(),
        ),
        (
            "ahead of its server",
            "select exists (select 1 from event_bus.log
                where transaction_id >= pg_snapshot_xmax(pg_current_snapshot()))".to_owned(),
        ),
    ] {
        let lines: Vec<String> =
            sqlx::query_scalar(AssertSqlSafe(format!("explain (analyze, buffers) {statement}")))
                .fetch_all(&pool)
                .await
                .expect(what);
        println!("  {what}");
        for line in lines {
            println!("    {line}");
        }
    }
}
