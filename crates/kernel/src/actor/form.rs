//! An actor as another process of Folkshelf is told of one. Processes trust each other: what is written here is believed.

use serde::{Deserialize, Serialize};

use super::{Actor, Credential, Permission, PermissionSet, RecordedActor, Service};
use crate::ids::{ApiKeyId, SessionId, UserId};
use crate::name::lasting_name;

/// How an [`Actor`] travels. Permissions that the reader does not know are left out: it has nothing that they would permit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum ActorForm {
    Anonymous,
    Member { id: UserId, credential: CredentialForm, role: String, permissions: Vec<String> },
    System { name: String },
    Service { context: String, acting_for: RecordedActor },
}

/// How a [`Credential`] travels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CredentialForm {
    Session { id: SessionId },
    ApiKey { id: ApiKeyId, withheld: Vec<String> },
}

fn names(permissions: PermissionSet) -> Vec<String> {
    permissions.iter().map(|permission| permission.name().to_owned()).collect()
}

fn permissions(names: &[String]) -> PermissionSet {
    names.iter().filter_map(|name| Permission::from_name(name)).collect()
}

impl From<&Actor> for ActorForm {
    fn from(actor: &Actor) -> Self {
        match actor {
            Actor::Anonymous => Self::Anonymous,
            Actor::Member { id, credential, role, permissions } => Self::Member {
                id: *id,
                credential: match credential {
                    Credential::Session(id) => CredentialForm::Session { id: *id },
                    Credential::ApiKey { id, withheld } => {
                        CredentialForm::ApiKey { id: *id, withheld: names(*withheld) }
                    }
                },
                role: role.clone(),
                permissions: names(*permissions),
            },
            Actor::System(name) => Self::System { name: (*name).to_owned() },
            Actor::Service(Service { context, acting_for }) => {
                Self::Service { context: (*context).to_owned(), acting_for: acting_for.clone() }
            }
        }
    }
}

impl ActorForm {
    /// `None`: it has a name that cannot be one of ours.
    pub fn into_actor(self) -> Option<Actor> {
        Some(match self {
            Self::Anonymous => Actor::Anonymous,
            Self::Member { id, credential, role, permissions: named } => Actor::Member {
                id,
                credential: match credential {
                    CredentialForm::Session { id } => Credential::Session(id),
                    CredentialForm::ApiKey { id, withheld } => {
                        Credential::ApiKey { id, withheld: permissions(&withheld) }
                    }
                },
                role,
                permissions: permissions(&named),
            },
            Self::System { name } => Actor::System(lasting_name(&name)?),
            Self::Service { context, acting_for } => {
                Actor::Service(Service { context: lasting_name(&context)?, acting_for })
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_travels_arrives_as_who_they_are() {
        let moment = time::OffsetDateTime::UNIX_EPOCH;
        let member = |credential| Actor::Member {
            id: UserId::new(moment),
            credential,
            role: "moderator".to_owned(),
            permissions: PermissionSet::empty().with(Permission::ModerateBook),
        };
        let key = Credential::ApiKey {
            id: ApiKeyId::new(moment),
            withheld: PermissionSet::empty().with(Permission::WriteBorrow),
        };
        let session = member(Credential::Session(SessionId::new(moment)));
        for actor in
            [Actor::Anonymous, Actor::System("scheduler"), session.as_service("books"), session.clone(), member(key)]
        {
            let text = serde_json::to_string(&ActorForm::from(&actor)).unwrap();
            let arrived: ActorForm = serde_json::from_str(&text).unwrap();
            assert_eq!(arrived.into_actor(), Some(actor), "{text}");
        }
        assert_eq!(ActorForm::System { name: "x".repeat(100) }.into_actor(), None);
    }

    #[test]
    fn a_permission_that_we_do_not_know_permits_nothing() {
        let text = r#"{"kind":"member","id":"018f0000-0000-7000-8000-000000000001","role":"user",
            "credential":{"kind":"session","id":"018f0000-0000-7000-8000-000000000002"},"permissions":["fly","write:book"]}"#;
        let actor = serde_json::from_str::<ActorForm>(text).unwrap().into_actor().unwrap();
        assert!(actor.may(Permission::WriteBook));
        assert!(Permission::ALL.iter().filter(|it| **it != Permission::WriteBook).all(|it| !actor.may(*it)));
    }
}
