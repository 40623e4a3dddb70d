//! An error has a kind, a stable code, details and a cause. Which HTTP status a kind becomes is the host's business.

use serde::{Deserialize, Serialize};

/// What sort of trouble it is, and so what a caller can do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The input breaks a rule of form; `details` names each field.
    Invalid,
    /// We do not know who is asking.
    Unauthenticated,
    /// We know, and they may not.
    Forbidden,
    /// It does not exist, or not for this caller to know of.
    NotFound,
    /// A rule or a race refuses it; `details` carries the present state.
    Conflict,
    /// The caller's version of the thing is not the present one.
    VersionMismatch,
    /// The body is larger than allowed.
    TooLarge,
    /// Something we need is away; the same call may work later.
    Unavailable,
    /// Our fault. The message stays in the log, the caller gets a trace id.
    Internal,
}

/// One named fact about a refusal: a field and what is wrong with it, or a part of the present state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    pub field: String,
    pub message: String,
}

impl Detail {
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

/// What a command or query answers when it does not do what was asked. A refusal's text is meant for the caller:
/// it never holds SQL, a path, or another person's address. For `Internal` and `Unavailable` the host shows a text
/// of its own and logs this one with its sources.
pub trait Refusal: std::error::Error + Send + Sync + 'static {
    fn kind(&self) -> ErrorKind;

    /// Stable, in capitals, as in `BOOK_ON_LOAN`. Programs may match on it.
    fn code(&self) -> &'static str;

    fn details(&self) -> Vec<Detail> {
        Vec::new()
    }
}
