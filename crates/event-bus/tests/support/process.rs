//! Other processes: this very program again, told by its environment to run the subscription `books`.

use std::process::Stdio;
use std::str::FromStr;

use async_trait::async_trait;
use event_bus::{Apply, Delivery, HandlerError, Project, Recorded, Subscription};
use futures_util::StreamExt;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, PgPool};
use testkit::TestDatabase;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use uuid::Uuid;

use super::{Seeing, a_counter, append, bus_of, n_of, write_down};

const BUS: &str = "FOLKSHELF_TEST_CHILD_BUS";
const BOOKS: &str = "FOLKSHELF_TEST_CHILD_BOOKS";
const MANNER: &str = "FOLKSHELF_TEST_CHILD_MANNER";

/// What the process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Handles events.
    Calmly,
    /// Handles events, and shows them in a view: each is written to `books.seen` by `view` too, in no transaction of the log.
    Viewing,
    /// Says `middle` at number 50 and waits for ever.
    StuckAt50,
    /// Says `holding` at the first event and waits until `books.gate` has a row. Nobody can tell that its sessions are its.
    BehindTheGate,
    /// Says `middle` at number 50 and reads no further in a long answer of PostgreSQL.
    UnreadAt50,
    /// Runs no subscription: appends, says `middle` and waits for ever.
    InATransaction,
    /// The same, and reads no further in a long answer of PostgreSQL.
    Unread,
}

impl Manner {
    const ALL: [Self; 7] = [
        Self::Calmly,
        Self::Viewing,
        Self::StuckAt50,
        Self::BehindTheGate,
        Self::UnreadAt50,
        Self::InATransaction,
        Self::Unread,
    ];

    pub fn handles_events(self) -> bool {
        !matches!(self, Self::InATransaction | Self::Unread)
    }
}

pub struct Process {
    pub child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Process {
    /// Starts one; each file of tests that does has the ignored test `the_other_process`, which calls [`run`].
    pub fn start(database: &TestDatabase, manner: Manner) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["the_other_process", "--exact", "--ignored", "--nocapture"])
            .env(BUS, database.options("event_bus").to_url_lossy().as_str())
            .env(BOOKS, database.options("books").to_url_lossy().as_str())
            .env(MANNER, format!("{manner:?}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// Waits until the process says `word`.
    pub async fn says(&mut self, word: &str) {
        loop {
            let line = self.lines.next_line().await.unwrap();
            let line = line.unwrap_or_else(|| panic!("the process ended and never said {word}"));
            if line.ends_with(word) {
                return;
            }
        }
    }

    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Lets it end in order.
    pub async fn stop(mut self) {
        drop(self.child.stdin.take());
        assert!(self.child.wait().await.unwrap().success());
    }
}

/// The other process's whole life: until its standard input closes. Does nothing where nobody started it as such.
pub async fn run() {
    let Ok(address) = std::env::var(BUS) else {
        return;
    };
    let manner = std::env::var(MANNER).unwrap();
    let manner = Manner::ALL.into_iter().find(|known| format!("{known:?}") == manner).unwrap();
    let process = Uuid::now_v7();
    let pool = |context: &str, url: &str| {
        let mut options = PgConnectOptions::from_str(url).unwrap();
        if manner.handles_events() {
            // These tests are about what others do to a holder of leases.
            options = options.options([("idle_in_transaction_session_timeout", "0"), ("tcp_user_timeout", "0")]);
        }
        if manner != Manner::BehindTheGate {
            options = options.application_name(&event_bus::session_name(context, process));
        }
        PgPool::connect_lazy_with(options)
    };
    let bus = bus_of(process, pool("event_bus", &address), 100);
    let books = pool("books", &std::env::var(BOOKS).unwrap());
    let handler: std::sync::Arc<dyn Apply> = match manner {
        Manner::Calmly | Manner::Viewing => Seeing::calmly("another process"),
        Manner::StuckAt50 => std::sync::Arc::new(StuckAt50),
        Manner::BehindTheGate => std::sync::Arc::new(BehindTheGate(books.clone())),
        Manner::UnreadAt50 => std::sync::Arc::new(UnreadAt50),
        Manner::InATransaction | Manner::Unread => {
            let mut tx = books.begin().await.unwrap();
            append(&mut tx, a_counter(), 1).await;
            if manner == Manner::Unread {
                return read_a_part(&mut tx).await;
            }
            println!("\nmiddle");
            return std::future::pending().await;
        }
    };
    let mut subscriptions = vec![Subscription::apply("books", books.clone(), handler)];
    if manner == Manner::Viewing {
        subscriptions.push(view(&books));
    }
    let running = bus.start(subscriptions).await.unwrap();
    println!("\nready");
    let mut rest = Vec::new();
    tokio::io::stdin().read_to_end(&mut rest).await.unwrap();
    running.stop().await;
}

/// Follows `books` and writes what it is given to `books.seen`, by `view`.
pub fn view(books: &PgPool) -> Subscription {
    Subscription::project("books.view", std::sync::Arc::new(Showing(books.clone()))).after("books")
}

struct Showing(PgPool);

#[async_trait]
impl Project for Showing {
    async fn project(&self, events: &[std::sync::Arc<Recorded>]) -> Result<(), HandlerError> {
        for event in events {
            sqlx::query("insert into books.seen (counter, n, by) values ($1, $2, 'view')")
                .bind(event.aggregate_id)
                .bind(n_of(event))
                .execute(&self.0)
                .await?;
        }
        Ok(())
    }
}

struct StuckAt50;

#[async_trait]
impl Apply for StuckAt50 {
    async fn apply(&self, delivery: &mut Delivery<'_>, event: &Recorded) -> Result<(), HandlerError> {
        write_down(delivery, event, "stuck").await?;
        if n_of(event) == 50 {
            println!("\nmiddle");
            std::future::pending::<()>().await;
        }
        Ok(())
    }
}

struct UnreadAt50;

#[async_trait]
impl Apply for UnreadAt50 {
    async fn apply(&self, delivery: &mut Delivery<'_>, event: &Recorded) -> Result<(), HandlerError> {
        write_down(delivery, event, "unread").await?;
        if n_of(event) == 50 {
            read_a_part(delivery.connection()).await;
        }
        Ok(())
    }
}

/// Says `middle` once an answer that no buffer holds has begun to come, and leaves it there.
async fn read_a_part(connection: &mut PgConnection) {
    let mut rows = sqlx::query("select repeat('x', 1000) from generate_series(1, 100000)").fetch(connection);
    rows.next().await.unwrap().unwrap();
    println!("\nmiddle");
    std::future::pending::<()>().await;
}

struct BehindTheGate(PgPool);

#[async_trait]
impl Apply for BehindTheGate {
    async fn apply(&self, delivery: &mut Delivery<'_>, event: &Recorded) -> Result<(), HandlerError> {
        if n_of(event) == 1 {
            println!("\nholding");
            testkit::eventually("the gate is open", || async {
                let open: i64 = sqlx::query_scalar("select count(*) from books.gate").fetch_one(&self.0).await.unwrap();
                open > 0
            })
            .await;
            println!("\nwoken");
        }
        write_down(delivery, event, "frozen").await
    }
}
