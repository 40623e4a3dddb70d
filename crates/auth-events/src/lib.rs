//! What auth publishes. Mail addresses, passwords and tokens never leave auth: the log keeps what it is told for ever.

use kernel::{ApiKeyId, LanguageTag, SessionId, UserId};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// Somebody opened an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserRegistered {
    pub user_id: UserId,
    /// Empty once the member is gone: what is replayed then does not know it any more.
    #[serde(default)]
    pub name: String,
    /// That of the program they registered with, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<LanguageTag>,
}

/// The member proved that the mail address is theirs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserVerified {
    pub user_id: UserId,
}

/// Why a session or an API key ended before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevocationReason {
    LoggedOut,
    /// A refresh token was used twice: somebody else has a copy of it.
    RefreshTokenReused,
    PasswordChanged,
    PasswordReset,
    /// The member ended it from another device.
    EndedByMember,
    Deactivated,
    Deleted,
}

/// A session no longer counts, whatever its access token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionRevoked {
    pub user_id: UserId,
    pub session_id: SessionId,
    pub reason: RevocationReason,
}

/// A member made an API key. Neither the key nor what its member calls it is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiKeyCreated {
    pub user_id: UserId,
    pub key_id: ApiKeyId,
    /// Permissions by name, as in `write:book`.
    pub scopes: Vec<String>,
    #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<OffsetDateTime>,
}

/// An API key no longer counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiKeyRevoked {
    pub user_id: UserId,
    pub key_id: ApiKeyId,
    pub reason: RevocationReason,
}

kernel::events! {
    /// Everything auth publishes.
    pub enum AuthEvent of "auth" {
        "user.registered" 1 about "user" by user_id => Registered(UserRegistered),
        "user.verified" 1 about "user" by user_id => Verified(UserVerified),
        "auth.session_revoked" 1 about "session" by session_id => SessionRevoked(SessionRevoked),
        "auth.api_key_created" 1 about "api_key" by key_id => ApiKeyCreated(ApiKeyCreated),
        "auth.api_key_revoked" 1 about "api_key" by key_id => ApiKeyRevoked(ApiKeyRevoked),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_event_writes_what_its_sample_says() {
        kernel::event::assert_samples_hold::<super::AuthEvent>();
    }
}
