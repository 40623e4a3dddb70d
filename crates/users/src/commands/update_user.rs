use async_trait::async_trait;
use cqrs::{Call, CommandHandler, Work};
use database::Database;
use kernel::{Command, Detail, ErrorKind, Line, Permission, Refusal, UserId};
use serde::Serialize;
use users_events::{UserEvent, UserUpdated};

use crate::member::{self, MemberRefused};
use crate::names::name_key;
use crate::view::{ProfileView, Row};

/// An administrator changes a member. Who is not active cannot sign in, lend or borrow; loans that are open run on.
#[derive(Debug, Clone, Serialize)]
pub struct UpdateUser {
    pub id: UserId,
    /// Refused in any other version.
    pub expected_version: Option<i64>,
    /// `None`: stays as it is.
    pub name: Option<Line<100>>,
    pub active: Option<bool>,
}

impl Command for UpdateUser {
    const NAME: &'static str = "update_user";
    type Output = ProfileView;
    type Error = UpdateUserError;
}

#[derive(Debug, thiserror::Error)]
pub enum UpdateUserError {
    #[error("Your role does not permit changing other members.")]
    NotPermitted,
    #[error(transparent)]
    Member(#[from] MemberRefused),
    #[error("nobody deactivates themself")]
    OwnAccount,
    #[error("the community would be without an administrator")]
    LastAdmin,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for UpdateUserError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotPermitted => ErrorKind::Forbidden,
            Self::Member(refused) => refused.kind(),
            Self::OwnAccount | Self::LastAdmin => ErrorKind::Conflict,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotPermitted => "FORBIDDEN",
            Self::Member(refused) => refused.code(),
            Self::OwnAccount => "OWN_ACCOUNT",
            Self::LastAdmin => "LAST_ADMIN",
            Self::Database(_) => "INTERNAL",
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::Member(refused) => refused.details(),
            Self::NotPermitted | Self::OwnAccount | Self::LastAdmin | Self::Database(_) => Vec::new(),
        }
    }
}

pub(crate) struct UpdateUserHandler {
    pub pool: Database,
}

#[async_trait]
impl CommandHandler<UpdateUser> for UpdateUserHandler {
    async fn handle(&self, call: &Call, command: UpdateUser) -> Result<ProfileView, UpdateUserError> {
        if !call.actor().may(Permission::WriteUser) {
            return Err(UpdateUserError::NotPermitted);
        }
        if command.active == Some(false) && call.actor().is(command.id) {
            return Err(UpdateUserError::OwnAccount);
        }
        let mut work = call.begin(&self.pool).await?;
        if command.active == Some(false) {
            lock_admins(&mut work, command.id).await?;
        }
        member::lock(work.connection(), command.id, command.expected_version).await?;
        let row = save(&mut work, command.id, command.name.as_ref(), command.active).await?;
        Ok(work.commit(row.into()).await?)
    }
}

/// As in ChangeRole: two who deactivate each other at once must not both succeed.
async fn lock_admins(work: &mut Work<'_>, member: UserId) -> Result<(), UpdateUserError> {
    let admins = sqlx::query_scalar!(
        "select id from users.member where role = 'admin' and active and deleted_at is null
        order by id for update"
    )
    .fetch_all(work.connection())
    .await?;
    if admins == [member.uuid()] { Err(UpdateUserError::LastAdmin) } else { Ok(()) }
}

/// What has to be locked before a member is deactivated.
pub(super) async fn lock_for_deactivation(work: &mut Work<'_>, member: UserId) -> Result<(), UpdateUserError> {
    lock_admins(work, member).await?;
    Ok(member::lock(work.connection(), member, None).await?)
}

/// The member is locked.
pub(super) async fn save(
    work: &mut Work<'_>,
    member: UserId,
    name: Option<&Line<100>>,
    active: Option<bool>,
) -> Result<Row, UpdateUserError> {
    let row = sqlx::query_as!(
        Row,
        "update users.member set name = coalesce($2, name), name_key = coalesce($4, name_key),
                active = coalesce($3, active), version = version + 1
            where id = $1
            returning id, name, bio, location, show_bio, show_location, language, time_zone, preferences, role, active,
                verified, created_at, version",
        member.uuid(),
        name.map(Line::as_str),
        active,
        name.map(|name| name_key(name.as_str())),
    )
    .fetch_one(work.connection())
    .await?;
    let event =
        UserUpdated { user_id: member, name: row.name.clone(), active: row.active, language: row.language.clone() };
    work.append(&UserEvent::Updated(event), row.version).await?;
    Ok(row)
}
