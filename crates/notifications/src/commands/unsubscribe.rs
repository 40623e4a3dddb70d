use async_trait::async_trait;
use cqrs::{Call, CommandHandler};
use database::Database;
use kernel::{Command, ErrorKind, Refusal};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use super::set_preferences::{lock, store};
use crate::domain::{Channels, MailPace, Topic};
use crate::letters::{Links, channels_of};

/// Stops letters, with the link of one of them. No login: mail programs send it for their readers (RFC 8058).
#[derive(Debug, Clone, Serialize)]
pub struct Unsubscribe {
    #[serde(skip_serializing)]
    pub token: SecretString,
}

impl Command for Unsubscribe {
    const NAME: &'static str = "unsubscribe";
    const REPEATABLE: bool = false;
    type Output = ();
    type Error = UnsubscribeError;
}

#[derive(Debug, thiserror::Error)]
pub enum UnsubscribeError {
    #[error("This link is not complete. Open it from the letter once more.")]
    NoSuchLink,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for UnsubscribeError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NoSuchLink => ErrorKind::NotFound,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoSuchLink => "LINK_NOT_FOUND",
            Self::Database(_) => "INTERNAL",
        }
    }
}

pub(crate) struct UnsubscribeHandler {
    pub pool: Database,
    pub links: Links,
}

#[async_trait]
impl CommandHandler<Unsubscribe> for UnsubscribeHandler {
    async fn handle(&self, call: &Call, command: Unsubscribe) -> Result<(), UnsubscribeError> {
        let found = self.links.read(command.token.expose_secret());
        let (user, topic) = found.ok_or(UnsubscribeError::NoSuchLink)?;
        let mut work = call.begin(&self.pool).await?;
        let left = sqlx::query_scalar!(
            r#"select exists(select from notifications.member where id = $1 and deleted_at is not null) as "left!""#,
            user.uuid(),
        )
        .fetch_one(work.connection())
        .await?;
        if left {
            // They get none any more, and nothing of them is kept.
            return Ok(());
        }
        let (mut chosen, _) = lock(work.connection(), user).await?;
        let stops = |one: Topic, mail| match topic {
            Some(topic) => one == topic,
            None => matches!(mail, MailPace::Daily | MailPace::Weekly),
        };
        for topic in Topic::ALL {
            let now = channels_of(Some(&chosen), topic);
            if stops(topic, now.mail) && now.mail != MailPace::Off {
                chosen.insert(topic, Channels { mail: MailPace::Off, ..now });
            }
        }
        store(work.connection(), user, &chosen).await?;
        Ok(work.commit(()).await?)
    }
}
