//! Dead letters that one defect has caused: of one subscription, with events of one name, and with errors that differ in
//! nothing but ids, numbers and quoted values. When the defect is mended, all of them are retried at once.

use sqlx::PgPool;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::bus::EventBus;
use crate::told::ASK;

/// So many groups are shown, those with the most letters first.
const SHOWN: i64 = 200;
/// Letters that one statement changes.
const BATCH: i64 = 1_000;
/// Statements for one call. What is left needs another call.
const BATCHES: usize = 10;

/// Dead letters with one reason.
#[derive(Debug, Clone)]
pub struct DeadLetterGroup {
    /// Made of what they have in common, so it stays the same while there are any.
    pub id: String,
    pub subscription: String,
    pub event_name: String,
    /// The error, with `…` for ids and quoted values and `#` for numbers.
    pub reason: String,
    pub letters: i64,
    /// How many of them wait for another try.
    pub retry_requested: i64,
    pub first_parked_at: OffsetDateTime,
    pub last_parked_at: OffsetDateTime,
    /// One of its errors as it was. For operators only.
    pub example: String,
}

/// What a call has done to a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupChange {
    pub changed: u64,
    /// There are more: call again.
    pub more: bool,
}

impl EventBus {
    /// Dead letters by what they have in common, at most 200 groups: those with the most letters first.
    pub async fn dead_letter_groups(&self) -> Result<Vec<DeadLetterGroup>, sqlx::Error> {
        self.carry(list(&self.inner.pool)).await
    }

    /// Asks for another try of a whole group, up to 10,000 letters a call. A letter that fails meanwhile is not asked twice.
    pub async fn retry_dead_letters(&self, group: &str) -> Result<GroupChange, sqlx::Error> {
        self.carry(request_retry(&self.inner.pool, group)).await
    }

    /// Forgets a whole group, up to 10,000 letters a call.
    pub async fn drop_dead_letters(&self, group: &str) -> Result<GroupChange, sqlx::Error> {
        self.carry(drop_letters(&self.inner.pool, group)).await
    }
}

async fn list(pool: &PgPool) -> Result<Vec<DeadLetterGroup>, sqlx::Error> {
    sqlx::query_as!(
        DeadLetterGroup,
        r#"with reasoned as (
            select d.subscription, l.name, d.error, d.parked_at, d.retry_requested_at,
                left(regexp_replace(regexp_replace(regexp_replace(d.error, '"[^"]*"', '"…"', 'g'),
                    '[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}', '…', 'g'), '[0-9]+', '#', 'g'), 300) as reason
            from event_bus.dead_letter d join event_bus.log l on l.id = d.event_id
        )
        select md5(concat_ws(' ', subscription, name, reason)) as "id!", subscription, name as event_name,
            reason as "reason!", count(*) as "letters!", count(retry_requested_at) as "retry_requested!",
            min(parked_at) as "first_parked_at!", max(parked_at) as "last_parked_at!", min(error) as "example!"
        from reasoned group by subscription, name, reason
        order by count(*) desc, subscription, name, reason limit $1"#,
        SHOWN,
    )
    .fetch_all(pool)
    .await
}

async fn now(pool: &PgPool) -> Result<OffsetDateTime, sqlx::Error> {
    sqlx::query_scalar!(r#"select now() as "now!""#).fetch_one(pool).await
}

/// Letters of a group that were parked by then; those that nobody has asked to retry, or all.
async fn of_group(
    pool: &PgPool,
    group: &str,
    not_asked: bool,
    until: OffsetDateTime,
) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"with reasoned as (
            select d.id, d.subscription, l.name,
                left(regexp_replace(regexp_replace(regexp_replace(d.error, '"[^"]*"', '"…"', 'g'),
                    '[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}', '…', 'g'), '[0-9]+', '#', 'g'), 300) as reason
            from event_bus.dead_letter d join event_bus.log l on l.id = d.event_id
            where (not $2 or d.retry_requested_at is null) and d.parked_at <= $4
        )
        select id from reasoned where md5(concat_ws(' ', subscription, name, reason)) = $1 order by id limit $3"#,
        group,
        not_asked,
        BATCH,
        until,
    )
    .fetch_all(pool)
    .await
}

/// Asks the subscription's runner to try all of them again, the oldest first. Those that are asked for already are left.
async fn request_retry(pool: &PgPool, group: &str) -> Result<GroupChange, sqlx::Error> {
    let (mut changed, until) = (0, now(pool).await?);
    for _ in 0..BATCHES {
        let ids = of_group(pool, group, true, until).await?;
        if ids.is_empty() {
            return Ok(GroupChange { changed, more: false });
        }
        let asked = sqlx::query!(
            "with asked as (
                update event_bus.dead_letter set retry_requested_at = now()
                where id = any($1) and retry_requested_at is null returning id
            ), told as (
                select pg_notify('event_bus_log', $2) from asked limit 1
            )
            select count(*) as \"asked!\" from asked where (select count(*) from told) >= 0",
            &ids,
            ASK,
        )
        .fetch_one(pool)
        .await?;
        changed += u64::try_from(asked.asked).unwrap_or(0);
    }
    Ok(GroupChange { changed, more: true })
}

/// Forgets all of them: their events stay unhandled for that subscription.
async fn drop_letters(pool: &PgPool, group: &str) -> Result<GroupChange, sqlx::Error> {
    let (mut changed, until) = (0, now(pool).await?);
    for _ in 0..BATCHES {
        let ids = of_group(pool, group, false, until).await?;
        if ids.is_empty() {
            return Ok(GroupChange { changed, more: false });
        }
        let dropped = sqlx::query!("delete from event_bus.dead_letter where id = any($1)", &ids).execute(pool).await?;
        changed += dropped.rows_affected();
    }
    Ok(GroupChange { changed, more: true })
}
