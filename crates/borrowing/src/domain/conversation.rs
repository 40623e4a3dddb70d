//! Who reads and writes the messages of a borrow, how many, and until when (ADR 70).

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

    /// There is, or was, something to settle: moderators read and write from then on.
    const fn was_disputed(&self) -> bool {
        matches!(self.status, BorrowStatus::Disputed) || self.settled
    }

    pub fn is_over(&self, now: OffsetDateTime) -> bool {
        self.closed_at.is_some_and(|closed| closed + Self::KEPT <= now)
    }

    pub fn may_read(&self, part: Part, now: OffsetDateTime) -> Result<(), Refused> {
        match part {
            Part::Stranger => Err(Refused::NotFound),
            Part::Moderator if !self.was_disputed() => Err(Refused::NoMessages),
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
        Conversation { status, handed_over, settled: false, closed_at }
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
