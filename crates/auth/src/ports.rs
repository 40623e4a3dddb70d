//! What auth needs others to do.

use std::fmt;

use async_trait::async_trait;

/// A mail ready to be sent. Its text holds a secret link, so `Debug` shows neither text nor address.
#[derive(Clone)]
pub struct Mail {
    pub to: String,
    pub subject: String,
    pub text: String,
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail").field("subject", &self.subject).finish_non_exhaustive()
    }
}

/// A mail was not sent, and is tried again later. The cause must not name the address: it is logged.
#[derive(Debug, thiserror::Error)]
#[error("the mail was not sent: {0}")]
pub struct MailNotSent(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Takes mails to people.
#[async_trait]
pub trait Mailer: Send + Sync + 'static {
    async fn send(&self, mail: Mail) -> Result<(), MailNotSent>;
}
