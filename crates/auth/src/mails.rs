//! Mails to be sent: noted in the transaction that wants them (`outbox`), sent by a worker.
//!
//! A note says to which address and why, never what: the text and the token in its link are made when it is sent. So no
//! token lies in the outbox, and asking for a mail costs the same whether the address is known or not. A worker claims a
//! note by moving its next attempt into the future, commits, sends, and deletes it: nothing holds a transaction open
//! while a mail server thinks, two workers never send the same, and a crash in between means a second mail, not none. What
//! is given up stays for an operator.

use std::sync::Arc;
use std::time::Duration as StdDuration;

use database::Database;
use secrecy::SecretString;
use time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use wording::Language;

use crate::domain::{Email, TokenHash, new_token};
use crate::letter::Letter;
use crate::metrics::{GIVEN_UP, OLDEST, SENT};
use crate::outbox::{Claimed, Outbox};
use crate::ports::{MailNotSent, Mailer};
use kernel::Clock;

/// Shorter than a claim holds.
const SEND_WITHIN: StdDuration = StdDuration::from_secs(55);
/// While no mail can be sent, a sender waits so long between two tries.
const FIRST_PAUSE: StdDuration = StdDuration::from_secs(1);
const LAST_PAUSE: StdDuration = StdDuration::from_secs(60);
/// Over about a day; then the mail is given up.
const ATTEMPTS: i32 = 14;
/// A mail that nobody was there to take is given up after this time.
const LONGEST_AWAY: Duration = Duration::days(3);
/// How often it is looked how long mails have waited.
const MEASURE_EVERY: StdDuration = StdDuration::from_secs(10);
/// For mails that another replica noted, and for retries.
const LOOK_EVERY: StdDuration = StdDuration::from_secs(5);
/// Whoever knows an address can ask for letters to it: it gets one of a kind within this time …
const ONE_IN: Duration = Duration::minutes(5);
/// … and this many of a kind within a day.
const A_DAY: i32 = 5;
pub(crate) const DAY: Duration = Duration::days(1);

#[derive(Clone)]
pub(crate) struct MailWorker {
    pub pool: Database,
    pub outbox: Outbox,
    pub mailer: Arc<dyn Mailer>,
    pub clock: Arc<dyn Clock>,
    pub wake: Arc<Notify>,
    pub public_url: Arc<str>,
    /// Of members whose own is not known.
    pub language: Language,
}

/// What became of the mails that were due.
#[derive(Default)]
pub(crate) struct Round {
    pub sent: u64,
    /// No mail can be sent: the others wait.
    pub away: bool,
}

#[derive(Clone, Copy)]
enum Outcome {
    Sent,
    /// Not taken yet.
    Later,
    /// No mail can be sent.
    Away,
    GivenUp,
    /// There is nobody to write to, or they had enough.
    Dropped,
}

impl Outcome {
    const ALL: [Self; 5] = [Self::Sent, Self::Later, Self::Away, Self::GivenUp, Self::Dropped];

    /// As the metric calls it.
    fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Later => "later",
            Self::Away => "away",
            Self::GivenUp => "given_up",
            Self::Dropped => "dropped",
        }
    }
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
        // From nought, so that the first of a kind counts as an increase.
        for letter in Letter::ALL {
            Outcome::ALL.iter().for_each(|outcome| SENT.with_label_values(&[letter.name(), outcome.name()]).inc_by(0));
        }
        // Several at once: a mail that takes its time holds up no other.
        let sender = || self.run_sender(&shutdown);
        tokio::join!(sender(), sender(), sender(), sender(), self.measure(&shutdown));
    }

    async fn run_sender(&self, shutdown: &CancellationToken) {
        let mut pause = FIRST_PAUSE;
        loop {
            let round = self.send_due().await.unwrap_or_else(|error| {
                tracing::warn!(%error, "the mails to be sent could not be read");
                Round::default()
            });
            if round.away && round.sent == 0 {
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
            && let Some(mail) = self.outbox.claim(self.clock.now()).await?
        {
            let kind = Letter::from_name(&mail.kind).map_or("unknown", Letter::name);
            let outcome = self.send(mail).await?;
            SENT.with_label_values(&[kind, outcome.name()]).inc();
            match outcome {
                Outcome::Sent => round.sent += 1,
                Outcome::Away => round.away = true,
                Outcome::Later | Outcome::GivenUp | Outcome::Dropped => {}
            }
        }
        Ok(round)
    }

    /// Tells Prometheus how long mails have waited.
    async fn measure(&self, shutdown: &CancellationToken) {
        loop {
            match self.outbox.waiting().await {
                Ok(waiting) => {
                    let now = self.clock.now();
                    for (state, oldest) in [("untried", waiting.untried), ("deferred", waiting.deferred)] {
                        let age = oldest.map_or(0.0, |oldest| (now - oldest).as_seconds_f64().max(0.0));
                        OLDEST.with_label_values(&[state]).set(age);
                    }
                    GIVEN_UP.set(waiting.given_up);
                }
                Err(error) => tracing::debug!(%error, "the waiting mails could not be counted"),
            }
            if shutdown.run_until_cancelled(tokio::time::sleep(MEASURE_EVERY)).await.is_none() {
                return;
            }
        }
    }

    async fn send(&self, claimed: Claimed) -> Result<Outcome, sqlx::Error> {
        let Some(addressed) = self.addressee(&claimed).await? else {
            // Nobody has that address, or not any more.
            return self.drop_it(&claimed).await;
        };
        // A mail that is tried again was counted the first time.
        if !claimed.counted && !self.may_send(claimed.id, &addressed).await? {
            tracing::debug!(mail = %claimed.id, "the address had enough letters of this kind");
            return self.drop_it(&claimed).await;
        }
        let token = self.token(&addressed).await?;
        let hash = TokenHash::of(&token);
        let Addressed { letter, to, key, name, language, .. } = addressed;
        let mail = letter.write(claimed.id, language, &to, name.as_deref(), &self.public_url, &token);
        let outcome = match tokio::time::timeout(SEND_WITHIN, self.mailer.send(mail)).await {
            Ok(outcome) => outcome,
            Err(elapsed) => Err(MailNotSent::Later(elapsed.into())),
        };
        let Err(error) = outcome else {
            self.outbox.strike(claimed.id).await?;
            return Ok(Outcome::Sent);
        };
        if !matches!(error, MailNotSent::Later(_)) {
            // Nobody has read it. What comes later may have arrived all the same.
            self.forget_token(&hash).await?;
        }
        let (now, why) = (self.clock.now(), error.to_string());
        let over = match error {
            MailNotSent::Refused(_) => true,
            MailNotSent::Later(_) => claimed.attempts >= ATTEMPTS,
            MailNotSent::Away(_) => claimed.created_at <= now - LONGEST_AWAY,
        };
        if over {
            tracing::error!(mail = %claimed.id, kind = claimed.kind, %error, "a mail was given up");
            self.outbox.give_up(claimed.id, &key, &why, now).await?;
            return Ok(Outcome::GivenUp);
        }
        tracing::warn!(mail = %claimed.id, attempts = claimed.attempts, %error, "a mail was not sent yet");
        if matches!(error, MailNotSent::Away(_)) {
            self.outbox.put_back(claimed.id, &why, now).await?;
            return Ok(Outcome::Away);
        }
        self.outbox.defer(claimed.id, &why).await?;
        Ok(Outcome::Later)
    }

    async fn forget_token(&self, hash: &TokenHash) -> Result<(), sqlx::Error> {
        sqlx::query!(
            "with account as (delete from auth.mail_token where hash = $1)
            delete from auth.registration_token where hash = $1",
            hash.as_bytes(),
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    async fn drop_it(&self, claimed: &Claimed) -> Result<Outcome, sqlx::Error> {
        self.outbox.strike(claimed.id).await?;
        Ok(Outcome::Dropped)
    }

    /// Counts the letter, for all replicas. `false`: the address had enough of this kind lately.
    async fn may_send(&self, id: Uuid, addressed: &Addressed) -> Result<bool, sqlx::Error> {
        let now = self.clock.now();
        let counted = sqlx::query!(
            "with counted as (
                insert into auth.letter_sent as sent (address, kind, last_at, since, count) values ($1, $2, $3, $3, 1)
                on conflict (address, kind) do update set last_at = $3,
                    since = case when sent.since <= $5 then $3 else sent.since end,
                    count = case when sent.since <= $5 then 1 else sent.count + 1 end
                where sent.last_at <= $4 and (sent.since <= $5 or sent.count < $6)
                returning address)
            update auth.mail set counted = true where id = $7 and exists (select from counted)",
            addressed.key,
            addressed.letter.name(),
            now,
            now - ONE_IN,
            now - DAY,
            A_DAY,
            id,
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
}
