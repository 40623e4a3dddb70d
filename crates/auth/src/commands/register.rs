use async_trait::async_trait;
use auth_events::{AuthEvent, UserRegistered};
use cqrs::{Call, CommandHandler};
use kernel::{Command, Detail, ErrorKind, LanguageTag, Line, Refusal, UserId};
use serde::Serialize;

use crate::account::NewAccount;
use crate::context::Parts;
use crate::domain::{Email, Password};
use crate::letter::Letter;
use crate::passwords::HashingError;
use crate::session::{Device, SignedIn, SigningError};
use crate::turns::Asker;
use crate::{account, mails};

/// Somebody opens an account for themself, and is signed in at once. A mail asks them to confirm the address.
#[derive(Debug, Clone, Serialize)]
pub struct Register {
    pub email: Email,
    pub password: Password,
    pub name: Line<100>,
    /// In which to write to them; `None`: in the community's.
    pub language: Option<LanguageTag>,
    pub device: Option<Device>,
    /// Who waits for a turn to hash the password.
    #[serde(skip_serializing)]
    pub asker: Asker,
}

impl Command for Register {
    const NAME: &'static str = "register";
    const REPEATABLE: bool = false;
    type Output = SignedIn;
    type Error = RegisterError;
}

#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    #[error("there is an account with this mail address")]
    EmailTaken,
    #[error(transparent)]
    Hashing(#[from] HashingError),
    #[error(transparent)]
    Signing(#[from] SigningError),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for RegisterError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::EmailTaken => ErrorKind::Conflict,
            Self::Hashing(error) => error.kind(),
            Self::Signing(error) => error.kind(),
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::EmailTaken => "EMAIL_TAKEN",
            Self::Hashing(error) => error.code(),
            Self::Signing(_) | Self::Database(_) => "INTERNAL",
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::EmailTaken => vec![Detail::new("email", "is the address of an account")],
            Self::Hashing(error) => error.details("password"),
            Self::Signing(_) | Self::Database(_) => Vec::new(),
        }
    }
}

pub(crate) struct RegisterHandler(pub Parts);

#[async_trait]
impl CommandHandler<Register> for RegisterHandler {
    async fn handle(&self, call: &Call, command: Register) -> Result<SignedIn, RegisterError> {
        let about = [command.name.as_str(), command.email.as_str()];
        // Before the transaction: hashing takes long, and a transaction holds the log's readers back.
        let hash = self.0.passwords.register(&command.password, about, &command.asker).await?;
        let (now, user) = (call.now(), UserId::new(call.now()));
        let mut work = call.begin(&self.0.pool).await?;
        let account = NewAccount {
            user,
            email: &command.email,
            name: &command.name,
            language: command.language.as_ref(),
            password_hash: Some(&hash),
            verified: false,
        };
        if !account::open(work.connection(), account, now).await? {
            return Err(RegisterError::EmailTaken);
        }
        let registered = UserRegistered { user_id: user, name: command.name.into_string(), language: command.language };
        work.append(&AuthEvent::Registered(registered), account::FIRST_VERSION).await?;
        let recipient = command.email.as_str();
        mails::note(work.connection(), Letter::VerifyEmail, recipient, now).await?;
        let device = command.device.as_ref();
        let role = account::FIRST_ROLE;
        let opener = &self.0.opener;
        let signed_in = opener.open(work.connection(), user, role, device, now).await?;
        let signed_in = work.commit(signed_in).await?;
        self.0.view.refresh_now(&[signed_in.session_id.uuid()]).await;
        self.0.wake_mails.notify_one();
        Ok(signed_in)
    }
}
