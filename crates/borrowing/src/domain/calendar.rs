//! Days as the community lives them: a book is due at the end of a day, and whose day that is depends on the time zone.

use std::str::FromStr;

use jiff::{Span, Timestamp, Zoned, civil, tz::TimeZone};
use time::OffsetDateTime;

/// The community's time zone, by its IANA name, as in `Europe/Vienna`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommunityZone(TimeZone);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no time zone {0:?}; names look like Europe/Vienna")]
pub struct UnknownTimeZone(String);

impl Default for CommunityZone {
    fn default() -> Self {
        Self(TimeZone::UTC)
    }
}

impl FromStr for CommunityZone {
    type Err = UnknownTimeZone;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        TimeZone::get(name).map(Self).map_err(|_| UnknownTimeZone(name.to_owned()))
    }
}

impl CommunityZone {
    /// 23:59:59 of the day that lies `days` after the day of `moment`.
    pub fn end_of_day_after(&self, moment: OffsetDateTime, days: u16) -> OffsetDateTime {
        self.at(moment, days, civil::time(23, 59, 59, 0))
    }

    /// The first moment of the day of `moment`.
    pub fn start_of_day(&self, moment: OffsetDateTime) -> OffsetDateTime {
        self.at(moment, 0, civil::time(0, 0, 0, 0))
    }

    /// The day of `moment`. `None` beyond the year 9999.
    pub fn date_of(&self, moment: OffsetDateTime) -> Option<chrono::NaiveDate> {
        let date = self.local(moment)?.date();
        chrono::NaiveDate::from_ymd_opt(
            i32::from(date.year()),
            date.month().unsigned_abs().into(),
            date.day().unsigned_abs().into(),
        )
    }

    /// A time of day that the zone skips (clocks put forward at midnight) becomes the next one that exists. Beyond the
    /// year 9999 there is no calendar; there the days count 24 hours.
    fn at(&self, moment: OffsetDateTime, days: u16, time: civil::Time) -> OffsetDateTime {
        let by_the_calendar = || -> Option<OffsetDateTime> {
            let date = self.local(moment)?.date().checked_add(Span::new().try_days(i64::from(days)).ok()?).ok()?;
            let zoned = date.to_datetime(time).to_zoned(self.0.clone()).ok()?;
            OffsetDateTime::from_unix_timestamp(zoned.timestamp().as_second()).ok()
        };
        by_the_calendar().unwrap_or(moment + time::Duration::days(i64::from(days)))
    }

    fn local(&self, moment: OffsetDateTime) -> Option<Zoned> {
        let timestamp = Timestamp::from_second(moment.unix_timestamp()).ok()?;
        Some(timestamp.to_zoned(self.0.clone()))
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_book_is_due_at_the_end_of_the_day_where_the_community_lives() {
        let vienna: CommunityZone = "Europe/Vienna".parse().unwrap();
        // 23:30 UTC is already the next day in Vienna.
        assert_eq!(vienna.end_of_day_after(datetime!(2026-11-20 23:30 UTC), 14), datetime!(2026-12-05 22:59:59 UTC));
    }

    #[test]
    fn days_are_counted_across_a_change_of_the_clocks() {
        let vienna: CommunityZone = "Europe/Vienna".parse().unwrap();
        // Summer time ends on 25 October 2026: one hour more lies in between.
        assert_eq!(vienna.end_of_day_after(datetime!(2026-10-20 10:00 UTC), 7), datetime!(2026-10-27 22:59:59 UTC));
        assert_eq!(vienna.start_of_day(datetime!(2026-10-25 12:00 UTC)), datetime!(2026-10-24 22:00 UTC));
    }

    #[test]
    fn an_unknown_time_zone_is_named() {
        let error = "Europe/Nowhere".parse::<CommunityZone>().unwrap_err();
        assert!(error.to_string().contains("Europe/Nowhere"));
    }
}
