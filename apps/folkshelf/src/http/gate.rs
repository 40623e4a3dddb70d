//! From a token to a member with permissions: the one place where both are looked up.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use auth::{Authenticated, Sessions};
use cqrs::{Ask, Caller};
use kernel::{Actor, PermissionSet};
use users::ListRoles;

use super::problem::Problem;

/// A role's permissions are asked for again after this long; a changed row holds for everybody then.
const FRESH: Duration = Duration::from_secs(5);

/// What each role permits, and when that was read.
type Roles = (HashMap<String, PermissionSet>, Instant);

#[derive(Clone)]
pub struct Gate {
    sessions: Sessions,
    roles: Ask<ListRoles>,
    known: Arc<Mutex<Option<Roles>>>,
}

fn member(session: &Authenticated, permissions: PermissionSet) -> Actor {
    Actor::Member { id: session.user_id, session: session.session_id, role: session.role.clone(), permissions }
}

impl Gate {
    pub fn new(sessions: Sessions, roles: Ask<ListRoles>) -> Self {
        Self { sessions, roles, known: Arc::default() }
    }

    /// Who the bearer of an access token is now: with the role of this moment, if the session still lives.
    pub async fn actor(&self, token: &str) -> Result<Actor, Problem> {
        let session = self.sessions.authenticate(token).await?;
        let permissions = self.permissions(&session.role).await?;
        Ok(member(&session, permissions))
    }

    /// As [`Self::actor`], as far as nothing has to be asked for.
    pub async fn known(&self, token: &str) -> Option<Actor> {
        let session = self.sessions.known(token).await?;
        let (permissions, fresh) = self.remembered(&session.role);
        permissions.filter(|_| fresh).map(|permissions| member(&session, permissions))
    }

    async fn permissions(&self, role: &str) -> Result<PermissionSet, Problem> {
        let (permissions, fresh) = self.remembered(role);
        if let (Some(permissions), true) = (permissions, fresh) {
            return Ok(permissions);
        }
        match self.roles.ask(&Caller::system("gate"), ListRoles).await {
            Ok(roles) => {
                let roles: HashMap<String, PermissionSet> =
                    roles.into_iter().map(|role| (role.name, role.permissions)).collect();
                let permissions = roles.get(role).copied().unwrap_or_default();
                *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some((roles, Instant::now()));
                Ok(permissions)
            }
            // PostgreSQL is away: what was true a moment ago is better than nobody getting in.
            Err(error) => permissions.ok_or_else(|| error.into()),
        }
    }

    fn remembered(&self, role: &str) -> (Option<PermissionSet>, bool) {
        match &*self.known.lock().unwrap_or_else(PoisonError::into_inner) {
            Some((roles, read)) => (roles.get(role).copied(), read.elapsed() < FRESH),
            None => (None, false),
        }
    }
}
