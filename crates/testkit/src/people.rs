//! Callers for tests.

use cqrs::Caller;
use kernel::{Actor, Credential, Permission, SessionId, UserId};
use time::OffsetDateTime;
use time::macros::datetime;

/// A moment for clocks that tests move: a Saturday morning.
pub const A_SATURDAY: OffsetDateTime = datetime!(2026-11-21 10:00:00 UTC);

/// A new member's id.
pub fn a_user() -> UserId {
    UserId::new(A_SATURDAY)
}

/// `user` with a live session and the permissions of the role `user`.
pub fn member(user: UserId) -> Caller {
    with_permissions(user, "user", &[Permission::WriteBook, Permission::WriteBorrow])
}

/// `user` as a moderator.
pub fn moderator(user: UserId) -> Caller {
    let permissions = [
        Permission::WriteBook,
        Permission::WriteBorrow,
        Permission::ModerateBook,
        Permission::ModerateBorrow,
        Permission::ReadUser,
    ];
    with_permissions(user, "moderator", &permissions)
}

/// `user` as an administrator.
pub fn admin(user: UserId) -> Caller {
    with_permissions(user, "admin", Permission::ALL)
}

pub fn anonymous() -> Caller {
    Caller::new(Actor::Anonymous, "")
}

fn with_permissions(user: UserId, role: &str, permissions: &[Permission]) -> Caller {
    let actor = Actor::Member {
        id: user,
        credential: Credential::Session(SessionId::new(A_SATURDAY)),
        role: role.to_owned(),
        permissions: permissions.iter().copied().collect(),
    };
    Caller::new(actor, "")
}
