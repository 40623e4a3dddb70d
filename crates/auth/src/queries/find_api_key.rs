use std::sync::Arc;

use async_trait::async_trait;
use cqrs::{Call, QueryHandler};
use kernel::{Actor, ErrorKind, Query, Refusal};
use serde::{Deserialize, Serialize};

use crate::credentials::StoredKey;
use crate::domain::TokenHash;
use crate::ports::{CredentialSource, CredentialsUnavailable};

/// An API key by the hash of its text: for the check of requests in a process that does not run auth.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FindApiKey {
    pub hash: TokenHash,
}

impl Query for FindApiKey {
    const NAME: &'static str = "find_api_key";
    /// `None`: there is no such key.
    type Answer = Option<StoredKey>;
    type Error = FindCredentialError;
}

cqrs::travels_as_it_is!(FindApiKey);

#[derive(Debug, thiserror::Error)]
pub enum FindCredentialError {
    #[error("Only Folkshelf itself looks sessions and API keys up.")]
    NotPermitted,
    #[error(transparent)]
    Unavailable(#[from] CredentialsUnavailable),
}

impl Refusal for FindCredentialError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotPermitted => ErrorKind::Forbidden,
            Self::Unavailable(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotPermitted => "FORBIDDEN",
            Self::Unavailable(error) => error.code(),
        }
    }
}

pub(crate) struct FindApiKeyHandler(pub Arc<dyn CredentialSource>);

#[async_trait]
impl QueryHandler<FindApiKey> for FindApiKeyHandler {
    async fn handle(&self, call: &Call, query: FindApiKey) -> Result<Option<StoredKey>, FindCredentialError> {
        if !matches!(call.actor(), Actor::System(_)) {
            return Err(FindCredentialError::NotPermitted);
        }
        Ok(self.0.key(query.hash).await?)
    }
}
