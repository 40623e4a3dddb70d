//! When a job is due: a cron pattern of five fields in a zone, or never.

use std::fmt;
use std::str::FromStr;

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use time::OffsetDateTime;

/// As in `30 3 * * *`, or `off`.
#[derive(Debug, Clone)]
pub struct Schedule {
    text: String,
    cron: Option<Cron>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    #[error("must have five fields (minute, hour, day, month, weekday), as in 30 3 * * *, or be off")]
    Fields,
    #[error("must be a cron pattern: {0}")]
    Pattern(String),
    #[error("must name a day that some year has")]
    Never,
}

impl Schedule {
    /// The first moment after `after`. A time that a clock change skips comes right behind the gap; one that it repeats
    /// comes once, unless the pattern says each hour or each few minutes.
    pub fn next(&self, after: OffsetDateTime, zone: &TimeZone) -> Option<OffsetDateTime> {
        let next = self.cron.as_ref()?.find_next_occurrence(&zoned(after, zone)?, false).ok()?;
        OffsetDateTime::from_unix_timestamp(next.timestamp().as_second()).ok()
    }

    pub fn is_off(&self) -> bool {
        self.cron.is_none()
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }
}

fn zoned(at: OffsetDateTime, zone: &TimeZone) -> Option<Zoned> {
    let at = Timestamp::from_nanosecond(at.unix_timestamp_nanos()).ok()?;
    Some(at.to_zoned(zone.clone()))
}

impl FromStr for Schedule {
    type Err = ScheduleError;

    fn from_str(text: &str) -> Result<Self, ScheduleError> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let cron = match fields.len() {
            1 if fields[0] == "off" => None,
            5 => {
                let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
                let cron = parser.parse(text).map_err(|error| ScheduleError::Pattern(error.to_string()))?;
                let someday = Zoned::new(Timestamp::UNIX_EPOCH, TimeZone::UTC);
                cron.find_next_occurrence(&someday, false).map_err(|_| ScheduleError::Never)?;
                Some(cron)
            }
            _ => return Err(ScheduleError::Fields),
        };
        Ok(Self { text: fields.join(" "), cron })
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use time::format_description::well_known::Rfc3339;

    use super::*;

    /// The moments after `after`, in Paris.
    fn next(pattern: &str, after: &str, count: usize) -> Vec<String> {
        let (schedule, paris): (Schedule, _) = (pattern.parse().unwrap(), TimeZone::get("Europe/Paris").unwrap());
        let mut at = OffsetDateTime::parse(after, &Rfc3339).unwrap();
        (0..count)
            .map(|_| {
                at = schedule.next(at, &paris).unwrap();
                at.format(&Rfc3339).unwrap()
            })
            .collect()
    }

    #[test]
    fn a_time_that_summer_skips_comes_behind_the_gap_and_one_that_winter_repeats_comes_once() {
        // 02:30 is not there on 2026-03-29.
        assert_eq!(
            next("30 2 * * *", "2026-03-28T00:00:00Z", 3),
            ["2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]
        );
        // And there twice on 2026-10-25.
        assert_eq!(
            next("30 2 * * *", "2026-10-24T00:00:00Z", 3),
            ["2026-10-24T00:30:00Z", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]
        );
        assert_eq!(next("30 2 * * *", "2026-10-25T00:30:01Z", 1), ["2026-10-26T01:30:00Z"]);
    }

    #[test]
    fn each_half_hour_goes_on_through_both_changes() {
        assert_eq!(
            next("*/30 * * * *", "2026-03-29T00:30:00Z", 3),
            ["2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z", "2026-03-29T02:00:00Z"]
        );
        assert_eq!(
            next("*/30 * * * *", "2026-10-25T00:15:00Z", 4),
            ["2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:00:00Z"]
        );
    }

    #[test]
    fn what_is_no_schedule_is_refused_with_the_reason() {
        let refused = |text: &str| text.parse::<Schedule>().expect_err(text);
        for text in ["", "* * * *", "0 0 3 * * *", "@daily", "OFF", "of f"] {
            assert_eq!(refused(text), ScheduleError::Fields, "{text}");
        }
        for text in ["60 * * * *", "* 24 * * *", "a b c d e", "*/0 * * * *"] {
            assert!(matches!(refused(text), ScheduleError::Pattern(_)), "{text}");
        }
        assert_eq!(refused("0 0 31 2 *"), ScheduleError::Never);
        assert!("off".parse::<Schedule>().unwrap().is_off());
        assert_eq!(" 5  4 * *  mon ".parse::<Schedule>().unwrap().as_str(), "5 4 * * mon");
    }
}
