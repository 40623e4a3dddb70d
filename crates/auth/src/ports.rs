//! What auth needs others to do.

use std::error::Error;
use std::fmt;

use async_trait::async_trait;
use uuid::Uuid;

/// A mail ready to be sent. Its text holds a secret link, so `Debug` shows neither text nor address.
#[derive(Clone)]
pub struct Mail {
    /// The same at each try, so that a mail program can tell a second copy.
    pub id: Uuid,
    pub to: String,
    /// As BCP 47 writes it.
    pub language: &'static str,
    pub subject: String,
    pub text: String,
    /// The same words as HTML.
    pub html: String,
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail").field("id", &self.id).field("subject", &self.subject).finish_non_exhaustive()
    }
}

type Cause = Box<dyn Error + Send + Sync>;

/// A mail was not sent. The cause must not name the address: it is logged and kept.
#[derive(Debug, thiserror::Error)]
pub enum MailNotSent {
    /// For good: the recipient or the mail is refused.
    #[error("the mail is refused: {0}")]
    Refused(#[source] Cause),
    /// This mail, for now.
    #[error("the mail is not accepted now: {0}")]
    Later(#[source] Cause),
    /// No mail can be sent at present.
    #[error("no mail can be sent: {0}")]
    Away(#[source] Cause),
}

/// Takes mails to people.
#[async_trait]
pub trait Mailer: Send + Sync + 'static {
    async fn send(&self, mail: Mail) -> Result<(), MailNotSent>;
}
