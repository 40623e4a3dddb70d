use async_trait::async_trait;
use cqrs::{Call, CommandHandler};
use database::Database;
use kernel::{Command, Detail, ErrorKind, Permission, Refusal, UserId};
use serde::Serialize;
use users_events::{UserEvent, UserRoleChanged};

use crate::member::{self, MemberRefused};
use crate::view::{ProfileView, Row};

/// Gives a member a role. It holds from the member's next request on.
#[derive(Debug, Clone, Serialize)]
pub struct ChangeRole {
    pub id: UserId,
    /// Refused in any other version.
    pub expected_version: Option<i64>,
    pub role: String,
}

impl Command for ChangeRole {
    const NAME: &'static str = "change_role";
    type Output = ProfileView;
    type Error = ChangeRoleError;
}

#[derive(Debug, thiserror::Error)]
pub enum ChangeRoleError {
    #[error("Only administrators may change roles.")]
    NotPermitted,
    #[error(transparent)]
    Member(#[from] MemberRefused),
    #[error("there is no such role")]
    UnknownRole,
    /// It would take away the right to undo it.
    #[error("nobody changes their own role")]
    OwnRole,
    #[error("the community would be without an administrator")]
    LastAdmin,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for ChangeRoleError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotPermitted => ErrorKind::Forbidden,
            Self::Member(refused) => refused.kind(),
            Self::UnknownRole => ErrorKind::Invalid,
            Self::OwnRole | Self::LastAdmin => ErrorKind::Conflict,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotPermitted => "FORBIDDEN",
            Self::Member(refused) => refused.code(),
            Self::UnknownRole => "VALIDATION_ERROR",
            Self::OwnRole => "OWN_ROLE",
            Self::LastAdmin => "LAST_ADMIN",
            Self::Database(_) => "INTERNAL",
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::UnknownRole => vec![Detail::new("role", self.to_string())],
            Self::Member(refused) => refused.details(),
            Self::NotPermitted | Self::OwnRole | Self::LastAdmin | Self::Database(_) => Vec::new(),
        }
    }
}

pub(crate) struct ChangeRoleHandler {
    pub pool: Database,
}

#[async_trait]
impl CommandHandler<ChangeRole> for ChangeRoleHandler {
    async fn handle(&self, call: &Call, command: ChangeRole) -> Result<ProfileView, ChangeRoleError> {
        if !call.actor().may(Permission::Admin) {
            return Err(ChangeRoleError::NotPermitted);
        }
        if call.actor().is(command.id) {
            return Err(ChangeRoleError::OwnRole);
        }
        let mut work = call.begin(&self.pool).await?;
        let known = sqlx::query_scalar!(
            r#"select exists (select 1 from users.role where name = $1) as "known!""#,
            command.role,
        )
        .fetch_one(work.connection())
        .await?;
        if !known {
            return Err(ChangeRoleError::UnknownRole);
        }
        // All administrators, in one order: two who unmake each other at once must not both succeed.
        let admins = sqlx::query_scalar!(
            "select id from users.member where role = 'admin' and active and deleted_at is null order by id for update"
        )
        .fetch_all(work.connection())
        .await?;
        if admins == [command.id.uuid()] && command.role != "admin" {
            return Err(ChangeRoleError::LastAdmin);
        }
        member::lock(work.connection(), command.id, command.expected_version).await?;
        let row = sqlx::query_as!(
            Row,
            "update users.member set role = $2, version = version + 1 where id = $1
            returning id, name, bio, location, show_bio, show_location, language, time_zone, preferences, role, active,
                verified, created_at, version",
            command.id.uuid(),
            command.role,
        )
        .fetch_one(work.connection())
        .await?;
        let event = UserRoleChanged { user_id: command.id, role: command.role };
        work.append(&UserEvent::RoleChanged(event), row.version).await?;
        Ok(work.commit(row.into()).await?)
    }
}
