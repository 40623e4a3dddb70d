//! Mails over SMTP, with lettre.
//!
//! Connections are kept here and not in lettre's own pool: that takes a connection back also when the sending was cut off
//! by a timeout, and the next mail would read answers that were meant for the one before.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::http::Uri;
use anyhow::Context as _;
use auth::{Mail, MailNotSent};
use kernel::Clock;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart};
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail as From, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::{Address, message::header};
use secrecy::ExposeSecret;

use crate::settings::{Encryption, Settings, mail_address};

/// Connections that wait for the next mail.
const IDLE: usize = 4;
/// Servers hang up after some minutes.
const IDLE_FOR: Duration = Duration::from_secs(60);

/// Takes mails to the mail server of the settings.
pub struct SmtpMailer {
    server: (String, u16),
    encryption: Encryption,
    tls: TlsParameters,
    credentials: Option<Credentials>,
    hello: ClientId,
    from: Mailbox,
    timeout: Duration,
    clock: Arc<dyn Clock>,
    idle: Mutex<Vec<(AsyncSmtpConnection, Instant)>>,
}

/// What went wrong, without the server's words: they often repeat the address.
#[derive(Debug)]
enum Trouble {
    /// The code of an answer and, where there is one, its enhanced code (RFC 3463).
    Answer(String),
    NoAnswer(Duration),
    /// No answer that one understands, or none at all.
    HungUp,
    NoAddress,
    NoSmtpUtf8,
    Other(Box<dyn std::error::Error + Send + Sync>),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer(code) => write!(f, "the mail server answered {code}"),
            Self::NoAnswer(within) => write!(f, "the mail server did not answer within {} s", within.as_secs()),
            Self::HungUp => f.write_str("the mail server hung up, or does not speak SMTP"),
            Self::NoAddress => f.write_str("no mail can be addressed like this"),
            Self::NoSmtpUtf8 => f.write_str("the address is not ASCII, and the mail server does not support SMTPUTF8"),
            Self::Other(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Trouble {}

impl std::convert::From<Error> for Trouble {
    fn from(error: Error) -> Self {
        if let Some(code) = error.status() {
            let said = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
            return Self::Answer(enhanced(&said).map_or(code.to_string(), |enhanced| format!("{code} {enhanced}")));
        }
        if error.is_response() { Self::HungUp } else { Self::Other(Box::new(error)) }
    }
}

/// The enhanced code that an answer begins with, as in `5.1.1`.
fn enhanced(answer: &str) -> Option<&str> {
    let code = answer.split_whitespace().next()?;
    let numbers: Vec<_> = code.split('.').collect();
    let short = |number: &&str| (1..=3).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
    (numbers.len() == 3 && numbers.iter().all(short)).then_some(code)
}

fn away(trouble: impl Into<Trouble>) -> MailNotSent {
    MailNotSent::Away(Box::new(trouble.into()))
}

/// What an answer to the recipient or to the mail itself means.
fn not_taken(error: Error) -> MailNotSent {
    let permanent = error.is_permanent();
    let trouble = Box::new(Trouble::from(error));
    if permanent { MailNotSent::Refused(trouble) } else { MailNotSent::Later(trouble) }
}

impl SmtpMailer {
    /// The settings were checked.
    pub fn new(settings: &Settings, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        let mail = &settings.mail;
        let host = mail.host.clone().context("mail.host is not set")?;
        let from = mail.from.as_deref().and_then(mail_address).context("mail.from is no mail address")?;
        let name = Some(mail.from_name.clone()).filter(|name| !name.is_empty());
        let ours = settings.http.public_url.parse::<Uri>().ok().and_then(|uri| Some(uri.host()?.to_owned()));
        let credentials = mail.user.clone().zip(mail.password.as_ref());
        Ok(Self {
            tls: TlsParameters::new(host.clone()).context("the certificates to know mail.host by cannot be read")?,
            server: (host, mail.port()),
            encryption: mail.encryption,
            credentials: credentials.map(|(user, word)| Credentials::new(user, word.expose_secret().to_owned())),
            hello: ours.map_or_else(ClientId::default, ClientId::Domain),
            from: Mailbox::new(name, from),
            timeout: Duration::from_secs(mail.timeout_seconds.into()),
            clock,
            idle: Mutex::default(),
        })
    }

    /// Whether the server can be reached and lets this host in.
    pub async fn check(&self) -> Result<(), MailNotSent> {
        let mut connection = self.connection().await?;
        drop(tokio::time::timeout(self.timeout, connection.quit()).await);
        Ok(())
    }

    /// One that is let in.
    async fn connection(&self) -> Result<AsyncSmtpConnection, MailNotSent> {
        let connected = tokio::time::timeout(self.timeout, async {
            while let Some((mut connection, since)) = self.kept() {
                if since.elapsed() < IDLE_FOR && connection.test_connected().await {
                    return Ok(connection);
                }
            }
            self.connect().await
        });
        match connected.await {
            Ok(connected) => connected.map_err(away),
            Err(_) => Err(away(Trouble::NoAnswer(self.timeout))),
        }
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Error> {
        let server = (self.server.0.as_str(), self.server.1);
        let implicit = (self.encryption == Encryption::Tls).then(|| self.tls.clone());
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(server, Some(self.timeout), &self.hello, implicit, None).await?;
        // An error where the server does not offer it: nothing is sent in clear then.
        if self.encryption == Encryption::StartTls {
            connection.starttls(self.tls.clone(), &self.hello).await?;
        }
        if let Some(credentials) = &self.credentials {
            connection.auth(&[Mechanism::Plain, Mechanism::Login], credentials).await?;
        }
        Ok(connection)
    }

    fn kept(&self) -> Option<(AsyncSmtpConnection, Instant)> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn keep(&self, connection: AsyncSmtpConnection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE {
            idle.push((connection, Instant::now()));
        }
    }

    fn message(&self, mail: Mail, to: Address, unsubscribe: Option<&str>) -> Result<Message, lettre::error::Error> {
        let own = |name, value: &str| HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned());
        let mut message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(mail.subject)
            .message_id(Some(format!("<{}@{}>", mail.id, self.from.email.domain())))
            .header(header::Date::new(self.clock.now().into()))
            .raw_header(own("Auto-Submitted", "auto-generated"))
            .raw_header(own("Content-Language", mail.language));
        if let Some(link) = unsubscribe {
            message = message
                .raw_header(own("List-Unsubscribe", &format!("<{link}>")))
                .raw_header(own("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"));
        }
        message.multipart(MultiPart::alternative_plain_html(mail.text, mail.html))
    }

    /// `unsubscribe`: where the reader's mail program posts to when they want no more letters like it (RFC 8058).
    pub async fn deliver(&self, mail: Mail, unsubscribe: Option<&str>) -> Result<(), MailNotSent> {
        let refused = |trouble| MailNotSent::Refused(Box::new(trouble));
        let to = mail_address(&mail.to).ok_or_else(|| refused(Trouble::NoAddress))?;
        let message = self.message(mail, to, unsubscribe).map_err(|error| refused(Trouble::Other(error.into())))?;
        let mut connection = self.connection().await?;
        match tokio::time::timeout(self.timeout, hand_over(&mut connection, &message)).await {
            Ok(Ok(())) => {
                self.keep(connection);
                Ok(())
            }
            Ok(Err(error)) => Err(error),
            Err(_) => Err(MailNotSent::Later(Box::new(Trouble::NoAnswer(self.timeout)))),
        }
    }
}

/// An error leaves the connection in a state that is not known: it is dropped then.
async fn hand_over(connection: &mut AsyncSmtpConnection, message: &Message) -> Result<(), MailNotSent> {
    let (envelope, bytes, mut parameters) = (message.envelope(), message.formatted(), Vec::new());
    if !envelope.to().iter().chain(envelope.from()).all(|address| address.to_string().is_ascii()) {
        if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
            return Err(MailNotSent::Refused(Box::new(Trouble::NoSmtpUtf8)));
        }
        parameters.push(MailParameter::SmtpUtfEight);
        parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    // Refused here is the sender: the server would refuse every other mail as well.
    connection.command(From::new(envelope.from().cloned(), parameters)).await.map_err(away)?;
    for to in envelope.to() {
        connection.command(Rcpt::new(to.clone(), Vec::new())).await.map_err(not_taken)?;
    }
    connection.command(Data).await.map_err(not_taken)?;
    connection.message(&bytes).await.map_err(not_taken)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_enhanced_code_is_kept_of_an_answer_and_nothing_else() {
        assert_eq!(enhanced("5.1.1 <ada@example.org>: no such mailbox"), Some("5.1.1"));
        assert_eq!(enhanced("4.7.25"), Some("4.7.25"));
        for other in ["", "<ada@example.org> unknown", "5.1", "5.1.1.1 x", "10.0.0.1000", "ada.b.c", "5..1"] {
            assert_eq!(enhanced(other), None, "{other}");
        }
    }
}
