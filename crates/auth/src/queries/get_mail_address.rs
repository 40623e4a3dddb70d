use std::fmt;

use async_trait::async_trait;
use cqrs::{Call, QueryHandler};
use database::Database;
use kernel::{ErrorKind, Query, Refusal, UserId};
use serde::{Deserialize, Serialize};

/// Where a member gets their mail. For notifications alone, which sends letters to members.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GetMailAddress {
    pub user: UserId,
}

/// An address that its member has proved. `Debug` leaves it out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MailAddress(pub String);

impl fmt::Debug for MailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MailAddress(…)")
    }
}

impl Query for GetMailAddress {
    const NAME: &'static str = "get_mail_address";
    /// `None`: the member has proved none, or may not log in.
    type Answer = Option<MailAddress>;
    type Error = GetMailAddressError;
}

cqrs::travels_as_it_is!(GetMailAddress);

#[derive(Debug, thiserror::Error)]
pub enum GetMailAddressError {
    #[error("Mail addresses of members are not given away.")]
    NotPermitted,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for GetMailAddressError {
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

pub(crate) struct GetMailAddressHandler(pub Database);

#[async_trait]
impl QueryHandler<GetMailAddress> for GetMailAddressHandler {
    async fn handle(&self, call: &Call, query: GetMailAddress) -> Result<Option<MailAddress>, GetMailAddressError> {
        if !call.actor().is_service("notifications") {
            return Err(GetMailAddressError::NotPermitted);
        }
        let found = sqlx::query_scalar!(
            r#"select email as "email!" from auth.account
            where id = $1 and active and verified_at is not null and deleted_at is null"#,
            query.user.uuid(),
        )
        .fetch_optional(&self.0)
        .await?;
        Ok(found.map(MailAddress))
    }
}
