//! The figures of each month, for the community: each context counts what is its own.

use std::collections::{BTreeSet, HashMap};

use anyhow::Context as _;
use async_trait::async_trait;
use books::{CountShownBooks, ShownTitle, ShownTitles};
use borrowing::CountLending;
use cqrs::{Ask, Caller, MissingHandler, QueryBus};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use jobs::{Job, JobError, Run};
use kernel::BookId;
use time::OffsetDateTime;
use users::CountMembers;

use crate::http::edge::admin::months::{AskedTitle, Figures, MONTHS};

/// On the first day months are counted that are so far back.
const BACK: i32 = 12;
/// Copies that were asked for most often: several may be of one title, and not everybody sees each.
const COPIES: u32 = 500;
/// Titles that are named.
const TITLES: usize = 20;

pub struct Months {
    members: Ask<CountMembers>,
    books: Ask<CountShownBooks>,
    titles: Ask<ShownTitles>,
    lending: Ask<CountLending>,
    zone: TimeZone,
}

impl Months {
    pub fn new(queries: &QueryBus, zone: TimeZone) -> Result<Self, MissingHandler> {
        Ok(Self {
            members: queries.asking()?,
            books: queries.asking()?,
            titles: queries.asking()?,
            lending: queries.asking()?,
            zone,
        })
    }
}

#[async_trait]
impl Job for Months {
    fn name(&self) -> &'static str {
        MONTHS
    }

    /// The last whole month, and those before it that nobody counted.
    async fn run(&self, run: &Run) -> Result<(), JobError> {
        let counted: BTreeSet<String> = run.kept().await?.into_iter().collect();
        let last = last_whole_month(run.now(), &self.zone).map_err(impossible)?;
        let months: Vec<Date> = (0..BACK)
            .map(|back| last.saturating_sub(back.months()))
            .filter(|month| *month == last || !counted.contains(&key(*month)))
            .collect();
        run.set_total(months.len() as u64);
        for month in months.into_iter().rev() {
            run.proceed()?;
            run.keep(&key(month), &self.count(month).await?).await?;
            run.advance(1);
            run.count("months", 1);
        }
        Ok(())
    }
}

impl Months {
    async fn count(&self, month: Date) -> Result<Figures, JobError> {
        let caller = Caller::system(MONTHS);
        let (from, until) = bounds(month, &self.zone).map_err(impossible)?;
        let members = self.members.ask(&caller, CountMembers { from, until }).await.map_err(JobError::refused)?;
        let shown = self.books.ask(&caller, CountShownBooks { from, until }).await.map_err(JobError::refused)?;
        let lending = CountLending { from, until, most: COPIES };
        let lending = self.lending.ask(&caller, lending).await.map_err(JobError::refused)?;
        let books = lending.most_asked.iter().map(|(book, _)| *book).collect();
        let titles = self.titles.ask(&caller, ShownTitles { books }).await.map_err(JobError::refused)?;
        Ok(Figures {
            books: shown.books,
            new_books: shown.listed,
            requests: lending.requests,
            loans: lending.loans,
            given: lending.given,
            returned: lending.returned,
            late: lending.late,
            members: members.members,
            new_members: members.joined,
            most_asked: by_title(&lending.most_asked, titles),
        })
    }
}

/// The copies of one book are one title.
fn by_title(asked: &[(BookId, u64)], titles: Vec<ShownTitle>) -> Vec<AskedTitle> {
    let titles: HashMap<BookId, ShownTitle> = titles.into_iter().map(|title| (title.book, title)).collect();
    let mut found: Vec<AskedTitle> = Vec::new();
    for (book, requests) in asked {
        let Some(shown) = titles.get(book) else { continue };
        let author = shown.authors.first().cloned().unwrap_or_default();
        match found.iter_mut().find(|other| other.title == shown.title && other.author == author) {
            Some(other) => other.requests += requests,
            None => found.push(AskedTitle { title: shown.title.clone(), author, requests: *requests }),
        }
    }
    found.sort_by(|a, b| b.requests.cmp(&a.requests).then_with(|| a.title.cmp(&b.title)));
    found.truncate(TITLES);
    found
}

/// As in `2026-10`.
fn key(month: Date) -> String {
    format!("{:04}-{:02}", month.year(), month.month())
}

fn last_whole_month(now: OffsetDateTime, zone: &TimeZone) -> anyhow::Result<Date> {
    let now = Timestamp::from_nanosecond(now.unix_timestamp_nanos())?;
    Ok(now.to_zoned(zone.clone()).date().first_of_month().checked_sub(1.month())?)
}

/// From its first moment to the first one behind it.
fn bounds(month: Date, zone: &TimeZone) -> anyhow::Result<(OffsetDateTime, OffsetDateTime)> {
    let moment = |day: Date| {
        let second = day.to_zoned(zone.clone())?.timestamp().as_second();
        OffsetDateTime::from_unix_timestamp(second).context("a moment that we can name")
    };
    Ok((moment(month)?, moment(month.checked_add(1.month())?)?))
}

fn impossible(error: anyhow::Error) -> JobError {
    JobError::Failed { code: "CALENDAR", source: error.into() }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_month_is_that_of_the_community_also_when_its_clocks_change() {
        let paris = TimeZone::get("Europe/Paris").expect("a zone");
        // In Paris it is November already.
        let month = last_whole_month(datetime!(2026-10-31 23:30 UTC), &paris).expect("a month");
        assert_eq!(key(month), "2026-10");
        let bounds = bounds(month, &paris).expect("two moments");
        assert_eq!(bounds, (datetime!(2026-09-30 22:00 UTC), datetime!(2026-10-31 23:00 UTC)));
        let month = last_whole_month(datetime!(2026-01-01 00:00 UTC), &TimeZone::UTC).expect("a month");
        assert_eq!(key(month), "2025-12");
    }

    #[test]
    fn copies_of_one_title_are_one_and_what_nobody_may_see_is_not_named() {
        let ids: Vec<BookId> = (0..4).map(|nth| BookId::from(uuid::Uuid::from_u128(nth))).collect();
        let shown = |nth: usize, title: &str| ShownTitle {
            book: ids[nth],
            title: title.to_owned(),
            authors: vec!["Jane Austen".to_owned()],
        };
        let asked = [(ids[0], 9), (ids[1], 5), (ids[2], 4), (ids[3], 2)];
        let found = by_title(&asked, vec![shown(1, "Emma"), shown(2, "Persuasion"), shown(3, "Emma")]);
        let found: Vec<(&str, u64)> = found.iter().map(|it| (it.title.as_str(), it.requests)).collect();
        assert_eq!(found, [("Emma", 7), ("Persuasion", 4)]);
    }
}
