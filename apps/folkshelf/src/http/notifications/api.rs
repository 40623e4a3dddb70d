//! What the routes of notifications send and ask.

use std::sync::Arc;

use cqrs::{Ask, Dispatch, MissingHandler};
use kernel::{LogPosition, Position};
use notifications::{
    DeleteNotification, DeleteRead, GetPreferences, ListDeliveries, ListNotifications, MarkAllRead, MarkRead,
    NotificationsSince, RetryDelivery, SetPreferences, UnreadCount, Unsubscribe,
};
use read_store::Projection;
use tokio_util::sync::CancellationToken;

use super::streams::Streams;
use crate::http::edge::gate::Gate;
use crate::http::edge::host::Host;
use crate::http::edge::origins::Origins;

pub struct NotificationsApi {
    pub(super) list: Ask<ListNotifications>,
    pub(super) since: Ask<NotificationsSince>,
    pub(super) unread_count: Ask<UnreadCount>,
    pub(super) mark_read: Dispatch<MarkRead>,
    pub(super) mark_all_read: Dispatch<MarkAllRead>,
    pub(super) delete: Dispatch<DeleteNotification>,
    pub(super) delete_read: Dispatch<DeleteRead>,
    pub(super) preferences: Ask<GetPreferences>,
    pub(super) set_preferences: Dispatch<SetPreferences>,
    pub(super) unsubscribe: Dispatch<Unsubscribe>,
    pub(super) deliveries: Ask<ListDeliveries>,
    pub(super) retry_delivery: Dispatch<RetryDelivery>,
    pub(super) projection: Projection,
    /// That of the positions in it, where there are several.
    log: Option<&'static str>,
    pub(super) streams: Arc<Streams>,
    pub(super) gate: Gate,
    pub(super) origins: Origins,
    /// Ends streams.
    pub(super) shutdown: CancellationToken,
}

impl NotificationsApi {
    /// As it is told to callers.
    pub(super) fn of_log(&self, position: Position) -> LogPosition {
        LogPosition { log: self.log, position }
    }

    pub fn new(host: &Host) -> Result<Self, MissingHandler> {
        let (commands, queries) = (&host.commands, &host.queries);
        Ok(Self {
            list: queries.asking()?,
            since: queries.asking()?,
            unread_count: queries.asking()?,
            mark_read: commands.dispatch()?,
            mark_all_read: commands.dispatch()?,
            delete: commands.dispatch()?,
            delete_read: commands.dispatch()?,
            preferences: queries.asking()?,
            set_preferences: commands.dispatch()?,
            unsubscribe: commands.dispatch()?,
            deliveries: queries.asking()?,
            retry_delivery: commands.dispatch()?,
            projection: host.read_store.projection("notifications"),
            log: queries.log_of("notifications"),
            streams: Streams::new(host.streams.clone(), host.events.clone(), queries.asking()?, host.shutdown.clone()),
            gate: host.gate.clone(),
            origins: host.origins.clone(),
            shutdown: host.shutdown.clone(),
        })
    }
}
