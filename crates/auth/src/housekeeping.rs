//! Forgetting what is over: sessions and API keys some time after their end, tokens of mails after they expired, mails
//! that were given up, accounts that were asked for and never opened.

use async_trait::async_trait;
use database::Database;
use jobs::{Job, JobError, Run};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::letter::Letter;
use crate::mails;
use crate::outbox::Outbox;
use crate::view::View;

/// An access token of the session may live that long, and must find that it has ended.
const KEEP: Duration = Duration::days(1);
/// Its member sees in the list that a key has expired.
const KEEP_EXPIRED_KEYS: Duration = Duration::days(30);
/// So many sessions or keys a statement.
const BATCH: i64 = 1_000;

pub(crate) struct ForgetEnded {
    pub pool: Database,
    pub view: View,
}

#[async_trait]
impl Job for ForgetEnded {
    fn name(&self) -> &'static str {
        "auth.forget_ended"
    }

    async fn run(&self, run: &Run) -> Result<(), JobError> {
        let now = run.now();
        run.until_nothing_is_left("sessions", || async { self.forget(self.ended_sessions(now).await?).await }).await?;
        run.until_nothing_is_left("keys", || async { self.forget(self.ended_keys(now).await?).await }).await?;
        run.proceed()?;
        sqlx::query!("delete from auth.mail_token where expires_at <= $1", now).execute(&self.pool).await?;
        let registrations =
            sqlx::query!("delete from auth.registration where asked_at <= $1", now - Letter::OpenAccount.valid_for())
                .execute(&self.pool)
                .await?;
        run.count("registrations", registrations.rows_affected());
        sqlx::query!("delete from auth.registration_token where expires_at <= $1", now).execute(&self.pool).await?;
        sqlx::query!("delete from auth.letter_sent where last_at <= $1", now - mails::DAY).execute(&self.pool).await?;
        Outbox(self.pool.clone()).sweep(now).await?;
        Ok(())
    }
}

impl ForgetEnded {
    async fn forget(&self, gone: Vec<Uuid>) -> Result<u64, sqlx::Error> {
        self.view.forget(&gone).await;
        Ok(gone.len() as u64)
    }

    async fn ended_sessions(&self, now: OffsetDateTime) -> Result<Vec<Uuid>, sqlx::Error> {
        sqlx::query_scalar!(
            "delete from auth.session where id in (
                select id from auth.session where expires_at < $1 or ended_at < $1 limit $2)
            returning id",
            now - KEEP,
            BATCH,
        )
        .fetch_all(&self.pool)
        .await
    }

    async fn ended_keys(&self, now: OffsetDateTime) -> Result<Vec<Uuid>, sqlx::Error> {
        sqlx::query_scalar!(
            "delete from auth.api_key where id in (
                select id from auth.api_key where expires_at < $1 or ended_at < $2 limit $3)
            returning id",
            now - KEEP_EXPIRED_KEYS,
            now - KEEP,
            BATCH,
        )
        .fetch_all(&self.pool)
        .await
    }
}
