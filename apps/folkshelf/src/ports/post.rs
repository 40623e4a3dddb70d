//! The way that letters take, whichever context wrote them.

use std::sync::Arc;

use async_trait::async_trait;
use auth::{Mail, MailNotSent, Mailer};
use kernel::Clock;

use super::file_mailer::FileMailer;
use super::smtp_mailer::SmtpMailer;
use crate::settings::{Settings, Transport};

pub enum Post {
    Files(FileMailer),
    Server(Box<SmtpMailer>),
}

impl Post {
    pub fn new(settings: &Settings, clock: &Arc<dyn Clock>) -> anyhow::Result<Self> {
        Ok(match settings.mail.transport {
            Transport::File => Self::Files(FileMailer::new(&settings.mail.directory)),
            Transport::Smtp => Self::Server(Box::new(SmtpMailer::new(settings, Arc::clone(clock))?)),
        })
    }

    /// `unsubscribe`: where the reader's mail program posts to when they want no more letters like it.
    pub async fn take(&self, mail: Mail, unsubscribe: Option<&str>) -> Result<(), MailNotSent> {
        match self {
            Self::Files(files) => files.write(mail, unsubscribe).await,
            Self::Server(server) => server.deliver(mail, unsubscribe).await,
        }
    }
}

#[async_trait]
impl Mailer for Post {
    async fn send(&self, mail: Mail) -> Result<(), MailNotSent> {
        self.take(mail, None).await
    }
}
