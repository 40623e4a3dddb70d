//! The checks that requests pass before their caller is known, in every process, whether or not auth runs in it.

use std::sync::Arc;

use kernel::Clock;
use read_store::Projection;
use tokio_util::sync::CancellationToken;

use crate::access_token::AccessTokens;
use crate::api_keys::ApiKeys;
use crate::credentials::{CredentialSource, CredentialsUnavailable};
use crate::key_uses::KeyUses;
use crate::session::SigningError;
use crate::sessions::{AuthenticateError, Sessions};
use crate::settings::Settings;
use crate::view::{Authenticated, KeyHolder, Shown};

/// Whose a token or an API key is. Not queries on the bus, because they come before the caller is known. Cheap to clone.
#[derive(Clone)]
pub struct CredentialCheck {
    tokens: AccessTokens,
    sessions: Sessions,
    keys: ApiKeys,
    key_uses: KeyUses,
}

impl CredentialCheck {
    /// `projection` is the one named `auth`; `source` leads to the process that runs auth.
    pub fn new(
        projection: Projection,
        source: Arc<dyn CredentialSource>,
        clock: Arc<dyn Clock>,
        settings: &Settings,
    ) -> Result<Self, SigningError> {
        Ok(Self::with(AccessTokens::new(settings)?, Shown::new(projection), source, clock))
    }

    pub(crate) fn with(
        tokens: AccessTokens,
        shown: Shown,
        source: Arc<dyn CredentialSource>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let key_uses = KeyUses::new(Arc::clone(&source));
        Self {
            sessions: Sessions::new(tokens.clone(), Arc::clone(&source), shown.clone(), Arc::clone(&clock)),
            keys: ApiKeys::new(source, shown, clock, key_uses.clone()),
            key_uses,
            tokens,
        }
    }

    /// Whose session it is and their role now.
    pub async fn authenticate(&self, access_token: &str) -> Result<Arc<Authenticated>, AuthenticateError> {
        self.sessions.authenticate(access_token).await
    }

    /// As [`Self::authenticate`], as far as this process knows the token from before and its session has not changed.
    pub fn known(&self, access_token: &str) -> Option<Arc<Authenticated>> {
        self.sessions.known(access_token)
    }

    /// The public keys with which access tokens can be checked, as a JSON Web Key Set.
    pub fn public_keys(&self) -> Result<serde_json::Value, SigningError> {
        Ok(serde_json::to_value(self.tokens.public_keys()).map_err(jsonwebtoken::errors::Error::from)?)
    }

    /// As [`Self::authenticate`], for a program's API key.
    pub async fn authenticate_key(&self, key: &str) -> Result<Arc<KeyHolder>, AuthenticateError> {
        self.keys.authenticate(key).await
    }

    /// As [`Self::known`], for a program's API key.
    pub fn known_key(&self, key: &str) -> Option<Arc<KeyHolder>> {
        self.keys.known(key)
    }

    /// Writes when keys were last used until `shutdown`. Every process runs it for the requests that it has had.
    pub async fn run_key_uses(&self, shutdown: CancellationToken) {
        self.key_uses.run(shutdown).await;
    }

    /// Writes now when keys were last used; returns how many it moved.
    pub async fn write_key_uses(&self) -> Result<u64, CredentialsUnavailable> {
        self.key_uses.write().await
    }
}
