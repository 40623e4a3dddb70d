//! Many writers, of every kind that has ever been a danger to a reader of the log, beside transactions of another
//! database: some short, one open all the time.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use event_bus::{HandlerError, Project, Recorded, Subscription};
use kernel::Position;
use rand::random_range;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Acquire, AssertSqlSafe, ConnectOptions, PgPool};
use testkit::{TestDatabase, eventually_within};
use tokio::task::JoinSet;

use super::{Counted, a_counter, append, bus, meta};

const WRITERS: usize = 12;
const FOREIGN_WRITERS: usize = 4;

/// How many events there were, and how many of them readers never saw.
#[derive(Debug)]
pub struct Outcome {
    pub committed: usize,
    /// By a subscription of the bus.
    pub skipped: usize,
    /// By a reader that remembers the highest position it saw.
    pub skipped_by_position: usize,
}

#[derive(Default)]
struct Noting(Mutex<Vec<Position>>);

#[async_trait]
impl Project for Noting {
    async fn project(&self, events: &[Arc<Recorded>]) -> Result<(), HandlerError> {
        self.0.lock().unwrap().extend(events.iter().map(|event| event.position));
        Ok(())
    }
}

pub async fn blow(duration: Duration) -> Outcome {
    blow_after(duration, "").await
}

/// `preparation` is run first, as the owner of the log.
pub async fn blow_after(duration: Duration, preparation: &str) -> Outcome {
    let (database, elsewhere) = (TestDatabase::new().await, TestDatabase::new().await);
    let log = database.pool("event_bus");
    sqlx::raw_sql(AssertSqlSafe(preparation.to_owned())).execute(&database.owner_pool("event_bus")).await.unwrap();
    let noting = Arc::new(Noting::default());
    let events = bus(log.clone(), 500);
    let subscription = Subscription::project("books.view", noting.clone());
    let running = events.start(vec![subscription]).await.unwrap();

    let until = Instant::now() + duration;
    let pool = PgPoolOptions::new().max_connections(WRITERS as u32).connect_lazy_with(database.options("books"));
    let mut held = elsewhere.owner_options().connect().await.unwrap();
    sqlx::raw_sql("begin; select pg_current_xact_id()").execute(&mut held).await.unwrap();
    let naive = tokio::spawn(read_by_position(log.clone(), until + Duration::from_millis(500)));
    let mut writers = JoinSet::new();
    for _ in 0..WRITERS {
        let pool = pool.clone();
        writers.spawn(async move {
            while Instant::now() < until {
                write_somehow(&pool).await;
            }
        });
    }
    for nth in 0..FOREIGN_WRITERS {
        writers.spawn(write_elsewhere(elsewhere.owner_options(), nth % 2 == 0, until));
    }
    while let Some(writer) = writers.join_next().await {
        writer.unwrap();
    }

    let committed: BTreeSet<i64> =
        sqlx::query_scalar("select position from event_bus.log").fetch_all(&log).await.unwrap().into_iter().collect();
    let (transaction, sequence): (i64, i64) = sqlx::query_as(
        "select transaction_id::text::bigint, position from event_bus.log
        order by log.transaction_id desc, position desc limit 1",
    )
    .fetch_one(&log)
    .await
    .unwrap();
    let last = Position { transaction, sequence };
    eventually_within(Duration::from_secs(20), "the subscription has come to the end", || async {
        events.subscriptions().await.unwrap()[0].checkpoint >= last
    })
    .await;
    running.stop().await;
    drop(held);
    let seen = std::mem::take(&mut *noting.0.lock().unwrap());
    assert!(seen.is_sorted_by(|a, b| a < b), "each once and in the order of the log");
    let seen: BTreeSet<i64> = seen.iter().map(|position| position.sequence).collect();
    let naive = naive.await.unwrap();
    Outcome {
        committed: committed.len(),
        skipped: committed.difference(&seen).count(),
        skipped_by_position: committed.difference(&naive).count(),
    }
}

async fn read_by_position(log: PgPool, until: Instant) -> BTreeSet<i64> {
    let (mut seen, mut last) = (BTreeSet::new(), 0);
    while Instant::now() < until {
        let positions: Vec<i64> =
            sqlx::query_scalar("select position from event_bus.log where position > $1 order by position")
                .bind(last)
                .fetch_all(&log)
                .await
                .unwrap();
        last = positions.last().copied().unwrap_or(last);
        seen.extend(positions);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    seen
}

async fn a_while() {
    tokio::time::sleep(Duration::from_millis(random_range(0..20))).await;
}

/// One transaction of a random kind.
async fn write_somehow(pool: &PgPool) {
    let mut tx = pool.begin().await.unwrap();
    match random_range(0..8) {
        0 => drop(append(&mut tx, a_counter(), 1).await),
        1 => {
            append(&mut tx, a_counter(), 1).await;
            a_while().await;
        }
        // Draws its id long before it appends.
        2 => {
            sqlx::query("select pg_current_xact_id()").execute(&mut *tx).await.unwrap();
            a_while().await;
            append(&mut tx, a_counter(), 1).await;
        }
        // Is open for long before it draws its id.
        3 => {
            sqlx::query("select 1").execute(&mut *tx).await.unwrap();
            a_while().await;
            append(&mut tx, a_counter(), 1).await;
        }
        4 => {
            append(&mut tx, a_counter(), 1).await;
            a_while().await;
            return tx.rollback().await.unwrap();
        }
        5 => {
            append(&mut tx, a_counter(), 1).await;
            let mut savepoint = tx.begin().await.unwrap();
            append(&mut savepoint, a_counter(), 1).await;
            savepoint.rollback().await.unwrap();
            a_while().await;
        }
        // Its only append is of a subtransaction.
        6 => {
            let mut savepoint = tx.begin().await.unwrap();
            append(&mut savepoint, a_counter(), 1).await;
            savepoint.commit().await.unwrap();
            a_while().await;
        }
        _ => {
            let many: Vec<_> = (0..50).map(|n| (Counted { counter: a_counter(), n }, 1)).collect();
            event_bus::append_all(&mut tx, &meta(), &many).await.unwrap();
        }
    }
    tx.commit().await.unwrap();
}

/// Short transactions in another database, in one session or each in a new one.
async fn write_elsewhere(options: PgConnectOptions, in_one_session: bool, until: Instant) {
    let mut session = options.connect().await.unwrap();
    while Instant::now() < until {
        if !in_one_session {
            session = options.connect().await.unwrap();
        }
        sqlx::raw_sql("begin; select pg_current_xact_id()").execute(&mut session).await.unwrap();
        a_while().await;
        sqlx::raw_sql("commit").execute(&mut session).await.unwrap();
    }
}
