//! From a token to a member with permissions: the one place where both are looked up.
//!
//! No request waits for the roles once they are known: a task beside the requests reads them again every 5 s, and nobody
//! notices for some minutes that PostgreSQL is away.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use kernel::{Actor, ApiKeyId, Credential, PermissionSet, SessionId, UserId};

use super::credentials::Shown;

use super::problem::Problem;

/// A role's permissions are read again after this long; a changed row holds for everybody soon after.
const FRESH: Duration = Duration::from_secs(5);
/// With PostgreSQL away they are good for this long.
const KEPT: Duration = Duration::from_secs(600);
/// After a failure, or for a role that is not there, nobody reads them again for this long.
const AGAIN: Duration = Duration::from_secs(1);

/// Whose session it is, and the role they have now.
pub struct Session {
    pub id: SessionId,
    pub user: UserId,
    pub role: String,
}

/// Whose API key it is, the role they have now, and what the key permits of that.
pub struct Key {
    pub id: ApiKeyId,
    pub user: UserId,
    pub role: String,
    pub scopes: PermissionSet,
}

/// Looks sessions and API keys up. Implemented by auth.
#[async_trait]
pub trait SessionSource: Send + Sync {
    /// The live session that an access token stands for.
    async fn session(&self, token: &str) -> Result<Session, Problem>;

    /// As [`Self::session`], as far as nobody has to be asked for it.
    fn known_session(&self, token: &str) -> Option<Session>;

    /// The public keys of access tokens, as a JSON Web Key Set.
    fn public_keys(&self) -> Result<serde_json::Value, Problem>;

    /// The API key of this text, if it still counts.
    async fn key(&self, key: &str) -> Result<Key, Problem>;

    /// As [`Self::key`], as far as nobody has to be asked for it.
    fn known_key(&self, key: &str) -> Option<Key>;
}

/// Looks up what roles permit. Implemented by users.
#[async_trait]
pub trait RoleSource: Send + Sync {
    /// What each role permits, by its name.
    async fn permissions(&self) -> Result<HashMap<String, PermissionSet>, Problem>;
}

#[derive(Clone)]
pub struct Gate {
    sessions: Arc<dyn SessionSource>,
    roles: Arc<Roles>,
    logs: Arc<[&'static str]>,
}

/// A session or an API key, as it is now.
enum Live {
    Session(Session),
    Key(Key),
}

impl Live {
    fn role(&self) -> &str {
        match self {
            Self::Session(session) => &session.role,
            Self::Key(key) => &key.role,
        }
    }

    /// `permissions` are those of the role.
    fn member(self, permissions: PermissionSet) -> Actor {
        match self {
            Self::Session(session) => Actor::Member {
                id: session.user,
                credential: Credential::Session(session.id),
                role: session.role,
                permissions,
            },
            Self::Key(key) => Actor::Member {
                id: key.user,
                credential: Credential::ApiKey { id: key.id, withheld: permissions.without(key.scopes) },
                role: key.role,
                permissions: permissions.intersection(key.scopes),
            },
        }
    }
}

impl Gate {
    /// To be called on the runtime that outlives the requests.
    /// The log that a position names. `None`: there is none of this name.
    pub fn log(&self, name: &str) -> Option<&'static str> {
        self.logs.iter().find(|log| **log == name).copied()
    }

    pub fn most_logs(&self) -> usize {
        self.logs.len()
    }

    /// `logs`: what a position may name.
    pub fn new(sessions: Arc<dyn SessionSource>, roles: Arc<dyn RoleSource>, logs: Vec<&'static str>) -> Self {
        let roles = Roles { source: roles, known: RwLock::default(), failed: tokio::sync::Mutex::default() };
        let roles = Arc::new(roles);
        tokio::spawn(keep_fresh(Arc::downgrade(&roles)));
        Self { sessions, roles, logs: logs.into() }
    }

    /// The public keys of access tokens, as a JSON Web Key Set.
    pub fn public_keys(&self) -> Result<serde_json::Value, Problem> {
        self.sessions.public_keys()
    }

    /// Who shows this is now: with the role of this moment, if the session or the key still lives.
    pub async fn actor(&self, shown: &Shown<'_>) -> Result<Actor, Problem> {
        let live = match shown {
            Shown::Token(token) => Live::Session(self.sessions.session(token).await?),
            Shown::Key(key) => Live::Key(self.sessions.key(key).await?),
        };
        let permissions = match self.roles.known(live.role()) {
            Some(permissions) => permissions,
            None => self.roles.read(live.role()).await?,
        };
        Ok(live.member(permissions))
    }

    /// As [`Self::actor`], as far as nothing has to be asked for.
    pub fn known(&self, shown: &Shown<'_>) -> Option<Actor> {
        let live = match shown {
            Shown::Token(token) => Live::Session(self.sessions.known_session(token)?),
            Shown::Key(key) => Live::Key(self.sessions.known_key(key)?),
        };
        let permissions = self.roles.known(live.role())?;
        Some(live.member(permissions))
    }
}

/// What each role permits.
struct Roles {
    source: Arc<dyn RoleSource>,
    known: RwLock<Option<Table>>,
    /// When the table last could not be read, and why. Locked while somebody reads it.
    failed: tokio::sync::Mutex<Option<(Instant, Problem)>>,
}

struct Table {
    permissions: HashMap<String, PermissionSet>,
    read: Instant,
}

impl Roles {
    /// Asks nobody.
    fn known(&self, role: &str) -> Option<PermissionSet> {
        let (permissions, age) = self.remembered(role)?;
        permissions.filter(|_| age < KEPT)
    }

    /// Waits for the table to be read.
    async fn read(&self, role: &str) -> Result<PermissionSet, Problem> {
        self.read_again().await?;
        let (permissions, _) = self.remembered(role).unwrap_or_default();
        Ok(permissions.unwrap_or_default())
    }

    /// Reads the table, unless that was done a moment ago. One at a time; the others wait, and find that it was done.
    async fn read_again(&self) -> Result<(), Problem> {
        let mut failed = self.failed.lock().await;
        if self.remembered("").is_some_and(|(_, age)| age < AGAIN) {
            return Ok(());
        }
        if let Some(problem) = failure(&failed) {
            return Err(problem.clone());
        }
        match self.source.permissions().await {
            Ok(permissions) => {
                let table = Table { permissions, read: Instant::now() };
                *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(table);
                *failed = None;
                Ok(())
            }
            Err(problem) => {
                *failed = Some((Instant::now(), problem.clone()));
                Err(problem)
            }
        }
    }

    /// What a role permits, if there is such a role, and how old the table is.
    fn remembered(&self, role: &str) -> Option<(Option<PermissionSet>, Duration)> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.as_ref().map(|table| (table.permissions.get(role).copied(), table.read.elapsed()))
    }
}

/// Reads the table soon, so that nobody is refused when it cannot be read later, and again and again for as long as there is a
/// gate. Not at once: processes that start together do not reach each other yet.
async fn keep_fresh(roles: Weak<Roles>) {
    let mut pause = AGAIN;
    loop {
        tokio::time::sleep(pause).await;
        let Some(roles) = roles.upgrade() else { return };
        pause = if roles.read_again().await.is_ok() { FRESH } else { AGAIN };
    }
}

/// A failure that is not worth another try yet.
fn failure(failed: &Option<(Instant, Problem)>) -> Option<&Problem> {
    failed.as_ref().filter(|(at, _)| at.elapsed() < AGAIN).map(|(_, problem)| problem)
}
