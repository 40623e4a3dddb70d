//! A circuit breaker. It keeps a dead server cheap: after some failures in a row calls are refused at once instead of
//! each waiting for its time-out, until one probe succeeds. `read-store` has one for Redis, `database` one for PostgreSQL.
//!
//! Own code, because the state has to be a metric and the crate at hand (recloser) does not show it. Time is an argument:
//! the tests move it.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

#[derive(Debug, Clone, Copy)]
pub struct BreakerSettings {
    /// So many failures in a row open it.
    pub failures: u32,
    /// So long it stays open before a probe is let through.
    pub wait: Duration,
}

/// As they suit a server that many calls ask.
impl Default for BreakerSettings {
    fn default() -> Self {
        Self { failures: 5, wait: Duration::from_secs(1) }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    Closed,
    /// One call is on its way to find out.
    HalfOpen,
    Open,
}

impl BreakerState {
    /// For a gauge: 0 closed, 1 half-open, 2 open.
    pub fn number(self) -> i64 {
        match self {
            Self::Closed => 0,
            Self::HalfOpen => 1,
            Self::Open => 2,
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Mode {
    Closed { failures: u32 },
    Open { since: Instant },
    Probing { opened: Instant },
}

#[derive(Debug)]
struct Inner {
    mode: Mode,
    /// Counts the openings and closings: a call that was admitted before the last one says nothing about now.
    epoch: u64,
}

pub struct Breaker {
    settings: BreakerSettings,
    inner: Mutex<Inner>,
    /// Told each change of state.
    changed: Box<dyn Fn(BreakerState) + Send + Sync>,
}

impl fmt::Debug for Breaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Breaker").field("inner", &self.inner).finish_non_exhaustive()
    }
}

/// The right to make one call. Say how it went; dropped unsaid (the caller went away), it counts for nothing.
#[derive(Debug)]
pub struct Permit<'b> {
    breaker: &'b Breaker,
    epoch: u64,
}

impl Breaker {
    pub fn new(settings: BreakerSettings, changed: impl Fn(BreakerState) + Send + Sync + 'static) -> Self {
        changed(BreakerState::Closed);
        let inner = Mutex::new(Inner { mode: Mode::Closed { failures: 0 }, epoch: 0 });
        Self { settings, inner, changed: Box::new(changed) }
    }

    /// `None`: do not call. While it is open, the first call after the wait is admitted as a probe.
    pub fn admit(&self, now: Instant) -> Option<Permit<'_>> {
        let mut inner = self.inner();
        match inner.mode {
            Mode::Closed { .. } => {}
            Mode::Open { since } if now.saturating_duration_since(since) >= self.settings.wait => {
                self.enter(&mut inner, Mode::Probing { opened: since });
            }
            Mode::Open { .. } | Mode::Probing { .. } => return None,
        }
        Some(Permit { breaker: self, epoch: inner.epoch })
    }

    pub fn state(&self) -> BreakerState {
        self.inner().mode.state()
    }

    fn enter(&self, inner: &mut Inner, mode: Mode) {
        inner.mode = mode;
        inner.epoch += 1;
        (self.changed)(mode.state());
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Mode {
    fn state(self) -> BreakerState {
        match self {
            Mode::Closed { .. } => BreakerState::Closed,
            Mode::Open { .. } => BreakerState::Open,
            Mode::Probing { .. } => BreakerState::HalfOpen,
        }
    }
}

impl Permit<'_> {
    pub fn succeeded(self) {
        let mut inner = self.breaker.inner();
        if inner.epoch != self.epoch {
            return;
        }
        match &mut inner.mode {
            Mode::Closed { failures } => *failures = 0,
            Mode::Probing { .. } => self.breaker.enter(&mut inner, Mode::Closed { failures: 0 }),
            Mode::Open { .. } => {}
        }
    }

    /// Whether this failure opened the breaker.
    pub fn failed(self, now: Instant) -> bool {
        let mut inner = self.breaker.inner();
        if inner.epoch != self.epoch {
            return false;
        }
        if let Mode::Closed { failures } = &mut inner.mode {
            *failures += 1;
            if *failures < self.breaker.settings.failures {
                return false;
            }
        }
        self.breaker.enter(&mut inner, Mode::Open { since: now });
        true
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let mut inner = self.breaker.inner();
        if let Mode::Probing { opened } = inner.mode
            && inner.epoch == self.epoch
        {
            // The wait is over already, so the next caller probes.
            self.breaker.enter(&mut inner, Mode::Open { since: opened });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAIT: Duration = Duration::from_secs(1);

    fn breaker() -> Breaker {
        Breaker::new(BreakerSettings { failures: 3, wait: WAIT }, |_| {})
    }

    fn fail(breaker: &Breaker, now: Instant) -> bool {
        breaker.admit(now).expect("a call is admitted").failed(now)
    }

    fn open(now: Instant) -> Breaker {
        let breaker = breaker();
        assert!(!fail(&breaker, now));
        assert!(!fail(&breaker, now));
        assert!(fail(&breaker, now), "the third failure opens it");
        breaker
    }

    #[test]
    fn opens_after_so_many_failures_in_a_row() {
        let now = Instant::now();
        let breaker = open(now);
        assert_eq!(breaker.state(), BreakerState::Open);
        assert!(breaker.admit(now).is_none());
    }

    #[test]
    fn a_success_in_between_starts_the_count_again() {
        let now = Instant::now();
        let breaker = breaker();
        for _ in 0..10 {
            fail(&breaker, now);
            fail(&breaker, now);
            breaker.admit(now).expect("closed").succeeded();
        }
        assert_eq!(breaker.state(), BreakerState::Closed);
    }

    #[test]
    fn lets_exactly_one_probe_through_after_the_wait() {
        let now = Instant::now();
        let breaker = open(now);
        assert!(breaker.admit(now + WAIT / 2).is_none());
        let probe = breaker.admit(now + WAIT).expect("a probe");
        assert_eq!(breaker.state(), BreakerState::HalfOpen);
        assert!(breaker.admit(now + WAIT).is_none());
        probe.succeeded();
        assert_eq!(breaker.state(), BreakerState::Closed);
    }

    #[test]
    fn a_failed_probe_means_another_wait() {
        let now = Instant::now();
        let breaker = open(now);
        assert!(fail(&breaker, now + WAIT));
        assert!(breaker.admit(now + WAIT + WAIT / 2).is_none());
        assert!(breaker.admit(now + WAIT * 2).is_some());
    }

    #[test]
    fn a_probe_whose_caller_went_away_leaves_its_place_to_the_next() {
        let now = Instant::now();
        let breaker = open(now);
        drop(breaker.admit(now + WAIT).expect("a probe"));
        assert_eq!(breaker.state(), BreakerState::Open);
        assert!(breaker.admit(now + WAIT).is_some());
    }

    #[test]
    fn a_call_from_before_the_opening_says_nothing_about_now() {
        let now = Instant::now();
        let breaker = breaker();
        let (early, late) = (breaker.admit(now).expect("closed"), breaker.admit(now).expect("closed"));
        for _ in 0..3 {
            fail(&breaker, now);
        }
        early.succeeded();
        assert_eq!(breaker.state(), BreakerState::Open);
        let probe = breaker.admit(now + WAIT).expect("a probe");
        late.failed(now + WAIT);
        assert_eq!(breaker.state(), BreakerState::HalfOpen);
        probe.succeeded();
    }
}
