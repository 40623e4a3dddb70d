//! What notifications needs others to do.

use std::error::Error;
use std::fmt;

use async_trait::async_trait;
use kernel::{ReportId, UserId};
use uuid::Uuid;

/// A letter ready to be sent to a member. `Debug` does not show what it says: it holds names, and a link that works by itself.
#[derive(Clone)]
pub struct MemberLetter {
    /// The same at each try, so that a mail program can tell a second copy.
    pub id: Uuid,
    /// As BCP 47 writes it.
    pub language: &'static str,
    pub subject: String,
    pub text: String,
    /// The same words as HTML.
    pub html: String,
    /// Where a mail program posts to when its reader wants no more letters like it (RFC 8058).
    pub unsubscribe: String,
}

impl fmt::Debug for MemberLetter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemberLetter").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What became of a letter that was not refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    Sent,
    /// The member has proved no mail address, or may not log in at present.
    NoAddress,
}

type Cause = Box<dyn Error + Send + Sync>;

/// A letter was not sent. The cause must not name the address: it is logged and kept.
#[derive(Debug, thiserror::Error)]
pub enum LetterNotSent {
    /// For good: the recipient or the letter is refused.
    #[error("the mail is refused: {0}")]
    Refused(#[source] Cause),
    /// This letter, for now.
    #[error("the mail is not accepted now: {0}")]
    Later(#[source] Cause),
    /// No letter can be sent at present.
    #[error("no mail can be sent: {0}")]
    Away(#[source] Cause),
}

/// Takes letters to members, wherever they get their mail.
#[async_trait]
pub trait MemberMailer: Send + Sync + 'static {
    async fn send(&self, member: UserId, letter: MemberLetter) -> Result<Taken, LetterNotSent>;
}

/// Users could not be asked.
#[derive(Debug, thiserror::Error)]
#[error("users did not answer")]
pub struct WarningsUnavailable(#[source] pub Cause);

/// With what words a member was warned: users keeps them, and they are nowhere else.
#[async_trait]
pub trait Warnings: Send + Sync + 'static {
    /// Of these reports, those that warned the member.
    async fn warnings(
        &self,
        member: UserId,
        reports: Vec<ReportId>,
    ) -> Result<Vec<(ReportId, String)>, WarningsUnavailable>;
}
