//! Members in pairs, one with books and one who borrows them. Whoever gets no answer sends the same again with the same
//! key, and everybody reads at once what they wrote.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Result, ensure};
use rand::RngExt;
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::ledger::{ABSENT, Ending, Ledger, Read, Request};
use crate::stand::{Shape, Stand};

const PASSWORD: &str = "correct horse battery";
/// Longer than nginx waits for a host.
const PATIENCE: Duration = Duration::from_secs(20);
/// One write in so many is sent by a client who hangs up before the answer, and sends it again.
const HANGS_UP: u32 = 12;
/// What can be wanted of a borrow, how it is then, what its book shows then, and whether the owner does it.
const ROUND: [(&str, &str, Option<&str>, bool); 4] = [
    ("approve", "approved", Some("reserved"), true),
    ("hand-over", "active", Some("on_loan"), true),
    ("declare-return", "return_pending", None, false),
    ("return", "returned", Some("available"), true),
];

/// An answer.
struct Reply {
    status: u16,
    /// It says itself that it may be of before.
    behind: bool,
    body: Value,
}

/// One client, who does one thing after the other.
struct Member {
    ledger: Arc<Ledger>,
    client: Client,
    base: String,
    id: String,
    token: String,
    /// The newest position of each log.
    positions: BTreeMap<String, (u64, u64)>,
    always_with_token: bool,
    stopping: Arc<AtomicBool>,
}

impl Member {
    async fn register(load: &Load, name: &str) -> Result<Self> {
        let mut member = Self {
            ledger: Arc::clone(&load.ledger),
            client: load.client.clone(),
            base: load.base.clone(),
            id: String::new(),
            token: String::new(),
            positions: BTreeMap::new(),
            always_with_token: load.always_with_token,
            stopping: Arc::clone(&load.stopping),
        };
        let email = format!("{}@example.org", uuid::Uuid::now_v7().simple());
        let body = json!({"email": email, "password": PASSWORD, "name": name});
        let url = format!("{}/api/v1/auth/register", load.base);
        let answer = load.client.post(url).json(&body).send().await?;
        let (status, body) = (answer.status(), answer.json::<Value>().await?);
        ensure!(status == 201, "{status} {body}");
        member.id = text(&body["data"]["user"]["id"]);
        member.token = text(&body["data"]["accessToken"]);
        Ok(member)
    }

    fn demanded(&self) -> String {
        let all = self.positions.iter().map(|(log, (transaction, sequence))| format!("{log}{transaction}-{sequence}"));
        all.collect::<Vec<_>>().join(",")
    }

    fn heard(&mut self, position: &str) {
        let (log, numbers) = position.rsplit_once(':').map_or(("", position), |(log, rest)| (log, rest));
        let Some((Ok(transaction), Ok(sequence))) =
            numbers.split_once('-').map(|(one, two)| (one.parse::<u64>(), two.parse::<u64>()))
        else {
            return;
        };
        let log = if log.is_empty() { String::new() } else { format!("{log}:") };
        let newest = self.positions.entry(log).or_default();
        *newest = (transaction, sequence).max(*newest);
    }

    /// One request. `None`: no answer came, or the client hung up after `patience`.
    async fn send(
        &mut self,
        kind: &'static str,
        request: (Method, &str, Option<&Value>),
        key: Option<&str>,
        with_token: bool,
        patience: Duration,
    ) -> Option<Reply> {
        let (method, path, body) = request;
        let mut sending = self.client.request(method, format!("{}/api/v1{path}", self.base)).bearer_auth(&self.token);
        if let Some(body) = body {
            sending = sending.json(body);
        }
        if let Some(key) = key {
            sending = sending.header("idempotency-key", key);
        }
        if with_token && !self.positions.is_empty() {
            sending = sending.header("x-folkshelf-min-position", self.demanded());
        }
        let sent = self.ledger.now();
        let asking = async {
            let answer = sending.send().await?;
            let header =
                |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
            let (status, retry, position) =
                (answer.status().as_u16(), header("retry-after"), header("x-folkshelf-position"));
            let behind = header("x-folkshelf-behind").is_some();
            let body = answer.text().await?;
            Ok::<_, reqwest::Error>((status, retry, position, behind, body))
        };
        let outcome = tokio::time::timeout(patience, asking).await;
        let (ending, reply) = match outcome {
            Ok(Ok((status, retry, position, behind, body))) => {
                if let Some(position) = position {
                    self.heard(&position);
                }
                let body: Value = serde_json::from_str(&body).unwrap_or(Value::Null);
                let code = body["error"]["code"].as_str().unwrap_or_default().to_owned();
                (Ending::Answered { status, retry_after: retry.is_some(), code }, Some(Reply { status, behind, body }))
            }
            Ok(Err(error)) => (Ending::Unanswered(format!("{error:?}")), None),
            Err(_) if patience < PATIENCE => (Ending::HungUp, None),
            Err(_) => (Ending::Unanswered(format!("none within {PATIENCE:?}")), None),
        };
        let request = Request { kind, sent, ended: self.ledger.now(), ending };
        self.ledger.with(|records| records.requests.push(request));
        reply
    }

    /// Sends it until it is done or refused, with one key. `None`: refused, or the load has ended meanwhile.
    async fn write(
        &mut self,
        kind: &'static str,
        (method, path, body): (Method, &str, Value),
        thing: &str,
        value: &str,
    ) -> Option<Value> {
        let key = uuid::Uuid::now_v7().to_string();
        self.ledger.sent(thing, value);
        let mut hang_up = rand::rng().random_range(0..HANGS_UP) == 0;
        for attempt in 0u64.. {
            let patience = match std::mem::take(&mut hang_up) {
                true => Duration::from_millis(rand::rng().random_range(4..30)),
                false => PATIENCE,
            };
            let request = (method.clone(), path, Some(&body));
            let reply = self.send(kind, request, Some(&key), true, patience).await;
            match reply {
                Some(reply) if reply.status < 300 => {
                    self.ledger.acknowledged(thing);
                    return Some(reply.body["data"].clone());
                }
                // Nobody knows whether it was done; or another database has not heard of the book yet.
                Some(reply) if matches!(reply.status, 404 | 408 | 429..) => {}
                Some(_) => return None,
                None if patience < PATIENCE => continue,
                None => {}
            }
            if self.stopping.load(Ordering::Relaxed) && attempt > 100 {
                return None;
            }
            tokio::time::sleep(Duration::from_millis(50 + 50 * attempt.min(5))).await;
        }
        None
    }

    /// Looks at what it wrote itself, with the position or without.
    async fn look(&mut self, kind: &'static str, path: &str, thing: &str, shown: fn(&Value) -> String) {
        let with_token = rand::rng().random_bool(0.5);
        let allowed = self.ledger.with(|records| records.allowed(thing));
        let Some(reply) = self.send(kind, (Method::GET, path, None), None, with_token, PATIENCE).await else { return };
        let value = match reply.status {
            200 => shown(&reply.body["data"]),
            404 => ABSENT.to_owned(),
            _ => return,
        };
        if reply.behind {
            return;
        }
        let read = Read { thing: thing.to_owned(), at: self.ledger.now(), with_token, value, allowed };
        self.ledger.with(|records| records.reads.push(read));
    }

    async fn look_at_book(&mut self, book: &str, token: &str) {
        let edition = |book: &Value| text(&book["title"]).rsplit(' ').next().unwrap_or_default().to_owned();
        self.look("read a book", &format!("/books/{book}"), &format!("book {token}"), edition).await;
    }

    /// What the owner did with a borrow shows on the book, which is another context's: not in what the command itself wrote.
    /// Over several databases that is promised to those who send positions.
    async fn look_at_status(&mut self, book: &str, status: &str) {
        let with_token = self.always_with_token || rand::rng().random_bool(0.5);
        let path = format!("/books/{book}");
        let Some(reply) = self.send("read a status", (Method::GET, &path, None), None, with_token, PATIENCE).await
        else {
            return;
        };
        if reply.status != 200 || reply.behind {
            return;
        }
        let (value, allowed) = (text(&reply.body["data"]["status"]), BTreeSet::from([status.to_owned()]));
        let read = Read { thing: format!("status of {book}"), at: self.ledger.now(), with_token, value, allowed };
        self.ledger.with(|records| records.reads.push(read));
    }

    async fn look_at_borrow(&mut self, borrow: &str, thing: &str) {
        self.look("read a borrow", &format!("/borrows/{borrow}"), thing, |borrow| text(&borrow["status"])).await;
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The load of one run.
pub struct Load {
    pub ledger: Arc<Ledger>,
    client: Client,
    base: String,
    always_with_token: bool,
    stopping: Arc<AtomicBool>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Load {
    pub async fn begin(stand: &Stand, pairs: usize) -> Result<Self> {
        // nginx has an address of its own: a caller from there is taken for a proxy.
        let client = Client::builder().local_address(Some([127, 0, 0, 99].into())).pool_max_idle_per_host(4).build()?;
        let mut load = Self {
            ledger: Arc::new(Ledger::begin()),
            client,
            base: stand.base.clone(),
            always_with_token: stand.shape == Shape::FiveDatabases,
            stopping: Arc::default(),
            tasks: Vec::new(),
        };
        for nth in 0..pairs {
            let owner = Member::register(&load, &format!("Olga {nth}")).await?;
            let borrower = Member::register(&load, &format!("Finn {nth}")).await?;
            load.tasks.push(tokio::spawn(go_on(owner, borrower)));
        }
        Ok(load)
    }

    /// Lets everybody finish what they are at.
    pub async fn end(self) -> Arc<Ledger> {
        self.stopping.store(true, Ordering::Relaxed);
        for task in self.tasks {
            task.await.expect("a member");
        }
        self.ledger
    }
}

async fn go_on(mut owner: Member, mut borrower: Member) {
    let mut before: Vec<(String, String)> = Vec::new();
    for round in 0.. {
        if owner.stopping.load(Ordering::Relaxed) {
            return;
        }
        if let Some(borrow) = one_round(&mut owner, &mut borrower, round).await {
            before.push(borrow);
        }
        // What was written long ago must not come back either.
        if !before.is_empty() {
            let (borrow, thing) = before[rand::rng().random_range(0..before.len())].clone();
            borrower.look_at_borrow(&borrow, &thing).await;
        }
        borrower.send("read the inbox", (Method::GET, "/notifications?limit=5", None), None, false, PATIENCE).await;
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

/// The id of the borrow, and what the ledger calls it.
async fn one_round(owner: &mut Member, borrower: &mut Member, round: usize) -> Option<(String, String)> {
    let token = uuid::Uuid::now_v7().simple().to_string();
    let titled =
        |edition: &str| json!({"title": format!("Fault {token} {edition}"), "authors": ["Nobody"], "lending": "lend"});
    let thing = format!("book {token}");
    let book = text(&owner.write("list a book", (Method::POST, "/books", titled("1")), &thing, "1").await?["id"]);
    owner.look_at_book(&book, &token).await;
    if round.is_multiple_of(3) {
        let path = format!("/books/{book}");
        let edited = json!({"title": format!("Fault {token} 2")});
        owner.write("edit a book", (Method::PUT, &path, edited), &thing, "2").await?;
        owner.look_at_book(&book, &token).await;
    }
    // The owner tells the borrower of the book, and with it the position since which it is there.
    for (log, &at) in &owner.positions {
        let newest = borrower.positions.entry(log.clone()).or_default();
        *newest = at.max(*newest);
    }
    let thing = format!("borrow {book} {}", borrower.id);
    let asked = json!({"bookId": book, "days": 14});
    let borrow = text(&borrower.write("ask", (Method::POST, "/borrows", asked), &thing, "pending").await?["id"]);
    borrower.look_at_borrow(&borrow, &thing).await;
    if round.is_multiple_of(4) {
        let path = format!("/borrows/{borrow}/cancel");
        borrower.write("cancel", (Method::POST, &path, json!({})), &thing, "cancelled").await?;
        borrower.look_at_borrow(&borrow, &thing).await;
        return Some((borrow, thing));
    }
    for (what, status, shown, by_owner) in ROUND {
        let path = format!("/borrows/{borrow}/{what}");
        let body = if what == "return" { json!({"condition": "ok"}) } else { json!({}) };
        let by = if by_owner { &mut *owner } else { &mut *borrower };
        by.write(what, (Method::POST, &path, body), &thing, status).await?;
        by.look_at_borrow(&borrow, &thing).await;
        if let Some(shown) = shown {
            by.look_at_status(&book, shown).await;
        }
        if what == "approve" {
            let said = uuid::Uuid::now_v7().simple().to_string();
            let path = format!("/borrows/{borrow}/messages");
            let body = json!({"text": format!("Message {said}")});
            borrower.write("message", (Method::POST, &path, body), &format!("message {said}"), "sent").await?;
        }
    }
    Some((borrow, thing))
}
