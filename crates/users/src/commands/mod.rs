//! What changes members; one use case a file.

mod answer_report;
mod block_member;
mod change_role;
mod delete_user;
mod report_member;
mod retell_member;
mod unblock_member;
mod update_profile;
mod update_user;

pub(crate) use answer_report::AnswerReportHandler;
pub use answer_report::{AnswerReport, AnswerReportError, AnsweredReportView, Measure};
pub(crate) use block_member::BlockMemberHandler;
pub use block_member::{BlockMember, BlockMemberError};
pub(crate) use change_role::ChangeRoleHandler;
pub use change_role::{ChangeRole, ChangeRoleError};
pub(crate) use delete_user::DeleteUserHandler;
pub use delete_user::{DeleteUser, DeleteUserError, Proof};
pub(crate) use report_member::ReportMemberHandler;
pub use report_member::{FiledReportView, ReportMember, ReportMemberError};
pub(crate) use retell_member::RetellMemberHandler;
pub use retell_member::{RetellMember, RetellMemberError};
pub(crate) use unblock_member::UnblockMemberHandler;
pub use unblock_member::{UnblockMember, UnblockMemberError};
pub(crate) use update_profile::UpdateProfileHandler;
pub use update_profile::{UpdateProfile, UpdateProfileError};
pub(crate) use update_user::UpdateUserHandler;
pub use update_user::{UpdateUser, UpdateUserError};
