use async_trait::async_trait;
use auth_events::{ApiKeyCreated, AuthEvent};
use cqrs::{Call, CommandHandler};
use kernel::{ApiKeyId, Command, Detail, ErrorKind, Line, Permission, Refusal};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::asker::Asker;
use crate::context::Parts;
use crate::domain::{ApiKey, Scopes, TokenHash};
use crate::passwords::HashingError;
use crate::queries::ApiKeyView;

/// A member makes a key for a program of theirs. Only a session may, and who knows the password: neither a stolen key nor a
/// stolen session makes a key that outlives it.
#[derive(Debug, Clone, Serialize)]
pub struct CreateApiKey {
    #[serde(skip_serializing)]
    pub current_password: SecretString,
    /// What the member calls it.
    pub name: Line<100>,
    pub scopes: Scopes,
    /// `None`: it lasts until its member ends it.
    pub expires_at: Option<OffsetDateTime>,
}

impl CreateApiKey {
    /// Keys of one member that have not been ended.
    pub const MOST: i64 = 20;
}

/// The key is shown this once, and not serialised: the answer is not repeated.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewApiKey {
    #[serde(skip_serializing)]
    pub secret: SecretString,
    pub view: ApiKeyView,
}

impl Command for CreateApiKey {
    const NAME: &'static str = "create_api_key";
    const REPEATABLE: bool = false;
    type Output = NewApiKey;
    type Error = CreateApiKeyError;
}

#[derive(Debug, thiserror::Error)]
pub enum CreateApiKeyError {
    #[error("Log in first: a key is made by its member.")]
    NotSignedIn,
    #[error("This is not your password.")]
    WrongPassword,
    #[error("Your role does not permit everything that this key should.")]
    ScopeNotPermitted(Vec<Permission>),
    #[error("The end of the key must be in the future.")]
    Over,
    #[error("You have {} keys. End one of them first.", CreateApiKey::MOST)]
    TooMany,
    #[error(transparent)]
    Hashing(#[from] HashingError),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for CreateApiKeyError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotSignedIn => ErrorKind::Unauthenticated,
            Self::WrongPassword | Self::ScopeNotPermitted(_) => ErrorKind::Forbidden,
            Self::Over => ErrorKind::Invalid,
            Self::TooMany => ErrorKind::Conflict,
            Self::Hashing(error) => error.kind(),
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotSignedIn => "UNAUTHENTICATED",
            Self::WrongPassword => "WRONG_PASSWORD",
            Self::ScopeNotPermitted(_) => "SCOPE_NOT_PERMITTED",
            Self::Over => "VALIDATION_ERROR",
            Self::TooMany => "TOO_MANY_API_KEYS",
            Self::Hashing(error) => error.code(),
            Self::Database(_) => "INTERNAL",
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::WrongPassword => vec![Detail::new("currentPassword", "is not your password")],
            Self::ScopeNotPermitted(scopes) => {
                let detail = |scope: &Permission| Detail::new("scopes", format!("{} is not yours", scope.name()));
                scopes.iter().map(detail).collect()
            }
            Self::Over => vec![Detail::new("expiresAt", "must be in the future")],
            Self::TooMany => vec![Detail::new("limit", CreateApiKey::MOST.to_string())],
            Self::NotSignedIn | Self::Hashing(_) | Self::Database(_) => Vec::new(),
        }
    }
}

pub(crate) struct CreateApiKeyHandler(pub Parts);

#[async_trait]
impl CommandHandler<CreateApiKey> for CreateApiKeyHandler {
    async fn handle(&self, call: &Call, command: CreateApiKey) -> Result<NewApiKey, CreateApiKeyError> {
        let actor = call.actor();
        let (Some(user), Some(session)) = (actor.user_id(), actor.session_id()) else {
            return Err(CreateApiKeyError::NotSignedIn);
        };
        let not_theirs: Vec<Permission> =
            command.scopes.permissions().iter().filter(|scope| !actor.may(*scope)).collect();
        if !not_theirs.is_empty() {
            return Err(CreateApiKeyError::ScopeNotPermitted(not_theirs));
        }
        let now = call.now();
        if command.expires_at.is_some_and(|end| end <= now) {
            return Err(CreateApiKeyError::Over);
        }
        let account = sqlx::query!("select password_hash, email from auth.account where id = $1", user.uuid())
            .fetch_optional(&self.0.pool)
            .await?
            .ok_or(CreateApiKeyError::NotSignedIn)?;
        let asker = Asker::in_session(&account.email.unwrap_or_default());
        let typed = &command.current_password;
        if !self.0.passwords.matches(typed, account.password_hash.as_deref(), &asker).await? {
            return Err(CreateApiKeyError::WrongPassword);
        }
        let (key, id) = (ApiKey::draw(), ApiKeyId::new(now));
        let (hash, scopes) = (TokenHash::of(key.secret()), command.scopes.names());
        let mut work = call.begin(&self.0.pool).await?;
        // One at a time for each member, so that the count holds; and whoever is deactivated meanwhile makes none.
        let now_is =
            sqlx::query!("select active, password_hash from auth.account where id = $1 for no key update", user.uuid())
                .fetch_optional(work.connection())
                .await?
                .filter(|account| account.active)
                .ok_or(CreateApiKeyError::NotSignedIn)?;
        if now_is.password_hash != account.password_hash {
            return Err(CreateApiKeyError::WrongPassword);
        }
        // Whoever sends slowly may have lost the session meanwhile: a key must not outlive it unseen.
        let lives = sqlx::query_scalar!(
            r#"select true as "lives!" from auth.session
            where id = $1 and user_id = $2 and ended_at is null and expires_at > $3 for share"#,
            session.uuid(),
            user.uuid(),
            now,
        )
        .fetch_optional(work.connection())
        .await?;
        if lives.is_none() {
            return Err(CreateApiKeyError::NotSignedIn);
        }
        let have = sqlx::query_scalar!(
            r#"select count(*) as "count!" from auth.api_key where user_id = $1 and ended_at is null"#,
            user.uuid()
        )
        .fetch_one(work.connection())
        .await?;
        if have >= CreateApiKey::MOST {
            return Err(CreateApiKeyError::TooMany);
        }
        sqlx::query!(
            "insert into auth.api_key (id, user_id, name, hash, beginning, scopes, created_at, expires_at, version)
            values ($1, $2, $3, $4, $5, $6, $7, $8, 1)",
            id.uuid(),
            user.uuid(),
            command.name.as_str(),
            hash.as_bytes(),
            key.beginning(),
            &scopes,
            now,
            command.expires_at,
        )
        .execute(work.connection())
        .await?;
        let expires_at = command.expires_at;
        let created = ApiKeyCreated { user_id: user, key_id: id, scopes: scopes.clone(), expires_at };
        work.append(&AuthEvent::ApiKeyCreated(created), 1).await?;
        let view = ApiKeyView {
            id,
            name: command.name.into_string(),
            beginning: key.beginning().to_owned(),
            scopes,
            created_at: now,
            expires_at,
            last_used_at: None,
        };
        Ok(work.commit(NewApiKey { secret: key.secret().clone(), view }).await?)
    }
}
