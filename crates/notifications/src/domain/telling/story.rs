//! Whom a telling is for, and the facts of it.

use borrowing_events::{CancellationCause, Parties};
use kernel::UserId;
use time::OffsetDateTime;

use super::{Cast, Telling};
use crate::domain::facts::{Facts, NotificationData, Words, WordsAre};

/// What a text speaks of besides the parties and the book, or says behind its own words.
pub(super) enum Fact<'a> {
    Days(u16),
    Date(OffsetDateTime),
    /// In the words of a member, where they are known and there are any.
    Said(WordsAre, Option<UserId>, Option<&'a str>),
    /// The number of a message.
    Message(i32),
    /// Why Folkshelf did it.
    Because(Option<CancellationCause>),
}

/// A borrow as it is told.
pub(super) struct Story<'a> {
    pub parties: &'a Parties,
    pub cast: &'a Cast,
}

impl Story<'_> {
    pub fn to_owner(&self, text: &str, facts: &[Fact<'_>]) -> Telling {
        self.to(self.parties.owner_id, text, facts)
    }

    pub fn to_borrower(&self, text: &str, facts: &[Fact<'_>]) -> Telling {
        self.to(self.parties.borrower_id, text, facts)
    }

    /// To the moderators whom it concerns.
    pub fn to_moderators(&self, text: &str, facts: &[Fact<'_>]) -> impl Iterator<Item = Telling> {
        self.cast.moderators.iter().map(move |moderator| self.to(*moderator, text, facts))
    }

    /// The same to each.
    pub fn to_each(&self, text: &str, facts: &[Fact<'_>]) -> Vec<Telling> {
        vec![self.to_borrower(text, facts), self.to_owner(text, facts)]
    }

    /// To each what is written for them: `text-borrower` and `text-owner`.
    pub fn to_both(&self, text: &str, facts: &[Fact<'_>]) -> Vec<Telling> {
        vec![self.to_borrower(&format!("{text}-borrower"), facts), self.to_owner(&format!("{text}-owner"), facts)]
    }

    fn to(&self, recipient: UserId, text: &str, facts: &[Fact<'_>]) -> Telling {
        let mut told = Facts {
            text: text.to_owned(),
            owner: self.parties.owner_id,
            borrower: self.parties.borrower_id,
            book: self.cast.book.clone(),
            days: None,
            date: None,
            because: None,
            words_are: None,
            message: None,
            report: None,
            moderator: None,
            folded: 0,
        };
        let mut words = None;
        for fact in facts {
            match *fact {
                Fact::Days(days) => told.days = Some(days),
                Fact::Date(moment) => told.date = Some(moment),
                Fact::Message(number) => told.message = Some(number),
                Fact::Said(are, by, Some(text)) if !text.is_empty() => {
                    told.words_are = Some(are);
                    words = Some(Words { by, text: text.to_owned() });
                }
                Fact::Because(Some(cause)) => told.because = Some(cause.as_str().to_owned()),
                Fact::Said(..) | Fact::Because(None) => {}
            }
        }
        let data = NotificationData {
            borrow_id: Some(self.parties.borrow_id),
            book_id: Some(self.parties.book_id),
            report_id: None,
        };
        Telling { recipient, facts: told, words, data }
    }
}
