//! The permits that this process holds of one key.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::{Rate, Refused};

/// A lot is a thirty-second part of the burst: what hosts can differ in.
const PARTS: u32 = 32;
/// And at most so many: enough that hot reads ask Redis seldom.
const LARGEST: u32 = 256;
/// A smaller limit is counted exactly: whoever may ask so seldom may cost Redis a call each time.
const EXACT_BELOW: u32 = 1_000;

/// How many permits are given without asking Redis, once a period.
pub(crate) fn allowance(rate: Rate) -> u32 {
    match rate.burst().get() {
        burst if burst < EXACT_BELOW => 0,
        burst => (burst / PARTS).min(LARGEST),
    }
}

/// How many are taken from Redis at once.
pub(crate) fn lot(rate: Rate) -> u32 {
    allowance(rate).max(1)
}

/// What is known of a key without asking.
pub(crate) enum Known {
    Permit,
    Refused(Refused),
    /// Redis has to be asked.
    Nothing,
}

pub(crate) struct Lot {
    held: Mutex<Held>,
    /// One asks Redis at a time; the others share what comes.
    pub(crate) asking: tokio::sync::Mutex<()>,
}

struct Held {
    permits: u32,
    /// Then permits are worth nothing any more, and there is an allowance again.
    until: Instant,
    refused: Option<(Refused, Instant)>,
}

impl Lot {
    pub(crate) fn new(rate: Rate, now: Instant) -> Self {
        let held = Held { permits: allowance(rate), until: now + rate.period(), refused: None };
        Self { held: Mutex::new(held), asking: tokio::sync::Mutex::default() }
    }

    /// Spends a permit, if one is here.
    pub(crate) fn spend(&self, rate: Rate, now: Instant) -> Known {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((refused, until)) = &held.refused {
            match until.checked_duration_since(now).filter(|wait| !wait.is_zero()) {
                Some(wait) => return Known::Refused(Refused { retry_after: wait, ..*refused }),
                None => held.refused = None,
            }
        }
        if held.until <= now {
            *held = Held { permits: allowance(rate), until: now + rate.period(), refused: None };
        }
        match held.permits.checked_sub(1) {
            Some(left) => {
                held.permits = left;
                Known::Permit
            }
            None => Known::Nothing,
        }
    }

    /// The refusal that still holds, if one does.
    pub(crate) fn refusal(&self, now: Instant) -> Option<Refused> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let (refused, until) = held.refused?;
        let wait = until.checked_duration_since(now).filter(|wait| !wait.is_zero())?;
        Some(Refused { retry_after: wait, ..refused })
    }

    /// Keeps what Redis granted; one of them is spent already.
    pub(crate) fn granted(&self, permits: u32) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.permits = permits.saturating_sub(1);
    }

    /// Nobody asks again before the wait is over: whoever goes on hammering costs Redis nothing.
    pub(crate) fn refused(&self, refused: Refused, now: Instant) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.refused = Some((refused, now + refused.retry_after.max(Duration::from_millis(1))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(text: &str) -> Rate {
        text.parse().unwrap()
    }

    fn permits(lot: &Lot, rate: Rate, now: Instant) -> usize {
        (0..10_000).take_while(|_| matches!(lot.spend(rate, now), Known::Permit)).count()
    }

    #[test]
    fn a_small_limit_has_no_allowance_and_a_large_one_a_bounded_one() {
        assert_eq!((allowance(rate("30 per 1m")), lot(rate("30 per 1m"))), (0, 1));
        assert_eq!((allowance(rate("500 per 5m")), lot(rate("500 per 5m"))), (0, 1));
        assert_eq!((allowance(rate("3200 per 1m")), lot(rate("3200 per 1m"))), (100, 100));
        assert_eq!(allowance(rate("1000000 per 1s")), 256);
    }

    #[test]
    fn the_allowance_comes_once_a_period_and_what_is_left_does_not_add_up() {
        let (rate, now) = (rate("3200 per 1m"), Instant::now());
        let lot = Lot::new(rate, now);
        assert_eq!(permits(&lot, rate, now), 100);
        assert_eq!(permits(&lot, rate, now + Duration::from_secs(59)), 0);
        lot.granted(100);
        assert_eq!(permits(&lot, rate, now + Duration::from_secs(60)), 100, "old permits are worth nothing");
    }

    #[test]
    fn a_refusal_holds_until_its_wait_is_over() {
        let (rate, now) = (rate("30 per 1m"), Instant::now());
        let lot = Lot::new(rate, now);
        let wait = Duration::from_secs(2);
        lot.refused(Refused { class: "members", rate, retry_after: wait }, now);
        let Known::Refused(refused) = lot.spend(rate, now + Duration::from_millis(500)) else { panic!("not refused") };
        assert_eq!(refused.retry_after, Duration::from_millis(1500));
        assert!(matches!(lot.spend(rate, now + wait), Known::Nothing));
    }
}
