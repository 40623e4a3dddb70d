use async_trait::async_trait;
use cqrs::{Call, CommandHandler};
use database::Database;
use kernel::{Actor, Command, ErrorKind, Refusal, UserId};
use serde::{Deserialize, Serialize};
use users_events::{UserDeleted, UserEvent, UserUpdated};

/// Publishes again what a member is now, as a new version: for contexts that were told something else. Folkshelf's own.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RetellMember {
    pub id: UserId,
    /// In another version they have been told of since.
    pub version: i64,
}

impl Command for RetellMember {
    const NAME: &'static str = "retell_member";
    /// Whether it was published.
    type Output = bool;
    type Error = RetellMemberError;
}

cqrs::travels_as_it_is!(RetellMember);

#[derive(Debug, thiserror::Error)]
pub enum RetellMemberError {
    #[error("Folkshelf alone does this.")]
    NotPermitted,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for RetellMemberError {
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

pub(crate) struct RetellMemberHandler {
    pub pool: Database,
}

#[async_trait]
impl CommandHandler<RetellMember> for RetellMemberHandler {
    async fn handle(&self, call: &Call, command: RetellMember) -> Result<bool, RetellMemberError> {
        if !matches!(call.actor(), Actor::System(_)) {
            return Err(RetellMemberError::NotPermitted);
        }
        let mut work = call.begin(&self.pool).await?;
        let row = sqlx::query!(
            r#"update users.member set version = version + 1 where id = $1 and version = $2
            returning name, active, language, version, deleted_at is not null as "gone!""#,
            command.id.uuid(),
            command.version,
        )
        .fetch_optional(work.connection())
        .await?;
        let Some(row) = row else { return Ok(false) };
        let event = if row.gone {
            UserEvent::Deleted(UserDeleted { user_id: command.id })
        } else {
            let (name, active, language) = (row.name, row.active, row.language);
            UserEvent::Updated(UserUpdated { user_id: command.id, name, active, language })
        };
        work.append(&event, row.version).await?;
        Ok(work.commit(true).await?)
    }
}
