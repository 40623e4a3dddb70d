use std::fmt;

use async_trait::async_trait;
use cqrs::{Call, QueryHandler};
use kernel::{ErrorKind, Permission, Query, Refusal, UserId};
use sqlx::PgPool;

/// More than anybody looks through.
const FOUND: i64 = 1_000;

/// Whose mail address begins like this, in any case: at most 1,000, the newest. For administrators alone: who may ask again
/// and again learns an address letter by letter.
#[derive(Clone)]
pub struct FindAccounts {
    pub beginning: String,
}

impl fmt::Debug for FindAccounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FindAccounts(…)")
    }
}

impl Query for FindAccounts {
    const NAME: &'static str = "find_accounts";
    type Answer = Vec<UserId>;
    type Error = FindAccountsError;
}

#[derive(Debug, thiserror::Error)]
pub enum FindAccountsError {
    #[error("your role does not allow this")]
    NotPermitted,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for FindAccountsError {
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

pub(crate) struct FindAccountsHandler(pub PgPool);

#[async_trait]
impl QueryHandler<FindAccounts> for FindAccountsHandler {
    async fn handle(&self, call: &Call, query: FindAccounts) -> Result<Vec<UserId>, FindAccountsError> {
        if !call.actor().may(Permission::Admin) {
            return Err(FindAccountsError::NotPermitted);
        }
        let beginning = query.beginning.trim().to_lowercase();
        // What a person types is text to find, not a pattern.
        let escaped = beginning.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        let found = sqlx::query_scalar!(
            "select id from auth.account where email like $1 order by created_at desc, id desc limit $2",
            format!("{escaped}%"),
            FOUND,
        )
        .fetch_all(&self.0)
        .await?;
        Ok(found.into_iter().map(UserId::from).collect())
    }
}
