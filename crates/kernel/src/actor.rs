//! Who is asking, and what they are permitted.
//!
//! Permissions belong to roles and are rows of the users context; the host resolves them once a request and every
//! route declares what it requires. A context asks [`Actor::may`] only for rules about one object ("the owner, or
//! somebody who may moderate books").

mod form;

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::ids::{ApiKeyId, SessionId, UserId};

pub use form::{ActorForm, CredentialForm};

macro_rules! permissions {
    ($($(#[$doc:meta])* $variant:ident = $name:literal),+ $(,)?) => {
        /// Something a role may allow. The names are stored in `users.role_permission`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Permission { $($(#[$doc])* $variant),+ }

        impl Permission {
            pub const ALL: &'static [Permission] = &[$(Permission::$variant),+];

            /// The name under which the permission is stored, as in `write:book`.
            pub const fn name(self) -> &'static str {
                match self { $(Permission::$variant => $name),+ }
            }

            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($name => Some(Permission::$variant),)+ _ => None }
            }
        }
    };
}

permissions! {
    /// List, edit and delete one's own books.
    WriteBook = "write:book",
    /// Edit and delete anybody's books.
    ModerateBook = "moderate:book",
    /// Ask to borrow, and act on one's own borrows.
    WriteBorrow = "write:borrow",
    /// See anybody's borrows and resolve disputes one is no party to.
    ModerateBorrow = "moderate:borrow",
    /// List members and see what is not public about them.
    ReadUser = "read:user",
    /// Create, change and deactivate members.
    WriteUser = "write:user",
    /// Delete members.
    DeleteUser = "delete:user",
    /// Change roles, and look after events, subscriptions, dead letters and projections.
    Admin = "admin",
}

/// A set of permissions, as a role grants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PermissionSet(u16);

impl PermissionSet {
    pub const fn empty() -> Self {
        Self(0)
    }

    pub const fn with(self, permission: Permission) -> Self {
        Self(self.0 | 1 << permission as u8)
    }

    pub const fn contains(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u8) != 0
    }

    /// What is in both.
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What is here and not in `other`.
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.iter().copied().filter(move |p| self.contains(*p))
    }
}

impl FromIterator<Permission> for PermissionSet {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        permissions.into_iter().fold(Self::empty(), Self::with)
    }
}

/// The permissions' names, as they are stored.
impl Serialize for PermissionSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(Permission::name))
    }
}

/// A name that this build does not know grants nothing: a newer build may have written it.
impl<'de> Deserialize<'de> for PermissionSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let names = Vec::<String>::deserialize(deserializer)?;
        Ok(names.iter().filter_map(|name| Permission::from_name(name)).collect())
    }
}

/// How a member has proved who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// A live session: the member themself.
    Session(SessionId),
    /// An API key: a program of the member's. `withheld` is what the member's role permits and the key does not.
    ApiKey { id: ApiKeyId, withheld: PermissionSet },
}

/// Who is asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// Nobody we know.
    Anonymous,
    /// A member. `permissions` are those of the role; of a key, what both the role and the key permit.
    Member { id: UserId, credential: Credential, role: String, permissions: PermissionSet },
    /// Folkshelf itself: a scheduler, a subscription, the command line.
    System(&'static str),
    /// A context that calls another through a port. Made by [`Actor::as_service`].
    Service(Service),
}

/// The identity of a context towards other contexts. It has no permissions: it may do what a command grants to this
/// context by name, and what everybody may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    context: &'static str,
    acting_for: RecordedActor,
}

impl Actor {
    /// The context `context`, which does something because of this actor. Only the host's ports make one: there it is
    /// certain which context calls.
    pub fn as_service(&self, context: &'static str) -> Actor {
        Actor::Service(Service { context, acting_for: self.recorded() })
    }

    /// Whether it is the context `context` that calls.
    pub fn is_service(&self, context: &str) -> bool {
        matches!(self, Actor::Service(service) if service.context == context)
    }

    /// Whether the actor's role permits it. The system may do everything; anonymous callers and other contexts nothing.
    pub fn may(&self, permission: Permission) -> bool {
        match self {
            Actor::Anonymous | Actor::Service(_) => false,
            Actor::Member { permissions, .. } => permissions.contains(permission),
            Actor::System(_) => true,
        }
    }

    pub fn user_id(&self) -> Option<UserId> {
        match self {
            Actor::Member { id, .. } => Some(*id),
            Actor::Anonymous | Actor::System(_) | Actor::Service(_) => None,
        }
    }

    /// The member who caused the call, themself or through a context that acts for them. Not for rights: see
    /// [`Actor::user_id`].
    pub fn on_behalf_of(&self) -> Option<UserId> {
        match self {
            Actor::Service(Service { acting_for: RecordedActor::User { id }, .. }) => Some(*id),
            actor => actor.user_id(),
        }
    }

    /// `None` also for a program with an API key: what demands a session is not done by a key.
    pub fn session_id(&self) -> Option<SessionId> {
        match self {
            Actor::Member { credential: Credential::Session(id), .. } => Some(*id),
            Actor::Member { credential: Credential::ApiKey { .. }, .. }
            | Actor::Anonymous
            | Actor::System(_)
            | Actor::Service(_) => None,
        }
    }

    /// Whether a program with an API key asks.
    pub fn has_api_key(&self) -> bool {
        matches!(self, Actor::Member { credential: Credential::ApiKey { .. }, .. })
    }

    /// Whether the member's role permits it, and only the API key does not.
    pub fn withholds(&self, permission: Permission) -> bool {
        match self {
            Actor::Member { credential: Credential::ApiKey { withheld, .. }, .. } => withheld.contains(permission),
            _ => false,
        }
    }

    /// Whether the actor is this very member.
    pub fn is(&self, user: UserId) -> bool {
        self.user_id() == Some(user)
    }

    /// What an event remembers of who caused it: for another context, whom it acts for.
    pub fn recorded(&self) -> RecordedActor {
        match self {
            Actor::Anonymous => RecordedActor::Anonymous,
            Actor::Member { id, .. } => RecordedActor::User { id: *id },
            Actor::System(name) => RecordedActor::System { name: (*name).to_owned() },
            Actor::Service(service) => service.acting_for.clone(),
        }
    }
}

/// Who caused an event, as the log keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RecordedActor {
    Anonymous,
    User { id: UserId },
    System { name: String },
}

impl fmt::Display for RecordedActor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RecordedActor::Anonymous => f.write_str("anonymous"),
            RecordedActor::User { id } => write!(f, "user:{id}"),
            RecordedActor::System { name } => write!(f, "system:{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_permission_has_a_name_that_leads_back_to_it() {
        for permission in Permission::ALL {
            assert_eq!(Permission::from_name(permission.name()), Some(*permission));
        }
        assert_eq!(Permission::from_name("write:everything"), None);
    }

    #[test]
    fn permissions_travel_by_name_and_an_unknown_name_grants_nothing() {
        let set: PermissionSet = [Permission::ModerateBook, Permission::WriteBook].into_iter().collect();
        let written = serde_json::to_string(&set).unwrap();
        assert_eq!(written, r#"["write:book","moderate:book"]"#);
        assert_eq!(serde_json::from_str::<PermissionSet>(&written).unwrap(), set);
        let newer = r#"["write:book","write:everything","moderate:book"]"#;
        assert_eq!(serde_json::from_str::<PermissionSet>(newer).unwrap(), set);
    }

    fn member_with(permissions: impl IntoIterator<Item = Permission>) -> Actor {
        Actor::Member {
            id: UserId::new(time::OffsetDateTime::UNIX_EPOCH),
            credential: Credential::Session(SessionId::new(time::OffsetDateTime::UNIX_EPOCH)),
            role: "user".to_owned(),
            permissions: permissions.into_iter().collect(),
        }
    }

    #[test]
    fn nobody_may_do_what_their_role_does_not_grant() {
        let member = member_with([Permission::WriteBook]);
        assert!(member.may(Permission::WriteBook));
        assert!(!member.may(Permission::Admin));
        assert!(Permission::ALL.iter().all(|p| !Actor::Anonymous.may(*p)));
    }

    #[test]
    fn a_key_has_no_session_and_what_it_withholds_is_not_permitted() {
        let of_role: PermissionSet = [Permission::WriteBook, Permission::WriteBorrow].into_iter().collect();
        let scopes: PermissionSet = [Permission::WriteBook, Permission::Admin].into_iter().collect();
        let id = ApiKeyId::new(time::OffsetDateTime::UNIX_EPOCH);
        let program = Actor::Member {
            id: UserId::new(time::OffsetDateTime::UNIX_EPOCH),
            credential: Credential::ApiKey { id, withheld: of_role.without(scopes) },
            role: "user".to_owned(),
            permissions: of_role.intersection(scopes),
        };
        assert!(program.has_api_key() && program.session_id().is_none() && program.user_id().is_some());
        assert!(program.may(Permission::WriteBook) && !program.withholds(Permission::WriteBook));
        assert!(!program.may(Permission::WriteBorrow) && program.withholds(Permission::WriteBorrow));
        assert!(!program.may(Permission::Admin) && !program.withholds(Permission::Admin), "the role has it not");
    }

    #[test]
    fn a_context_that_acts_for_a_member_takes_over_none_of_their_rights() {
        let admin = member_with(Permission::ALL.iter().copied());
        let id = admin.user_id().unwrap();
        let service = admin.as_service("books");
        assert!(service.is_service("books") && !service.is_service("users"));
        assert!(!admin.is_service("books") && !Actor::System("books").is_service("books"));
        assert!(Permission::ALL.iter().all(|p| !service.may(*p)));
        assert!(!service.is(id) && service.session_id().is_none());
        assert_eq!(service.on_behalf_of(), Some(id), "whose write it is stays known");
        assert_eq!(service.recorded(), RecordedActor::User { id });
        assert_eq!(
            service.as_service("borrowing").recorded(),
            RecordedActor::User { id },
            "through two contexts as well"
        );
        assert_eq!(Actor::System("books").as_service("books").on_behalf_of(), None);
    }
}
