//! When letters about several things go: in the morning where the community is.

use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};
use time::OffsetDateTime;

/// The last mornings. What was planned before them is to be in a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rounds {
    pub daily: OffsetDateTime,
    /// On a Monday.
    pub weekly: OffsetDateTime,
}

impl Rounds {
    /// `hour`: 0 to 23.
    pub fn before(now: OffsetDateTime, zone: &TimeZone, hour: i8) -> Self {
        let moment = Timestamp::from_second(now.unix_timestamp()).unwrap_or(Timestamp::MAX);
        let local = moment.to_zoned(zone.clone());
        let at = Time::constant(hour, 0, 0, 0);
        let morning = |days: i64| {
            let day = local.date().checked_sub(days.days()).ok()?;
            day.to_datetime(at).to_zoned(zone.clone()).ok()
        };
        let past = |day: &Zoned| day.timestamp() <= moment;
        let mornings = || (0..=7).filter_map(morning).filter(past);
        let found = |day: Option<Zoned>| {
            let second = day.map_or(0, |day| day.timestamp().as_second());
            OffsetDateTime::from_unix_timestamp(second).unwrap_or(OffsetDateTime::UNIX_EPOCH)
        };
        Self { daily: found(mornings().next()), weekly: found(mornings().find(|day| day.weekday() == Weekday::Monday)) }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn the_last_mornings_are_those_of_the_community() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let rounds = |now| Rounds::before(now, &zone, 7);
        // A Wednesday, at 7:00 and a second before it.
        let wednesday = datetime!(2026-11-25 06:00 UTC);
        let monday = datetime!(2026-11-23 06:00 UTC);
        assert_eq!(rounds(wednesday), Rounds { daily: wednesday, weekly: monday });
        let before = rounds(wednesday - time::Duration::SECOND);
        assert_eq!(before, Rounds { daily: datetime!(2026-11-24 06:00 UTC), weekly: monday });
        // Monday before seven is still last week.
        let early = rounds(monday - time::Duration::SECOND);
        assert_eq!(early, Rounds { daily: datetime!(2026-11-22 06:00 UTC), weekly: datetime!(2026-11-16 06:00 UTC) });
        // Over the change of the clock.
        let summer = rounds(datetime!(2026-10-26 05:30 UTC));
        assert_eq!(summer, Rounds { daily: datetime!(2026-10-25 06:00 UTC), weekly: datetime!(2026-10-19 05:00 UTC) });
    }
}
