use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use cqrs::{Call, CommandHandler};
use database::Database;
use kernel::{Command, Detail, ErrorKind, Permission, Refusal, UserId};
use serde::Serialize;
use users_events::{UserDeleted, UserEvent};

use crate::member::{self, MemberRefused};
use crate::ports::{CloseRefused, LendingGate, PasswordCheck, PortError};
use crate::reports;

/// Deletes a member: oneself, with one's password, or another one with the permission for it. Refused while loans are
/// open. What remains elsewhere goes as the event is heard.
#[derive(Debug, Clone, Serialize)]
pub struct DeleteUser {
    pub id: UserId,
    /// Refused in any other version.
    pub expected_version: Option<i64>,
    pub proof: Proof,
}

/// What allows it.
#[derive(Clone, Serialize)]
pub enum Proof {
    /// One's own password. Left out where the command is hashed for its idempotency key: a fast hash would give it away.
    Password(#[serde(serialize_with = "nothing")] String),
    /// The caller's permission.
    Permission,
}

fn nothing<S: serde::Serializer>(_: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_unit()
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Proof::Password(_) => "Password(…)",
            Proof::Permission => "Permission",
        })
    }
}

impl Command for DeleteUser {
    const NAME: &'static str = "delete_user";
    type Output = ();
    type Error = DeleteUserError;
}

#[derive(Debug, thiserror::Error)]
pub enum DeleteUserError {
    #[error(transparent)]
    Member(#[from] MemberRefused),
    #[error("you may not delete this member")]
    NotAllowed,
    #[error("the password is not right")]
    WrongPassword,
    #[error("there are open loans: they end first")]
    OpenLoans { details: Vec<Detail> },
    #[error("the community would be without an administrator")]
    LastAdmin,
    #[error("another part of Folkshelf did not answer")]
    Port(#[from] PortError),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for DeleteUserError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Member(refused) => refused.kind(),
            Self::NotAllowed => ErrorKind::Forbidden,
            Self::WrongPassword => ErrorKind::Invalid,
            Self::OpenLoans { .. } | Self::LastAdmin => ErrorKind::Conflict,
            Self::Port(error) => error.kind,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Member(refused) => refused.code(),
            Self::NotAllowed => "FORBIDDEN",
            Self::WrongPassword => "VALIDATION_ERROR",
            Self::OpenLoans { .. } => "MEMBER_HAS_OPEN_LOANS",
            Self::LastAdmin => "LAST_ADMIN",
            Self::Port(_) | Self::Database(_) => "INTERNAL",
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::OpenLoans { details } => details.clone(),
            Self::WrongPassword => vec![Detail::new("password", "is not right")],
            Self::Member(refused) => refused.details(),
            Self::NotAllowed | Self::LastAdmin | Self::Port(_) | Self::Database(_) => Vec::new(),
        }
    }
}

pub(crate) struct DeleteUserHandler {
    pub pool: Database,
    pub lending: Arc<dyn LendingGate>,
    pub passwords: Arc<dyn PasswordCheck>,
}

#[async_trait]
impl CommandHandler<DeleteUser> for DeleteUserHandler {
    async fn handle(&self, call: &Call, command: DeleteUser) -> Result<(), DeleteUserError> {
        let id = command.id;
        // A key may delete others, if its scopes say so; its own member's account never.
        if call.actor().is(id) && call.actor().has_api_key() {
            return Err(DeleteUserError::NotAllowed);
        }
        match &command.proof {
            Proof::Password(password) if call.actor().is(id) => {
                if !self.passwords.is_password_of(id, password, &call.caller()).await? {
                    return Err(DeleteUserError::WrongPassword);
                }
            }
            Proof::Permission if call.actor().may(Permission::DeleteUser) => {}
            Proof::Password(_) | Proof::Permission => return Err(DeleteUserError::NotAllowed),
        }
        // Asked before the gate too, so that nobody is shut out of lending for a deletion that cannot be. The version is
        // asked for here alone: behind the gate there is no way back.
        self.check(id, command.expected_version).await?;
        // A crash behind the gate leaves a member who can neither lend nor borrow, and may be deleted again.
        self.lending.close_member(id, &call.caller()).await.map_err(|refused| match refused {
            CloseRefused::OpenLoans { details } => DeleteUserError::OpenLoans { details },
            CloseRefused::Port(error) => DeleteUserError::Port(error),
        })?;

        let mut work = call.begin(&self.pool).await?;
        let admins = sqlx::query_scalar!(
            "select id from users.member where role = 'admin' and active and deleted_at is null order by id for update"
        )
        .fetch_all(work.connection())
        .await?;
        if admins == [id.uuid()] {
            return Err(DeleteUserError::LastAdmin);
        }
        member::lock(work.connection(), id, None).await?;
        let version = sqlx::query_scalar!(
            "update users.member set name = '', name_key = null, bio = null, location = null, preferences = '{}', role = 'user',
                active = false, deleted_at = $2, version = version + 1
            where id = $1 returning version",
            id.uuid(),
            call.now(),
        )
        .fetch_one(work.connection())
        .await?;
        sqlx::query!("delete from users.block where blocker_id = $1 or blocked_id = $1", id.uuid())
            .execute(work.connection())
            .await?;
        reports::forget(work.connection(), id, call.now()).await?;
        cqrs::forget_answers(work.connection(), id).await?;
        // The log forgets their personal fields with this event.
        work.append(&UserEvent::Deleted(UserDeleted { user_id: id }), version).await?;
        Ok(work.commit(()).await?)
    }
}

impl DeleteUserHandler {
    async fn check(&self, id: UserId, expected_version: Option<i64>) -> Result<(), DeleteUserError> {
        let mut tx = self.pool.begin().await?;
        member::lock(&mut tx, id, expected_version).await?;
        let last_admin = sqlx::query_scalar!(
            r#"select role = 'admin' and not exists (
                select 1 from users.member o
                where o.role = 'admin' and o.active and o.deleted_at is null and o.id <> $1
            ) as "last_admin!"
            from users.member where id = $1"#,
            id.uuid(),
        )
        .fetch_one(&mut *tx)
        .await?;
        if last_admin { Err(DeleteUserError::LastAdmin) } else { Ok(()) }
    }
}
