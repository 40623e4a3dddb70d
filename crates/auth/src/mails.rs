//! Mails to be sent: noted in the transaction that wants them, sent by a worker.
//!
//! A note says to which address and why, never what: the text and the token in its link are made when it is sent. So no
//! token lies in the outbox, and asking for a mail costs the same whether the address is known or not. A worker claims a
//! note by moving its next attempt into the future, commits, sends, and deletes it: nothing holds a transaction open
//! while a mail server thinks, two workers never send the same, and a crash in between means a second mail, not none.

use std::sync::Arc;
use std::time::Duration as StdDuration;

use database::Database;
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use wording::Language;

use crate::domain::{Email, TokenHash, new_token};
use crate::letter::{Letter, Purpose};
use crate::ports::Mailer;
use kernel::Clock;

/// Longer than [`SEND_WITHIN`], so that a mail being sent is not claimed again.
const FIRST_RETRY: Duration = Duration::minutes(1);
const LAST_RETRY: Duration = Duration::hours(4);
const SEND_WITHIN: StdDuration = StdDuration::from_secs(30);
/// Over about a day; then the mail is given up.
const ATTEMPTS: i32 = 14;
/// For mails that another replica noted, and for retries.
const LOOK_EVERY: StdDuration = StdDuration::from_secs(5);

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

#[derive(Clone)]
pub(crate) struct MailWorker {
    pub pool: Database,
    pub mailer: Arc<dyn Mailer>,
    pub clock: Arc<dyn Clock>,
    pub wake: Arc<Notify>,
    pub public_url: Arc<str>,
    /// Of members whose own is not known.
    pub language: Language,
}

struct Claimed {
    id: Uuid,
    kind: String,
    recipient: String,
    attempts: i32,
}

/// Which letter goes to whom.
struct Addressed {
    letter: Letter,
    /// The account's own address, never the one that somebody typed who asked for the mail: another spelling of it may be
    /// another person's mailbox.
    to: String,
    user: Uuid,
    name: String,
    language: Language,
}

impl MailWorker {
    pub(crate) async fn run(&self, shutdown: CancellationToken) {
        loop {
            if let Err(error) = self.send_due().await {
                tracing::warn!(%error, "the mails to be sent could not be read");
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = self.wake.notified() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }

    /// Sends what is due; answers how many were sent.
    pub(crate) async fn send_due(&self) -> Result<u64, sqlx::Error> {
        let mut sent = 0;
        while let Some(mail) = self.claim().await? {
            sent += u64::from(self.send(mail).await?);
        }
        Ok(sent)
    }

    async fn claim(&self) -> Result<Option<Claimed>, sqlx::Error> {
        let now = self.clock.now();
        sqlx::query_as!(
            Claimed,
            "update auth.mail set attempts = attempts + 1,
                next_attempt_at = $1::timestamptz + least($2 * power(2, attempts), $3) * interval '1 second'
            where id = (select id from auth.mail where next_attempt_at <= $1
                order by next_attempt_at, id limit 1 for update skip locked)
            returning id, kind, recipient, attempts",
            now,
            FIRST_RETRY.as_seconds_f64(),
            LAST_RETRY.as_seconds_f64(),
        )
        .fetch_optional(&self.pool)
        .await
    }

    async fn send(&self, claimed: Claimed) -> Result<bool, sqlx::Error> {
        let Some(Addressed { letter, to, user, name, language }) = self.addressee(&claimed).await? else {
            // Nobody has that address, or not any more.
            self.strike(claimed.id).await?;
            return Ok(false);
        };
        let token = new_token();
        let hash = TokenHash::of(&token);
        let now = self.clock.now();
        sqlx::query!(
            "insert into auth.mail_token (hash, user_id, purpose, created_at, expires_at) values ($1, $2, $3, $4, $5)",
            hash.as_bytes(),
            user,
            letter.purpose().name(),
            now,
            now + letter.valid_for(),
        )
        .execute(&self.pool)
        .await?;
        let mail = letter.write(language, &to, &name, &self.public_url, &token);
        let outcome = tokio::time::timeout(SEND_WITHIN, self.mailer.send(mail)).await;
        let error: Box<dyn std::error::Error + Send + Sync> = match outcome {
            Ok(Ok(())) => {
                self.strike(claimed.id).await?;
                return Ok(true);
            }
            Ok(Err(error)) => error.into(),
            Err(elapsed) => elapsed.into(),
        };
        if claimed.attempts >= ATTEMPTS {
            tracing::error!(mail = %claimed.id, %error, "a mail was given up");
            self.strike(claimed.id).await?;
        } else {
            tracing::warn!(mail = %claimed.id, attempts = claimed.attempts, %error, "a mail was not sent yet");
        }
        Ok(false)
    }

    /// `None`: there is nobody to write to.
    async fn addressee(&self, claimed: &Claimed) -> Result<Option<Addressed>, sqlx::Error> {
        let Some(letter) = Letter::from_name(&claimed.kind) else {
            tracing::error!(mail = %claimed.id, kind = claimed.kind, "no letter has this name");
            return Ok(None);
        };
        let email = Email::new(&claimed.recipient).ok();
        let account = sqlx::query!(
            r#"select id, email as "email!", name, language, verified_at is not null as "verified!", active
            from auth.account where email = $1 or email_key = $2 order by email = $1 desc limit 1"#,
            claimed.recipient,
            email.as_ref().map(Email::key),
        )
        .fetch_optional(&self.pool)
        .await?;
        let proved = |verified: bool| verified && letter.purpose() == Purpose::VerifyEmail;
        Ok(account.filter(|account| account.active && !proved(account.verified)).map(|account| Addressed {
            letter,
            to: account.email,
            user: account.id,
            name: account.name,
            language: account.language.as_deref().and_then(Language::of_tag).unwrap_or(self.language),
        }))
    }

    async fn strike(&self, id: Uuid) -> Result<(), sqlx::Error> {
        sqlx::query!("delete from auth.mail where id = $1", id).execute(&self.pool).await?;
        Ok(())
    }
}
