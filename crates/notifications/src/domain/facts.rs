//! What a notification holds: facts, and no word that was made of them.

use std::collections::HashMap;

use borrowing_events::CancellationCause;
use kernel::{BookId, BorrowId, ReportId, UserId};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// What a notification leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct NotificationData {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub borrow_id: Option<BorrowId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub book_id: Option<BookId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report_id: Option<ReportId>,
}

/// What happened, by ids. The words are made of it when it is read: in the reader's language, with names of that day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Facts {
    /// The name of a text in `locales/`.
    pub text: String,
    /// Of a report, the reported member.
    pub owner: UserId,
    /// Of a report, whoever made it; for the reported member, themself.
    pub borrower: UserId,
    /// The book's title when it was told. `None`: it was not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub book: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u16>,
    /// A day, as a moment in it.
    #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub date: Option<OffsetDateTime>,
    /// Why Folkshelf did it: the name of a [`CancellationCause`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// What the words of a member are, where they added some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words_are: Option<WordsAre>,
    /// The number of the message that it tells of: what the conversation has up to it is read with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<i32>,
    /// The report that it tells of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<ReportId>,
    /// Who warned: without them their words are not shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moderator: Option<UserId>,
    /// How many earlier ones it replaces: of what the borrower caused shortly before, or of the same conversation.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub folded: u32,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// Texts about what a borrower may do to an owner as often as they like.
pub(crate) const AT_WILL: [&str; 3] = ["asked", "cancelled-by-borrower", "extension-asked"];

impl Facts {
    /// To moderators.
    pub const REPORTED: &'static str = "reported";
    /// To the reported member. A moderator's words belong to it, which users alone keeps.
    pub const WARNED: &'static str = "warned";

    pub fn of_report(text: &str, report: ReportId, (reported, reporter): (UserId, UserId)) -> Self {
        Self {
            text: text.to_owned(),
            owner: reported,
            borrower: reporter,
            book: None,
            days: None,
            date: None,
            because: None,
            words_are: None,
            message: None,
            report: Some(report),
            moderator: None,
            folded: 0,
        }
    }

    /// The report with whose words a member is warned.
    pub fn warn_by(&self) -> Option<ReportId> {
        self.report.filter(|_| self.text == Self::WARNED)
    }

    pub fn are_at_will(&self) -> bool {
        AT_WILL.contains(&self.text.as_str())
    }

    /// Whether they tell that somebody wrote a message.
    pub const fn are_of_a_conversation(&self) -> bool {
        self.message.is_some()
    }

    pub fn because(&self) -> Option<CancellationCause> {
        self.because.as_deref().and_then(CancellationCause::from_name)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WordsAre {
    Place,
    Reason,
    Note,
    /// A moderator's. Never stored: asked for when it is read.
    Warning,
}

/// What a member wrote. It goes when they leave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Words {
    /// `None`: it is not known who wrote it.
    pub by: Option<UserId>,
    pub text: String,
}

/// A member as texts speak of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Known {
    /// Empty as long as nobody has told it.
    pub name: String,
    /// BCP 47.
    pub language: String,
    pub left: bool,
}

/// Those whom some notifications speak of, as far as we have heard of them.
#[derive(Debug, Default)]
pub(crate) struct People(HashMap<UserId, Known>);

impl People {
    pub fn get(&self, member: UserId) -> Option<&Known> {
        self.0.get(&member)
    }
}

impl FromIterator<(UserId, Known)> for People {
    fn from_iter<T: IntoIterator<Item = (UserId, Known)>>(people: T) -> Self {
        Self(people.into_iter().collect())
    }
}
