//! So many in so long.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

/// A limit's figure: `burst` at once, and as many again in each `period`, evenly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    burst: NonZeroU32,
    period: Duration,
}

/// One permit a microsecond at most, so that the time between two is never nothing.
const MOST: u32 = 1_000_000;
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no limit: write a number from 1 to 1,000,000 and a time up to 24h, as in \"30 per 1m\", or \"off\"")]
pub struct RateError(String);

impl Rate {
    /// `None`: "off".
    pub fn read(text: &str) -> Result<Option<Self>, RateError> {
        if text.trim() == "off" { Ok(None) } else { text.parse().map(Some) }
    }

    pub fn burst(&self) -> NonZeroU32 {
        self.burst
    }

    pub fn period(&self) -> Duration {
        self.period
    }

    /// From one permit to the next.
    pub(crate) fn interval(&self) -> Duration {
        self.period / self.burst.get()
    }

    /// As the script wants it: microseconds from one permit to the next, and for all of them.
    pub(crate) fn microseconds(&self) -> [i64; 2] {
        let interval = i64::try_from(self.interval().as_micros()).unwrap_or(i64::MAX).max(1);
        [interval, interval.saturating_mul(i64::from(self.burst.get()))]
    }
}

impl FromStr for Rate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, RateError> {
        let wrong = || RateError(text.to_owned());
        let (burst, period) = text.split_once(" per ").ok_or_else(wrong)?;
        let burst = burst.trim().parse().ok().filter(|burst: &NonZeroU32| burst.get() <= MOST).ok_or_else(wrong)?;
        let period = period.trim();
        let unit = period.chars().next_back().ok_or_else(wrong)?;
        let seconds = match unit {
            's' => 1,
            'm' => 60,
            'h' => 60 * 60,
            _ => return Err(wrong()),
        };
        let count: u64 = period[..period.len() - 1].parse().map_err(|_| wrong())?;
        let period = Duration::from_secs(count.checked_mul(seconds).ok_or_else(wrong)?);
        if period.is_zero() || period > LONGEST { Err(wrong()) } else { Ok(Self { burst, period }) }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} per {}s", self.burst, self.period.as_secs())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_rate_is_read_as_an_operator_writes_it() {
        let rate: Rate = "30 per 1m".parse().unwrap();
        assert_eq!(
            (rate.burst().get(), rate.period(), rate.interval()),
            (30, Duration::from_secs(60), Duration::from_secs(2))
        );
        assert_eq!("100 per 5m".parse::<Rate>().unwrap().interval(), Duration::from_secs(3));
        assert_eq!("1000000 per 1s".parse::<Rate>().unwrap().microseconds(), [1, 1_000_000]);
        assert_eq!(Rate::read("off"), Ok(None));
        assert_eq!(Rate::read("5 per 24h").unwrap().unwrap().period(), LONGEST);
    }

    #[test]
    fn what_is_no_rate_is_refused_with_an_example() {
        for wrong in [
            "",
            "30",
            "30 per",
            "30 per ",
            "0 per 1m",
            "-1 per 1m",
            "1 per 0s",
            "1 per 25h",
            "1000001 per 1s",
            "1 per 1é",
        ] {
            let error = Rate::read(wrong).unwrap_err().to_string();
            assert!(error.contains("30 per 1m"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_taken_as_a_rate_has_time_between_two(text in "[0-9]{1,8} per [0-9]{1,22}[smh]") {
            if let Ok(rate) = text.parse::<Rate>() {
                let [interval, all] = rate.microseconds();
                prop_assert!(interval >= 1 && all >= i64::from(rate.burst().get()));
                prop_assert_eq!(rate.to_string().parse::<Rate>(), Ok(rate));
            }
        }
    }
}
