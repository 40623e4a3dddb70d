use async_trait::async_trait;
use cqrs::{Call, CommandHandler};
use kernel::{Command, Detail, ErrorKind, LanguageTag, Line, Refusal, UserId};
use serde::{Deserialize, Serialize};

use crate::account::NewAccount;
use crate::asker::Asker;
use crate::context::Parts;
use crate::domain::{Email, Password};
use crate::letter::Letter;
use crate::passwords::HashingError;
use crate::session::{Device, SignedIn, SigningError};
use crate::settings::Proof;
use crate::{account, outbox};

/// Somebody opens an account for themself. Where addresses are proved later they are signed in at once, and a mail asks them
/// to confirm the address. Where addresses are proved first, whoever follows the letter opens the account: neither the
/// answer nor the time it takes tells whether the address had one.
#[derive(Debug, Clone, Serialize)]
pub struct Register {
    pub email: Email,
    /// Chosen with the letter where addresses are proved first; one that comes earlier is not kept.
    pub password: Option<Password>,
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
    type Output = Registered;
    type Error = RegisterError;
}

/// What somebody who registers has then.
#[derive(Debug, Serialize, Deserialize)]
pub enum Registered {
    Member(SignedIn),
    /// A letter is on its way, and nobody is signed in.
    ToBeProved,
}

#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    #[error("choose a password")]
    NoPassword,
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
            Self::NoPassword => ErrorKind::Invalid,
            Self::EmailTaken => ErrorKind::Conflict,
            Self::Hashing(error) => error.kind(),
            Self::Signing(error) => error.kind(),
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoPassword => "VALIDATION_ERROR",
            Self::EmailTaken => "EMAIL_TAKEN",
            Self::Hashing(error) => error.code(),
            Self::Signing(_) | Self::Database(_) => "INTERNAL",
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::NoPassword => vec![Detail::new("password", "is needed")],
            Self::EmailTaken => vec![Detail::new("email", "is the address of an account")],
            Self::Hashing(error) => error.details("password"),
            Self::Signing(_) | Self::Database(_) => Vec::new(),
        }
    }
}

pub(crate) struct RegisterHandler(pub Parts);

#[async_trait]
impl CommandHandler<Register> for RegisterHandler {
    async fn handle(&self, call: &Call, command: Register) -> Result<Registered, RegisterError> {
        match self.0.proof {
            Proof::Required => self.note(call, command).await.map(|()| Registered::ToBeProved),
            Proof::Later => self.open(call, command).await.map(Registered::Member),
        }
    }
}

impl RegisterHandler {
    async fn open(&self, call: &Call, command: Register) -> Result<SignedIn, RegisterError> {
        let about = [command.name.as_str(), command.email.as_str()];
        let password = command.password.as_ref().ok_or(RegisterError::NoPassword)?;
        // Before the transaction: hashing takes long, and a transaction holds the log's readers back.
        let hash = self.0.passwords.register(password, about, &command.asker).await?;
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
        if !account::open(&mut work, account, now).await? {
            return Err(RegisterError::EmailTaken);
        }
        let recipient = command.email.as_str();
        outbox::note(work.connection(), Letter::VerifyEmail, recipient, now).await?;
        let device = command.device.as_ref();
        let role = account::FIRST_ROLE;
        let opener = &self.0.opener;
        let signed_in = opener.open(work.connection(), user, role, device, now).await?;
        let signed_in = work.commit(signed_in).await?;
        self.0.view.refresh_now(&[signed_in.session_id.uuid()]).await;
        self.0.wake_mails.notify_one();
        Ok(signed_in)
    }

    /// Does the same work whether or not there is an account: which letter it becomes is found out when it is sent.
    async fn note(&self, call: &Call, command: Register) -> Result<(), RegisterError> {
        let now = call.now();
        let mut work = call.begin(&self.0.pool).await?;
        sqlx::query!(
            "insert into auth.registration (address, email, name, language, asked_at) values ($1, $2, $3, $4, $5)
            on conflict (address) do update
                set email = excluded.email, name = excluded.name, language = excluded.language, asked_at = excluded.asked_at",
            command.email.key(),
            command.email.as_str(),
            command.name.as_str(),
            command.language.as_ref().map(LanguageTag::as_str),
            now,
        )
        .execute(work.connection())
        .await?;
        outbox::note(work.connection(), Letter::OpenAccount, command.email.as_str(), now).await?;
        work.commit(()).await?;
        self.0.wake_mails.notify_one();
        Ok(())
    }
}
