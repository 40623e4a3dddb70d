//! Commands change something, queries answer something. They are the only way into a context.

use serde::{Serialize, de::DeserializeOwned};

use crate::error::Refusal;

/// A wish to change something. It serialises so that the same command under the same idempotency key can be told
/// from another one, and clones so that it can start over after a serialization failure.
pub trait Command: Serialize + Clone + Send + Sync + 'static {
    /// In snake case, equal to the file it lives in: `delete_book`.
    const NAME: &'static str;

    /// Whether its answer may be stored for 24 h to be given again. Not for answers that hold secrets.
    const REPEATABLE: bool = true;

    /// How long its handler may take.
    const TIMEOUT: std::time::Duration = std::time::Duration::from_secs(10);

    type Output: Serialize + DeserializeOwned + Send + 'static;
    type Error: Refusal;
}

/// A question that changes nothing.
pub trait Query: Send + Sync + 'static {
    /// In snake case, equal to the file it lives in: `get_book`.
    const NAME: &'static str;

    type Answer: Send + 'static;
    type Error: Refusal;
}
