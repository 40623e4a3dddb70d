//! Who reads and writes the messages of a borrow, how many, and until when (ADR 70, 72).

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::{BorrowStatus, LendingRules, Part, Refused};

/// What decides on the messages of a borrow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conversation {
    pub status: BorrowStatus,
    pub handed_over: bool,
    /// A moderator has settled a dispute.
    pub settled: bool,
    pub closed_at: Option<OffsetDateTime>,
    /// One of the two has reported it.
    pub reported: Option<Reported>,
}

/// Where the reports about a borrow stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reported {
    /// At least one waits for its answer.
    Open,
    /// When the last one was answered.
    Answered(#[serde(with = "time::serde::rfc3339")] OffsetDateTime),
}

impl Reported {
    /// `open`: whether one of the reports is; `None` where there are none.
    pub fn of(open: Option<bool>, answered_at: Option<OffsetDateTime>) -> Option<Self> {
        if open? { Some(Self::Open) } else { answered_at.map(Self::Answered) }
    }
}

/// How much a member has written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    pub last_hour: u32,
    pub last_day: u32,
    /// About this borrow.
    pub here: u32,
}

impl Conversation {
    /// Messages are kept for so long after the borrow has closed.
    pub const KEPT: Duration = Duration::days(90);

    /// So long after the answer to a report moderators see what the two make of it.
    pub const MODERATORS_STAY: Duration = Duration::days(14);

    /// From a dispute on, and from a report until some days after its answer.
    pub fn has_moderators(&self, now: OffsetDateTime) -> bool {
        let is_reported = match self.reported {
            None => false,
            Some(Reported::Open) => true,
            Some(Reported::Answered(at)) => now < at + Self::MODERATORS_STAY,
        };
        !self.is_over(now) && (is_reported || self.settled || matches!(self.status, BorrowStatus::Disputed))
    }

    pub fn is_over(&self, now: OffsetDateTime) -> bool {
        self.closed_at.is_some_and(|closed| closed + Self::KEPT <= now)
    }

    pub fn may_read(&self, part: Part, now: OffsetDateTime) -> Result<(), Refused> {
        match part {
            Part::Stranger => Err(Refused::NotFound),
            Part::Moderator if !self.has_moderators(now) => Err(Refused::NoMessages),
            _ if self.is_over(now) => Err(Refused::NoMessages),
            Part::Owner | Part::Borrower | Part::Moderator => Ok(()),
        }
    }

    /// A request that came to nothing is no reason to go on writing. Who had the book may have more to say.
    pub fn may_write(&self, part: Part, now: OffsetDateTime) -> Result<(), Refused> {
        self.may_read(part, now)?;
        if self.closed_at.is_some() && !self.handed_over { Err(Refused::MessagesClosed) } else { Ok(()) }
    }

    /// Whether a party writes only if the two may have to do with each other. While a moderator has to find out what
    /// happened, both are heard.
    pub const fn is_between_two(&self, part: Part) -> bool {
        matches!(part, Part::Owner | Part::Borrower) && !matches!(self.status, BorrowStatus::Disputed)
    }
}

impl Written {
    pub fn leaves_room(&self, rules: &LendingRules) -> Result<(), Refused> {
        if self.last_hour >= rules.max_messages_an_hour {
            return Err(Refused::TooManyMessages { limit: rules.max_messages_an_hour, hours: 1 });
        }
        if self.last_day >= rules.max_messages_a_day {
            return Err(Refused::TooManyMessages { limit: rules.max_messages_a_day, hours: 24 });
        }
        if self.here >= rules.max_messages_a_borrow {
            return Err(Refused::ConversationFull { limit: rules.max_messages_a_borrow });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-28 12:00 UTC);

    fn at(status: BorrowStatus) -> Conversation {
        let closed_at = (!status.is_open()).then(|| NOW - Duration::days(1));
        let handed_over = matches!(
            status,
            BorrowStatus::Active
                | BorrowStatus::ReturnPending
                | BorrowStatus::Disputed
                | BorrowStatus::Returned
                | BorrowStatus::Lost
        );
        Conversation { status, handed_over, settled: false, closed_at, reported: None }
    }

    #[test]
    fn both_read_and_write_until_a_request_comes_to_nothing() {
        for part in [Part::Owner, Part::Borrower] {
            for status in BorrowStatus::ALL {
                let conversation = at(*status);
                assert_eq!(conversation.may_read(part, NOW), Ok(()), "{status}");
                let in_vain =
                    matches!(status, BorrowStatus::Rejected | BorrowStatus::Cancelled | BorrowStatus::Expired);
                let expected = if in_vain { Err(Refused::MessagesClosed) } else { Ok(()) };
                assert_eq!(conversation.may_write(part, NOW), expected, "{status}");
            }
        }
    }

    #[test]
    fn a_moderator_comes_with_the_dispute_and_stays() {
        for status in BorrowStatus::ALL {
            let expected = if *status == BorrowStatus::Disputed { Ok(()) } else { Err(Refused::NoMessages) };
            assert_eq!(at(*status).may_write(Part::Moderator, NOW), expected, "{status}");
        }
        for status in [BorrowStatus::Active, BorrowStatus::Returned, BorrowStatus::Lost] {
            let settled = Conversation { settled: true, ..at(status) };
            assert_eq!(settled.may_write(Part::Moderator, NOW), Ok(()), "{status}");
        }
    }

    #[test]
    fn a_moderator_comes_with_a_report_and_leaves_two_weeks_after_its_answer() {
        let reported = |reported, closed_at| Conversation { reported, closed_at, ..at(BorrowStatus::Active) };
        let answered = |ago| Reported::of(Some(false), Some(NOW - ago));
        let almost = Conversation::MODERATORS_STAY - Duration::SECOND;
        for (report, expected) in [
            (Reported::of(None, None), Err(Refused::NoMessages)),
            (Reported::of(Some(true), None), Ok(())),
            // Another one is open.
            (Reported::of(Some(true), Some(NOW - Duration::days(60))), Ok(())),
            (answered(almost), Ok(())),
            (answered(Conversation::MODERATORS_STAY), Err(Refused::NoMessages)),
        ] {
            let conversation = reported(report, None);
            assert_eq!(conversation.may_write(Part::Moderator, NOW), expected, "{report:?}");
            assert_eq!(conversation.has_moderators(NOW), expected.is_ok(), "{report:?}");
            assert_eq!(conversation.may_write(Part::Owner, NOW), Ok(()), "{report:?}");
        }
        let over = reported(Some(Reported::Open), Some(NOW - Conversation::KEPT));
        assert_eq!(over.may_read(Part::Moderator, NOW), Err(Refused::NoMessages));
        assert!(!over.has_moderators(NOW));
    }

    #[test]
    fn a_report_lets_nobody_write_to_who_has_blocked_them() {
        let conversation = Conversation { reported: Some(Reported::Open), ..at(BorrowStatus::Active) };
        assert!(conversation.is_between_two(Part::Borrower));
    }

    #[test]
    fn a_stranger_learns_nothing_at_any_time() {
        for status in BorrowStatus::ALL {
            assert_eq!(at(*status).may_read(Part::Stranger, NOW), Err(Refused::NotFound));
        }
    }

    #[test]
    fn ninety_days_after_the_end_nobody_reads_or_writes() {
        let closed = |ago| Conversation { closed_at: Some(NOW - ago), settled: true, ..at(BorrowStatus::Returned) };
        let almost = closed(Conversation::KEPT - Duration::SECOND);
        for part in [Part::Owner, Part::Borrower, Part::Moderator] {
            assert_eq!(almost.may_write(part, NOW), Ok(()));
            assert_eq!(closed(Conversation::KEPT).may_read(part, NOW), Err(Refused::NoMessages));
            assert_eq!(closed(Conversation::KEPT).may_write(part, NOW), Err(Refused::NoMessages));
        }
    }

    #[test]
    fn each_bound_is_named_with_its_limit() {
        let rules = LendingRules::default();
        let written = Written::default();
        assert_eq!(written.leaves_room(&rules), Ok(()));
        let hour = Written { last_hour: rules.max_messages_an_hour, ..written }.leaves_room(&rules);
        assert_eq!(hour, Err(Refused::TooManyMessages { limit: rules.max_messages_an_hour, hours: 1 }));
        let day = Written { last_day: rules.max_messages_a_day, ..written }.leaves_room(&rules);
        assert_eq!(day, Err(Refused::TooManyMessages { limit: rules.max_messages_a_day, hours: 24 }));
        let here = Written { here: rules.max_messages_a_borrow, ..written }.leaves_room(&rules);
        assert_eq!(here, Err(Refused::ConversationFull { limit: rules.max_messages_a_borrow }));
    }
}
