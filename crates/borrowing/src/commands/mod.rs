//! One file per command.

mod answer_extension;
mod approve_borrow;
mod cancel_borrow;
mod close_member;
mod declare_return;
mod hand_over;
mod mark_not_received;
mod reject_borrow;
mod report_lost;
mod request_borrow;
mod request_extension;
mod resolve_dispute;
mod return_borrow;
mod withdraw_book;

pub use answer_extension::AnswerExtension;
pub use approve_borrow::ApproveBorrow;
pub use cancel_borrow::CancelBorrow;
pub use close_member::{CloseMember, CloseMemberError};
pub use declare_return::DeclareReturn;
pub use hand_over::HandOver;
pub use mark_not_received::MarkNotReceived;
pub use reject_borrow::RejectBorrow;
pub use report_lost::ReportLost;
pub use request_borrow::{RequestBorrow, RequestBorrowError};
pub use request_extension::RequestExtension;
pub use resolve_dispute::ResolveDispute;
pub use return_borrow::ReturnBorrow;
pub use withdraw_book::{WithdrawBook, WithdrawBookError};

pub(crate) use answer_extension::AnswerExtensionHandler;
pub(crate) use approve_borrow::ApproveBorrowHandler;
pub(crate) use cancel_borrow::CancelBorrowHandler;
pub(crate) use close_member::CloseMemberHandler;
pub(crate) use declare_return::DeclareReturnHandler;
pub(crate) use hand_over::HandOverHandler;
pub(crate) use mark_not_received::MarkNotReceivedHandler;
pub(crate) use reject_borrow::RejectBorrowHandler;
pub(crate) use report_lost::ReportLostHandler;
pub(crate) use request_borrow::RequestBorrowHandler;
pub(crate) use request_extension::RequestExtensionHandler;
pub(crate) use resolve_dispute::ResolveDisputeHandler;
pub(crate) use return_borrow::ReturnBorrowHandler;
pub(crate) use withdraw_book::WithdrawBookHandler;
