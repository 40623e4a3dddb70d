//! What is compared of members between contexts.

use serde::{Deserialize, Serialize};

use crate::ids::UserId;

/// A member as users has them, or as another context was told of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KnownMember {
    pub id: UserId,
    /// Empty once they are gone.
    pub name: String,
    /// `None`: it is not kept.
    pub active: Option<bool>,
    /// They left.
    pub gone: bool,
    /// Of their profile; 0: only the registration was told.
    pub version: i64,
}
