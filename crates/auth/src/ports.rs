//! What auth needs others to do.

use std::error::Error;
use std::fmt;

use async_trait::async_trait;
use kernel::{ErrorKind, Refusal, SessionId};
use uuid::Uuid;

use crate::credentials::{KeyUse, StoredKey};
use crate::domain::TokenHash;
use crate::view::LiveSession;

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

/// Sessions and API keys as auth has them now.
#[async_trait]
pub trait CredentialSource: Send + Sync {
    /// `None`: there is no such session.
    async fn session(&self, id: SessionId) -> Result<Option<LiveSession>, CredentialsUnavailable>;

    /// `None`: there is no such key.
    async fn key(&self, hash: TokenHash) -> Result<Option<StoredKey>, CredentialsUnavailable>;

    /// Writes when keys were last used; returns of how many it was not known.
    async fn note_uses(&self, uses: Vec<KeyUse>) -> Result<u64, CredentialsUnavailable>;
}

/// Nobody could be asked.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsUnavailable {
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    #[error("auth did not answer: {0}")]
    Elsewhere(Box<dyn Refusal>),
}

impl Refusal for CredentialsUnavailable {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Database(error) => event_bus::error_kind(error),
            Self::Elsewhere(refusal) => refusal.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Database(_) => "INTERNAL",
            Self::Elsewhere(refusal) => refusal.code(),
        }
    }
}
