//! The days of a member's loans, as a calendar program reads them (RFC 5545): until when a book may be picked up, and when
//! it is due. Texts are in `locales/`.

use std::sync::LazyLock;

use icalendar::{Calendar, Component, Event, EventLike};
use kernel::{BorrowId, UserId};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;
use wording::{Args, Language, Texts};

use crate::domain::{BorrowStatus, CommunityZone};
use crate::members;

/// Of one member. More loans have no place in a calendar.
const MOST: i64 = 500;

static TEXTS: LazyLock<Texts> = LazyLock::new(|| Texts::new(source));

fn source(language: Language) -> &'static str {
    match language {
        Language::English => include_str!("../locales/en.ftl"),
        Language::French => include_str!("../locales/fr.ftl"),
    }
}

/// One borrow that has a day to come.
pub(crate) struct Entry {
    id: Uuid,
    title: String,
    status: BorrowStatus,
    owned: bool,
    /// The other of the two; empty of one who has left.
    name: String,
    place: Option<String>,
    /// Until when it may be picked up, or when it is due.
    day: OffsetDateTime,
    version: i64,
}

/// How a calendar is written.
#[derive(Debug, Clone)]
pub struct Written {
    pub language: Language,
    /// Of the web app, for the links to the loans.
    pub public_url: String,
}

/// The member's, the nearest first; or the one that is named, if it is the member's.
pub(crate) async fn of_member(
    connection: &mut PgConnection,
    member: UserId,
    borrow: Option<BorrowId>,
) -> Result<Vec<Entry>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select b.id, coalesce(b.agreed_title, k.title) as "title!", b.status, b.owner_id = $1 as "owned!",
            other.name as "name?", other.version as "other_version?", b.place,
            case when b.status = 'approved' then b.pickup_by else b.due_at end as day, b.version
        from borrowing.borrow b
        join borrowing.lendable_book k on k.book_id = b.book_id
        left join borrowing.member other on other.id = case when b.owner_id = $1 then b.borrower_id else b.owner_id end
        where b.id in (
            select id from borrowing.borrow where borrower_id = $1 and status in ('approved', 'active')
            union all
            select id from borrowing.borrow where owner_id = $1 and status in ('approved', 'active')
        ) and ($2::uuid is null or b.id = $2)
        order by day, b.id limit $3"#,
        member.uuid(),
        borrow.map(BorrowId::uuid),
        MOST,
    )
    .fetch_all(connection)
    .await?;
    let entries = rows.into_iter().filter_map(|row| {
        let left = row.other_version == Some(members::LEFT);
        Some(Entry {
            id: row.id,
            title: row.title,
            status: BorrowStatus::from_name(&row.status)?,
            owned: row.owned,
            name: row.name.filter(|_| !left).unwrap_or_default(),
            place: row.place,
            day: row.day?,
            version: row.version,
        })
    });
    Ok(entries.collect())
}

impl Entry {
    fn summary(&self, language: Language) -> String {
        let text = match (self.status == BorrowStatus::Approved, self.owned) {
            (true, false) => "pick-up",
            (true, true) => "hand-out",
            (false, false) => "bring-back",
            (false, true) => "comes-back",
        };
        let text = if self.name.is_empty() { format!("{text}-nobody") } else { text.to_owned() };
        TEXTS.write(language, &text, &Args::from_iter([("title", self.title.as_str()), ("name", self.name.as_str())]))
    }

    /// A whole day, as the community lives it: a date without an end is one. The same loan keeps its id, so that a program moves what it has.
    fn event(&self, zone: &CommunityZone, written: &Written, now: OffsetDateTime) -> Option<Event> {
        let link = format!("{}/loans/{}", written.public_url.trim_end_matches('/'), self.id);
        let mut event = Event::new();
        event
            .uid(&self.id.to_string())
            .sequence(u32::try_from(self.version).unwrap_or(u32::MAX))
            .timestamp(chrono::DateTime::from_timestamp(now.unix_timestamp(), 0)?)
            .summary(&self.summary(written.language))
            .description(&link)
            .url(&link)
            .starts(zone.date_of(self.day)?);
        if let Some(place) = self.place.as_deref().filter(|_| self.status == BorrowStatus::Approved) {
            event.location(place);
        }
        Some(event.done())
    }
}

/// As a file of the type `text/calendar`.
pub(crate) fn write(entries: &[Entry], zone: &CommunityZone, written: &Written, now: OffsetDateTime) -> String {
    let mut calendar = Calendar::empty();
    calendar.append_property(("VERSION", "2.0")).append_property(("PRODID", "-//Folkshelf//Folkshelf//EN"));
    calendar.name("Folkshelf");
    // How often a program may look again: a book that comes back is gone from its days within some hours.
    calendar.ttl(&chrono::Duration::hours(4));
    for event in entries.iter().filter_map(|entry| entry.event(zone, written, now)) {
        calendar.push(event);
    }
    calendar.done().to_string()
}
