//! A member's row, as a command finds it.

use kernel::{Detail, ErrorKind, Refusal, UserId};
use sqlx::PgConnection;

/// Why a member is not changed.
#[derive(Debug, thiserror::Error)]
pub enum MemberRefused {
    #[error("there is no such member")]
    NotFound,
    #[error("the member has changed since")]
    VersionMismatch { now: i64 },
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for MemberRefused {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound => ErrorKind::NotFound,
            Self::VersionMismatch { .. } => ErrorKind::VersionMismatch,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "USER_NOT_FOUND",
            Self::VersionMismatch { .. } => "VERSION_MISMATCH",
            Self::Database(_) => "INTERNAL",
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::VersionMismatch { now } => vec![Detail::new("version", now.to_string())],
            Self::NotFound | Self::Database(_) => Vec::new(),
        }
    }
}

/// Locks the row of a member who is there, in the version that is expected, if one is. Behind the lock on all administrators
/// where that is taken too, so that two who want both never wait for each other.
pub(crate) async fn lock(
    connection: &mut PgConnection,
    id: UserId,
    expected_version: Option<i64>,
) -> Result<(), MemberRefused> {
    let now = sqlx::query_scalar!(
        "select version from users.member where id = $1 and deleted_at is null for update",
        id.uuid(),
    )
    .fetch_optional(connection)
    .await?
    .ok_or(MemberRefused::NotFound)?;
    if expected_version.is_some_and(|expected| expected != now) {
        return Err(MemberRefused::VersionMismatch { now });
    }
    Ok(())
}

/// Keeps others from changing what this member keeps of their own, as blocks and reports, until the transaction ends; whether
/// there is such a member. Two who do so to each other at once do not wait for one another: what refers to a member's row is
/// not held up.
pub(crate) async fn lock_own(connection: &mut PgConnection, member: UserId) -> Result<bool, sqlx::Error> {
    let there = sqlx::query_scalar!(
        "select id from users.member where id = $1 and deleted_at is null for no key update",
        member.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(there.is_some())
}
