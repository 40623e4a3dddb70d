//! Where a borrow stands.

use serde::{Deserialize, Serialize};

macro_rules! statuses {
    ($($(#[$doc:meta])* $variant:ident = $name:literal),+ $(,)?) => {
        /// Where a borrow stands. "Overdue" is no state: it is an active borrow whose due date is past.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(rename_all = "snake_case")]
        pub enum BorrowStatus { $($(#[$doc])* $variant),+ }

        impl BorrowStatus {
            pub const ALL: &'static [BorrowStatus] = &[$(BorrowStatus::$variant),+];

            /// As stored and as shown.
            pub const fn as_str(self) -> &'static str {
                match self { $(BorrowStatus::$variant => $name),+ }
            }

            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($name => Some(BorrowStatus::$variant),)+ _ => None }
            }
        }
    };
}

statuses! {
    /// The owner may answer it.
    Pending = "pending",
    /// Others come first.
    Queued = "queued",
    /// The copy is held for the borrower until the pick-up date.
    Approved = "approved",
    /// The borrower has the copy.
    Active = "active",
    /// The borrower says that it is back; the owner has not confirmed it.
    ReturnPending = "return_pending",
    /// The two disagree about where the copy is.
    Disputed = "disputed",
    Returned = "returned",
    Rejected = "rejected",
    Cancelled = "cancelled",
    Expired = "expired",
    Lost = "lost",
}

impl BorrowStatus {
    /// Nothing leads out of a closed one.
    pub const fn is_open(self) -> bool {
        self.is_waiting() || self.is_holding()
    }

    /// The copy is promised to, or with, the borrower. At most one borrow of a copy is.
    pub const fn is_holding(self) -> bool {
        matches!(
            self,
            BorrowStatus::Approved | BorrowStatus::Active | BorrowStatus::ReturnPending | BorrowStatus::Disputed
        )
    }

    /// Asked for, and not answered.
    pub const fn is_waiting(self) -> bool {
        matches!(self, BorrowStatus::Pending | BorrowStatus::Queued)
    }
}

impl std::fmt::Display for BorrowStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
