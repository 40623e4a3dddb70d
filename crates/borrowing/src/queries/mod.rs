//! One file per query.

mod borrow_calendar;
mod borrow_parties;
mod borrow_timeline;
mod count_borrows;
mod count_lending;
mod get_borrow;
mod get_calendar_feed;
mod known_members;
mod lending_outlook;
mod list_borrows;
mod list_messages;
mod member_calendar;

pub use borrow_calendar::{BorrowCalendar, BorrowCalendarError};
pub use borrow_parties::{BorrowParties, BorrowPartiesError};
pub use borrow_timeline::{BorrowTimeline, BorrowTimelineError, Happening};
pub use count_borrows::{CountBorrows, CountBorrowsError, Counts};
pub use count_lending::{CountLending, CountLendingError, LendingCounts};
pub use get_borrow::{GetBorrow, GetBorrowError};
pub use get_calendar_feed::GetCalendarFeed;
pub use lending_outlook::{LendingOutlook, LendingOutlookError, Outlook, OwnBorrow};
pub use list_borrows::{ListBorrows, ListBorrowsError, Role};
pub use list_messages::{ListMessages, ListMessagesError};
pub use member_calendar::{MemberCalendar, MemberCalendarError};

pub(crate) use borrow_calendar::BorrowCalendarHandler;
pub(crate) use borrow_parties::BorrowPartiesHandler;
pub(crate) use borrow_timeline::BorrowTimelineHandler;
pub(crate) use count_borrows::CountBorrowsHandler;
pub(crate) use count_lending::CountLendingHandler;
pub(crate) use get_borrow::GetBorrowHandler;
pub(crate) use get_calendar_feed::GetCalendarFeedHandler;
pub(crate) use known_members::KnownMembersHandler;
pub use known_members::{KnownMembers, KnownMembersError};
pub(crate) use lending_outlook::LendingOutlookHandler;
pub(crate) use list_borrows::ListBorrowsHandler;
pub(crate) use list_messages::ListMessagesHandler;
pub(crate) use member_calendar::MemberCalendarHandler;
