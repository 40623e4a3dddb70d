//! Whether contexts, hosts and members are apart in time, under load: what is wrong with one of them, in turn, and how long
//! everybody's commands take meanwhile, and whether anybody reads less than they wrote. See `members` for the load.
//!
//! A member may wait once for whoever is late (half a second): that is counted by itself. A row that breaks what
//! `docs/performance.md` promises is marked with !, and the run fails.

mod members;

use std::time::Duration;

use anyhow::ensure;
use members::{Hosts, Members, Row};
use sqlx::{ConnectOptions, PgConnection};
use testkit::{Line, TestDatabase};

use crate::borrows::until_level;
use crate::host::{Host, Place};

const FOR: Duration = Duration::from_secs(10);
const MINUTE: Duration = Duration::from_secs(60);
const BEGINNING: Duration = Duration::from_secs(3);

/// A context, a table that its subscription writes, and an event of its own that others hear of.
const CONTEXTS: [(&str, &str, &str); 5] = [
    ("notifications", "notifications.notification", "notification.created"),
    ("books", "books.availability", "book.created"),
    ("borrowing", "borrowing.member", "borrow.created"),
    ("users", "users.member", "user.updated"),
    ("auth", "auth.account", "user.registered"),
];

pub async fn run() -> anyhow::Result<()> {
    Row::print_heading();
    let mut rows = contexts().await?;
    rows.extend(transactions().await?);
    rows.extend(hosts().await?);
    ensure!(rows.iter().all(Row::holds), "what is marked with ! was promised otherwise");
    Ok(())
}

/// The rows of several hosts alone, in a minute.
pub async fn run_hosts() -> anyhow::Result<()> {
    Row::print_heading();
    ensure!(hosts().await?.iter().all(Row::holds), "what is marked with ! was promised otherwise");
    Ok(())
}

/// Every context blocked, run by nobody, and poisoned.
async fn contexts() -> anyhow::Result<Vec<Row>> {
    let place = Place::new().await;
    let host = Host::start(&place, 32).await?;
    let only = [&host];
    let asked = Hosts::all(&only);
    let mut rows = vec![Members::come(&host, "calm").await?.measure("nothing is wrong", asked, FOR).await?];
    for (context, table, _) in CONTEXTS {
        let members = Members::come(&host, context).await?;
        let mut owner = place.database.owner_options().connect().await?;
        run_sql(&mut owner, format!("begin; lock table {table} in share mode")).await?;
        members.cause_work(&host, context).await?;
        // What it is locked for are its own commands.
        let members = if context == "borrowing" { members.who_do_not_borrow() } else { members };
        rows.push(members.measure(&format!("a table of {context} is locked"), asked, FOR).await?);
        run_sql(&mut owner, "rollback".to_owned()).await?;
        until_level(&place).await?;
    }
    for (context, _, _) in CONTEXTS {
        let members = Members::come(&host, &format!("{context}-gone")).await?;
        let mut owner = place.database.owner_options().connect().await?;
        // As if a process that is gone for ever had it.
        let taken = "lease_holder = gen_random_uuid(), lease_until = now() + interval '1 hour'";
        run_sql(&mut owner, format!("update event_bus.subscription set {taken} where name like '{context}%'")).await?;
        members.cause_work(&host, context).await?;
        rows.push(members.measure(&format!("{context} is run by nobody"), asked, FOR).await?);
        run_sql(&mut owner, "update event_bus.subscription set lease_until = now()".to_owned()).await?;
        until_level(&place).await?;
    }
    for (context, _, event) in CONTEXTS {
        let members = Members::come(&host, &format!("{context}-poison")).await?;
        let role = format!("folkshelf_{context}");
        let mut publisher = place.database.owner_options().username(&role).connect().await?;
        let about = event.split('.').next().unwrap_or_default();
        let poison = format!(
            "insert into event_bus.log
                (id, name, version, aggregate_type, aggregate_id, aggregate_version, payload, actor, occurred_at)
            values (gen_random_uuid(), '{event}', 1, '{about}', gen_random_uuid(), 1, '{{}}', '{{\"kind\": \"anonymous\"}}', now())"
        );
        run_sql(&mut publisher, poison).await?;
        rows.push(members.measure(&format!("nobody can read a {event}"), asked, FOR).await?);
        until_level(&place).await?;
    }
    Ok(rows)
}

/// Somebody else's transaction, held open for a minute: of another program on the same server, and in Folkshelf's own
/// database, where nothing that was written since can be shown to have come.
async fn transactions() -> anyhow::Result<Vec<Row>> {
    let place = Place::new().await;
    let host = Host::start(&place, 32).await?;
    let elsewhere = TestDatabase::new().await;
    let mut rows = Vec::new();
    for (what, database) in [("another database", &elsewhere), ("this database", &place.database)] {
        let members = Members::come(&host, what).await?;
        let mut other = database.owner_options().connect().await?;
        run_sql(&mut other, "create table if not exists held (id int); begin; insert into held values (1)".to_owned())
            .await?;
        rows.push(members.measure(&format!("a transaction is held in {what}"), Hosts::all(&[&host]), MINUTE).await?);
        run_sql(&mut other, "rollback".to_owned()).await?;
        until_level(&place).await?;
    }
    Ok(rows)
}

/// Three hosts, of which the first runs the subscriptions.
struct Three {
    place: Place,
    leader: Host,
    /// Its line to Redis can be stalled.
    second: Host,
    line: Line,
    third: Host,
}

impl Three {
    async fn start() -> anyhow::Result<Self> {
        let place = Place::new().await;
        let line = Line::to_redis(&testkit::redis_url()).await;
        let leader = Host::start(&place, 32).await?;
        let second = Host::start_with(&place, &[("REDIS__URL", &line.redis_url())]).await?;
        let third = Host::start(&place, 32).await?;
        let (rest, members) = ([&second, &third], Members::come(&third, "three").await?);
        // Hosts that have just begun open their connections and prepare their statements meanwhile: printed, not promised.
        members.measure("three hosts, just started (not counted)", Hosts::all(&rest), BEGINNING).await?;
        Ok(Self { place, leader, second, line, third })
    }
}

/// Members ask the two that do not lead: one that is frozen or dead is not asked, as nginx would see to.
async fn hosts() -> anyhow::Result<Vec<Row>> {
    let Three { place, leader, second, line, third } = Three::start().await?;
    let rest = [&second, &third];
    let rest = Hosts::all(&rest);
    let members = Members::come(&third, "calm").await?;
    let mut rows = vec![members.measure("three hosts, nothing is wrong", rest, FOR).await?];
    let members = Members::come(&third, "stalled").await?;
    line.stall(true);
    let others = Hosts { asked: &[&leader, &third], read: &[&second, &third] };
    rows.push(members.measure("a host's line to Redis is stalled", others, FOR).await?);
    line.stall(false);
    until_level(&place).await?;
    let members = Members::come(&third, "killed").await?;
    leader.kill();
    rows.push(members.measure("the leader is killed", rest, FOR).await?);
    drop((second, third));

    // Others: the dead leader's successor was asked.
    let three = Three::start().await?;
    let members = Members::come(&three.third, "frozen").await?;
    three.leader.signal("STOP")?;
    let rest = [&three.second, &three.third];
    rows.push(members.measure("the leader is frozen", Hosts::all(&rest), FOR).await?);
    three.leader.signal("CONT")?;
    Ok(rows)
}

async fn run_sql(connection: &mut PgConnection, sql: String) -> anyhow::Result<()> {
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(connection).await?;
    Ok(())
}
