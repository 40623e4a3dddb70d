//! The entry point: what the host wires.

use std::sync::Arc;

use auth_events::AuthEvent;
use books_events::BookEvent;
use borrowing_events::BorrowEvent;
use cqrs::{CommandBusBuilder, QueryBusBuilder};
use database::Database;
use event_bus::{Family, Subscription};
use jobs::Job;
use kernel::Clock;
use notifications_events::NotificationEvent;
use read_store::{Projection, Rebuild};
use tokio_util::sync::CancellationToken;
use users_events::UserEvent;
use wording::Language;

use crate::commands::{
    DeleteNotification, DeleteNotificationHandler, DeleteRead, DeleteReadHandler, MarkAllRead, MarkAllReadHandler,
    MarkRead, MarkReadHandler, RetryDelivery, RetryDeliveryHandler, SetPreferences, SetPreferencesHandler, Unsubscribe,
    UnsubscribeHandler,
};
use crate::domain::Pen;
use crate::letters::{LetterWorker, Links, Queue};
use crate::old::{ForgetLetters, ForgetOld};
use crate::ports::{MemberMailer, Warnings};
use crate::queries::{
    GetPreferences, GetPreferencesHandler, KnownMembers, KnownMembersHandler, ListDeliveries, ListDeliveriesHandler,
    ListNotifications, ListNotificationsHandler, NotificationsSince, NotificationsSinceHandler, UnreadCount,
    UnreadCountHandler,
};
use crate::settings::Settings;
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
    reader: Reader,
    /// The community's: of members who did not say theirs.
    language: Language,
    letters: LetterWorker,
}

impl Notifications {
    /// `pool` is that of the role `folkshelf_notifications`, `projection` the one named `notifications`.
    pub fn new(
        pool: impl Into<Database>,
        projection: Projection,
        mailer: Arc<dyn MemberMailer>,
        warnings: Arc<dyn Warnings>,
        clock: Arc<dyn Clock>,
        settings: Settings,
    ) -> Self {
        let pool = pool.into();
        let view = View::new(pool.clone(), projection);
        let pen = Pen { zone: settings.zone.clone(), language: settings.language };
        let reader = Reader::new(pool.clone(), pen, warnings);
        let letters = LetterWorker {
            queue: Queue(pool.clone()),
            reader: reader.clone(),
            mailer,
            clock,
            links: Links::new(&settings.public_url, &settings.token_secret, &settings.other_token_secrets),
            language: settings.language,
            zone: settings.zone,
            delay: settings.letter_delay,
            hour: settings.digest_hour,
        };
        Self { pool, view, reader, language: settings.language, letters }
    }

    pub fn register(&self, commands: &mut CommandBusBuilder, queries: &mut QueryBusBuilder) {
        let (pool, view, reader) = (&self.pool, &self.view, &self.reader);
        commands.register::<MarkRead>(pool, MarkReadHandler::new(pool.clone(), reader.clone()));
        commands.register::<MarkAllRead>(pool, MarkAllReadHandler::new(pool.clone()));
        commands.register::<DeleteNotification>(pool, DeleteNotificationHandler::new(pool.clone()));
        commands.register::<DeleteRead>(pool, DeleteReadHandler::new(pool.clone()));
        commands.register::<SetPreferences>(pool, SetPreferencesHandler(pool.clone()));
        let links = self.letters.links.clone();
        commands.register::<Unsubscribe>(pool, UnsubscribeHandler { pool: pool.clone(), links });
        commands.register::<RetryDelivery>(pool, RetryDeliveryHandler(pool.clone()));
        queries.register::<GetPreferences>(pool, GetPreferencesHandler(pool.clone()));
        queries.register::<KnownMembers>(pool, KnownMembersHandler(pool.clone()));
        queries.register::<ListDeliveries>(pool, ListDeliveriesHandler(pool.clone()));
        queries.register::<ListNotifications>(
            pool,
            ListNotificationsHandler::new(pool.clone(), view.clone(), reader.clone()),
        );
        queries.register::<UnreadCount>(pool, UnreadCountHandler::new(pool.clone(), view.clone()));
        queries.register::<NotificationsSince>(pool, NotificationsSinceHandler::new(pool.clone(), reader.clone()));
    }

    pub fn subscriptions(&self) -> Vec<Subscription> {
        let subscriber = Subscriber { language: self.language };
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

    /// Sends letters until `shutdown`. Every replica may run it.
    pub async fn run_letters(&self, shutdown: CancellationToken) {
        self.letters.run(shutdown).await;
    }

    /// Sends what is due now; returns how many letters were sent.
    pub async fn send_due_letters(&self) -> Result<u64, sqlx::Error> {
        Ok(self.letters.send_due().await?.sent)
    }

    /// What one of the hosts does by the clock.
    pub fn jobs(&self) -> Vec<Arc<dyn Job>> {
        vec![Arc::new(ForgetLetters(self.letters.queue.clone())), Arc::new(ForgetOld(self.pool.clone()))]
    }
}
