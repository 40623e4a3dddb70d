use std::fmt;

use async_trait::async_trait;
use cqrs::{Call, QueryHandler, Source};
use database::Database;
use kernel::{ErrorKind, Permission, Query, Refusal, UserId};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::view::View;

/// A member's account: one's own, or anybody's for who may read members.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GetAccount {
    pub user: UserId,
}

/// The account as the API shows it to its member. `Debug` leaves the address out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct AccountView {
    pub email: String,
    /// Whether the member has proved that the address is theirs.
    pub verified: bool,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

impl fmt::Debug for AccountView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountView")
            .field("verified", &self.verified)
            .field("created_at", &self.created_at)
            .finish_non_exhaustive()
    }
}

impl Query for GetAccount {
    const NAME: &'static str = "get_account";
    type Answer = AccountView;
    type Error = GetAccountError;
}

cqrs::travels_as_it_is!(GetAccount);

#[derive(Debug, thiserror::Error)]
pub enum GetAccountError {
    /// Not there, or not for this caller to know of.
    #[error("there is no such account")]
    NotFound,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for GetAccountError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound => ErrorKind::NotFound,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "USER_NOT_FOUND",
            Self::Database(_) => "INTERNAL",
        }
    }
}

pub(crate) struct GetAccountHandler {
    pub pool: Database,
    pub view: View,
}

#[async_trait]
impl QueryHandler<GetAccount> for GetAccountHandler {
    async fn handle(&self, call: &Call, query: GetAccount) -> Result<AccountView, GetAccountError> {
        let actor = call.actor();
        let own = actor.session_id().filter(|_| actor.is(query.user));
        if !actor.is(query.user) && !actor.may(Permission::ReadUser) {
            return Err(GetAccountError::NotFound);
        }
        // One's own is in the document of the session one asks with, and so there while PostgreSQL is away.
        if let (Some(session), Source::ReadStore) = (own, call.source()) {
            let live = self.view.shown.cached(session).await;
            let account = live.filter(|live| live.user_id == query.user).and_then(|live| live.account);
            if let Some(account) = account {
                return Ok(account);
            }
        }
        sqlx::query_as!(
            AccountView,
            r#"select email as "email!", verified_at is not null as "verified!", created_at
            from auth.account where id = $1 and deleted_at is null"#,
            query.user.uuid(),
        )
        .fetch_optional(&self.pool)
        .await?
        .ok_or(GetAccountError::NotFound)
    }
}
