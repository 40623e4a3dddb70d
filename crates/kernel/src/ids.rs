//! One type per kind of id, so that a book's id cannot be passed where a borrow's is meant.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::{NoContext, Timestamp, Uuid};

/// UUID v7 whose time part is `now`, so ids sort by the clock that came in from outside.
fn v7_at(now: OffsetDateTime) -> Uuid {
    let seconds = u64::try_from(now.unix_timestamp()).unwrap_or(0);
    Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, now.nanosecond()))
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(transparent)]
        #[cfg_attr(feature = "openapi", schema(value_type = Uuid))]
        pub struct $name(Uuid);

        impl $name {
            /// A new id whose time part is `now`.
            pub fn new(now: OffsetDateTime) -> Self {
                Self(v7_at(now))
            }

            /// The bare UUID, as SQL wants it.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

ids! {
    /// A member, in every context. Given by auth at registration.
    UserId,
    /// One signed-in device of a member.
    SessionId,
    /// One key with which a member's programs use the API.
    ApiKeyId,
    /// One physical book that a member owns; borrowing calls it a copy.
    BookId,
    /// One request for a copy and the loan that may come of it.
    BorrowId,
    /// What somebody wrote to the other party of a borrow.
    MessageId,
    /// What a member tells the moderators about another.
    ReportId,
    /// One line in a member's inbox.
    NotificationId,
    /// One uploaded CSV file on its way into a shelf.
    ImportId,
    /// One event in the log.
    EventId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_the_time_they_were_given() {
        let earlier = BookId::new(OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(10));
        let later = BookId::new(OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(11));
        assert!(earlier < later);
        assert_eq!(earlier.uuid().get_version_num(), 7);
    }
}
