use async_trait::async_trait;
use cqrs::{Call, CommandHandler};
use kernel::{Command, ErrorKind, Refusal, UserId};
use secrecy::SecretString;
use serde::Serialize;

use crate::asker::Asker;
use crate::context::Parts;
use crate::domain::Email;
use crate::passwords::HashingError;
use crate::session::{Device, SignedIn, SigningError};
use crate::settings::Proof;

#[derive(Debug, Clone, Serialize)]
pub struct LogIn {
    pub email: Email,
    /// Whatever was typed: the rules for new passwords do not matter here.
    #[serde(skip_serializing)]
    pub password: SecretString,
    pub device: Option<Device>,
    /// Who waits for a turn to compare the password.
    #[serde(skip_serializing)]
    pub asker: Asker,
}

impl Command for LogIn {
    const NAME: &'static str = "log_in";
    const REPEATABLE: bool = false;
    type Output = SignedIn;
    type Error = LogInError;
}

#[derive(Debug, thiserror::Error)]
pub enum LogInError {
    /// Unknown address, wrong password, deactivated: the caller is not told which, and waits as long for each.
    #[error("mail address or password is wrong")]
    InvalidCredentials,
    /// Told to nobody but who knows the password.
    #[error("confirm your mail address first")]
    NotProved,
    #[error(transparent)]
    Hashing(#[from] HashingError),
    #[error(transparent)]
    Signing(#[from] SigningError),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for LogInError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::InvalidCredentials => ErrorKind::Unauthenticated,
            Self::NotProved => ErrorKind::Forbidden,
            Self::Hashing(error) => error.kind(),
            Self::Signing(error) => error.kind(),
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::InvalidCredentials => "INVALID_CREDENTIALS",
            Self::NotProved => "EMAIL_NOT_PROVED",
            Self::Hashing(error) => error.code(),
            Self::Signing(_) | Self::Database(_) => "INTERNAL",
        }
    }
}

pub(crate) struct LogInHandler(pub Parts);

#[async_trait]
impl CommandHandler<LogIn> for LogInHandler {
    async fn handle(&self, call: &Call, command: LogIn) -> Result<SignedIn, LogInError> {
        // The exact spelling comes first: an account whose key belongs to an older one is found by it alone.
        let known = sqlx::query!(
            r#"select id, password_hash, active, verified_at is not null as "proved!" from auth.account where email = $1 or email_key = $2
            order by email = $1 desc limit 1"#,
            command.email.as_str(),
            command.email.key(),
        )
        .fetch_optional(&self.0.pool)
        .await?;
        let hash = known.as_ref().and_then(|account| account.password_hash.as_deref());
        let matches = self.0.passwords.matches(&command.password, hash, &command.asker).await?;
        let account = known.filter(|account| matches && account.active).ok_or(LogInError::InvalidCredentials)?;
        if self.0.proof == Proof::Required && !account.proved {
            return Err(LogInError::NotProved);
        }

        let now = call.now();
        let mut work = call.begin(&self.0.pool).await?;
        // Whoever deactivates the member or changes the password now either comes first and is seen here, or waits and
        // sees the session.
        let role = sqlx::query_scalar!(
            "select role from auth.account where id = $1 and password_hash = $2 and active for share",
            account.id,
            account.password_hash,
        )
        .fetch_optional(work.connection())
        .await?
        .ok_or(LogInError::InvalidCredentials)?;
        let user = UserId::from(account.id);
        let device = command.device.as_ref();
        let opener = &self.0.opener;
        let signed_in = opener.open(work.connection(), user, &role, device, now).await?;
        let signed_in = work.commit(signed_in).await?;
        self.0.view.refresh_now(&[signed_in.session_id.uuid()]).await;
        Ok(signed_in)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::Ordering;

    use event_bus::{BusSettings, EventBus};
    use kernel::{Line, ManualClock};
    use testkit::{A_SATURDAY, TestDatabase, anonymous};

    use super::*;
    use crate::{Auth, CreateAccount, Mail, MailNotSent, Mailer, Password, Settings};

    /// Nothing sends mails here.
    struct NoMails;

    #[async_trait]
    impl Mailer for NoMails {
        async fn send(&self, _: Mail) -> Result<(), MailNotSent> {
            Err(MailNotSent::Away("no mails here".into()))
        }
    }

    /// Time cannot be compared well; the work that takes it can.
    #[tokio::test]
    async fn an_unknown_address_costs_as_many_comparisons_as_a_wrong_password() {
        let database = TestDatabase::of("auth").await;
        let clock = Arc::new(ManualClock::at(A_SATURDAY));
        let bus = EventBus::new(database.pool("event_bus"), clock.clone(), BusSettings::default());
        let store = read_store::ReadStore::connect(read_store::Settings::new(
            testkit::redis_url(),
            testkit::redis_prefix(),
            b"of the host",
        ));
        let projection = store.unwrap().projection("auth");
        let settings = Settings { bcrypt_cost: 4, ..Settings::new("s".repeat(32).into(), "http://localhost") };
        let auth = Auth::new(database.pool("auth"), projection, Arc::new(NoMails), clock.clone(), &settings).unwrap();
        let (mut commands, mut queries) = cqrs::builders(clock.clone(), bus.clone(), None);
        auth.register(&mut commands, &mut queries);
        let commands = commands.build().unwrap();

        let create = |email: &str, password: Option<&str>| CreateAccount {
            email: Email::new(email).unwrap(),
            name: Line::new("Ada").unwrap(),
            language: None,
            password: password.map(|text| Password::new(text).unwrap()),
            verified: false,
        };
        let system = cqrs::Caller::system("test");
        let opening = commands.dispatch::<CreateAccount>().unwrap();
        opening.send(&system, create("ada@example.org", Some("correct horse"))).await.unwrap();
        opening.send(&system, create("grace@example.org", None)).await.unwrap();

        let log_in = commands.dispatch::<LogIn>().unwrap();
        let long = "x".repeat(500);
        for (email, password) in [
            ("ada@example.org", "incorrect horse"),
            ("ada@example.org", ""),
            ("ada@example.org", long.as_str()),
            ("eve@example.org", "correct horse"),
            ("grace@example.org", "correct horse"),
        ] {
            let before = auth.parts.passwords.compared.load(Ordering::Relaxed);
            let command = LogIn {
                email: Email::new(email).unwrap(),
                password: password.into(),
                device: None,
                asker: Asker::default(),
            };
            let refused = log_in.send(&anonymous(), command).await.unwrap_err();
            assert_eq!(refused.code(), "INVALID_CREDENTIALS");
            assert_eq!(auth.parts.passwords.compared.load(Ordering::Relaxed) - before, 1, "{email}");
        }
    }
}
