//! Who is told what. An event and the names it speaks of become texts for its recipients; nothing else decides it.

mod loan;
mod request;
#[cfg(test)]
mod tests;

use borrowing_events::{BorrowEvent, Parties};
use jiff::{Timestamp, tz::TimeZone};
use kernel::{BookId, BorrowId, UserId};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// What a notification leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NotificationData {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub borrow_id: Option<BorrowId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub book_id: Option<BookId>,
}

/// One text for one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Telling {
    pub recipient: UserId,
    pub title: String,
    pub body: String,
    pub data: NotificationData,
}

/// Names as far as we have heard them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    pub owner: Option<String>,
    pub borrower: Option<String>,
    pub book: Option<String>,
}

/// What is told of `event`, caused by `actor` (`None`: by Folkshelf itself). Dates are those of `zone`.
pub(crate) fn about_borrow(event: &BorrowEvent, actor: Option<UserId>, names: &Names, zone: &TimeZone) -> Vec<Telling> {
    let story = Story::new(event.parties(), actor, names, zone);
    match event {
        // Who has to wait is told by `borrow.queued`, and the owner when it is their turn.
        BorrowEvent::Created(e) if e.queued => Vec::new(),
        BorrowEvent::Created(e) => vec![story.asked(e.days)],
        BorrowEvent::Queued(_) => vec![story.waits()],
        BorrowEvent::Promoted(_) => story.first_in_line(),
        BorrowEvent::AnswerReminder(_) => vec![story.still_unanswered()],
        BorrowEvent::Approved(e) => vec![story.approved(e)],
        BorrowEvent::Rejected(e) => vec![story.rejected(e.reason.as_deref())],
        BorrowEvent::HandedOver(e) => story.handed_over(e),
        BorrowEvent::ExtensionRequested(e) => vec![story.asked_for_more(e.days)],
        BorrowEvent::ExtensionRefused(e) => vec![story.not_extended(e.reason.as_deref())],
        BorrowEvent::Extended(e) => story.extended(e),
        BorrowEvent::DueSoon(e) => vec![story.due_soon(e.due_at)],
        BorrowEvent::DueToday(e) => vec![story.due_today(e.due_at)],
        BorrowEvent::Overdue(e) => story.overdue(e.due_at),
        BorrowEvent::ReturnDeclared(_) => vec![story.said_to_be_back()],
        BorrowEvent::Returned(e) => vec![story.back(e)],
        BorrowEvent::Cancelled(e) => story.cancelled(e),
        BorrowEvent::Expired(e) => story.expired(e.held),
        BorrowEvent::Lost(_) => story.lost(),
        BorrowEvent::Disputed(e) => story.disputed(e.raised_by),
        BorrowEvent::Resolved(e) => story.resolved(e.outcome, &e.note),
    }
}

/// The persons and the thing that a text speaks of.
struct Story<'a> {
    parties: &'a Parties,
    actor: Option<UserId>,
    owner: &'a str,
    borrower: &'a str,
    book: String,
    zone: &'a TimeZone,
}

impl<'a> Story<'a> {
    fn new(parties: &'a Parties, actor: Option<UserId>, names: &'a Names, zone: &'a TimeZone) -> Self {
        let book = names.book.as_deref();
        Self {
            parties,
            actor,
            owner: names.owner.as_deref().unwrap_or("the owner"),
            borrower: names.borrower.as_deref().unwrap_or("the borrower"),
            book: book.map_or_else(|| "a book".to_owned(), |title| format!("“{title}”")),
            zone,
        }
    }

    fn to_owner(&self, title: String, body: String) -> Telling {
        self.to(self.parties.owner_id, title, body)
    }

    fn to_borrower(&self, title: String, body: String) -> Telling {
        self.to(self.parties.borrower_id, title, body)
    }

    fn to(&self, recipient: UserId, title: String, body: String) -> Telling {
        let data = NotificationData { borrow_id: Some(self.parties.borrow_id), book_id: Some(self.parties.book_id) };
        Telling { recipient, title: capitalised(&title), body: capitalised(&body), data }
    }

    fn without_actor(&self, tellings: [Telling; 2]) -> Vec<Telling> {
        let told = |telling: &Telling| Some(telling.recipient) != self.actor;
        tellings.into_iter().filter(told).collect()
    }

    /// As in `Saturday, 12 December 2026`.
    fn day(&self, moment: OffsetDateTime) -> String {
        Timestamp::from_second(moment.unix_timestamp()).map_or_else(
            |_| moment.date().to_string(),
            |timestamp| {
                let local = timestamp.to_zoned(self.zone.clone());
                local.strftime("%A, %-d %B %Y").to_string()
            },
        )
    }
}

fn in_days(days: u16) -> String {
    if days == 1 { "1 day".to_owned() } else { format!("{days} days") }
}

fn with_reason(text: String, reason: Option<&str>) -> String {
    match reason {
        Some(reason) => format!("{text} Reason: “{reason}”"),
        None => text,
    }
}

/// A text may begin with "a book" or "the owner" where no name is known.
fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
