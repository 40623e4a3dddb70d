//! borrowing, as the host sees it.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use borrowing::{
    BorrowParties, Borrowing, CloseMember, CountBorrows, CountLending, KnownMembers, LendingOutlook, LendingRules,
    WithdrawBook, Written,
};
use cqrs::{CommandBusBuilder, Crossing, MissingHandler, QueryBusBuilder};
use event_bus::{Audited, Family, Subscription};
use jobs::Job;
use kernel::Clock;
use read_store::Rebuild;
use sqlx::migrate::Migrator;
use time::OffsetDateTime;

use crate::background::Background;
use crate::contexts::Context;
use crate::http::borrowing::{self as routes, api::BorrowingApi};
use crate::http::edge::host::{Host, Mount, mount};
use crate::http::edge::hot::Hot;
use crate::http::edge::routes::Configure;
use crate::module::{Module, Wired, Wiring};

/// How often borrows are looked at for what time has done to them.
const SCHEDULE: Duration = Duration::from_secs(30);

pub struct BorrowingModule;

impl Module for BorrowingModule {
    fn migrations(&self) -> &'static Migrator {
        &borrowing::MIGRATIONS
    }

    fn publishes(&self) -> Family {
        borrowing::PUBLISHES
    }

    fn routes(&self) -> Configure {
        routes::configure
    }

    /// One's own borrows.
    fn hot(&self) -> Option<Hot> {
        Some(Hot { paths: &["/borrows"], personal: true, sees_more: |_| false, weight: 1 })
    }

    fn crossings(&self) -> Vec<Crossing> {
        vec![
            Crossing::command_twice_is_once::<CloseMember>(),
            Crossing::command_twice_is_once::<WithdrawBook>(),
            Crossing::query::<BorrowParties>(),
            Crossing::query::<CountBorrows>(),
            Crossing::query::<CountLending>(),
            Crossing::query::<KnownMembers>(),
            Crossing::query::<LendingOutlook>(),
        ]
    }

    fn wire(&self, wiring: &Wiring<'_>) -> anyhow::Result<Box<dyn Wired>> {
        let community = &wiring.settings.community;
        let rules = LendingRules {
            zone: community.time_zone.parse().context("community.time_zone is not a time zone")?,
            max_open_requests: community.max_open_requests,
            max_requests_a_day: community.max_requests_a_day,
            cool_down: community.cool_down,
            max_messages_an_hour: community.max_messages_an_hour,
            max_messages_a_day: community.max_messages_a_day,
            max_messages_a_borrow: community.max_messages_a_loan,
            extension_limit: u16::try_from(community.max_extensions).unwrap_or(u16::MAX),
            auto_extend: community.auto_extend,
            ..LendingRules::default()
        };
        let borrowing = Borrowing::new(
            wiring.pool(Context::Borrowing),
            wiring.projection(Context::Borrowing),
            wiring.events.own(),
            Arc::new(wiring.ports.clone()),
            rules,
        );
        let written = Written { language: wiring.language()?, public_url: wiring.settings.http.public_url.clone() };
        Ok(Box::new(WiredBorrowing { borrowing, written, clock: Arc::clone(wiring.clock) }))
    }
}

struct WiredBorrowing {
    borrowing: Borrowing,
    written: Written,
    clock: Arc<dyn Clock>,
}

#[async_trait]
impl Wired for WiredBorrowing {
    fn register(&self, commands: &mut CommandBusBuilder, queries: &mut QueryBusBuilder) {
        self.borrowing.register(commands, queries);
    }

    fn subscriptions(&self) -> Vec<Subscription> {
        self.borrowing.subscriptions()
    }

    fn audited(&self) -> Vec<Arc<dyn Audited>> {
        self.borrowing.audited()
    }

    fn rebuild(&self) -> Arc<dyn Rebuild> {
        self.borrowing.rebuild()
    }

    fn start(&self, background: &Background) {
        let (borrowing, clock) = (self.borrowing.clone(), Arc::clone(&self.clock));
        background.run(|until| async move { borrowing.run_scheduler(clock, SCHEDULE, until).await });
    }

    fn jobs(&self) -> Vec<Arc<dyn Job>> {
        self.borrowing.jobs()
    }

    fn api(&self, host: &Host) -> Result<Mount, MissingHandler> {
        Ok(mount(BorrowingApi::new(host, self.written.clone())?))
    }

    async fn tick(&self, now: OffsetDateTime) -> anyhow::Result<()> {
        self.borrowing.tick(now).await?;
        Ok(())
    }
}
