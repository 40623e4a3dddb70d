//! Time comes in from outside, so that a test can move it and a jump of the machine's clock has one place to matter.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};

use time::{Duration, OffsetDateTime};

pub trait Clock: Send + Sync + 'static {
    /// The present time in UTC, cut to microseconds: PostgreSQL keeps no more, and what was written must compare
    /// equal to what is read back.
    fn now(&self) -> OffsetDateTime;

    /// What it adds to the machine's time; no time for a clock that has nothing to do with the machine's.
    fn offset(&self) -> Duration {
        Duration::ZERO
    }

    /// Whether it is good enough to act on time alone, as schedulers do.
    fn is_trusted(&self) -> bool {
        true
    }
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "the one place that may ask the machine")]
    fn now(&self) -> OffsetDateTime {
        to_microseconds(OffsetDateTime::now_utc())
    }
}

/// The machine's clock as another one corrects it, so that all hosts have one time.
#[derive(Debug, Default)]
pub struct CorrectedClock {
    /// Microseconds to add.
    offset: AtomicI64,
    /// Whether the other clock was ever looked at.
    compared: AtomicBool,
}

impl CorrectedClock {
    /// A machine whose clock is further off than this may be wrong in other ways: nothing is begun by its time alone.
    pub const TRUSTED: Duration = Duration::seconds(30);

    pub fn machine(&self) -> OffsetDateTime {
        SystemClock.now()
    }

    /// The other clock is this far ahead.
    pub fn correct(&self, offset: Duration) {
        let micros = i64::try_from(offset.whole_microseconds()).unwrap_or(0);
        self.offset.store(micros, Ordering::Relaxed);
        self.compared.store(true, Ordering::Relaxed);
    }
}

impl Clock for CorrectedClock {
    fn now(&self) -> OffsetDateTime {
        let now = self.machine();
        now.checked_add(self.offset()).unwrap_or(now)
    }

    fn offset(&self) -> Duration {
        Duration::microseconds(self.offset.load(Ordering::Relaxed))
    }

    fn is_trusted(&self) -> bool {
        self.compared.load(Ordering::Relaxed) && self.offset().abs() <= Self::TRUSTED
    }
}

/// A clock that moves only when told to.
#[derive(Debug)]
pub struct ManualClock(Mutex<OffsetDateTime>);

impl ManualClock {
    pub fn at(now: OffsetDateTime) -> Self {
        Self(Mutex::new(to_microseconds(now)))
    }

    pub fn advance(&self, by: Duration) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }

    pub fn set(&self, now: OffsetDateTime) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = to_microseconds(now);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> OffsetDateTime {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn to_microseconds(moment: OffsetDateTime) -> OffsetDateTime {
    moment - Duration::nanoseconds(i64::from(moment.nanosecond() % 1_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_corrected_clock_shows_the_other_ones_time_and_is_trusted_up_to_half_a_minute() {
        let clock = CorrectedClock::default();
        assert!(!clock.is_trusted(), "who knows");
        for (offset, trusted) in [(-3600, false), (-31, false), (-30, true), (2, true), (31, false)] {
            clock.correct(Duration::seconds(offset));
            let apart = clock.now() - clock.machine();
            assert!((apart - Duration::seconds(offset)).abs() < Duration::seconds(1), "{apart}");
            assert_eq!(clock.is_trusted(), trusted, "{offset}");
        }
    }
}
