//! Who is told what: the facts of an event for its recipients. The words come later (`words.rs`).

pub(crate) mod report;
mod story;
#[cfg(test)]
mod tests;

use borrowing_events::{BorrowCancelled, BorrowEvent, BorrowMessageSent, DisputeOutcome, ReturnCondition};
use kernel::UserId;

use super::facts::{Facts, NotificationData, Words, WordsAre};
use story::Fact::{Because, Date, Days, Message, Said};
use story::Story;

/// What one recipient is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Telling {
    pub recipient: UserId,
    pub facts: Facts,
    pub words: Option<Words>,
    pub data: NotificationData,
}

/// What an event does not say itself, as far as we have heard of it.
#[derive(Debug, Clone)]
pub(crate) struct Cast {
    /// The book's title.
    pub book: Option<String>,
    /// Who may settle a dispute and is no party to it; of a message, who of them writes in the conversation.
    pub moderators: Vec<UserId>,
}

/// What is told of `event`, caused by `actor` (`None`: by Folkshelf itself).
pub(crate) fn about_borrow(event: &BorrowEvent, actor: Option<UserId>, cast: &Cast) -> Vec<Telling> {
    let parties = event.parties();
    let story = Story { parties, cast };
    let owner = Some(parties.owner_id);
    match event {
        // Who has to wait is told by `borrow.queued`, and the owner when it is their turn.
        BorrowEvent::Created(e) if e.queued => Vec::new(),
        BorrowEvent::Created(e) => vec![story.to_owner("asked", &[Days(e.days)])],
        BorrowEvent::Queued(_) => vec![story.to_borrower("queued", &[])],
        BorrowEvent::Promoted(_) => story.to_both("promoted", &[]),
        BorrowEvent::AnswerReminder(_) => vec![story.to_owner("unanswered", &[])],
        BorrowEvent::Approved(e) => {
            let place = Said(WordsAre::Place, owner, e.place.as_deref());
            vec![story.to_borrower("approved", &[Date(e.pickup_by), place])]
        }
        BorrowEvent::Rejected(e) => {
            vec![story.to_borrower("rejected", &[Said(WordsAre::Reason, owner, e.reason.as_deref())])]
        }
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
            vec![story.to_borrower("extension-refused", &[Said(WordsAre::Reason, owner, e.reason.as_deref())])]
        }
        // The owner hears of what they did not grant in person.
        BorrowEvent::Extended(e) => {
            let granted = actor.filter(|actor| *actor == parties.owner_id);
            without(granted, story.to_both("extended", &[Days(e.days), Date(e.due_at)]))
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
            told.extend(story.to_moderators("disputed-moderator", &[]));
            told
        }
        BorrowEvent::Resolved(e) => {
            let text = match e.outcome {
                DisputeOutcome::Returned => "resolved-returned",
                DisputeOutcome::Lost => "resolved-lost",
                DisputeOutcome::Active => "resolved-active",
            };
            story.to_each(text, &[Said(WordsAre::Note, actor, Some(&e.note))])
        }
        BorrowEvent::MessageSent(e) => written(&story, e),
        BorrowEvent::MessagesRead(_) => Vec::new(),
    }
}

/// Whoever did it knows already; when nobody did, both are told why.
fn cancelled(story: &Story<'_>, event: &BorrowCancelled, actor: Option<UserId>) -> Vec<Telling> {
    let reason = Said(WordsAre::Reason, event.cancelled_by, event.reason.as_deref());
    match event.cancelled_by {
        Some(by) if by == event.parties.owner_id => vec![story.to_borrower("cancelled-by-owner", &[reason])],
        Some(_) => vec![story.to_owner("cancelled-by-borrower", &[reason])],
        None => without(actor, story.to_both("cancelled", &[Because(event.cause())])),
    }
}

/// That somebody wrote, and not what: that is read where it was written.
fn written(story: &Story<'_>, event: &BorrowMessageSent) -> Vec<Telling> {
    let text = match event.author_id {
        by if by == event.parties.owner_id => "written-by-owner",
        by if by == event.parties.borrower_id => "written-by-borrower",
        _ => "written-by-moderator",
    };
    let facts = [Message(event.number)];
    let mut told = without(Some(event.author_id), story.to_each(text, &facts));
    told.extend(story.to_moderators(text, &facts));
    told
}

fn without(actor: Option<UserId>, mut told: Vec<Telling>) -> Vec<Telling> {
    told.retain(|telling| Some(telling.recipient) != actor);
    told
}
