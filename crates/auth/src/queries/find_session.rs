use std::sync::Arc;

use async_trait::async_trait;
use cqrs::{Call, QueryHandler};
use kernel::{Actor, Query, SessionId};
use serde::{Deserialize, Serialize};

use super::find_api_key::FindCredentialError;
use crate::ports::CredentialSource;
use crate::view::LiveSession;

/// A session as it is now, without its member's account: for the check of requests in a process that does not run auth.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FindSession {
    pub session: SessionId,
}

impl Query for FindSession {
    const NAME: &'static str = "find_session";
    /// `None`: there is no such session.
    type Answer = Option<LiveSession>;
    type Error = FindCredentialError;
}

cqrs::travels_as_it_is!(FindSession);

pub(crate) struct FindSessionHandler(pub Arc<dyn CredentialSource>);

#[async_trait]
impl QueryHandler<FindSession> for FindSessionHandler {
    async fn handle(&self, call: &Call, query: FindSession) -> Result<Option<LiveSession>, FindCredentialError> {
        if !matches!(call.actor(), Actor::System(_)) {
            return Err(FindCredentialError::NotPermitted);
        }
        Ok(self.0.session(query.session).await?.map(|live| LiveSession { account: None, ..live }))
    }
}
