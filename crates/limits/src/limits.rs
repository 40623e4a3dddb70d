//! Taking permits, and giving them back.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use governor::clock::{Clock, MonotonicClock};
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use quick_cache::sync::Cache;
use read_store::{ReadStore, Script};

use crate::lot::{Known, Lot, lot};
use crate::{Rate, Subject, metrics};

/// Keys that a process keeps lots of; of more than that it forgets those not asked for longest.
const KEPT: usize = 100_000;
/// After so many permits given alone those keys are forgotten whose permits are all back.
const SWEEP: u32 = 4_096;

type Alone = RateLimiter<Subject, HashMapStateStore<Subject>, MonotonicClock>;

/// What is limited, and to how much. Made by [`Limits::limit`]; cheap to clone.
#[derive(Clone)]
pub struct Limit {
    class: &'static str,
    rate: Rate,
    lots: Arc<Cache<Subject, Arc<Lot>>>,
    /// Counts while Redis is away.
    alone: Arc<Alone>,
    sweeps: Arc<AtomicU32>,
}

/// Too many: whoever asked may ask again after a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many requests; try again in {} s", self.seconds())]
pub struct Refused {
    pub class: &'static str,
    pub rate: Rate,
    pub retry_after: Duration,
}

impl Refused {
    /// To wait, rounded up: whoever waits as long is not refused again for a part of a second.
    pub fn seconds(&self) -> u64 {
        let wait = self.retry_after;
        (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
    }
}

/// Begins the keys of those who are remembered.
const KNOWN: &str = "known";
/// How long somebody is remembered.
const REMEMBERED: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// Permits that were taken together, to be given back together.
#[derive(Debug)]
#[must_use = "dropped, they are spent"]
pub struct Taken {
    keys: Vec<String>,
    intervals: Vec<i64>,
}

/// The limits of a community, over all its hosts. Cheap to clone.
#[derive(Clone)]
pub struct Limits {
    take: Script,
    give_back: Script,
    remember: Script,
    remembers: Script,
    /// Of the names in Redis; the same on every host.
    secret: Arc<[u8]>,
    /// Under which somebody may have been remembered, while the secret is exchanged for another one.
    other_secrets: Arc<[Vec<u8>]>,
}

impl Limits {
    /// Who was remembered under one of `other_secrets` is known as well.
    pub fn new(store: &ReadStore, secret: &[u8], other_secrets: Vec<Vec<u8>>) -> Self {
        Self {
            take: store.script("limits", include_str!("take.lua")),
            give_back: store.script("limits", include_str!("give_back.lua")),
            remember: store.script("limits", "redis.call('SET', KEYS[1], 1, 'PX', ARGV[1]) return {}"),
            remembers: store.script("limits", "return {redis.call('EXISTS', unpack(KEYS))}"),
            secret: secret.into(),
            other_secrets: other_secrets.into(),
        }
    }

    /// `class` is a metric's label and begins the names in Redis: two limits of one name share their counts.
    pub fn limit(&self, class: &'static str, rate: Rate) -> Limit {
        metrics::announce(class);
        let period = rate.interval().max(Duration::from_nanos(1));
        let quota = Quota::with_period(period).unwrap_or(Quota::per_second(rate.burst())).allow_burst(rate.burst());
        Limit {
            class,
            rate,
            lots: Arc::new(Cache::new(KEPT)),
            alone: Arc::new(RateLimiter::hashmap_with_clock(quota, MonotonicClock)),
            sweeps: Arc::default(),
        }
    }

    /// One permit, out of the lot that this process holds. Asks Redis for another lot when that is spent.
    pub async fn take(&self, limit: &Limit, subject: Subject) -> Result<(), Refused> {
        let taken = self.spend(limit, subject).await;
        if taken.is_err() {
            metrics::limited(limit.class);
        }
        taken
    }

    /// Whether this process remembers that a key was refused and has to wait. Takes no permit and asks nobody.
    pub fn is_refused(&self, limit: &Limit, subject: Subject) -> Result<(), Refused> {
        let kept = limit.lots.get(&subject);
        let refused = kept.and_then(|kept| kept.refusal(Instant::now()));
        refused.map_or(Ok(()), Err).inspect_err(|_| metrics::limited(limit.class))
    }

    async fn spend(&self, limit: &Limit, subject: Subject) -> Result<(), Refused> {
        let rate = limit.rate;
        let new = || Ok::<_, Infallible>(Arc::new(Lot::new(rate, Instant::now())));
        let Ok(kept) = limit.lots.get_or_insert_with(&subject, new);
        match kept.spend(rate, Instant::now()) {
            Known::Permit => return Ok(()),
            Known::Refused(refused) => return Err(refused),
            Known::Nothing => {}
        }
        let _alone = kept.asking.lock().await;
        // Somebody may have asked meanwhile.
        match kept.spend(rate, Instant::now()) {
            Known::Permit => return Ok(()),
            Known::Refused(refused) => return Err(refused),
            Known::Nothing => {}
        }
        let key = subject.key(limit.class, &self.secret);
        match self.ask(&[limit], &[key], lot(rate)).await {
            Some(Ok(granted)) => {
                kept.granted(granted);
                Ok(())
            }
            Some(Err(refused)) => {
                kept.refused(refused, Instant::now());
                Err(refused)
            }
            None => limit.take_alone(&subject).inspect_err(|refused| kept.refused(*refused, Instant::now())),
        }
    }

    /// One permit of each, or of none: in one call, exact over all hosts.
    pub async fn take_all(&self, wanted: &[(&Limit, Subject)]) -> Result<Taken, Refused> {
        let limits: Vec<&Limit> = wanted.iter().map(|(limit, _)| *limit).collect();
        let keys: Vec<String> = wanted.iter().map(|(limit, subject)| subject.key(limit.class, &self.secret)).collect();
        let taken = match self.ask(&limits, &keys, 1).await {
            _ if wanted.is_empty() => Ok(()),
            Some(answer) => answer.map(drop),
            None => wanted.iter().try_for_each(|(limit, subject)| limit.take_alone(subject)),
        };
        taken.inspect_err(|refused| metrics::limited(refused.class))?;
        Ok(Taken { keys, intervals: limits.iter().map(|limit| limit.rate.microseconds()[0]).collect() })
    }

    /// For a try that turned out well. While Redis is away nothing is given back.
    pub async fn give_back(&self, taken: Taken) {
        if taken.keys.is_empty() {
            return;
        }
        if let Err(error) = self.give_back.run(&taken.keys, &taken.intervals).await {
            tracing::debug!(%error, "permits were not given back");
        }
    }

    /// Somebody is known from now on, for 90 days.
    pub async fn remember(&self, subject: Subject) {
        let lasting = i64::try_from(REMEMBERED.as_millis()).unwrap_or(i64::MAX);
        if let Err(error) = self.remember.run(&[subject.key(KNOWN, &self.secret)], &[lasting]).await {
            tracing::debug!(%error, "nobody was remembered");
        }
    }

    /// Whether somebody is known. While Redis is away nobody is.
    pub async fn remembers(&self, subject: Subject) -> bool {
        let mut names = vec![subject.key(KNOWN, &self.secret)];
        names.extend(self.other_secrets.iter().map(|secret| subject.key(KNOWN, secret)));
        let answer = self.remembers.run(&names, &[]).await;
        answer.is_ok_and(|there| there.first().is_some_and(|count| *count > 0))
    }

    /// `None`: Redis is away.
    async fn ask(&self, limits: &[&Limit], keys: &[String], want: u32) -> Option<Result<u32, Refused>> {
        if keys.is_empty() {
            return None;
        }
        let rates = limits.iter().flat_map(|limit| limit.rate.microseconds());
        let arguments: Vec<i64> = [i64::from(want), 1].into_iter().chain(rates).collect();
        let answer = self.take.run(keys, &arguments).await;
        let answer =
            answer.inspect_err(|error| tracing::debug!(%error, "Redis does not count; this host counts alone"));
        match answer.ok()?.as_slice() {
            [0, slowest, wait] => {
                let limit = limits.get(usize::try_from(*slowest).ok()?.checked_sub(1)?)?;
                Some(Err(limit.refused(Duration::from_micros(u64::try_from(*wait).unwrap_or(0)))))
            }
            [granted] => u32::try_from(*granted).ok().map(Ok),
            _ => None,
        }
    }
}

impl Limit {
    pub fn class(&self) -> &'static str {
        self.class
    }

    fn refused(&self, retry_after: Duration) -> Refused {
        Refused { class: self.class, rate: self.rate, retry_after }
    }

    /// By what this host alone has given.
    fn take_alone(&self, subject: &Subject) -> Result<(), Refused> {
        metrics::counted_alone();
        if self.sweeps.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            self.alone.retain_recent();
        }
        let given = self.alone.check_key(subject);
        given.map_err(|not_until| self.refused(not_until.wait_time_from(self.alone.clock().now())))
    }
}
