use std::sync::Arc;

use async_trait::async_trait;
use cqrs::{Call, CommandHandler};
use kernel::{Actor, Command};
use serde::{Deserialize, Serialize};

use crate::credentials::KeyUse;
use crate::ports::CredentialSource;
use crate::queries::FindCredentialError;

/// Another process tells when API keys were last used there.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NoteKeyUses {
    pub uses: Vec<KeyUse>,
}

impl Command for NoteKeyUses {
    const NAME: &'static str = "note_key_uses";
    /// Of how many keys it was not known.
    type Output = u64;
    type Error = FindCredentialError;
}

cqrs::travels_as_it_is!(NoteKeyUses);

pub(crate) struct NoteKeyUsesHandler(pub Arc<dyn CredentialSource>);

#[async_trait]
impl CommandHandler<NoteKeyUses> for NoteKeyUsesHandler {
    async fn handle(&self, call: &Call, command: NoteKeyUses) -> Result<u64, FindCredentialError> {
        if !matches!(call.actor(), Actor::System(_)) {
            return Err(FindCredentialError::NotPermitted);
        }
        Ok(self.0.note_uses(command.uses).await?)
    }
}
