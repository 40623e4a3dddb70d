use async_trait::async_trait;
use cqrs::{Call, CommandHandler, Wire};
use kernel::{Actor, Command, Detail, ErrorKind, LanguageTag, Line, Permission, Refusal, UserId};
use serde::{Deserialize, Serialize};

use crate::account::NewAccount;
use crate::asker::Asker;
use crate::context::Parts;
use crate::domain::{Email, Password};
use crate::letter::Letter;
use crate::passwords::HashingError;
use crate::plaintext::Plaintext;
use crate::{account, outbox};

/// An administrator, or the command line, opens an account for somebody else. It serialises without the password, to be
/// hashed under an idempotency key; its form carries it to another process.
#[derive(Debug, Clone, Serialize)]
pub struct CreateAccount {
    pub email: Email,
    pub name: Line<100>,
    /// In which to write to them; `None`: in the community's.
    pub language: Option<LanguageTag>,
    /// Without one the member gets a mail to choose it themself, which also proves the address.
    pub password: Option<Password>,
    /// The address counts as proved and no mail is sent: for demo accounts. Only the system may say so.
    pub verified: bool,
}

impl Command for CreateAccount {
    const NAME: &'static str = "create_account";
    type Output = UserId;
    type Error = CreateAccountError;
}

/// Carries the password itself. Has no `Debug`.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateAccountForm {
    email: String,
    name: Line<100>,
    language: Option<LanguageTag>,
    plaintext_password: Option<Plaintext>,
    verified: bool,
}

impl Wire for CreateAccount {
    type Form = CreateAccountForm;

    fn into_form(self) -> CreateAccountForm {
        CreateAccountForm {
            email: self.email.as_str().to_owned(),
            name: self.name,
            language: self.language,
            plaintext_password: self.password.map(Plaintext::from),
            verified: self.verified,
        }
    }

    fn from_form(form: CreateAccountForm) -> Result<Self, String> {
        let password = form.plaintext_password.map(Password::try_from).transpose();
        Ok(Self {
            email: Email::chosen(&form.email).map_err(|error| format!("email: {error}"))?,
            name: form.name,
            language: form.language,
            password: password.map_err(|error| format!("plaintextPassword: {error}"))?,
            verified: form.verified,
        })
    }
}

#[derive(Debug, thiserror::Error)]
pub enum CreateAccountError {
    #[error("your role does not permit opening accounts for others")]
    NotPermitted,
    #[error("there is an account with this mail address")]
    EmailTaken,
    #[error(transparent)]
    Hashing(#[from] HashingError),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for CreateAccountError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotPermitted => ErrorKind::Forbidden,
            Self::EmailTaken => ErrorKind::Conflict,
            Self::Hashing(error) => error.kind(),
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotPermitted => "FORBIDDEN",
            Self::EmailTaken => "EMAIL_TAKEN",
            Self::Hashing(error) => error.code(),
            Self::Database(_) => "INTERNAL",
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::EmailTaken => vec![Detail::new("email", "is the address of an account")],
            Self::NotPermitted | Self::Hashing(_) | Self::Database(_) => Vec::new(),
        }
    }
}

pub(crate) struct CreateAccountHandler(pub Parts);

#[async_trait]
impl CommandHandler<CreateAccount> for CreateAccountHandler {
    async fn handle(&self, call: &Call, command: CreateAccount) -> Result<UserId, CreateAccountError> {
        let system = matches!(call.actor(), Actor::System(_));
        if !call.actor().may(Permission::WriteUser) || (command.verified && !system) {
            return Err(CreateAccountError::NotPermitted);
        }
        let hash = match &command.password {
            Some(password) => Some(self.0.passwords.hash(password, &Asker::in_session(command.email.key())).await?),
            None => None,
        };
        let (now, user) = (call.now(), UserId::new(call.now()));
        let mut work = call.begin(&self.0.pool).await?;
        let account = NewAccount {
            user,
            email: &command.email,
            name: &command.name,
            language: command.language.as_ref(),
            password_hash: hash.as_deref(),
            verified: command.verified,
        };
        if !account::open(&mut work, account, now).await? {
            return Err(CreateAccountError::EmailTaken);
        }
        let letter = match (command.verified, hash) {
            (true, Some(_)) => None,
            (false, Some(_)) => Some(Letter::VerifyEmail),
            (_, None) => Some(Letter::ChoosePassword),
        };
        if let Some(letter) = letter {
            outbox::note(work.connection(), letter, command.email.as_str(), now).await?;
        }
        let user = work.commit(user).await?;
        self.0.wake_mails.notify_one();
        Ok(user)
    }
}
