//! What there is after a run, as PostgreSQL has it, and as `folkshelf audit` finds it in Redis.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::Value;
use sqlx::{Connection, PgConnection};

use crate::checker::Found;
use crate::rows::POISONED;
use crate::stand::{CONTEXTS, Stand};

/// Subscriptions and imports have as long as this for what is behind them.
const SETTLED_WITHIN: Duration = Duration::from_secs(15);

/// Who has to be told exactly once of what happens to a borrow.
const TOLD: &str = "
    select l.name || ' of ' || l.aggregate_id, count(n.id)
    from event_bus.log l
    left join notifications.notification n on n.source_event_id = l.id
        and n.user_id = (l.payload ->> case l.name when 'borrow.approved' then 'borrowerId' else 'ownerId' end)::uuid
    where l.name in ('borrow.created', 'borrow.approved', 'borrow.return_declared') and l.aggregate_id::text <> $1
    group by l.id, l.name, l.aggregate_id";

const THINGS: [(&str, &str); 3] = [
    (
        "books",
        "select 'book ' || split_part(title, ' ', 2), split_part(title, ' ', 3) from books.book where title like 'Fault %'",
    ),
    ("borrowing", "select 'borrow ' || book_id || ' ' || borrower_id, status from borrowing.borrow"),
    ("borrowing", "select 'message ' || split_part(text, ' ', 2), 'sent' from borrowing.message"),
];

/// The versions of a borrow count its events; those of other things may skip numbers.
const HOLES: &str = "
    select aggregate_type || ' ' || aggregate_id from event_bus.log where aggregate_type = 'borrow'
    group by aggregate_type, aggregate_id
    having count(distinct aggregate_version) <> max(aggregate_version) - min(aggregate_version) + 1";

const HISTORY: &str = "
    select 'borrow ' || b.book_id || ' ' || b.borrower_id, case l.name
        when 'borrow.created' then 'pending' when 'borrow.approved' then 'approved' when 'borrow.handed_over' then 'active'
        when 'borrow.return_declared' then 'return_pending' when 'borrow.returned' then 'returned'
        when 'borrow.cancelled' then 'cancelled' else l.name end
    from borrowing.borrow b left join event_bus.log l on l.aggregate_id = b.id and l.aggregate_type = 'borrow'";

const TOLD_TWICE: &str = "
    select name || ' of ' || aggregate_id from event_bus.log where aggregate_type = 'borrow'
        and name not in ('borrow.message_sent', 'borrow.messages_read')
    group by name, aggregate_id having count(*) > 1";

const HELD_TWICE: &str = "
    select 'copy ' || book_id from borrowing.borrow
    where status in ('approved', 'active', 'return_pending', 'disputed') group by book_id having count(*) > 1";

const ORDER: &str = "
    select l.id::text from event_bus.log l join event_bus.published p on p.event = l.name
    where p.role = 'folkshelf_' || $1 order by l.transaction_id, l.position";

/// Once nothing is under way any more, or when that takes too long.
pub async fn look(stand: &Stand) -> Result<Found> {
    let deadline = Instant::now() + SETTLED_WITHIN;
    loop {
        let found = once(stand).await?;
        let (mut orders, mut told) = (found.orders.values(), found.notified.values());
        let settled = orders.all(|of| of.windows(2).all(|pair| pair[0] == pair[1])) && told.all(|&count| count > 0);
        if settled || Instant::now() >= deadline {
            return Ok(Found { differences: audit(stand).await?, ..found });
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

async fn once(stand: &Stand) -> Result<Found> {
    let mut found = Found::default();
    for (context, statement) in THINGS {
        let mut connection = stand.connect(&stand.database_of(context)).await?;
        for (thing, value) in pairs::<String>(&mut connection, statement).await? {
            found.things.entry(thing).or_default().push(value);
        }
        connection.close().await?;
    }
    let mut connection = stand.connect(&stand.database_of("notifications")).await?;
    let told = sqlx::query_as::<_, (String, i64)>(TOLD).bind(POISONED).fetch_all(&mut connection).await?;
    for (event, count) in told {
        *found.notified.entry(event).or_default() += usize::try_from(count)?;
    }
    connection.close().await?;
    let mut connection = stand.connect(&stand.database_of("borrowing")).await?;
    for (thing, value) in pairs::<Option<String>>(&mut connection, HISTORY).await? {
        found.history.entry(thing).or_default().extend(value);
    }
    for statement in [TOLD_TWICE, HELD_TWICE] {
        found.twice.extend(sqlx::query_scalar::<_, String>(statement).fetch_all(&mut connection).await?);
    }
    connection.close().await?;
    let mut databases = stand.databases();
    for database in &databases {
        let mut connection = stand.connect(database).await?;
        found.holes.extend(sqlx::query_scalar::<_, String>(HOLES).fetch_all(&mut connection).await?);
        let parked: i64 =
            sqlx::query_scalar("select count(*) from event_bus.dead_letter").fetch_one(&mut connection).await?;
        found.dead_letters += usize::try_from(parked)?;
        connection.close().await?;
    }
    for context in CONTEXTS {
        // The owner first.
        let owner = stand.database_of(context);
        databases.sort_by_key(|database| *database != owner);
        let mut orders = Vec::new();
        for database in &databases {
            let mut connection = stand.connect(database).await?;
            orders.push(sqlx::query_scalar::<_, String>(ORDER).bind(context).fetch_all(&mut connection).await?);
            connection.close().await?;
        }
        found.orders.insert(context.to_owned(), orders);
    }
    Ok(found)
}

async fn pairs<T>(connection: &mut PgConnection, statement: &'static str) -> Result<Vec<(String, T)>>
where
    T: Send + Unpin + for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
{
    Ok(sqlx::query_as::<_, (String, T)>(statement).fetch_all(connection).await?)
}

/// What `folkshelf audit` says that differs, of the contexts of each database.
async fn audit(stand: &Stand) -> Result<Vec<String>> {
    let mut differences = Vec::new();
    for nth in 0..stand.databases().len() {
        let output = stand.command_line(nth, &["audit", "--json"]).await?;
        let lines: Vec<Value> = String::from_utf8_lossy(&output.stdout)
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect();
        let faults: Vec<&Value> = lines.iter().filter(|line| line.get("fault").is_some()).collect();
        if !output.status.success() && faults.is_empty() {
            differences.push(format!("audit failed: {}", String::from_utf8_lossy(&output.stderr)));
        }
        let ours = |line: &&&Value| line["aggregateId"].as_str() != Some(POISONED);
        differences.extend(faults.iter().filter(ours).map(ToString::to_string));
    }
    Ok(differences)
}
