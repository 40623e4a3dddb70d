//! The entry point: what the host wires.

use std::sync::Arc;

use auth_events::AuthEvent;
use cqrs::{CommandBusBuilder, QueryBusBuilder};
use database::Database;
use event_bus::{Audited, Family, Subscription};
use jobs::Job;
use kernel::LanguageTag;
use read_store::{Projection, Rebuild};
use tokio_util::sync::CancellationToken;
use users_events::UserEvent;

use crate::audit::MemberRows;
use crate::commands::{
    AnswerReport, AnswerReportHandler, BlockMember, BlockMemberHandler, ChangeRole, ChangeRoleHandler, DeleteUser,
    DeleteUserHandler, ReportMember, ReportMemberHandler, RetellMember, RetellMemberHandler, UnblockMember,
    UnblockMemberHandler, UpdateProfile, UpdateProfileHandler, UpdateUser, UpdateUserHandler,
};
use crate::names;
use crate::ports::{LendingGate, LoanParties, PasswordCheck};
use crate::queries::{
    CountMembers, CountMembersHandler, GetProfile, GetProfileHandler, GetPublicProfile, GetPublicProfileHandler,
    GetReport, GetReportHandler, ListBlocks, ListBlocksHandler, ListReports, ListReportsHandler, ListRoles,
    ListRolesHandler, ListUsers, ListUsersHandler, ReportWarnings, ReportWarningsHandler, WalkMembers,
    WalkMembersHandler,
};
use crate::reports::ForgetReports;
use crate::subscribers::Subscriber;
use crate::view::View;

/// What users tells the others.
pub const PUBLISHES: Family = Family::of::<UserEvent>();

/// The schema `users`, run as the role `folkshelf_users`.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations/users");

/// The users context. Cheap to clone.
#[derive(Clone)]
pub struct Users {
    pool: Database,
    view: View,
    lending: Arc<dyn LendingGate>,
    passwords: Arc<dyn PasswordCheck>,
    loans: Arc<dyn LoanParties>,
    language: LanguageTag,
}

impl Users {
    /// `pool` is that of the role `folkshelf_users`, `projection` the one named `users`, `language` the community's.
    pub fn new(
        pool: impl Into<Database>,
        projection: Projection,
        lending: Arc<dyn LendingGate>,
        passwords: Arc<dyn PasswordCheck>,
        loans: Arc<dyn LoanParties>,
        language: LanguageTag,
    ) -> Self {
        let pool = pool.into();
        let view = View::new(pool.clone(), projection);
        Self { pool, view, lending, passwords, loans, language }
    }

    pub fn register(&self, commands: &mut CommandBusBuilder, queries: &mut QueryBusBuilder) {
        let pool = &self.pool;
        commands.register::<UpdateProfile>(pool, UpdateProfileHandler { pool: pool.clone() });
        commands.register::<UpdateUser>(pool, UpdateUserHandler { pool: pool.clone() });
        commands.register::<ChangeRole>(pool, ChangeRoleHandler { pool: pool.clone() });
        let delete = DeleteUserHandler {
            pool: pool.clone(),
            lending: Arc::clone(&self.lending),
            passwords: Arc::clone(&self.passwords),
        };
        commands.register::<DeleteUser>(pool, delete);
        commands.register::<BlockMember>(pool, BlockMemberHandler { pool: pool.clone() });
        commands.register::<UnblockMember>(pool, UnblockMemberHandler { pool: pool.clone() });
        let report = ReportMemberHandler { pool: pool.clone(), loans: Arc::clone(&self.loans) };
        commands.register::<ReportMember>(pool, report);
        commands.register::<AnswerReport>(pool, AnswerReportHandler { pool: pool.clone() });
        queries.register::<ListReports>(pool, ListReportsHandler { pool: pool.clone() });
        queries.register::<GetReport>(pool, GetReportHandler { pool: pool.clone() });
        queries.register::<ReportWarnings>(pool, ReportWarningsHandler { pool: pool.clone() });
        commands.register::<RetellMember>(pool, RetellMemberHandler { pool: pool.clone() });
        queries.register::<WalkMembers>(pool, WalkMembersHandler { pool: pool.clone() });
        queries.register::<ListBlocks>(pool, ListBlocksHandler { pool: pool.clone() });
        queries.register::<CountMembers>(pool, CountMembersHandler { pool: pool.clone() });
        queries.register::<GetProfile>(pool, GetProfileHandler { view: self.view.clone() });
        queries.register::<GetPublicProfile>(pool, GetPublicProfileHandler { view: self.view.clone() });
        queries.register::<ListUsers>(pool, ListUsersHandler { pool: pool.clone() });
        queries.register::<ListRoles>(pool, ListRolesHandler { pool: pool.clone() });
    }

    pub fn subscriptions(&self) -> Vec<Subscription> {
        vec![
            Subscription::hear("users", self.pool.pool().clone(), Subscriber { language: self.language.clone() })
                .consumes::<AuthEvent>()
                .into(),
            Subscription::show("users.view", self.view.clone())
                .consumes::<UserEvent>()
                .consumes::<AuthEvent>()
                .after("users"),
        ]
    }

    /// Rows that are held against what the log tells.
    pub fn audited(&self) -> Vec<Arc<dyn Audited>> {
        vec![Arc::new(MemberRows(self.pool.clone()))]
    }

    /// All profiles, for the read store to build the projection from.
    pub fn rebuild(&self) -> Arc<dyn Rebuild> {
        Arc::new(self.view.clone())
    }

    /// Folds names that an older version wrote, until the process shuts down.
    pub async fn run_folding(&self, shutdown: CancellationToken) {
        names::run(&self.pool, shutdown).await;
    }

    /// What one of the hosts does by the clock.
    pub fn jobs(&self) -> Vec<Arc<dyn Job>> {
        vec![Arc::new(ForgetReports(self.pool.clone()))]
    }

    /// Folds them once.
    pub async fn fold_names(&self) -> Result<(), sqlx::Error> {
        names::fold_names(&self.pool).await
    }
}
