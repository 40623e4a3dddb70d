//! notifications, as the host sees it.

use std::sync::Arc;

use anyhow::Context as _;
use cqrs::{CommandBusBuilder, MissingHandler, QueryBusBuilder};
use event_bus::{Family, Subscription};
use jiff::tz::TimeZone;
use notifications::Notifications;
use read_store::Rebuild;
use sqlx::migrate::Migrator;

use crate::contexts::Context;
use crate::http::edge::host::{Host, Mount, mount};
use crate::http::edge::hot::Hot;
use crate::http::edge::routes::Configure;
use crate::http::notifications::{self as routes, api::NotificationsApi};
use crate::module::{Module, Wired, Wiring};

pub struct NotificationsModule;

impl Module for NotificationsModule {
    fn migrations(&self) -> &'static Migrator {
        &notifications::MIGRATIONS
    }

    fn publishes(&self) -> Family {
        notifications::PUBLISHES
    }

    fn routes(&self) -> Configure {
        routes::configure
    }

    /// One's own inbox.
    fn hot(&self) -> Option<Hot> {
        let paths = &["/notifications", "/notifications/unread-count"];
        Some(Hot { paths, personal: true, sees_more: |_| false, weight: 1 })
    }

    fn wire(&self, wiring: &Wiring<'_>) -> anyhow::Result<Box<dyn Wired>> {
        let zone = TimeZone::get(&wiring.settings.community.time_zone);
        Ok(Box::new(Notifications::new(
            wiring.pool(Context::Notifications),
            wiring.projection(Context::Notifications),
            zone.context("community.time_zone is not a time zone")?,
            wiring.language()?,
        )))
    }
}

impl Wired for Notifications {
    fn register(&self, commands: &mut CommandBusBuilder, queries: &mut QueryBusBuilder) {
        Notifications::register(self, commands, queries);
    }

    fn subscriptions(&self) -> Vec<Subscription> {
        Notifications::subscriptions(self)
    }

    fn rebuild(&self) -> Arc<dyn Rebuild> {
        Notifications::rebuild(self)
    }

    fn api(&self, host: &Host) -> Result<Mount, MissingHandler> {
        Ok(mount(NotificationsApi::new(host)?))
    }
}
