//! What the routes of users send and ask.

use auth::{CreateAccount, FindAccounts, GetAccount};
use books::CountBooks;
use borrowing::CountBorrows;
use cqrs::{Ask, Dispatch, MissingHandler};
use users::{
    AnswerReport, BlockMember, ChangeRole, DeleteUser, GetProfile, GetPublicProfile, GetReport, ListBlocks,
    ListReports, ListRoles, ListUsers, ReportMember, UnblockMember, UpdateProfile, UpdateUser,
};

use crate::http::edge::community::CommunityView;
use crate::http::edge::host::Host;

pub struct UsersApi {
    pub(super) profile: Ask<GetProfile>,
    pub(super) public_profile: Ask<GetPublicProfile>,
    pub(super) list: Ask<ListUsers>,
    pub(super) blocks: Ask<ListBlocks>,
    pub(super) reports: Ask<ListReports>,
    pub(super) report: Ask<GetReport>,
    pub(super) roles: Ask<ListRoles>,
    pub(super) account: Ask<GetAccount>,
    pub(super) find_accounts: Ask<FindAccounts>,
    pub(super) count_books: Ask<CountBooks>,
    pub(super) count_borrows: Ask<CountBorrows>,
    pub(super) create: Dispatch<CreateAccount>,
    pub(super) update_profile: Dispatch<UpdateProfile>,
    pub(super) update: Dispatch<UpdateUser>,
    pub(super) block: Dispatch<BlockMember>,
    pub(super) unblock: Dispatch<UnblockMember>,
    pub(super) file_report: Dispatch<ReportMember>,
    pub(super) answer_report: Dispatch<AnswerReport>,
    pub(super) change_role: Dispatch<ChangeRole>,
    pub(super) delete: Dispatch<DeleteUser>,
    pub(super) community: CommunityView,
}

impl UsersApi {
    pub fn new(host: &Host) -> Result<Self, MissingHandler> {
        let (commands, queries) = (&host.commands, &host.queries);
        Ok(Self {
            profile: queries.asking()?,
            public_profile: queries.asking()?,
            list: queries.asking()?,
            blocks: queries.asking()?,
            reports: queries.asking()?,
            report: queries.asking()?,
            roles: queries.asking()?,
            account: queries.asking()?,
            find_accounts: queries.asking()?,
            count_books: queries.asking()?,
            count_borrows: queries.asking()?,
            create: commands.dispatch()?,
            update_profile: commands.dispatch()?,
            update: commands.dispatch()?,
            block: commands.dispatch()?,
            unblock: commands.dispatch()?,
            file_report: commands.dispatch()?,
            answer_report: commands.dispatch()?,
            change_role: commands.dispatch()?,
            delete: commands.dispatch()?,
            community: host.community.clone(),
        })
    }
}
