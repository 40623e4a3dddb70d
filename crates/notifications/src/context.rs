//! The entry point: what the host wires.

use std::sync::Arc;

use auth_events::AuthEvent;
use books_events::BookEvent;
use borrowing_events::BorrowEvent;
use cqrs::{CommandBusBuilder, QueryBusBuilder};
use database::Database;
use event_bus::{Family, Subscription};
use jiff::tz::TimeZone;
use notifications_events::NotificationEvent;
use read_store::{Projection, Rebuild};
use users_events::UserEvent;
use wording::Language;

use crate::commands::{
    DeleteNotification, DeleteNotificationHandler, DeleteRead, DeleteReadHandler, MarkAllRead, MarkAllReadHandler,
    MarkRead, MarkReadHandler,
};
use crate::domain::Pen;
use crate::queries::{
    ListNotifications, ListNotificationsHandler, NotificationsSince, NotificationsSinceHandler, UnreadCount,
    UnreadCountHandler,
};
use crate::subscribers::Subscriber;
use crate::told::Reader;
use crate::view::View;

/// What notifications tells the others.
pub const PUBLISHES: Family = Family::of::<NotificationEvent>();

/// The schema `notifications`, run as the role `folkshelf_notifications`.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations/notifications");

/// The notifications context. Cheap to clone.
#[derive(Clone)]
pub struct Notifications {
    pool: Database,
    view: View,
    pen: Pen,
}

impl Notifications {
    /// `pool` is that of the role `folkshelf_notifications`, `projection` the one named `notifications`, `zone` and
    /// `language` the community's: due dates are told in the one, members whose language is not known read the other.
    pub fn new(pool: impl Into<Database>, projection: Projection, zone: TimeZone, language: Language) -> Self {
        let pool = pool.into();
        let view = View::new(pool.clone(), projection);
        Self { pool, view, pen: Pen { zone, language } }
    }

    pub fn register(&self, commands: &mut CommandBusBuilder, queries: &mut QueryBusBuilder) {
        let (pool, view) = (&self.pool, &self.view);
        let reader = Reader::new(pool.clone(), self.pen.clone());
        commands.register::<MarkRead>(pool, MarkReadHandler::new(pool.clone(), reader.clone()));
        commands.register::<MarkAllRead>(pool, MarkAllReadHandler::new(pool.clone()));
        commands.register::<DeleteNotification>(pool, DeleteNotificationHandler::new(pool.clone()));
        commands.register::<DeleteRead>(pool, DeleteReadHandler::new(pool.clone()));
        queries.register::<ListNotifications>(
            pool,
            ListNotificationsHandler::new(pool.clone(), view.clone(), reader.clone()),
        );
        queries.register::<UnreadCount>(pool, UnreadCountHandler::new(pool.clone(), view.clone()));
        queries.register::<NotificationsSince>(pool, NotificationsSinceHandler::new(pool.clone(), reader));
    }

    pub fn subscriptions(&self) -> Vec<Subscription> {
        let subscriber = Subscriber { language: self.pen.language };
        vec![
            Subscription::hear("notifications", self.pool.pool().clone(), subscriber)
                .consumes_together::<BorrowEvent>()
                .consumes::<BookEvent>()
                .consumes::<UserEvent>()
                .consumes::<AuthEvent>()
                .into(),
            Subscription::show("notifications.view", self.view.clone())
                .consumes::<NotificationEvent>()
                .consumes::<BorrowEvent>()
                .consumes::<UserEvent>()
                .consumes::<AuthEvent>()
                .after("notifications"),
        ]
    }

    /// All inboxes, for the read store to build the projection from.
    pub fn rebuild(&self) -> Arc<dyn Rebuild> {
        Arc::new(self.view.clone())
    }
}
