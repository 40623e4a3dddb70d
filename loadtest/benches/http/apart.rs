//! Whether contexts are apart in time: what is wrong with one of them, in turn, and how long members' `POST /books` take
//! meanwhile, one at a time. A member may wait once for whoever is late (half a second); the rest is counted by itself.

use std::time::{Duration, Instant};

use anyhow::ensure;
use serde_json::json;
use sqlx::{ConnectOptions, PgConnection};

use crate::host::{Host, Place};

const MEMBERS: usize = 3;
const FOR: Duration = Duration::from_secs(10);
/// Who takes this long has waited for somebody.
const WAITED_MS: f64 = 400.0;
const GOAL_MS: f64 = 50.0;

/// A subscription, a table that it writes, and what makes it write there.
const CONTEXTS: [(&str, &str); 5] = [
    ("notifications", "notifications.notification"),
    ("books", "books.availability"),
    ("borrowing", "borrowing.member"),
    ("users", "users.member"),
    ("auth", "auth.account"),
];

pub async fn run() -> anyhow::Result<()> {
    println!("{:<34} {:>6} {:>9} {:>9} {:>8}", "POST /books, one at a time", "n", "p50", "p99", "waited");
    let place = Place::new().await;
    let host = Host::start(&place, 32).await?;
    let town = Town::of(&host, "calm").await?;
    town.measure("nothing is wrong").await?;
    for (context, table) in CONTEXTS {
        let town = Town::of(&host, context).await?;
        let mut owner = place.database.owner_options().connect().await?;
        run_sql(&mut owner, format!("begin; lock table {table} in share mode")).await?;
        town.cause_work(context).await?;
        town.measure(&format!("{context} is blocked")).await?;
        run_sql(&mut owner, "rollback".to_owned()).await?;
        until_level(&place).await?;
    }
    for (context, _) in CONTEXTS {
        let town = Town::of(&host, &format!("{context}-gone")).await?;
        let mut owner = place.database.owner_options().connect().await?;
        // As if a process that is gone for ever had it.
        let taken = "lease_holder = gen_random_uuid(), lease_until = now() + interval '1 hour'";
        run_sql(&mut owner, format!("update event_bus.subscription set {taken} where name like '{context}%'")).await?;
        town.cause_work(context).await?;
        town.measure(&format!("{context} is run by nobody")).await?;
        run_sql(&mut owner, "update event_bus.subscription set lease_until = now()".to_owned()).await?;
        until_level(&place).await?;
    }
    let town = Town::of(&host, "poison").await?;
    let mut owner = place.database.owner_options().username("folkshelf_users").connect().await?;
    let poison = "insert into event_bus.log
            (id, name, version, aggregate_type, aggregate_id, aggregate_version, payload, actor, occurred_at)
        values (gen_random_uuid(), 'user.updated', 1, 'user', gen_random_uuid(), 1, '{}', '{\"kind\": \"anonymous\"}', now())";
    run_sql(&mut owner, poison.to_owned()).await?;
    town.measure("an event that nobody can read").await
}

async fn run_sql(connection: &mut PgConnection, sql: String) -> anyhow::Result<()> {
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(connection).await?;
    Ok(())
}

async fn until_level(place: &Place) -> anyhow::Result<()> {
    crate::borrows::until_level(place).await
}

/// Members who have written before, and two who borrow.
struct Town<'h> {
    host: &'h Host,
    name: String,
    writers: Vec<String>,
    owner: String,
    taker: String,
}

impl<'h> Town<'h> {
    async fn of(host: &'h Host, name: &str) -> anyhow::Result<Self> {
        let mut writers = Vec::new();
        for nth in 0..MEMBERS {
            writers.push(host.register(&format!("{name}{nth}")).await?);
        }
        let (owner, taker) = (host.register(&format!("{name}-o")).await?, host.register(&format!("{name}-t")).await?);
        let town = Self { host, name: name.to_owned(), writers, owner, taker };
        for writer in &town.writers {
            town.list(writer, "before").await?;
        }
        Ok(town)
    }

    async fn list(&self, writer: &str, title: &str) -> anyhow::Result<String> {
        let book = json!({"title": title, "authors": ["Astrid Lindgren"], "lending": "lend"});
        let book = self.host.post(Some(writer), "/api/v1/books", book).await?;
        Ok(book["id"].as_str().unwrap_or_default().to_owned())
    }

    /// Something for every context to hear of: a newcomer, or where nobody can register a new name, and a borrow that is
    /// approved.
    async fn cause_work(&self, context: &str) -> anyhow::Result<()> {
        if context == "auth" {
            let profile = json!({"name": "Olga the Great", "language": "en", "timeZone": "Europe/Berlin"});
            let request = self.host.client.put(self.host.url("/api/v1/profile")).bearer_auth(&self.owner);
            request.json(&profile).send().await?.error_for_status()?;
        } else {
            self.host.register(&format!("{}-new", self.name)).await?;
        }
        let book = self.list(&self.owner, "asked for").await?;
        let asked = json!({"bookId": book, "days": 14});
        let borrow = self.host.post(Some(&self.taker), "/api/v1/borrows", asked).await?;
        let approve = format!("/api/v1/borrows/{}/approve", borrow["id"].as_str().unwrap_or_default());
        self.host.post(Some(&self.owner), &approve, json!({})).await?;
        Ok(())
    }

    async fn measure(&self, what: &str) -> anyhow::Result<()> {
        let (mut took, mut waited, begun) = (Vec::new(), 0, Instant::now());
        while begun.elapsed() < FOR {
            for writer in &self.writers {
                let asked = Instant::now();
                self.list(writer, "meanwhile").await?;
                let milliseconds = asked.elapsed().as_secs_f64() * 1000.0;
                if milliseconds < WAITED_MS { took.push(milliseconds) } else { waited += 1 }
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        ensure!(took.len() > 100, "too few requests got through while {what}");
        took.sort_by(f64::total_cmp);
        let (p50, p99) = (took[took.len() / 2], took[took.len() * 99 / 100]);
        let verdict = if p99 < GOAL_MS && waited <= 2 * MEMBERS { "" } else { " !" };
        println!("{what:<34} {:>6} {p50:>6.1} ms {p99:>6.1} ms {waited:>8}{verdict}", took.len() + waited);
        Ok(())
    }
}
