use bibliography::table::LeftOut;
use serde::{Deserialize, Serialize};

/// Why a row is not on the shelf although nothing is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LeftOutReason {
    /// The shelf held the book before.
    AlreadyOnShelf,
    /// An earlier row of the file is the same book.
    TwiceInFile,
    /// It stands on a shelf, list or status whose books the member does not own.
    NotOwned,
    /// The other program keeps it as deleted.
    Deleted,
    /// It is a film, a record or a game.
    NotABook,
    /// The shelf holds as many books as it may. It can be added once there is room.
    ShelfFull,
}

impl From<LeftOut> for LeftOutReason {
    fn from(reason: LeftOut) -> Self {
        match reason {
            LeftOut::NotOwned => Self::NotOwned,
            LeftOut::Deleted => Self::Deleted,
            LeftOut::NotABook => Self::NotABook,
        }
    }
}
