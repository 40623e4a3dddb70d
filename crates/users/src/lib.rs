//! Members: their profiles, their roles, and what roles permit.
//!
//! | a use case | its file |
//! |---|---|
//! | change one's own profile | `commands/update_profile.rs` |
//! | change a member as an administrator | `commands/update_user.rs` |
//! | give a member a role | `commands/change_role.rs` |
//! | delete a member, or oneself | `commands/delete_user.rs` |
//! | a profile, whole or its public part | `queries/get_profile.rs`, `queries/get_public_profile.rs` |
//! | block a member, take it back; whom one blocks | `commands/block_member.rs`, `commands/unblock_member.rs`, `queries/list_blocks.rs` |
//! | report a member, answer that; reports | `commands/report_member.rs`, `commands/answer_report.rs`, `queries/list_reports.rs`, `queries/get_report.rs`, `reports.rs` |
//! | the members | `queries/list_users.rs` |
//! | how many there were at the end of a month | `queries/count_members.rs` |
//! | what other contexts know wrongly is told again | `commands/retell_member.rs`, `queries/walk_members.rs` |
//! | the roles and what they permit | `queries/list_roles.rs` |
//! | what is asked of others at once | `ports.rs` |

mod audit;
mod commands;
mod context;
mod domain;
mod member;
mod names;
mod ports;
mod queries;
mod reports;
mod subscribers;
mod view;

pub use commands::{
    AnswerReport, AnswerReportError, AnsweredReportView, BlockMember, BlockMemberError, ChangeRole, ChangeRoleError,
    DeleteUser, DeleteUserError, FiledReportView, Measure, Proof, ReportMember, ReportMemberError, RetellMember,
    RetellMemberError, UnblockMember, UnblockMemberError, UpdateProfile, UpdateProfileError, UpdateUser,
    UpdateUserError,
};
pub use context::{MIGRATIONS, PUBLISHES, Users};
pub use domain::{Preferences, TimeZoneName};
pub use member::MemberRefused;
pub use ports::{CloseRefused, LendingGate, LoanParties, PasswordCheck, PortError};
pub use queries::{
    BlockView, BlockedUser, CountMembers, CountMembersError, GetProfile, GetProfileError, GetPublicProfile,
    GetPublicProfileError, GetReport, GetReportError, ListBlocks, ListBlocksError, ListReports, ListReportsError,
    ListRoles, ListRolesError, ListUsers, ListUsersError, MemberCounts, ReportWarnings, ReportWarningsError, Reports,
    RoleView, UserSort, WalkMembers, WalkMembersError,
};
pub use reports::{ReportState, ReportView, ReportedPart};
pub use view::{ProfileView, PublicProfileView};
