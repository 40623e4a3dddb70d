//! Borrowing: who may have which copy, for how long, and who comes next.
//!
//! | a use case | its file |
//! |---|---|
//! | ask for a book | `commands/request_borrow.rs` |
//! | answer: yes, no, never mind | `commands/approve_borrow.rs`, `reject_borrow.rs`, `cancel_borrow.rs` |
//! | give it from hand to hand | `commands/hand_over.rs` |
//! | keep it longer | `commands/request_extension.rs`, `answer_extension.rs` |
//! | bring it back | `commands/declare_return.rs`, `return_borrow.rs` |
//! | trouble | `commands/mark_not_received.rs`, `report_lost.rs`, `resolve_dispute.rs` |
//! | a book or a member leaves | `commands/withdraw_book.rs`, `close_member.rs` |
//! | talk about it | `commands/send_message.rs`, `mark_messages_read.rs`, `queries/list_messages.rs`, `messages.rs` |
//! | moderators read along after a report | `reports.rs`, `queries/borrow_parties.rs` |
//! | look | `queries/get_borrow.rs`, `list_borrows.rs`, `borrow_timeline.rs`, `count_borrows.rs`, `lending_outlook.rs` |
//! | rows held against what events tell | `audit.rs` |
//! | the figures of a month | `queries/count_lending.rs` |
//! | one's days in a calendar program | `queries/borrow_calendar.rs`, `member_calendar.rs`, `commands/open_calendar_feed.rs`, `end_calendar_feed.rs` |
//! | the rules | `domain/`, pure |
//! | a row of the table and the borrow it stands for | `row.rs` |
//! | what follows from a change | `transition.rs` |
//! | what time does | `scheduler.rs` |
//! | hearing the other contexts, and asking books | `subscribers.rs`, `ports.rs` |
//! | the borrows in Redis | `view.rs` |

mod agenda;
mod audit;
mod blocks;
mod calendar_feed;
mod commands;
mod context;
mod desk;
mod domain;
mod members;
mod messages;
mod ports;
mod queries;
mod reports;
mod row;
mod scheduler;
mod store;
mod subscribers;
mod transition;
mod view;

pub use agenda::Written;
pub use commands::{
    AnswerExtension, ApproveBorrow, CalendarFeedError, CancelBorrow, CloseMember, CloseMemberError, DeclareReturn,
    EndCalendarFeed, HandOver, MarkMessagesRead, MarkNotReceived, OpenCalendarFeed, OpenedCalendarFeed, RejectBorrow,
    ReportLost, RequestBorrow, RequestBorrowError, RequestExtension, ResolveDispute, ReturnBorrow, SendMessage,
    WithdrawBook, WithdrawBookError,
};
pub use context::{Borrowing, MIGRATIONS, PUBLISHES};
pub use domain::{BorrowSnapshot, BorrowStatus, CommunityZone, LendingRules, Refused, UnknownTimeZone};
pub use messages::{AuthorPart, MessageView};
pub use ports::{BookSource, BooksUnavailable, ListedBook};
pub use queries::{
    BorrowCalendar, BorrowCalendarError, BorrowParties, BorrowPartiesError, BorrowTimeline, BorrowTimelineError,
    CountBorrows, CountBorrowsError, CountLending, CountLendingError, Counts, GetBorrow, GetBorrowError,
    GetCalendarFeed, Happening, KnownMembers, KnownMembersError, LendingCounts, LendingOutlook, LendingOutlookError,
    ListBorrows, ListBorrowsError, ListMessages, ListMessagesError, MemberCalendar, MemberCalendarError, Outlook,
    OwnBorrow, Role,
};
pub use transition::TransitionError;
pub use view::{BookPart, BorrowView, MemberPart, Outcome, ResolutionPart};
