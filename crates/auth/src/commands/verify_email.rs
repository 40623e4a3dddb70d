use async_trait::async_trait;
use auth_events::{AuthEvent, UserVerified};
use cqrs::{Call, CommandHandler};
use kernel::{Command, Detail, ErrorKind, LanguageTag, Line, Refusal, UserId};
use secrecy::SecretString;
use serde::Serialize;
use uuid::Uuid;

use crate::account::{self, NewAccount};
use crate::asker::Asker;
use crate::context::Parts;
use crate::domain::{Email, Password, TokenHash};
use crate::letter::Purpose;
use crate::passwords::HashingError;
use crate::renewal::renew;
use crate::session;

/// Whoever holds the token of the mail reads the mails of that address. Who opened the account may be somebody else: so the
/// holder is signed in to it, or chooses its password anew. Whoever asked for an account that needs proof first gets it here.
#[derive(Debug, Clone, Serialize)]
pub struct VerifyEmail {
    #[serde(skip_serializing)]
    pub token: SecretString,
    /// Not needed in a session of the account.
    pub new_password: Option<Password>,
}

impl Command for VerifyEmail {
    const NAME: &'static str = "verify_email";
    const REPEATABLE: bool = false;
    type Output = ();
    type Error = VerifyEmailError;
}

#[derive(Debug, thiserror::Error)]
pub enum VerifyEmailError {
    /// Unknown, used before, expired, or meant for something else.
    #[error("the link is not valid any more")]
    InvalidToken,
    #[error("choose a password")]
    NoPassword,
    #[error(transparent)]
    Hashing(#[from] HashingError),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for VerifyEmailError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::InvalidToken | Self::NoPassword => ErrorKind::Invalid,
            Self::Hashing(error) => error.kind(),
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::InvalidToken | Self::NoPassword => "VALIDATION_ERROR",
            Self::Hashing(error) => error.code(),
            Self::Database(_) => "INTERNAL",
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::InvalidToken => vec![Detail::new("token", "is not valid or has expired")],
            Self::NoPassword => vec![Detail::new("newPassword", "is needed")],
            Self::Hashing(error) => error.details("newPassword"),
            Self::Database(_) => Vec::new(),
        }
    }
}

/// Whose address the token proves.
struct Holder {
    id: Uuid,
    email: String,
    name: String,
    proved: bool,
}

/// Who asked for an account.
struct Registrant {
    email: String,
    name: String,
    language: Option<String>,
}

pub(crate) struct VerifyEmailHandler(pub Parts);

#[async_trait]
impl CommandHandler<VerifyEmail> for VerifyEmailHandler {
    async fn handle(&self, call: &Call, command: VerifyEmail) -> Result<(), VerifyEmailError> {
        let token = TokenHash::of(&command.token);
        let Some(holder) = self.holder(call, &token).await? else {
            let registrant = self.registrant(call, &token).await?.ok_or(VerifyEmailError::InvalidToken)?;
            return self.open_account(call, &token, registrant, command.new_password.as_ref()).await;
        };
        let user = UserId::from(holder.id);
        let in_session = call.actor().session_id().is_some() && call.actor().is(user);
        if holder.proved || in_session {
            return self.prove(call, &token).await;
        }
        let about = [holder.name.as_str(), holder.email.as_str()];
        let hash = self.hash(command.new_password.as_ref(), about, &holder.email).await?;
        let renewed = renew(&self.0, call, user, (&token, Purpose::VerifyEmail), &hash).await?;
        renewed.then_some(()).ok_or(VerifyEmailError::InvalidToken)
    }
}

impl VerifyEmailHandler {
    async fn holder(&self, call: &Call, token: &TokenHash) -> Result<Option<Holder>, sqlx::Error> {
        sqlx::query_as!(
            Holder,
            r#"select a.id, a.name, coalesce(a.email, '') as "email!", a.verified_at is not null as "proved!"
            from auth.mail_token t join auth.account a on a.id = t.user_id
            where t.hash = $1 and t.purpose = $2 and t.expires_at > $3"#,
            token.as_bytes(),
            Purpose::VerifyEmail.name(),
            call.now(),
        )
        .fetch_optional(&self.0.pool)
        .await
    }

    async fn registrant(&self, call: &Call, token: &TokenHash) -> Result<Option<Registrant>, sqlx::Error> {
        sqlx::query_as!(
            Registrant,
            "select email, name, language from auth.registration_token where hash = $1 and expires_at > $2",
            token.as_bytes(),
            call.now(),
        )
        .fetch_optional(&self.0.pool)
        .await
    }

    async fn hash(
        &self,
        password: Option<&Password>,
        about: [&str; 2],
        address: &str,
    ) -> Result<String, VerifyEmailError> {
        let password = password.ok_or(VerifyEmailError::NoPassword)?;
        Ok(self.0.passwords.choose(password, about, &Asker::in_session(address)).await?)
    }

    /// For the member themself. The password stays.
    async fn prove(&self, call: &Call, token: &TokenHash) -> Result<(), VerifyEmailError> {
        let mut work = call.begin(&self.0.pool).await?;
        let user = sqlx::query_scalar!(
            "delete from auth.mail_token where hash = $1 and purpose = $2 and expires_at > $3 returning user_id",
            token.as_bytes(),
            Purpose::VerifyEmail.name(),
            call.now(),
        )
        .fetch_optional(work.connection())
        .await?
        .map(UserId::from)
        .ok_or(VerifyEmailError::InvalidToken)?;
        let verified = sqlx::query_scalar!(
            "update auth.account set verified_at = $2, version = version + 1
            where id = $1 and verified_at is null and deleted_at is null returning version",
            user.uuid(),
            call.now(),
        )
        .fetch_optional(work.connection())
        .await?;
        if let Some(version) = verified {
            session::touch_all(work.connection(), user).await?;
            let event = AuthEvent::Verified(UserVerified { user_id: user });
            work.append(&event, version).await?;
        }
        Ok(work.commit(()).await?)
    }

    async fn open_account(
        &self,
        call: &Call,
        token: &TokenHash,
        registrant: Registrant,
        password: Option<&Password>,
    ) -> Result<(), VerifyEmailError> {
        let hash = self.hash(password, [&registrant.name, &registrant.email], &registrant.email).await?;
        // Rules that were made since must not stand in the way.
        let invalid = |_| VerifyEmailError::InvalidToken;
        let email = Email::new(&registrant.email).map_err(|_| VerifyEmailError::InvalidToken)?;
        let name = Line::new(&registrant.name).map_err(invalid)?;
        let language = registrant.language.and_then(|tag| LanguageTag::new(&tag).ok());

        let mut work = call.begin(&self.0.pool).await?;
        // Its tokens go with it: of two who follow two letters one opens the account.
        let asked = sqlx::query!(
            "delete from auth.registration using auth.registration_token
            where registration_token.hash = $1 and registration.address = registration_token.address",
            token.as_bytes(),
        )
        .execute(work.connection())
        .await?;
        let account = NewAccount {
            user: UserId::new(call.now()),
            email: &email,
            name: &name,
            language: language.as_ref(),
            password_hash: Some(&hash),
            verified: true,
        };
        if asked.rows_affected() == 0 || !account::open(&mut work, account, call.now()).await? {
            return Err(VerifyEmailError::InvalidToken);
        }
        Ok(work.commit(()).await?)
    }
}
