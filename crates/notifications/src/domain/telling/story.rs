//! Writing the texts: whom they are for, and what they speak of.

use std::sync::LazyLock;

use borrowing_events::{CancellationCause, Parties};
use jiff::{Timestamp, tz::TimeZone};
use kernel::UserId;
use time::OffsetDateTime;
use wording::{Args, Language, Texts};

use super::{Cast, NotificationData, Person, Telling};

static TEXTS: LazyLock<Texts> = LazyLock::new(|| Texts::new(source));

pub(super) fn source(language: Language) -> &'static str {
    match language {
        Language::English => include_str!("../../../locales/en.ftl"),
        Language::French => include_str!("../../../locales/fr.ftl"),
    }
}

/// What a text speaks of besides the parties and the book, or says behind its own words.
pub(super) enum Fact<'a> {
    Days(u16),
    Date(OffsetDateTime),
    Place(Option<&'a str>),
    /// In the words of the one who did it.
    Reason(Option<&'a str>),
    Note(&'a str),
    /// Why Folkshelf did it.
    Because(Option<CancellationCause>),
}

/// A borrow as it is told.
pub(super) struct Story<'a> {
    pub parties: &'a Parties,
    pub cast: &'a Cast,
    pub zone: &'a TimeZone,
}

impl Story<'_> {
    pub fn to_owner(&self, text: &str, facts: &[Fact<'_>]) -> Telling {
        self.to(self.parties.owner_id, self.cast.owner.language, text, facts)
    }

    pub fn to_borrower(&self, text: &str, facts: &[Fact<'_>]) -> Telling {
        self.to(self.parties.borrower_id, self.cast.borrower.language, text, facts)
    }

    /// To everybody who may settle it.
    pub fn to_moderators(&self, text: &str) -> impl Iterator<Item = Telling> {
        self.cast.moderators.iter().map(move |(moderator, language)| self.to(*moderator, *language, text, &[]))
    }

    /// The same to each.
    pub fn to_each(&self, text: &str, facts: &[Fact<'_>]) -> Vec<Telling> {
        vec![self.to_borrower(text, facts), self.to_owner(text, facts)]
    }

    /// To each what is written for them: `text-borrower` and `text-owner`.
    pub fn to_both(&self, text: &str, facts: &[Fact<'_>]) -> Vec<Telling> {
        vec![self.to_borrower(&format!("{text}-borrower"), facts), self.to_owner(&format!("{text}-owner"), facts)]
    }

    fn to(&self, recipient: UserId, language: Language, text: &str, facts: &[Fact<'_>]) -> Telling {
        let mut args = self.names(language);
        let mut behind = Vec::new();
        for fact in facts {
            match *fact {
                Fact::Days(days) => args.set("days", days),
                Fact::Date(moment) => self.set_date(&mut args, moment),
                Fact::Place(Some(place)) => {
                    args.set("place", place);
                    behind.push("place");
                }
                Fact::Reason(Some(reason)) => {
                    args.set("reason", reason);
                    behind.push("reason");
                }
                Fact::Note(note) => {
                    args.set("note", note);
                    behind.push("note");
                }
                Fact::Because(Some(cause)) => behind.push(because(cause)),
                Fact::Place(None) | Fact::Reason(None) | Fact::Because(None) => {}
            }
        }
        let write = |name: &str| TEXTS.write(language, name, &args);
        let mut body = capitalised(&write(&format!("{text}.body")));
        for sentence in behind {
            body.push(' ');
            body.push_str(&write(sentence));
        }
        let data = NotificationData { borrow_id: Some(self.parties.borrow_id), book_id: Some(self.parties.book_id) };
        Telling { recipient, title: capitalised(&write(&format!("{text}.title"))), body, data }
    }

    fn names(&self, language: Language) -> Args<'_> {
        let none = Args::new();
        let name =
            |person: &Person, unknown| person.name.clone().unwrap_or_else(|| TEXTS.write(language, unknown, &none));
        let book = match &self.cast.book {
            Some(title) => TEXTS.write(language, "book", &Args::from_iter([("title", title.as_str())])),
            None => TEXTS.write(language, "unknown-book", &none),
        };
        Args::from_iter([
            ("owner", name(&self.cast.owner, "unknown-owner")),
            ("borrower", name(&self.cast.borrower, "unknown-borrower")),
            ("book", book),
        ])
    }

    /// The day, where the community is.
    fn set_date(&self, args: &mut Args<'_>, moment: OffsetDateTime) {
        let moment = Timestamp::from_second(moment.unix_timestamp()).unwrap_or(Timestamp::MAX);
        let local = moment.to_zoned(self.zone.clone());
        args.set("weekday", local.weekday().to_monday_one_offset());
        args.set("day", local.day());
        args.set("month", local.month());
        args.set("year", local.year());
    }
}

fn because(cause: CancellationCause) -> &'static str {
    match cause {
        CancellationCause::BookGone => "cancelled-because-book-gone",
        CancellationCause::BookGiven => "cancelled-because-book-given",
        CancellationCause::MemberLeft => "cancelled-because-member-left",
    }
}

/// A text may begin with "a book" or "the owner" where no name is known.
fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
