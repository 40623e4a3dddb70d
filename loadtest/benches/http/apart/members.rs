//! Members who list a book, give it another title, ask a neighbour for one and think better of it, and after each read what
//! they wrote, on another host where there are several. Eight of them, five rounds a second each: some 160 commands and 80
//! reads a second.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use futures_util::future::try_join_all;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::MissedTickBehavior;

use crate::host::Host;

const MEMBERS: usize = 8;
const ROUND: Duration = Duration::from_millis(200);
/// Who takes this long has waited for somebody.
const WAITED_MS: f64 = 240.0;
const GOAL_MS: f64 = 50.0;
/// So often a member waits for the same trouble: for their book, and for their borrow, on each of two hosts.
const MAY_WAIT: usize = 4 * MEMBERS;

/// Whom members send their commands to in turn, and where they look afterwards.
#[derive(Clone, Copy)]
pub struct Hosts<'h> {
    pub asked: &'h [&'h Host],
    pub read: &'h [&'h Host],
}

impl<'h> Hosts<'h> {
    pub fn all(hosts: &'h [&'h Host]) -> Self {
        Self { asked: hosts, read: hosts }
    }

    /// The next one of each, which are two where there are several.
    fn pick(self, nth: usize) -> (&'h Host, &'h Host) {
        (self.asked[nth % self.asked.len()], self.read[(nth + 1) % self.read.len()])
    }
}

/// What happened to everybody's commands while something was wrong.
pub struct Row {
    what: String,
    took: Vec<f64>,
    waited: usize,
    stale: usize,
    refused: usize,
}

impl Row {
    pub fn print_heading() {
        println!("{:<42} {:>6} {:>9} {:>9} {:>7} {:>6} {:>8}", "", "n", "p50", "p99", "waited", "stale", "refused");
    }

    fn p99(&self) -> f64 {
        self.took[self.took.len() * 99 / 100]
    }

    pub fn holds(&self) -> bool {
        self.p99() < GOAL_MS && self.waited <= MAY_WAIT && self.stale == 0 && self.refused == 0
    }

    fn print(&self) {
        let Self { what, took, waited, stale, refused } = self;
        let (p50, p99, verdict) = (took[took.len() / 2], self.p99(), if self.holds() { "" } else { " !" });
        let count = took.len() + waited;
        println!("{what:<42} {count:>6} {p50:>6.1} ms {p99:>6.1} ms {waited:>7} {stale:>6} {refused:>8}{verdict}");
    }
}

struct Member {
    token: String,
    /// Where the last thing they wrote stands in the log.
    position: String,
    row: Tally,
}

#[derive(Default)]
struct Tally {
    took: Vec<f64>,
    waited: usize,
    stale: usize,
    refused: usize,
}

/// Some who have written before, and an owner whom they ask.
pub struct Members {
    name: String,
    tokens: Vec<String>,
    owner: String,
    borrow: bool,
}

impl Members {
    pub async fn come(host: &Host, name: &str) -> anyhow::Result<Self> {
        let name = name.replace(' ', "-");
        let owner = host.register(&format!("{name}-o")).await?;
        let mut tokens = Vec::new();
        for nth in 0..MEMBERS {
            tokens.push(host.register(&format!("{name}{nth}")).await?);
        }
        let members = Self { name, tokens, owner, borrow: true };
        for token in &members.tokens {
            list(host, token, "before").await?;
        }
        Ok(members)
    }

    pub fn who_do_not_borrow(self) -> Self {
        Self { borrow: false, ..self }
    }

    /// Something for every context to hear of: a newcomer, or where nobody can register a new name, and a borrow that is
    /// approved.
    pub async fn cause_work(&self, host: &Host, context: &str) -> anyhow::Result<()> {
        if context == "auth" {
            let profile = json!({"name": "Olga the Great", "language": "en", "timeZone": "Europe/Berlin"});
            let request = host.client.put(host.url("/api/v1/profile")).bearer_auth(&self.owner);
            request.json(&profile).send().await?.error_for_status()?;
        } else {
            host.register(&format!("{}-new", self.name)).await?;
        }
        let book = list(host, &self.owner, "asked for").await?;
        let asked = json!({"bookId": book, "days": 14});
        let Some(taker) = self.tokens.first().filter(|_| context != "borrowing") else { return Ok(()) };
        let borrow = host.post(Some(taker), "/api/v1/borrows", asked).await?;
        let approve = format!("/api/v1/borrows/{}/approve", borrow["id"].as_str().context("an id")?);
        host.post(Some(&self.owner), &approve, json!({})).await?;
        Ok(())
    }

    pub async fn measure(&self, what: &str, hosts: Hosts<'_>, during: Duration) -> anyhow::Result<Row> {
        let wanted = list(hosts.asked[0], &self.owner, "wanted").await?;
        let begun = Instant::now();
        let everybody = self.tokens.iter().enumerate().map(|(nth, token)| {
            let wanted = wanted.as_str();
            async move {
                let mut member = Member { token: token.clone(), position: String::new(), row: Tally::default() };
                // Each keeps to a beat of their own: who had to wait leaves rounds out. Else all whom one thing held up would
                // go on at the same moments ever after, as people do not.
                let mut rounds = tokio::time::interval_at(
                    (begun + ROUND * u32::try_from(nth)? / u32::try_from(MEMBERS)?).into(),
                    ROUND,
                );
                rounds.set_missed_tick_behavior(MissedTickBehavior::Skip);
                let mut round = 0;
                while begun.elapsed() < during {
                    rounds.tick().await;
                    member.round(hosts, nth + round, self.borrow.then_some(wanted)).await?;
                    round += 1;
                }
                Ok::<_, anyhow::Error>(member.row)
            }
        });
        let mut row = Row { what: what.to_owned(), took: Vec::new(), waited: 0, stale: 0, refused: 0 };
        for tally in try_join_all(everybody).await? {
            row.took.extend(tally.took);
            row.waited += tally.waited;
            row.stale += tally.stale;
            row.refused += tally.refused;
        }
        ensure!(row.took.len() > 100, "too few requests got through while {what}");
        row.took.sort_by(f64::total_cmp);
        row.print();
        Ok(row)
    }
}

async fn list(host: &Host, token: &str, title: &str) -> anyhow::Result<String> {
    let book = json!({"title": title, "authors": ["Astrid Lindgren"], "lending": "lend"});
    let book = host.post(Some(token), "/api/v1/books", book).await?;
    Ok(book["id"].as_str().context("an id")?.to_owned())
}

impl Member {
    async fn round(&mut self, hosts: Hosts<'_>, nth: usize, wanted: Option<&str>) -> anyhow::Result<()> {
        let (host, reader) = hosts.pick(nth);
        let book = json!({"title": "meanwhile", "authors": ["Astrid Lindgren"], "lending": "lend"});
        let Some(book) = self.command(host, Method::POST, "/api/v1/books", book).await? else { return Ok(()) };
        let path = format!("/api/v1/books/{}", book["id"].as_str().context("an id")?);
        let title = format!("meanwhile, for the {nth}th time");
        if self.command(host, Method::PUT, &path, json!({"title": title})).await?.is_some() {
            self.read(reader, &path, "title", &title).await?;
        }
        let Some(wanted) = wanted else { return Ok(()) };
        let asked = json!({"bookId": wanted, "days": 14});
        let Some(borrow) = self.command(host, Method::POST, "/api/v1/borrows", asked).await? else { return Ok(()) };
        let path = format!("/api/v1/borrows/{}", borrow["id"].as_str().context("an id")?);
        if self.command(host, Method::POST, &format!("{path}/cancel"), json!({})).await?.is_some() {
            self.read(reader, &path, "status", "cancelled").await?;
        }
        Ok(())
    }

    /// Answers what the host did, and nothing when it refused.
    async fn command(&mut self, host: &Host, method: Method, path: &str, body: Value) -> anyhow::Result<Option<Value>> {
        let begun = Instant::now();
        let request = host.client.request(method, host.url(path)).bearer_auth(&self.token).json(&body);
        let answer = request.timeout(Duration::from_secs(10)).send().await?;
        if let Some(position) = answer.headers().get("x-folkshelf-position") {
            position.to_str()?.clone_into(&mut self.position);
        }
        let status = answer.status();
        let body: Value = answer.json().await?;
        let milliseconds = begun.elapsed().as_secs_f64() * 1000.0;
        if milliseconds < WAITED_MS {
            self.row.took.push(milliseconds)
        } else {
            self.row.waited += 1
        }
        if status.is_success() {
            return Ok(Some(body["data"].clone()));
        }
        ensure!(status == StatusCode::SERVICE_UNAVAILABLE, "{path}: {status} {body}");
        self.row.refused += 1;
        Ok(None)
    }

    async fn read(&mut self, host: &Host, path: &str, field: &str, written: &str) -> anyhow::Result<()> {
        let request = host.client.get(host.url(path)).bearer_auth(&self.token);
        let request = request.header("x-folkshelf-min-position", &self.position);
        let answer = request.timeout(Duration::from_secs(10)).send().await?;
        let status = answer.status();
        let body: Value = answer.json().await?;
        if status == StatusCode::SERVICE_UNAVAILABLE {
            self.row.refused += 1;
        } else if !status.is_success() || body["data"][field] != written {
            self.row.stale += 1;
        }
        Ok(())
    }
}
