//! What notifications are about, as members choose which of them reach them and how.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// Somebody asks for a book of one's own, or still waits for an answer.
    Request,
    /// One's request was approved or declined.
    Answer,
    /// One waits in the queue.
    Queue,
    /// The queue has come to the first request.
    Turn,
    /// The book has changed hands.
    HandOver,
    /// A longer loan was asked for, granted or refused.
    Extension,
    DueSoon,
    /// Today.
    Due,
    Late,
    /// The book is said to be back, is back, or is lost.
    GiveBack,
    /// A request was cancelled or has expired.
    Ended,
    /// A dispute, or a report: what moderators have to do with.
    Dispute,
    /// The other of the two wrote.
    Message,
}

/// Whether there is a letter, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MailPace {
    Off,
    /// One for each notification.
    AtOnce,
    /// One a day for all that came.
    Daily,
    /// One on Mondays for all that came.
    Weekly,
}

/// How notifications about one topic reach a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Channels {
    /// Whether they stand in the inbox.
    pub in_app: bool,
    pub mail: MailPace,
}

/// What a member chose. A topic that is not in it is as by default.
pub(crate) type Chosen = BTreeMap<Topic, Channels>;

impl Topic {
    pub const ALL: [Self; 13] = [
        Self::Request,
        Self::Answer,
        Self::Queue,
        Self::Turn,
        Self::HandOver,
        Self::Extension,
        Self::DueSoon,
        Self::Due,
        Self::Late,
        Self::GiveBack,
        Self::Ended,
        Self::Dispute,
        Self::Message,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Answer => "answer",
            Self::Queue => "queue",
            Self::Turn => "turn",
            Self::HandOver => "hand_over",
            Self::Extension => "extension",
            Self::DueSoon => "due_soon",
            Self::Due => "due",
            Self::Late => "late",
            Self::GiveBack => "give_back",
            Self::Ended => "ended",
            Self::Dispute => "dispute",
            Self::Message => "message",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.name() == name)
    }

    /// By the name of the event that a notification tells of.
    pub(crate) fn of_event(name: &str) -> Option<Self> {
        Some(match name {
            "borrow.created" | "borrow.answer_reminder" => Self::Request,
            "borrow.approved" | "borrow.rejected" => Self::Answer,
            "borrow.queued" => Self::Queue,
            "borrow.promoted" => Self::Turn,
            "borrow.handed_over" => Self::HandOver,
            "borrow.extension_requested" | "borrow.extension_refused" | "borrow.extended" => Self::Extension,
            "borrow.due_soon" => Self::DueSoon,
            "borrow.due_today" => Self::Due,
            "borrow.overdue" => Self::Late,
            "borrow.return_declared" | "borrow.returned" | "borrow.lost" => Self::GiveBack,
            "borrow.cancelled" | "borrow.expired" => Self::Ended,
            "borrow.disputed" | "borrow.resolved" | "user.reported" | "user.report_answered" => Self::Dispute,
            "borrow.message_sent" => Self::Message,
            _ => return None,
        })
    }

    /// Whether notifications about it always stand in the inbox: they ask for something.
    pub(crate) fn stays_in_app(self) -> bool {
        !matches!(self, Self::Queue | Self::HandOver | Self::Ended)
    }

    /// As long as a member has chosen nothing.
    pub(crate) fn by_default(self) -> Channels {
        let mail = match self {
            Self::Request
            | Self::Answer
            | Self::Turn
            | Self::DueSoon
            | Self::Due
            | Self::Late
            | Self::Dispute
            | Self::Message => MailPace::AtOnce,
            Self::Queue | Self::HandOver | Self::Extension | Self::GiveBack | Self::Ended => MailPace::Off,
        };
        Channels { in_app: true, mail }
    }
}

impl MailPace {
    pub const ALL: [Self; 4] = [Self::Off, Self::AtOnce, Self::Daily, Self::Weekly];

    pub fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::AtOnce => "at_once",
            Self::Daily => "daily",
            Self::Weekly => "weekly",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mail| mail.name() == name)
    }
}

const ASKED: &[&str] = &["borrow.created", "borrow.promoted", "borrow.queued", "borrow.answer_reminder"];
const DUE: &[&str] = &["borrow.due_soon", "borrow.due_today", "borrow.overdue"];
const EXTENSION: &[&str] = &["borrow.extension_requested", "borrow.extension_refused", "borrow.extended"];

/// The events of a borrow whose letters have no purpose any more once `event` has happened to it, if they did not go yet.
pub(crate) fn outdated_by(event: &str) -> Vec<&'static str> {
    let groups: &[&[&str]] = match event {
        "borrow.promoted" => &[&["borrow.queued"]],
        "borrow.answer_reminder" => &[&["borrow.created", "borrow.promoted"]],
        "borrow.queued" => &[&["borrow.created", "borrow.promoted", "borrow.answer_reminder"]],
        "borrow.approved" | "borrow.rejected" => &[ASKED],
        "borrow.cancelled" | "borrow.expired" | "borrow.handed_over" => &[ASKED, &["borrow.approved"]],
        "borrow.extension_refused" => &[&["borrow.extension_requested"]],
        "borrow.extended" => &[DUE, &["borrow.extension_requested", "borrow.extension_refused"]],
        "borrow.due_today" => &[&["borrow.due_soon"]],
        "borrow.overdue" => &[&["borrow.due_soon", "borrow.due_today"]],
        "borrow.return_declared" | "borrow.disputed" => &[DUE, EXTENSION, &["borrow.handed_over"]],
        "borrow.returned" | "borrow.lost" | "borrow.resolved" => {
            &[DUE, EXTENSION, &["borrow.handed_over", "borrow.return_declared", "borrow.disputed"]]
        }
        _ => &[],
    };
    groups.concat()
}

#[cfg(test)]
mod tests {
    use borrowing_events::BorrowEvent;
    use kernel::Event;

    use super::*;

    #[test]
    fn every_event_that_is_told_has_a_topic_and_every_topic_an_event() {
        let topics: Vec<Topic> = BorrowEvent::PUBLISHED
            .iter()
            // Nobody is told that they have read.
            .filter(|event| event.name != "borrow.messages_read")
            .map(|event| Topic::of_event(event.name).unwrap_or_else(|| panic!("no topic for {}", event.name)))
            .collect();
        assert!(Topic::ALL.iter().all(|topic| topics.contains(topic)));
        assert_eq!(Topic::of_event("book.created"), None);
    }

    #[test]
    fn every_name_leads_back_and_is_the_one_that_is_stored() {
        for topic in Topic::ALL {
            assert_eq!(Topic::from_name(topic.name()), Some(topic));
            assert_eq!(serde_json::to_value(topic).unwrap(), topic.name());
        }
        for mail in MailPace::ALL {
            assert_eq!(MailPace::from_name(mail.name()), Some(mail));
            assert_eq!(serde_json::to_value(mail).unwrap(), mail.name());
        }
    }

    #[test]
    fn what_is_outdated_is_an_event_and_never_the_one_that_outdates_it() {
        let known = |name: &str| BorrowEvent::PUBLISHED.iter().any(|event| event.name == name);
        for event in BorrowEvent::PUBLISHED {
            let outdated = outdated_by(event.name);
            assert!(outdated.iter().all(|name| known(name) && *name != event.name), "{}: {outdated:?}", event.name);
        }
        for over in ["borrow.return_declared", "borrow.returned", "borrow.lost", "borrow.disputed"] {
            assert!(outdated_by(over).contains(&"borrow.overdue"), "{over}");
        }
    }

    #[test]
    fn what_asks_for_something_always_stands_in_the_inbox() {
        for topic in Topic::ALL {
            assert!(topic.by_default().in_app);
            assert!(topic.stays_in_app() || topic.by_default().mail == MailPace::Off, "{topic:?}");
        }
    }
}
