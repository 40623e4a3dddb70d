//! Making words of facts. The texts themselves are in `locales/`.

use std::sync::LazyLock;

use borrowing_events::CancellationCause;
use jiff::{Timestamp, tz::TimeZone};
use kernel::UserId;
use time::OffsetDateTime;
use wording::{Args, Language, Texts};

use super::facts::{Facts, People, Words, WordsAre};

pub(super) static TEXTS: LazyLock<Texts> = LazyLock::new(|| Texts::new(source));

pub(super) fn source(language: Language) -> &'static str {
    match language {
        Language::English => include_str!("../../locales/en.ftl"),
        Language::French => include_str!("../../locales/fr.ftl"),
    }
}

/// What the texts are written with.
#[derive(Debug, Clone)]
pub(crate) struct Pen {
    /// The community's: dates are told in it.
    pub zone: TimeZone,
    /// The community's: of readers whose own is not known, or is none that texts are written in.
    pub language: Language,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text {
    pub title: String,
    pub body: String,
}

impl Pen {
    /// In the language of `reader`, with the names that `people` have now.
    pub fn write(&self, reader: UserId, facts: &Facts, words: Option<&Words>, people: &People) -> Text {
        let language =
            people.get(reader).and_then(|reader| Language::of_tag(&reader.language)).unwrap_or(self.language);
        let mut args = names(language, facts, people);
        if let Some(days) = facts.days {
            args.set("days", days);
        }
        if let Some(moment) = facts.date {
            self.set_date(&mut args, moment);
        }
        let mut behind = Vec::new();
        // Where they were not forgotten yet, they are not shown any more.
        let words = words.filter(|words| !words.by.and_then(|by| people.get(by)).is_some_and(|author| author.left));
        if let (Some(are), Some(words)) = (facts.words_are, words) {
            let name = match are {
                WordsAre::Place => "place",
                WordsAre::Reason => "reason",
                WordsAre::Note => "note",
                WordsAre::Warning => "warning",
            };
            args.set(name, words.text.as_str());
            behind.push(name);
        }
        behind.extend(facts.because().map(because));
        if facts.folded > 0 {
            args.set("folded", facts.folded);
            behind.push(if facts.are_of_a_conversation() { "folded-messages" } else { "folded" });
        }
        let write = |name: &str| TEXTS.write(language, name, &args);
        let mut body = capitalised(&write(&format!("{}.body", facts.text)));
        for sentence in behind {
            body.push(' ');
            body.push_str(&write(sentence));
        }
        Text { title: capitalised(&write(&format!("{}.title", facts.text))), body }
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

fn names(language: Language, facts: &Facts, people: &People) -> Args<'static> {
    let write = |text| TEXTS.write(language, text, &Args::new());
    let name = |member: UserId, unknown| match people.get(member) {
        Some(known) if known.left => write("former-member"),
        Some(known) if !known.name.is_empty() => known.name.clone(),
        Some(_) | None => write(unknown),
    };
    let book = match &facts.book {
        Some(title) => TEXTS.write(language, "book", &Args::from_iter([("title", title.as_str())])),
        None => write("unknown-book"),
    };
    if facts.report.is_some() {
        return Args::from_iter([
            ("member", name(facts.owner, "unknown-member")),
            ("reporter", name(facts.borrower, "unknown-member")),
        ]);
    }
    Args::from_iter([
        ("owner", name(facts.owner, "unknown-owner")),
        ("borrower", name(facts.borrower, "unknown-borrower")),
        ("book", book),
    ])
}

fn because(cause: CancellationCause) -> &'static str {
    match cause {
        CancellationCause::BookGone => "cancelled-because-book-gone",
        CancellationCause::BookGiven => "cancelled-because-book-given",
        CancellationCause::MemberLeft => "cancelled-because-member-left",
        CancellationCause::NotPossible => "cancelled-because-not-possible",
    }
}

/// A text may begin with "a book" or "the owner" where no name is known.
fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
