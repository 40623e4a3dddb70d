//! Who is told what. An event and those it speaks of become texts for its recipients, each in their language; nothing else
//! decides it. The texts themselves are in `locales/`.

mod story;
#[cfg(test)]
mod tests;

use borrowing_events::{BorrowCancelled, BorrowEvent, DisputeOutcome, ReturnCondition};
use jiff::tz::TimeZone;
use kernel::{BookId, BorrowId, UserId};
use serde::{Deserialize, Serialize};
use wording::Language;

use story::Fact::{Because, Date, Days, Note, Place, Reason};
use story::Story;

/// What a notification leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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

/// Whom and what an event speaks of, as far as we have heard of them.
#[derive(Debug, Clone)]
pub(crate) struct Cast {
    pub owner: Person,
    pub borrower: Person,
    /// The book's title.
    pub book: Option<String>,
    /// Who may settle a dispute and is no party to it; known where there is one.
    pub moderators: Vec<(UserId, Language)>,
}

#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub name: Option<String>,
    pub language: Language,
}

/// What is told of `event`, caused by `actor` (`None`: by Folkshelf itself). Dates are those of `zone`.
pub(crate) fn about_borrow(event: &BorrowEvent, actor: Option<UserId>, cast: &Cast, zone: &TimeZone) -> Vec<Telling> {
    let parties = event.parties();
    let story = Story { parties, cast, zone };
    match event {
        // Who has to wait is told by `borrow.queued`, and the owner when it is their turn.
        BorrowEvent::Created(e) if e.queued => Vec::new(),
        BorrowEvent::Created(e) => vec![story.to_owner("asked", &[Days(e.days)])],
        BorrowEvent::Queued(_) => vec![story.to_borrower("queued", &[])],
        BorrowEvent::Promoted(_) => story.to_both("promoted", &[]),
        BorrowEvent::AnswerReminder(_) => vec![story.to_owner("unanswered", &[])],
        BorrowEvent::Approved(e) => {
            vec![story.to_borrower("approved", &[Date(e.pickup_by), Place(e.place.as_deref())])]
        }
        BorrowEvent::Rejected(e) => vec![story.to_borrower("rejected", &[Reason(e.reason.as_deref())])],
        BorrowEvent::Cancelled(e) => cancelled(&story, e, actor),
        BorrowEvent::Expired(e) => story.to_both(if e.held { "expired-held" } else { "expired-unanswered" }, &[]),
        BorrowEvent::HandedOver(e) => {
            let told = match e.due_at {
                Some(due) => story.to_both("lent", &[Date(due)]),
                None => story.to_both("given", &[]),
            };
            without(actor, told)
        }
        BorrowEvent::ExtensionRequested(e) => vec![story.to_owner("extension-asked", &[Days(e.days)])],
        BorrowEvent::ExtensionRefused(e) => {
            vec![story.to_borrower("extension-refused", &[Reason(e.reason.as_deref())])]
        }
        // The owner hears of what they did not grant in person.
        BorrowEvent::Extended(e) => {
            let owner = actor.filter(|actor| *actor == parties.owner_id);
            without(owner, story.to_both("extended", &[Days(e.days), Date(e.due_at)]))
        }
        BorrowEvent::DueSoon(e) => vec![story.to_borrower("due-soon", &[Date(e.due_at)])],
        BorrowEvent::DueToday(e) => vec![story.to_borrower("due-today", &[Date(e.due_at)])],
        BorrowEvent::Overdue(e) => story.to_both("overdue", &[Date(e.due_at)]),
        BorrowEvent::ReturnDeclared(_) => vec![story.to_owner("return-declared", &[])],
        BorrowEvent::Returned(e) => vec![match e.condition {
            ReturnCondition::Ok => story.to_borrower("returned", &[]),
            ReturnCondition::Damaged => story.to_borrower("returned-damaged", &[]),
        }],
        BorrowEvent::Lost(_) => story.to_both("lost", &[]),
        BorrowEvent::Disputed(e) => {
            let text = if e.raised_by == parties.owner_id { "disputed-not-back" } else { "disputed" };
            let mut told = story.to_each(text, &[]);
            told.extend(story.to_moderators("disputed-moderator"));
            told
        }
        BorrowEvent::Resolved(e) => {
            let text = match e.outcome {
                DisputeOutcome::Returned => "resolved-returned",
                DisputeOutcome::Lost => "resolved-lost",
                DisputeOutcome::Active => "resolved-active",
            };
            story.to_each(text, &[Note(&e.note)])
        }
    }
}

/// Whoever did it knows already; when nobody did, both are told why.
fn cancelled(story: &Story<'_>, event: &BorrowCancelled, actor: Option<UserId>) -> Vec<Telling> {
    let reason = event.reason.as_deref();
    match event.cancelled_by {
        Some(by) if by == event.parties.owner_id => vec![story.to_borrower("cancelled-by-owner", &[Reason(reason)])],
        Some(_) => vec![story.to_owner("cancelled-by-borrower", &[Reason(reason)])],
        None => without(actor, story.to_both("cancelled", &[Because(event.cause())])),
    }
}

fn without(actor: Option<UserId>, mut told: Vec<Telling>) -> Vec<Telling> {
    told.retain(|telling| Some(telling.recipient) != actor);
    told
}
