//! The rows of letters that wait, went, or were given up. `letters` sends them.

use database::Database;
use kernel::UserId;
use sqlx::types::Json;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::times::Rounds;
use crate::domain::{Chosen, Facts, NotificationData};
use crate::told::{Row, Told};

/// Longer than a letter is being sent, so that it is not claimed again meanwhile.
const FIRST_RETRY: Duration = Duration::minutes(1);
const LAST_RETRY: Duration = Duration::hours(4);
/// A letter that was put back lets others go first.
const STEP_BACK: Duration = Duration::seconds(5);
/// What became of letters is known so long …
const KEEP: Duration = Duration::days(14);
/// … and of not more than these that failed.
const MOST_FAILED: i64 = 10_000;
/// Letters that are forgotten in one transaction.
const FORGOTTEN: i64 = 1_000;
/// So many go in one letter.
const MOST_TOGETHER: i64 = 100;

#[derive(Clone)]
pub(crate) struct Queue(pub Database);

#[derive(Debug, Clone)]
pub(crate) struct Claimed {
    pub id: Uuid,
    pub notification_id: Uuid,
    pub user_id: Uuid,
    pub channel: String,
    pub kind: String,
    /// With this one.
    pub tries: i32,
    /// At an earlier try.
    pub error: Option<String>,
    pub queued_at: OffsetDateTime,
}

/// What a letter is about, as it now is.
pub(crate) enum Found {
    Told(Box<Told>),
    /// The member has read it.
    Read,
    /// It is not in the inbox any more.
    Withdrawn,
}

pub(crate) struct Member {
    pub name: String,
    pub language: String,
    pub chosen: Option<Chosen>,
}

#[derive(Clone, Copy)]
pub(crate) enum End<'a> {
    Sent,
    Skipped(&'static str),
    Failed(&'a str),
}

/// How long letters have waited.
pub(crate) struct Waiting {
    /// That no server was asked to take.
    pub untried: Option<OffsetDateTime>,
    /// That a server did not take yet.
    pub deferred: Option<OffsetDateTime>,
    pub failed: i64,
}

impl Queue {
    /// A letter whose time has come. `before`: it was planned until then.
    pub async fn claim(&self, now: OffsetDateTime, before: OffsetDateTime) -> Result<Option<Claimed>, sqlx::Error> {
        sqlx::query_as!(
            Claimed,
            "update notifications.delivery set tries = tries + 1,
                next_try_at = $1::timestamptz + least($2 * power(2, least(tries, 20)), $3) * interval '1 second'
            where id = (select id from notifications.delivery
                where state = 'pending' and channel = 'mail' and next_try_at <= $1 and queued_at <= $4
                order by next_try_at, id limit 1 for update skip locked)
            returning id, notification_id, user_id, channel, kind, tries, error, queued_at",
            now,
            FIRST_RETRY.as_seconds_f64(),
            LAST_RETRY.as_seconds_f64(),
            before,
        )
        .fetch_optional(&self.0)
        .await
    }

    /// What one member gets together, of those whose time has come. The lock on the member keeps two hosts from parting it.
    pub async fn claim_together(&self, now: OffsetDateTime, rounds: &Rounds) -> Result<Vec<Claimed>, sqlx::Error> {
        sqlx::query_as!(
            Claimed,
            r#"with reader as materialized (
                select m.id from notifications.member m
                where m.id in (select user_id from notifications.delivery
                    where state = 'pending' and next_try_at <= $1
                        and (channel = 'daily' and queued_at < $4 or channel = 'weekly' and queued_at < $5))
                limit 1 for update skip locked
            )
            update notifications.delivery d set tries = tries + 1,
                next_try_at = $1::timestamptz + least($2 * power(2, least(tries, 20)), $3) * interval '1 second'
            from reader
            where d.id in (select id from notifications.delivery
                    where user_id = reader.id and state = 'pending' and next_try_at <= $1
                        and (channel = 'daily' and queued_at < $4 or channel = 'weekly' and queued_at < $5)
                    order by id limit $6)
                and d.state = 'pending' and d.next_try_at <= $1
            returning d.id, notification_id, user_id, channel, kind, tries, error, queued_at"#,
            now,
            FIRST_RETRY.as_seconds_f64(),
            LAST_RETRY.as_seconds_f64(),
            rounds.daily,
            rounds.weekly,
            MOST_TOGETHER,
        )
        .fetch_all(&self.0)
        .await
    }

    /// The notification of a letter.
    pub async fn find(&self, notification: Uuid) -> Result<Found, sqlx::Error> {
        let row = sqlx::query!(
            r#"select id, kind, facts as "facts: Json<Facts>", words, words_by, read as "read!",
                data as "data: Json<NotificationData>", created_at
            from notifications.notification where id = $1"#,
            notification,
        )
        .fetch_one(&self.0)
        .await?;
        // What is deleted and has its facts was in no inbox from the beginning.
        let Some(facts) = row.facts else { return Ok(Found::Withdrawn) };
        if row.read {
            return Ok(Found::Read);
        }
        let told = Row {
            id: row.id,
            kind: row.kind,
            facts,
            words: row.words,
            words_by: row.words_by,
            read: row.read,
            data: row.data,
            created_at: row.created_at,
        };
        Ok(Found::Told(Box::new(told.into())))
    }

    /// Who gets a letter. `None`: nobody knows them any more.
    pub async fn member(&self, user: UserId) -> Result<Option<Member>, sqlx::Error> {
        let row = sqlx::query!(
            r#"select m.name, m.language, p.chosen as "chosen?: Json<Chosen>"
            from notifications.member m left join notifications.preference p on p.user_id = m.id
            where m.id = $1 and m.deleted_at is null"#,
            user.uuid(),
        )
        .fetch_optional(&self.0)
        .await?;
        Ok(row.map(|row| Member { name: row.name, language: row.language, chosen: row.chosen.map(|chosen| chosen.0) }))
    }

    /// Once a letter went or is of no use, what it needed of a notification that is in no inbox goes.
    pub async fn settle(&self, ids: &[Uuid], end: End<'_>, now: OffsetDateTime) -> Result<(), sqlx::Error> {
        let (state, reason, error, over) = match end {
            End::Sent => ("sent", None, None, true),
            End::Skipped(why) => ("skipped", Some(why), None, true),
            End::Failed(error) => ("failed", None, Some(error), false),
        };
        sqlx::query!(
            "with settled as (
                update notifications.delivery set state = $2, reason = $3, error = $4, settled_at = $5
                where id = any($1) and state = 'pending' returning notification_id
            )
            update notifications.notification n set facts = null, words = null, words_by = null, data = '{}'
            from settled where $6 and n.id = settled.notification_id and deleted_at is not null and facts is not null",
            ids,
            state,
            reason,
            error,
            now,
            over,
        )
        .execute(&self.0)
        .await?;
        Ok(())
    }

    /// Not taken: they come again when their time has come, as the claim has set it.
    pub async fn defer(&self, ids: &[Uuid], error: &str) -> Result<(), sqlx::Error> {
        sqlx::query!("update notifications.delivery set error = $2 where id = any($1)", ids, error)
            .execute(&self.0)
            .await?;
        Ok(())
    }

    /// As if they had not been claimed: nobody was there to take them.
    pub async fn put_back(&self, ids: &[Uuid], error: &str, now: OffsetDateTime) -> Result<(), sqlx::Error> {
        sqlx::query!(
            "update notifications.delivery set tries = tries - 1, next_try_at = $3, error = $2
            where id = any($1) and state = 'pending'",
            ids,
            error,
            now + STEP_BACK,
        )
        .execute(&self.0)
        .await?;
        Ok(())
    }

    /// Since they were due.
    pub async fn waiting(&self, now: OffsetDateTime, delay: Duration, rounds: &Rounds) -> Result<Waiting, sqlx::Error> {
        sqlx::query_as!(
            Waiting,
            r#"select min(due) filter (where tries = 0) as untried, min(due) filter (where tries > 0) as deferred,
                (select count(*) from notifications.delivery where state = 'failed') as "failed!"
            from (
                select tries, case channel
                    when 'daily' then case when queued_at < $3 then $3 end
                    when 'weekly' then case when queued_at < $4 then $4 end
                    else queued_at + $2 * interval '1 second' end as due
                from notifications.delivery where state = 'pending'
            ) waits
            where due <= $1"#,
            now,
            delay.as_seconds_f64(),
            rounds.daily,
            rounds.weekly,
        )
        .fetch_one(&self.0)
        .await
    }

    /// Forgets some letters that are old, or too many; returns how many.
    pub async fn forget_some(&self, now: OffsetDateTime) -> Result<u64, sqlx::Error> {
        sqlx::query_scalar!(
            r#"with old as (
                (select id from notifications.delivery where state <> 'pending' and settled_at <= $1 limit $3)
                union
                (select id from notifications.delivery where state = 'failed'
                    order by settled_at desc, id desc offset $2 limit $3)
            ), gone as (
                delete from notifications.delivery where id in (select id from old) returning notification_id
            ), emptied as (
                update notifications.notification n set facts = null, words = null, words_by = null, data = '{}'
                from gone where n.id = gone.notification_id and deleted_at is not null and facts is not null
            )
            select count(*) as "gone!" from gone"#,
            now - KEEP,
            MOST_FAILED,
            FORGOTTEN,
        )
        .fetch_one(&self.0)
        .await
        .map(i64::unsigned_abs)
    }
}
