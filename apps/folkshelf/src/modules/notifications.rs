//! notifications, as the host sees it.

use std::sync::Arc;

use anyhow::Context as _;
use cqrs::{CommandBusBuilder, Crossing, MissingHandler, QueryBusBuilder};
use event_bus::{Family, Subscription};
use jiff::tz::TimeZone;
use jobs::Job;
use notifications::{KnownMembers, Notifications};
use read_store::Rebuild;
use sqlx::migrate::Migrator;
use time::Duration;

use crate::background::Background;
use crate::contexts::Context;
use crate::http::edge::host::{Host, Mount, mount};
use crate::http::edge::hot::Hot;
use crate::http::edge::routes::Configure;
use crate::http::notifications::{self as routes, api::NotificationsApi};
use crate::module::{Module, Wired, Wiring};
use crate::ports::{MemberPost, Post};

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

    fn crossings(&self) -> Vec<Crossing> {
        vec![Crossing::query::<KnownMembers>()]
    }

    fn wire(&self, wiring: &Wiring<'_>) -> anyhow::Result<Box<dyn Wired>> {
        let zone = TimeZone::get(&wiring.settings.community.time_zone);
        let (auth, mail) = (&wiring.settings.auth, &wiring.settings.mail);
        let settings = notifications::Settings {
            other_token_secrets: auth.other_token_secrets.clone(),
            letter_delay: Duration::seconds(mail.notification_delay_seconds.into()),
            digest_hour: mail.digest_hour,
            ..notifications::Settings::new(
                zone.context("community.time_zone is not a time zone")?,
                wiring.language()?,
                wiring.settings.http.public_url.as_str(),
                auth.token_secret.clone(),
            )
        };
        let post = Post::new(wiring.settings, wiring.clock)?;
        Ok(Box::new(Notifications::new(
            wiring.pool(Context::Notifications),
            wiring.projection(Context::Notifications),
            Arc::new(MemberPost { post, ports: wiring.ports.clone() }),
            Arc::new(wiring.ports.clone()),
            Arc::clone(wiring.clock),
            settings,
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

    fn start(&self, background: &Background) {
        let letters = self.clone();
        background.run(|until| async move { letters.run_letters(until).await });
    }

    fn jobs(&self) -> Vec<Arc<dyn Job>> {
        Notifications::jobs(self)
    }

    fn api(&self, host: &Host) -> Result<Mount, MissingHandler> {
        Ok(mount(NotificationsApi::new(host)?))
    }
}
