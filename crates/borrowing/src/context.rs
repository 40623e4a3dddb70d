//! The entry point: what the host wires.

use std::sync::Arc;
use std::time::Duration;

use auth_events::AuthEvent;
use books_events::BookEvent;
use borrowing_events::BorrowEvent;
use cqrs::{CommandBusBuilder, QueryBusBuilder};
use database::Database;
use event_bus::{Audited, Family, OwnEvents, Subscription};
use jobs::Job;
use kernel::Clock;
use read_store::{Projection, Rebuild};
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;
use users_events::UserEvent;

use crate::audit::BorrowRows;
use crate::commands::*;
use crate::desk::Desk;
use crate::domain::LendingRules;
use crate::messages::ForgetMessages;
use crate::ports::BookSource;
use crate::queries::*;
use crate::scheduler::Scheduler;
use crate::subscribers::Subscriber;
use crate::transition::TransitionError;
use crate::view::View;

/// What borrowing tells the others.
pub const PUBLISHES: Family = Family::of::<BorrowEvent>();

/// The schema `borrowing`, run as the role `folkshelf_borrowing`.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations/borrowing");

/// The borrowing context. Cheap to clone.
#[derive(Clone)]
pub struct Borrowing {
    desk: Desk,
    view: View,
    events: OwnEvents<BorrowEvent>,
    books: Arc<dyn BookSource>,
    scheduler: Arc<Scheduler>,
}

impl Borrowing {
    /// `pool` is that of the role `folkshelf_borrowing`, `projection` the one named `borrowing`; `events` is asked for the
    /// history of a borrow, `books` for a book that was listed a moment ago.
    pub fn new(
        pool: impl Into<Database>,
        projection: Projection,
        events: OwnEvents<BorrowEvent>,
        books: Arc<dyn BookSource>,
        rules: LendingRules,
    ) -> Self {
        let pool = pool.into();
        let rules = Arc::new(rules);
        let view = View::new(pool.clone(), projection);
        let scheduler = Arc::new(Scheduler { pool: pool.clone(), rules: Arc::clone(&rules) });
        Self { desk: Desk { pool, rules, view: view.clone() }, view, events, books, scheduler }
    }

    pub fn register(&self, commands: &mut CommandBusBuilder, queries: &mut QueryBusBuilder) {
        let (pool, desk, view) = (&self.desk.pool, &self.desk, &self.view);
        let request = RequestBorrowHandler { desk: desk.clone(), books: Arc::clone(&self.books) };
        commands.register::<RequestBorrow>(pool, request);
        commands.register::<ApproveBorrow>(pool, ApproveBorrowHandler(desk.clone()));
        commands.register::<RejectBorrow>(pool, RejectBorrowHandler(desk.clone()));
        commands.register::<CancelBorrow>(pool, CancelBorrowHandler(desk.clone()));
        commands.register::<HandOver>(pool, HandOverHandler { desk: desk.clone(), view: view.clone() });
        commands.register::<RequestExtension>(pool, RequestExtensionHandler(desk.clone()));
        commands.register::<AnswerExtension>(pool, AnswerExtensionHandler(desk.clone()));
        commands.register::<DeclareReturn>(pool, DeclareReturnHandler(desk.clone()));
        commands.register::<ReturnBorrow>(pool, ReturnBorrowHandler(desk.clone()));
        commands.register::<MarkNotReceived>(pool, MarkNotReceivedHandler(desk.clone()));
        commands.register::<ReportLost>(pool, ReportLostHandler(desk.clone()));
        commands.register::<ResolveDispute>(pool, ResolveDisputeHandler(desk.clone()));
        commands.register::<SendMessage>(pool, SendMessageHandler(desk.clone()));
        commands.register::<MarkMessagesRead>(pool, MarkMessagesReadHandler(desk.clone()));
        commands.register::<WithdrawBook>(pool, WithdrawBookHandler(desk.clone()));
        commands.register::<CloseMember>(pool, CloseMemberHandler(desk.clone()));
        commands.register::<OpenCalendarFeed>(pool, OpenCalendarFeedHandler(desk.clone()));
        commands.register::<EndCalendarFeed>(pool, EndCalendarFeedHandler(desk.clone()));
        queries.register::<GetBorrow>(pool, GetBorrowHandler::new(pool.clone(), view.clone()));
        queries.register::<ListBorrows>(pool, ListBorrowsHandler::new(pool.clone(), view.clone()));
        queries.register::<BorrowTimeline>(pool, BorrowTimelineHandler::new(pool.clone(), self.events.clone()));
        queries.register::<BorrowParties>(pool, BorrowPartiesHandler::new(pool.clone()));
        queries.register::<ListMessages>(pool, ListMessagesHandler::new(pool.clone()));
        queries.register::<LendingOutlook>(pool, LendingOutlookHandler::new(pool.clone()));
        queries.register::<CountBorrows>(pool, CountBorrowsHandler::new(pool.clone(), view.clone()));
        queries.register::<KnownMembers>(pool, KnownMembersHandler(pool.clone()));
        queries.register::<CountLending>(pool, CountLendingHandler(pool.clone()));
        queries.register::<BorrowCalendar>(pool, BorrowCalendarHandler(desk.clone()));
        queries.register::<MemberCalendar>(pool, MemberCalendarHandler(desk.clone()));
        queries.register::<GetCalendarFeed>(pool, GetCalendarFeedHandler(desk.clone()));
    }

    pub fn subscriptions(&self) -> Vec<Subscription> {
        let subscriber = Subscriber::new(Arc::clone(&self.desk.rules));
        vec![
            Subscription::hear("borrowing", self.desk.pool.pool().clone(), subscriber)
                .consumes::<BookEvent>()
                .consumes::<UserEvent>()
                .consumes::<AuthEvent>()
                .into(),
            Subscription::show("borrowing.view", self.view.clone())
                .consumes::<BorrowEvent>()
                .consumes::<BookEvent>()
                .consumes::<UserEvent>()
                .consumes::<AuthEvent>()
                .after("borrowing"),
        ]
    }

    /// Rows that are held against what the log tells.
    pub fn audited(&self) -> Vec<Arc<dyn Audited>> {
        vec![Arc::new(BorrowRows(self.desk.pool.clone()))]
    }

    /// All borrows, for the read store to build the projection from.
    pub fn rebuild(&self) -> Arc<dyn Rebuild> {
        Arc::new(self.view.clone())
    }

    /// Lets requests run out and reminds people, until it is told to stop. May run on every replica.
    pub async fn run_scheduler(&self, clock: Arc<dyn Clock>, every: Duration, shutdown: CancellationToken) {
        self.scheduler.run(every, &*clock, shutdown).await;
    }

    /// What one of the hosts does by the clock, beside the scheduler.
    pub fn jobs(&self) -> Vec<Arc<dyn Job>> {
        vec![Arc::new(ForgetMessages(self.desk.pool.clone()))]
    }

    /// One look at the clock; returns how many requests ran out and reminders were sent.
    pub async fn tick(&self, now: OffsetDateTime) -> Result<u64, TransitionError> {
        Ok(self.scheduler.tick(now).await?.changes())
    }
}
