//! What users asks of others and cannot wait for an event to learn. The host supplies the adapters.

use async_trait::async_trait;
use cqrs::Caller;
use kernel::{BorrowId, Detail, ErrorKind, Refusal, UserId};

/// Another context could not be asked, or failed.
#[derive(Debug, thiserror::Error)]
#[error("another part of Folkshelf did not answer")]
pub struct PortError {
    pub kind: ErrorKind,
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

impl PortError {
    pub fn new(refusal: impl Refusal) -> Self {
        Self { kind: refusal.kind(), source: Box::new(refusal) }
    }
}

/// Why a member may not leave yet.
#[derive(Debug, thiserror::Error)]
pub enum CloseRefused {
    /// The member holds somebody's book, or somebody holds theirs; `details` tell what is open.
    #[error("there are open loans")]
    OpenLoans { details: Vec<Detail> },
    #[error(transparent)]
    Port(#[from] PortError),
}

/// The rule that nobody leaves with open loans belongs to whoever keeps the loans.
#[async_trait]
pub trait LendingGate: Send + Sync + 'static {
    /// From now on the member neither asks nor is asked for anything, and what waited is cancelled. May be called again.
    async fn close_member(&self, user: UserId, caller: &Caller) -> Result<(), CloseRefused>;
}

/// Passwords are known to auth alone.
#[async_trait]
pub trait PasswordCheck: Send + Sync + 'static {
    async fn is_password_of(&self, user: UserId, password: &str, caller: &Caller) -> Result<bool, PortError>;
}

/// Whose a borrow is, borrowing knows.
#[async_trait]
pub trait LoanParties: Send + Sync + 'static {
    /// Whether these are the owner and the borrower, in whatever order. `false` also where there is no such borrow.
    async fn are_the_two(&self, borrow: BorrowId, members: [UserId; 2], caller: &Caller) -> Result<bool, PortError>;
}
