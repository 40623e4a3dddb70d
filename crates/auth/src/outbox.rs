//! The rows of mails that wait and of mails that were given up. `mails` sends them.

use database::Database;
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::letter::Letter;

/// Longer than a mail is being sent, so that it is not claimed again meanwhile.
const FIRST_RETRY: Duration = Duration::minutes(1);
const LAST_RETRY: Duration = Duration::hours(4);
/// A mail that was put back lets others go first: it may be the one that no server takes.
const STEP_BACK: Duration = Duration::seconds(5);
/// Given-up mails are kept so long …
const KEEP: Duration = Duration::days(14);
/// … and not more than these.
const MOST_GIVEN_UP: i64 = 10_000;

#[derive(Clone)]
pub(crate) struct Outbox(pub Database);

pub(crate) struct Claimed {
    pub id: Uuid,
    pub kind: String,
    pub recipient: String,
    /// With this one.
    pub attempts: i32,
    /// Whether it was counted among the letters of its address.
    pub counted: bool,
    pub created_at: OffsetDateTime,
}

/// How long mails have waited.
pub(crate) struct Waiting {
    /// That no server was asked to take.
    pub untried: Option<OffsetDateTime>,
    /// That a server did not take yet.
    pub deferred: Option<OffsetDateTime>,
    pub given_up: i64,
}

/// Notes that `recipient` shall get a letter. One that waits already is enough.
pub(crate) async fn note(
    connection: &mut PgConnection,
    letter: Letter,
    recipient: &str,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into auth.mail (id, kind, recipient, next_attempt_at, created_at) values ($1, $2, $3, $4, $4)
        on conflict (kind, recipient) do nothing",
        Uuid::now_v7(),
        letter.name(),
        recipient,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Lets a mail that was given up wait again, unless a newer one of its kind does. `false`: there is none.
pub(crate) async fn retry(connection: &mut PgConnection, id: Uuid, now: OffsetDateTime) -> Result<bool, sqlx::Error> {
    let found = sqlx::query!("delete from auth.given_up_mail where id = $1 returning kind, recipient", id)
        .fetch_optional(&mut *connection)
        .await?;
    let Some(mail) = found else { return Ok(false) };
    // It was counted when it was noted.
    sqlx::query!(
        "insert into auth.mail (id, kind, recipient, counted, next_attempt_at, created_at)
        values ($1, $2, $3, true, $4, $4) on conflict (kind, recipient) do nothing",
        id,
        mail.kind,
        mail.recipient,
        now,
    )
    .execute(connection)
    .await?;
    Ok(true)
}

impl Outbox {
    pub async fn claim(&self, now: OffsetDateTime) -> Result<Option<Claimed>, sqlx::Error> {
        sqlx::query_as!(
            Claimed,
            "update auth.mail set attempts = attempts + 1,
                next_attempt_at = $1::timestamptz + least($2 * power(2, least(attempts, 20)), $3) * interval '1 second'
            where id = (select id from auth.mail where next_attempt_at <= $1
                order by next_attempt_at, id limit 1 for update skip locked)
            returning id, kind, recipient, attempts, counted, created_at",
            now,
            FIRST_RETRY.as_seconds_f64(),
            LAST_RETRY.as_seconds_f64(),
        )
        .fetch_optional(&self.0)
        .await
    }

    /// Sent, or of no use any more.
    pub async fn strike(&self, id: Uuid) -> Result<(), sqlx::Error> {
        sqlx::query!("delete from auth.mail where id = $1", id).execute(&self.0).await?;
        Ok(())
    }

    /// Not taken: it comes again when its time has come, as the claim has set it.
    pub async fn defer(&self, id: Uuid, error: &str) -> Result<(), sqlx::Error> {
        sqlx::query!("update auth.mail set error = $2 where id = $1", id, error).execute(&self.0).await?;
        Ok(())
    }

    /// As if it had not been claimed: nobody was there to take it.
    pub async fn put_back(&self, id: Uuid, error: &str, now: OffsetDateTime) -> Result<(), sqlx::Error> {
        sqlx::query!(
            "update auth.mail set attempts = attempts - 1, next_attempt_at = $3, error = $2 where id = $1",
            id,
            error,
            now + STEP_BACK,
        )
        .execute(&self.0)
        .await?;
        Ok(())
    }

    /// `address`: the key by which the recipient's addresses are compared.
    pub async fn give_up(&self, id: Uuid, address: &str, error: &str, now: OffsetDateTime) -> Result<(), sqlx::Error> {
        sqlx::query!(
            "with gone as (delete from auth.mail where id = $1 returning id, kind, recipient, attempts, created_at)
            insert into auth.given_up_mail (id, kind, recipient, address, attempts, error, created_at, given_up_at)
            select id, kind, recipient, $2, attempts, $3, created_at, $4 from gone
            on conflict (kind, recipient) do update set id = excluded.id, address = excluded.address,
                attempts = excluded.attempts, error = excluded.error, created_at = excluded.created_at,
                given_up_at = excluded.given_up_at",
            id,
            address,
            error,
            now,
        )
        .execute(&self.0)
        .await?;
        Ok(())
    }

    pub async fn waiting(&self) -> Result<Waiting, sqlx::Error> {
        sqlx::query_as!(
            Waiting,
            r#"select min(created_at) filter (where attempts = 0) as untried,
                min(created_at) filter (where attempts > 0) as deferred,
                (select count(*) from auth.given_up_mail) as "given_up!"
            from auth.mail"#
        )
        .fetch_one(&self.0)
        .await
    }

    /// Forgets given-up mails that are old, or too many.
    pub async fn sweep(&self, now: OffsetDateTime) -> Result<(), sqlx::Error> {
        sqlx::query!(
            "delete from auth.given_up_mail where given_up_at <= $1
                or id in (select id from auth.given_up_mail order by given_up_at desc, id desc offset $2)",
            now - KEEP,
            MOST_GIVEN_UP,
        )
        .execute(&self.0)
        .await?;
        Ok(())
    }
}
