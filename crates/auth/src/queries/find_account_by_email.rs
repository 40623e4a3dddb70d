use async_trait::async_trait;
use cqrs::{Call, QueryHandler, Wire};
use database::Database;
use kernel::{Actor, ErrorKind, Query, Refusal, UserId};
use serde::{Deserialize, Serialize};

use crate::domain::Email;

/// Whose address it is. For the command line alone: nobody else may find out who has an account.
#[derive(Debug, Clone)]
pub struct FindAccountByEmail {
    pub email: Email,
}

impl Query for FindAccountByEmail {
    const NAME: &'static str = "find_account_by_email";
    type Answer = Option<UserId>;
    type Error = FindAccountByEmailError;
}

/// As it travels.
#[derive(Serialize, Deserialize)]
pub struct FindAccountByEmailForm {
    email: String,
}

impl Wire for FindAccountByEmail {
    type Form = FindAccountByEmailForm;

    fn into_form(self) -> FindAccountByEmailForm {
        FindAccountByEmailForm { email: self.email.as_str().to_owned() }
    }

    fn from_form(form: FindAccountByEmailForm) -> Result<Self, String> {
        Ok(Self { email: Email::new(&form.email).map_err(|error| format!("email: {error}"))? })
    }
}

#[derive(Debug, thiserror::Error)]
pub enum FindAccountByEmailError {
    #[error("members are not found by their mail address")]
    NotPermitted,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for FindAccountByEmailError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotPermitted => ErrorKind::Forbidden,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotPermitted => "FORBIDDEN",
            Self::Database(_) => "INTERNAL",
        }
    }
}

pub(crate) struct FindAccountByEmailHandler(pub Database);

#[async_trait]
impl QueryHandler<FindAccountByEmail> for FindAccountByEmailHandler {
    async fn handle(&self, call: &Call, query: FindAccountByEmail) -> Result<Option<UserId>, FindAccountByEmailError> {
        if !matches!(call.actor(), Actor::System(_)) {
            return Err(FindAccountByEmailError::NotPermitted);
        }
        let id = sqlx::query_scalar!(
            "select id from auth.account where email = $1 or email_key = $2 order by email = $1 desc limit 1",
            query.email.as_str(),
            query.email.key(),
        )
        .fetch_optional(&self.0)
        .await?;
        Ok(id.map(UserId::from))
    }
}
