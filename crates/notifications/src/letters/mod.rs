//! Letters for notifications: planned in the transaction that writes the notification (`plan`), sent by a worker.
//!
//! A letter waits some minutes: who has read its notification by then needs none. Its words are made when it is sent, with the
//! names and the choices of that moment. A worker claims a row by moving its next try into the future, commits, sends, and
//! settles it: nothing holds a transaction open while a mail server thinks, two workers never send the same, and a crash in
//! between means a second letter with the same id, not none.

mod links;
mod plan;
mod queue;
mod times;

use std::sync::Arc;
use std::time::Duration as StdDuration;

use jiff::tz::TimeZone;
use kernel::{Clock, UserId};
use time::{Duration, OffsetDateTime};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use wording::Language;

pub(crate) use links::Links;
pub(crate) use plan::{channels_of, forget, plan, skip_answered, skip_outdated};
pub(crate) use queue::Queue;

use crate::domain::letter::{self, Content, Entry};
use crate::domain::{Facts, MailPace, Topic};
use crate::metrics::{LETTERS_FAILED, OLDEST_LETTER, TRIED};
use crate::ports::{LetterNotSent, MemberLetter, MemberMailer, Taken};
use crate::told::{Reader, Told};
use queue::{Claimed, End, Found, Member};
use times::Rounds;

/// Shorter than a claim holds.
const SEND_WITHIN: StdDuration = StdDuration::from_secs(55);
/// While no letter can be sent, a sender waits so long between two tries.
const FIRST_PAUSE: StdDuration = StdDuration::from_secs(1);
const LAST_PAUSE: StdDuration = StdDuration::from_secs(60);
/// Over about a day; then the letter is given up.
const TRIES: i32 = 14;
/// A letter that nobody was there to take is given up after this time.
const LONGEST_AWAY: Duration = Duration::days(3);
const MEASURE_EVERY: StdDuration = StdDuration::from_secs(10);
const LOOK_EVERY: StdDuration = StdDuration::from_secs(5);
/// As the metric calls a letter about several things.
const TOGETHER: &str = "together";

#[derive(Clone)]
pub(crate) struct LetterWorker {
    pub queue: Queue,
    pub reader: Reader,
    pub mailer: Arc<dyn MemberMailer>,
    pub clock: Arc<dyn Clock>,
    pub links: Links,
    /// The community's: of members whose own is not known.
    pub language: Language,
    pub zone: TimeZone,
    /// So long a letter waits for its notification to be read.
    pub delay: Duration,
    /// When letters about several things go: 0 to 23.
    pub hour: i8,
}

/// What became of the letters that were due.
#[derive(Default)]
pub(crate) struct Round {
    pub sent: u64,
    /// No letter can be sent: the others wait.
    pub away: bool,
}

#[derive(Clone, Copy)]
enum Outcome {
    Sent,
    /// Not taken yet.
    Later,
    /// No letter can be sent.
    Away,
    GivenUp,
    /// Nobody needs it.
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

impl LetterWorker {
    pub async fn run(&self, shutdown: CancellationToken) {
        // From nought, so that the first of a kind counts as an increase.
        for kind in Topic::ALL.map(Topic::name).into_iter().chain([TOGETHER]) {
            Outcome::ALL.iter().for_each(|outcome| TRIED.with_label_values(&[kind, outcome.name()]).inc_by(0));
        }
        // Several at once: a letter that takes its time holds up no other.
        let sender = || self.run_sender(&shutdown);
        tokio::join!(sender(), sender(), sender(), sender(), self.measure(&shutdown));
    }

    async fn run_sender(&self, shutdown: &CancellationToken) {
        let mut pause = FIRST_PAUSE;
        loop {
            let round = self.send_due().await.unwrap_or_else(|error| {
                tracing::warn!(%error, "the letters to be sent could not be read");
                Round::default()
            });
            let rest = if round.away && round.sent == 0 { pause } else { LOOK_EVERY };
            pause = if round.away && round.sent == 0 { (pause * 2).min(LAST_PAUSE) } else { FIRST_PAUSE };
            if shutdown.run_until_cancelled(tokio::time::sleep(rest)).await.is_none() {
                return;
            }
        }
    }

    /// Tells Prometheus how long letters have waited.
    async fn measure(&self, shutdown: &CancellationToken) {
        loop {
            let now = self.clock.now();
            match self.queue.waiting(now, self.delay, &self.rounds(now)).await {
                Ok(waiting) => {
                    for (state, oldest) in [("untried", waiting.untried), ("deferred", waiting.deferred)] {
                        let age = oldest.map_or(0.0, |oldest| (now - oldest).as_seconds_f64().max(0.0));
                        OLDEST_LETTER.with_label_values(&[state]).set(age);
                    }
                    LETTERS_FAILED.set(waiting.failed);
                }
                Err(error) => tracing::debug!(%error, "the waiting letters could not be counted"),
            }
            if shutdown.run_until_cancelled(tokio::time::sleep(MEASURE_EVERY)).await.is_none() {
                return;
            }
        }
    }

    fn rounds(&self, now: OffsetDateTime) -> Rounds {
        Rounds::before(now, &self.zone, self.hour)
    }

    /// Sends what is due, until no letter can be sent.
    pub async fn send_due(&self) -> Result<Round, sqlx::Error> {
        let mut round = Round::default();
        while !round.away {
            let now = self.clock.now();
            let mut claimed: Vec<Claimed> = self.queue.claim(now, now - self.delay).await?.into_iter().collect();
            if claimed.is_empty() {
                claimed = self.queue.claim_together(now, &self.rounds(now)).await?;
            }
            let Some(first) = claimed.first() else { break };
            let topic = Topic::of_event(&first.kind).map_or("unknown", Topic::name);
            let kind = if first.channel == "mail" { topic } else { TOGETHER };
            let outcome = self.send(claimed).await?;
            TRIED.with_label_values(&[kind, outcome.name()]).inc();
            match outcome {
                Outcome::Sent => round.sent += 1,
                Outcome::Away => round.away = true,
                Outcome::Later | Outcome::GivenUp | Outcome::Dropped => {}
            }
        }
        Ok(round)
    }

    /// One letter to one member.
    async fn send(&self, claimed: Vec<Claimed>) -> Result<Outcome, sqlx::Error> {
        let Some(user) = claimed.first().map(|first| UserId::from(first.user_id)) else { return Ok(Outcome::Dropped) };
        let now = self.clock.now();
        let ids = |of: &[Claimed]| of.iter().map(|it| it.id).collect::<Vec<Uuid>>();
        let Some(member) = self.queue.member(user).await? else {
            self.queue.settle(&ids(&claimed), End::Skipped("no_member"), now).await?;
            return Ok(Outcome::Dropped);
        };
        let (claimed, told) = self.still_wanted(claimed, &member, now).await?;
        let Some(letter) = self.write(user, &member, &claimed, told).await? else { return Ok(Outcome::Dropped) };
        let ids = ids(&claimed);
        let outcome = match tokio::time::timeout(SEND_WITHIN, self.mailer.send(user, letter)).await {
            Ok(outcome) => outcome,
            Err(elapsed) => Err(LetterNotSent::Later(elapsed.into())),
        };
        let (now, error) = (
            self.clock.now(),
            match outcome {
                Ok(Taken::Sent) => {
                    self.queue.settle(&ids, End::Sent, now).await?;
                    return Ok(Outcome::Sent);
                }
                Ok(Taken::NoAddress) => {
                    self.queue.settle(&ids, End::Skipped("no_address"), now).await?;
                    return Ok(Outcome::Dropped);
                }
                Err(error) => error,
            },
        );
        let (tries, oldest) =
            claimed.iter().fold((0, now), |(tries, oldest), it| (tries.max(it.tries), oldest.min(it.queued_at)));
        let over = match error {
            LetterNotSent::Refused(_) => true,
            LetterNotSent::Later(_) => tries >= TRIES,
            LetterNotSent::Away(_) => oldest <= now - LONGEST_AWAY,
        };
        let (letter, why) = (ids[0], error.to_string());
        if over {
            tracing::error!(%letter, %error, "a letter was given up");
            self.queue.settle(&ids, End::Failed(&why), now).await?;
            return Ok(Outcome::GivenUp);
        }
        tracing::warn!(%letter, tries, %error, "a letter was not sent yet");
        if matches!(error, LetterNotSent::Away(_)) {
            self.queue.put_back(&ids, &why, now).await?;
            return Ok(Outcome::Away);
        }
        self.queue.defer(&ids, &why).await?;
        Ok(Outcome::Later)
    }

    /// Without what its reader knows or does not want any more.
    async fn still_wanted(
        &self,
        claimed: Vec<Claimed>,
        member: &Member,
        now: OffsetDateTime,
    ) -> Result<(Vec<Claimed>, Vec<Told>), sqlx::Error> {
        let (mut wanted, mut about) = (Vec::new(), Vec::new());
        for it in claimed {
            let off = Topic::of_event(&it.kind)
                .is_none_or(|topic| channels_of(member.chosen.as_ref(), topic).mail == MailPace::Off);
            // Nobody tried for so long: the hosts were away, or the news are those of a demo.
            let old = it.channel == "mail" && it.error.is_none() && it.queued_at <= now - LONGEST_AWAY;
            let why = match self.queue.find(it.notification_id).await? {
                _ if off => "off",
                _ if old => "old",
                Found::Read => "read",
                Found::Withdrawn => "withdrawn",
                Found::Told(told) => {
                    wanted.push(it);
                    about.push(*told);
                    continue;
                }
            };
            self.queue.settle(&[it.id], End::Skipped(why), now).await?;
        }
        Ok((wanted, about))
    }

    /// Where a letter about it leads.
    fn link(&self, told: &Told) -> String {
        match (told.data.report_id, told.data.borrow_id) {
            (Some(report), _) if told.facts.text == Facts::REPORTED => self.links.report(report.uuid()),
            (Some(_), _) => self.links.own_reports(),
            (None, Some(borrow)) => self.links.loan(borrow.uuid()),
            (None, None) => self.links.inbox(),
        }
    }

    /// `None`: there is nothing to write about.
    async fn write(
        &self,
        user: UserId,
        member: &Member,
        claimed: &[Claimed],
        told: Vec<Told>,
    ) -> Result<Option<MemberLetter>, sqlx::Error> {
        let Some(first) = claimed.first() else { return Ok(None) };
        let topic = Topic::of_event(&first.kind).filter(|_| first.channel == "mail");
        let texts: Vec<String> = told.iter().map(|it| it.facts.text.clone()).collect();
        let links: Vec<String> = told.iter().map(|it| self.link(it)).collect();
        let views = self.reader.read(user, told).await?;
        let entries: Vec<Entry<'_>> = views
            .iter()
            .zip(&texts)
            .zip(&links)
            .map(|((view, text), link)| Entry { title: &view.title, body: &view.body, text, link })
            .collect();
        let language = Language::of_tag(&member.language).unwrap_or(self.language);
        let token = self.links.token(user, topic);
        let written = letter::write(&Content {
            name: &member.name,
            language,
            topic,
            entries: &entries,
            inbox: &self.links.inbox(),
            stop: &self.links.page(&token),
        });
        Ok(Some(MemberLetter {
            id: first.id,
            language: language.tag(),
            subject: written.subject,
            text: written.text,
            html: written.html,
            unsubscribe: self.links.one_click(&token),
        }))
    }
}
