//! Other processes: this very program again, told by its environment to run the subscription `books`.

use std::process::Stdio;
use std::str::FromStr;

use async_trait::async_trait;
use event_bus::{Apply, Delivery, HandlerError, Recorded};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, PgPool};
use testkit::TestDatabase;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use super::{Seeing, bus, n_of, start, write_down};

const BUS: &str = "FOLKSHELF_TEST_CHILD_BUS";
const BOOKS: &str = "FOLKSHELF_TEST_CHILD_BOOKS";
const MANNER: &str = "FOLKSHELF_TEST_CHILD_MANNER";

/// How the process handles events.
#[derive(Clone, Copy)]
pub enum Manner {
    Calmly,
    /// Says `middle` at number 50 and waits for ever.
    StuckAt50,
    /// Says `holding` at the first event and waits until `books.gate` has a row.
    BehindTheGate,
}

pub struct Process {
    pub child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Process {
    /// Starts one; each file of tests that does has the ignored test `the_other_process`, which calls [`run`].
    pub fn start(database: &TestDatabase, manner: Manner) -> Self {
        let manner = match manner {
            Manner::Calmly => "calmly",
            Manner::StuckAt50 => "stuck",
            Manner::BehindTheGate => "gate",
        };
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["the_other_process", "--exact", "--ignored", "--nocapture"])
            .env(BUS, database.options("event_bus").to_url_lossy().as_str())
            .env(BOOKS, database.options("books").to_url_lossy().as_str())
            .env(MANNER, manner)
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
    let pool = |url: &str| PgPool::connect_lazy_with(PgConnectOptions::from_str(url).unwrap());
    let bus = bus(pool(&address), 100);
    let books = pool(&std::env::var(BOOKS).unwrap());
    let handler: std::sync::Arc<dyn Apply> = match std::env::var(MANNER).unwrap().as_str() {
        "stuck" => std::sync::Arc::new(StuckAt50),
        "gate" => std::sync::Arc::new(BehindTheGate(books.clone())),
        _ => Seeing::calmly("another process"),
    };
    let running = start(&bus, &books, handler).await;
    println!("\nready");
    let mut rest = Vec::new();
    tokio::io::stdin().read_to_end(&mut rest).await.unwrap();
    running.stop().await;
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
