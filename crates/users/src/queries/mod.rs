//! What is asked about members; one question a file.

mod count_members;
mod get_profile;
mod get_public_profile;
mod get_report;
mod list_blocks;
mod list_reports;
mod list_roles;
mod list_users;
mod report_warnings;
mod walk_members;

pub(crate) use count_members::CountMembersHandler;
pub use count_members::{CountMembers, CountMembersError, MemberCounts};
pub(crate) use get_profile::GetProfileHandler;
pub use get_profile::{GetProfile, GetProfileError};
pub(crate) use get_public_profile::GetPublicProfileHandler;
pub use get_public_profile::{GetPublicProfile, GetPublicProfileError};
pub(crate) use get_report::GetReportHandler;
pub use get_report::{GetReport, GetReportError};
pub(crate) use list_blocks::ListBlocksHandler;
pub use list_blocks::{BlockView, BlockedUser, ListBlocks, ListBlocksError};
pub(crate) use list_reports::ListReportsHandler;
pub use list_reports::{ListReports, ListReportsError, Reports};
pub(crate) use list_roles::ListRolesHandler;
pub use list_roles::{ListRoles, ListRolesError, RoleView};
pub(crate) use list_users::ListUsersHandler;
pub use list_users::{ListUsers, ListUsersError, UserSort};
pub(crate) use report_warnings::ReportWarningsHandler;
pub use report_warnings::{ReportWarnings, ReportWarningsError};
pub(crate) use walk_members::WalkMembersHandler;
pub use walk_members::{WalkMembers, WalkMembersError};
