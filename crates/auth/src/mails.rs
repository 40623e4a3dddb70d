//! Mails to be sent: noted in the transaction that wants them, sent by a worker.
//!
//! A note says to which address and why, never what: the text and the token in its link are made when it is sent. So no
//! token lies in the outbox, and asking for a mail costs the same whether the address is known or not. A worker claims a
//! note by moving its next attempt into the future, commits, sends, and deletes it: nothing holds a transaction open
//! while a mail server thinks, two workers never send the same, and a crash in between means a second mail, not none.

use std::sync::Arc;
use std::time::Duration as StdDuration;

use database::Database;
use secrecy::SecretString;
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use wording::Language;

use crate::domain::{Email, TokenHash, new_token};
use crate::letter::Letter;
use crate::ports::{MailNotSent, Mailer};
use kernel::Clock;

/// Longer than [`SEND_WITHIN`], so that a mail being sent is not claimed again.
const FIRST_RETRY: Duration = Duration::minutes(1);
const LAST_RETRY: Duration = Duration::hours(4);
const SEND_WITHIN: StdDuration = StdDuration::from_secs(55);
/// While no mail can be sent, a sender waits so long between two tries.
const FIRST_PAUSE: StdDuration = StdDuration::from_secs(1);
const LAST_PAUSE: StdDuration = StdDuration::from_secs(60);
/// Over about a day; then the mail is given up.
const ATTEMPTS: i32 = 14;
/// For mails that another replica noted, and for retries.
const LOOK_EVERY: StdDuration = StdDuration::from_secs(5);
/// Whoever knows an address can ask for letters to it: it gets one of a kind within this time …
const ONE_IN: Duration = Duration::minutes(5);
/// … and this many of a kind within a day.
const A_DAY: i32 = 5;
pub(crate) const DAY: Duration = Duration::days(1);

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

/// What became of the mails that were due.
#[derive(Default)]
pub(crate) struct Round {
    pub sent: u64,
    /// No mail can be sent: the others wait.
    pub away: bool,
}

enum Outcome {
    Sent,
    NotSent,
    Away,
}

/// Which letter goes to whom.
struct Addressed {
    letter: Letter,
    /// The account's own address, never the one that somebody typed who asked for the mail: another spelling of it may be
    /// another person's mailbox.
    to: String,
    /// By which addresses are compared.
    key: String,
    holder: Holder,
    /// Of a member who has proved the address.
    name: Option<String>,
    language: Language,
}

/// Who can do something with the token in the link.
enum Holder {
    Account(Uuid),
    /// Whoever asked for an account.
    Registration,
}

impl MailWorker {
    pub(crate) async fn run(&self, shutdown: CancellationToken) {
        // Several at once: a mail that takes its time holds up no other.
        let sender = || self.run_sender(&shutdown);
        tokio::join!(sender(), sender(), sender(), sender());
    }

    async fn run_sender(&self, shutdown: &CancellationToken) {
        let mut pause = FIRST_PAUSE;
        loop {
            let away = match self.send_due().await {
                Ok(round) => round.away,
                Err(error) => {
                    tracing::warn!(%error, "the mails to be sent could not be read");
                    false
                }
            };
            if away {
                if shutdown.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
                    return;
                }
                pause = (pause * 2).min(LAST_PAUSE);
                continue;
            }
            pause = FIRST_PAUSE;
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = self.wake.notified() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }

    /// Sends what is due, until no mail can be sent.
    pub(crate) async fn send_due(&self) -> Result<Round, sqlx::Error> {
        let mut round = Round::default();
        while !round.away
            && let Some(mail) = self.claim().await?
        {
            match self.send(mail).await? {
                Outcome::Sent => round.sent += 1,
                Outcome::Away => round.away = true,
                Outcome::NotSent => {}
            }
        }
        Ok(round)
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

    async fn send(&self, claimed: Claimed) -> Result<Outcome, sqlx::Error> {
        let Some(addressed) = self.addressee(&claimed).await? else {
            // Nobody has that address, or not any more.
            self.strike(claimed.id).await?;
            return Ok(Outcome::NotSent);
        };
        // A mail that is tried again was counted the first time.
        if claimed.attempts == 1 && !self.may_send(&addressed).await? {
            tracing::debug!(mail = %claimed.id, "the address had enough letters of this kind");
            self.strike(claimed.id).await?;
            return Ok(Outcome::NotSent);
        }
        let token = self.token(&addressed).await?;
        let Addressed { letter, to, name, language, .. } = addressed;
        let mail = letter.write(claimed.id, language, &to, name.as_deref(), &self.public_url, &token);
        let outcome = tokio::time::timeout(SEND_WITHIN, self.mailer.send(mail)).await;
        let error = match outcome {
            Ok(Ok(())) => {
                self.strike(claimed.id).await?;
                return Ok(Outcome::Sent);
            }
            Ok(Err(error)) => error,
            Err(elapsed) => MailNotSent::Later(elapsed.into()),
        };
        let refused = matches!(error, MailNotSent::Refused(_));
        if refused || claimed.attempts >= ATTEMPTS {
            tracing::error!(mail = %claimed.id, kind = claimed.kind, %error, "a mail was given up");
            self.strike(claimed.id).await?;
        } else {
            tracing::warn!(mail = %claimed.id, attempts = claimed.attempts, %error, "a mail was not sent yet");
        }
        Ok(if matches!(error, MailNotSent::Away(_)) { Outcome::Away } else { Outcome::NotSent })
    }

    /// Counts the letter, for all replicas. `false`: the address had enough of this kind lately.
    async fn may_send(&self, addressed: &Addressed) -> Result<bool, sqlx::Error> {
        let now = self.clock.now();
        let counted = sqlx::query!(
            "insert into auth.letter_sent as sent (address, kind, last_at, since, count) values ($1, $2, $3, $3, 1)
            on conflict (address, kind) do update set last_at = $3,
                since = case when sent.since <= $5 then $3 else sent.since end,
                count = case when sent.since <= $5 then 1 else sent.count + 1 end
            where sent.last_at <= $4 and (sent.since <= $5 or sent.count < $6)",
            addressed.key,
            addressed.letter.name(),
            now,
            now - ONE_IN,
            now - DAY,
            A_DAY,
        )
        .execute(&self.pool)
        .await?;
        Ok(counted.rows_affected() == 1)
    }

    async fn token(&self, addressed: &Addressed) -> Result<SecretString, sqlx::Error> {
        let (token, now, letter) = (new_token(), self.clock.now(), addressed.letter);
        let (hash, expires_at) = (TokenHash::of(&token), now + letter.valid_for());
        match addressed.holder {
            Holder::Account(user) => sqlx::query!(
                "insert into auth.mail_token (hash, user_id, purpose, created_at, expires_at) values ($1, $2, $3, $4, $5)",
                hash.as_bytes(),
                user,
                letter.purpose().name(),
                now,
                expires_at,
            ),
            Holder::Registration => sqlx::query!(
                "insert into auth.registration_token (hash, address, email, name, language, expires_at)
                select $1, address, email, name, language, $4 from auth.registration where address = $2 and email = $3",
                hash.as_bytes(),
                addressed.key,
                addressed.to,
                expires_at,
            ),
        }
        .execute(&self.pool)
        .await?;
        Ok(token)
    }

    /// `None`: there is nobody to write to.
    async fn addressee(&self, claimed: &Claimed) -> Result<Option<Addressed>, sqlx::Error> {
        let Some(letter) = Letter::from_name(&claimed.kind) else {
            tracing::error!(mail = %claimed.id, kind = claimed.kind, "no letter has this name");
            return Ok(None);
        };
        let email = Email::new(&claimed.recipient).ok();
        let account = sqlx::query!(
            r#"select id, email as "email!", coalesce(email_key, email) as "key!", name, language,
                verified_at is not null as "proved!", active
            from auth.account where email = $1 or email_key = $2 order by email = $1 desc limit 1"#,
            claimed.recipient,
            email.as_ref().map(Email::key),
        )
        .fetch_optional(&self.pool)
        .await?;
        let Some(account) = account else {
            return match (letter, email) {
                (Letter::OpenAccount | Letter::VerifyEmail, Some(email)) => self.registrant(&email).await,
                _ => Ok(None),
            };
        };
        let letter = match (letter, account.proved) {
            (Letter::VerifyEmail, true) => return Ok(None),
            (Letter::OpenAccount, true) => Letter::HasAccount,
            (Letter::OpenAccount, false) => Letter::VerifyEmail,
            (letter, _) => letter,
        };
        Ok(account.active.then_some(Addressed {
            letter,
            to: account.email,
            key: account.key,
            holder: Holder::Account(account.id),
            name: account.proved.then_some(account.name),
            language: self.language(account.language.as_deref()),
        }))
    }

    /// Somebody who asked for an account, and has none yet.
    async fn registrant(&self, email: &Email) -> Result<Option<Addressed>, sqlx::Error> {
        let asked = sqlx::query!("select email, language from auth.registration where address = $1", email.key())
            .fetch_optional(&self.pool)
            .await?;
        Ok(asked.map(|asked| Addressed {
            letter: Letter::OpenAccount,
            to: asked.email,
            key: email.key().to_owned(),
            holder: Holder::Registration,
            name: None,
            language: self.language(asked.language.as_deref()),
        }))
    }

    fn language(&self, chosen: Option<&str>) -> Language {
        chosen.and_then(Language::of_tag).unwrap_or(self.language)
    }

    async fn strike(&self, id: Uuid) -> Result<(), sqlx::Error> {
        sqlx::query!("delete from auth.mail where id = $1", id).execute(&self.pool).await?;
        Ok(())
    }
}
