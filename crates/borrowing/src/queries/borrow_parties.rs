use async_trait::async_trait;
use cqrs::{Call, QueryHandler};
use database::Database;
use kernel::{BorrowId, ErrorKind, Event, Query, Refusal, UserId};
use serde::{Deserialize, Serialize};
use users_events::UserEvent;

/// Whether two members are the owner and the borrower of a borrow, in whatever order. `false` also where there is no such
/// borrow. Only users may ask it, through the host's port, and only for the one of the two it acts for.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BorrowParties {
    pub borrow: BorrowId,
    pub members: [UserId; 2],
}

impl Query for BorrowParties {
    const NAME: &'static str = "borrow_parties";
    type Answer = bool;
    type Error = BorrowPartiesError;
}

cqrs::travels_as_it_is!(BorrowParties);

#[derive(Debug, thiserror::Error)]
pub enum BorrowPartiesError {
    #[error("Only users may ask whose a borrow is, and only for one of the two.")]
    NotPermitted,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for BorrowPartiesError {
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

pub(crate) struct BorrowPartiesHandler {
    pool: Database,
}

impl BorrowPartiesHandler {
    pub(crate) fn new(pool: Database) -> Self {
        Self { pool }
    }
}

#[async_trait]
impl QueryHandler<BorrowParties> for BorrowPartiesHandler {
    async fn handle(&self, call: &Call, query: BorrowParties) -> Result<bool, BorrowPartiesError> {
        let (actor, [one, other]) = (call.actor(), query.members);
        if !actor.is_service(UserEvent::FAMILY) || ![Some(one), Some(other)].contains(&actor.on_behalf_of()) {
            return Err(BorrowPartiesError::NotPermitted);
        }
        let are_they = sqlx::query_scalar!(
            r#"select exists (
                select from borrowing.borrow
                where id = $1 and ((owner_id, borrower_id) = ($2, $3) or (owner_id, borrower_id) = ($3, $2))
            ) as "are_they!""#,
            query.borrow.uuid(),
            one.uuid(),
            other.uuid(),
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(are_they)
    }
}
