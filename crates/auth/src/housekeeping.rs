//! Forgetting what is over: sessions and API keys some time after their end, tokens of mails after they expired, mails
//! that were given up, accounts that were asked for and never opened. And giving keys to mail addresses that have none.

use std::sync::Arc;
use std::time::Duration as StdDuration;

use database::Database;
use kernel::Clock;
use time::{Duration, OffsetDateTime};
use tokio_util::sync::CancellationToken;

use crate::letter::Letter;
use crate::outbox::Outbox;
use crate::view::View;
use crate::{addresses, mails};

const EVERY: StdDuration = StdDuration::from_secs(10 * 60);
/// An access token of the session may live that long, and must find that it has ended.
const KEEP: Duration = Duration::days(1);
/// Its member sees in the list that a key has expired.
const KEEP_EXPIRED_KEYS: Duration = Duration::days(30);
/// So many sessions a statement.
const BATCH: i64 = 1_000;

#[derive(Clone)]
pub(crate) struct Housekeeper {
    pub pool: Database,
    pub view: View,
    pub clock: Arc<dyn Clock>,
}

impl Housekeeper {
    pub(crate) async fn run(&self, shutdown: CancellationToken) {
        loop {
            match addresses::complete(&self.pool).await {
                Ok(0) => {}
                Ok(given) => tracing::info!(given, "mail addresses got their keys"),
                Err(error) => tracing::warn!(%error, "mail addresses without keys were not completed"),
            }
            if let Err(error) = self.sweep().await {
                tracing::warn!(%error, "sessions that are over were not forgotten");
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    }

    /// How many sessions were forgotten.
    pub(crate) async fn sweep(&self) -> Result<u64, sqlx::Error> {
        let (now, mut swept) = (self.clock.now(), 0);
        sqlx::query!("delete from auth.mail_token where expires_at <= $1", now).execute(&self.pool).await?;
        sqlx::query!("delete from auth.registration where asked_at <= $1", now - Letter::OpenAccount.valid_for())
            .execute(&self.pool)
            .await?;
        sqlx::query!("delete from auth.registration_token where expires_at <= $1", now).execute(&self.pool).await?;
        sqlx::query!("delete from auth.letter_sent where last_at <= $1", now - mails::DAY).execute(&self.pool).await?;
        Outbox(self.pool.clone()).sweep(now).await?;
        self.sweep_keys(now).await?;
        loop {
            let gone = sqlx::query_scalar!(
                "delete from auth.session where id in (
                    select id from auth.session where expires_at < $1 or ended_at < $1 limit $2)
                returning id",
                now - KEEP,
                BATCH,
            )
            .fetch_all(&self.pool)
            .await?;
            if gone.is_empty() {
                return Ok(swept);
            }
            swept += gone.len() as u64;
            self.view.forget(&gone).await;
        }
    }

    async fn sweep_keys(&self, now: OffsetDateTime) -> Result<(), sqlx::Error> {
        loop {
            let gone = sqlx::query_scalar!(
                "delete from auth.api_key where id in (
                    select id from auth.api_key where expires_at < $1 or ended_at < $2 limit $3)
                returning id",
                now - KEEP_EXPIRED_KEYS,
                now - KEEP,
                BATCH,
            )
            .fetch_all(&self.pool)
            .await?;
            if gone.is_empty() {
                return Ok(());
            }
            self.view.forget(&gone).await;
        }
    }
}
