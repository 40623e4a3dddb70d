//! The way that letters take, whichever context wrote them.

use std::sync::Arc;

use async_trait::async_trait;
use auth::{GetMailAddress, Mail, MailNotSent, Mailer};
use cqrs::Caller;
use kernel::{Actor, Clock, UserId};
use notifications::{LetterNotSent, MemberLetter, MemberMailer, Taken};

use super::{FileMailer, Ports, SmtpMailer, service};
use crate::contexts::Context;
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
    async fn take(&self, mail: Mail, unsubscribe: Option<&str>) -> Result<(), MailNotSent> {
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

/// notifications sends letters to members, and auth knows their addresses.
pub struct MemberPost {
    pub post: Post,
    pub ports: Ports,
}

#[async_trait]
impl MemberMailer for MemberPost {
    async fn send(&self, member: UserId, letter: MemberLetter) -> Result<Taken, LetterNotSent> {
        let routes = self.ports.routes().map_err(|error| LetterNotSent::Away(error.into()))?;
        let nobody = service(Context::Notifications, &Caller::new(Actor::Anonymous, ""));
        let found = routes.mail_address.ask(&nobody, GetMailAddress { user: member }).await;
        let Some(address) = found.map_err(|error| LetterNotSent::Away(error.into()))? else {
            return Ok(Taken::NoAddress);
        };
        let MemberLetter { id, language, subject, text, html, unsubscribe } = letter;
        let mail = Mail { id, to: address.0, language, subject, text, html };
        match self.post.take(mail, Some(&unsubscribe)).await {
            Ok(()) => Ok(Taken::Sent),
            Err(MailNotSent::Refused(cause)) => Err(LetterNotSent::Refused(cause)),
            Err(MailNotSent::Later(cause)) => Err(LetterNotSent::Later(cause)),
            Err(MailNotSent::Away(cause)) => Err(LetterNotSent::Away(cause)),
        }
    }
}
