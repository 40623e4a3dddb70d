//! One file per query.

mod borrow_timeline;
mod count_borrows;
mod get_borrow;
mod lending_outlook;
mod list_borrows;

pub use borrow_timeline::{BorrowTimeline, BorrowTimelineError, Happening};
pub use count_borrows::{CountBorrows, CountBorrowsError, Counts};
pub use get_borrow::{GetBorrow, GetBorrowError};
pub use lending_outlook::{LendingOutlook, LendingOutlookError, Outlook, OwnBorrow};
pub use list_borrows::{ListBorrows, ListBorrowsError, Role};

pub(crate) use borrow_timeline::BorrowTimelineHandler;
pub(crate) use count_borrows::CountBorrowsHandler;
pub(crate) use get_borrow::GetBorrowHandler;
pub(crate) use lending_outlook::LendingOutlookHandler;
pub(crate) use list_borrows::ListBorrowsHandler;
