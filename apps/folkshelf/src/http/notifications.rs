//! Inboxes, and the stream that shows them live.

pub mod api;

use std::time::Duration;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, delete, get, post, web};
use api::NotificationsApi;
use cqrs::Caller;
use deserr::Deserr;
use event_bus::Recorded;
use futures_util::stream;
use kernel::{NotificationId, Position, UserId};
use notifications::{
    DeleteNotification, DeleteRead, ListNotifications, MarkAllRead, MarkRead, NotificationView, NotificationsSince,
    UnreadCount,
};
use notifications_events::NotificationEvent;
use read_store::Subject;
use serde::Serialize;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::time::Instant;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::http::edge::caller::SignedIn;
use crate::http::edge::credentials::Shown;
use crate::http::edge::hot::Shared;
use crate::http::edge::input::{FieldErrors, NoParams, Param, Params, PathId};
use crate::http::edge::list::{List, ListQuery};
use crate::http::edge::problem::Problem;
use crate::http::edge::respond::{self, Envelope, ListEnvelope, NoVersion};

pub fn configure(services: &mut ServiceConfig) {
    services
        .service(list_notifications)
        .service(get_unread_count)
        .service(stream_notifications)
        .service(mark_all_read)
        .service(mark_read)
        .service(delete_read)
        .service(delete_notification);
}

#[derive(Deserr, IntoParams)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only those that are unread, or only those that are read.
    #[param(value_type = Option<bool>)]
    #[deserr(default)]
    unread: Option<Param<bool>>,
}

const FIELDS: &[&str] = &["id", "type", "title", "body", "read", "data", "createdAt"];

/// One's own inbox, newest first.
#[utoipa::path(tag = "notifications", security(("session" = [])), params(ListQuery, Filters), responses(
    (status = 200, body = ListEnvelope<NotificationView>),
))]
#[get("/notifications")]
async fn list_notifications(
    request: HttpRequest,
    api: web::Data<NotificationsApi>,
    caller: SignedIn,
    list: List<Filters>,
) -> Result<HttpResponse, Problem> {
    list.params.refuse_sorting()?;
    let query = ListNotifications {
        unread: list.filters.unread.as_ref().map(|unread| unread.0),
        page: list.params.page_request(),
    };
    let shared = share(&api);
    let page = api.list.ask(&caller.0, query).await?;
    Ok(Shared::mark(shared, respond::listed(&request, &list.params, page, FIELDS)?))
}

/// What is read next may be given to its member again, until any notification changes.
fn share(api: &NotificationsApi) -> Option<Shared> {
    let stamp = api.projection.stamp(Subject::Projection)?;
    Some(Shared { stamp, except: Vec::new(), until: None })
}

#[derive(Serialize, ToSchema)]
struct CountView {
    count: u64,
}

/// How many are unread.
#[utoipa::path(tag = "notifications", security(("session" = [])), responses(
    (status = 200, body = Envelope<CountView>),
))]
#[get("/notifications/unread-count")]
async fn get_unread_count(
    request: HttpRequest,
    api: web::Data<NotificationsApi>,
    caller: SignedIn,
    _none: Params<NoParams>,
) -> Result<HttpResponse, Problem> {
    let shared = share(&api);
    let count = api.unread_count.ask(&caller.0, UnreadCount).await?;
    Ok(Shared::mark(shared, respond::found(&request, &CountView { count })?))
}

/// Marks one as read.
#[utoipa::path(tag = "notifications", security(("session" = [])), extensions(("x-session-only" = json!(true))), params(("id" = Uuid, Path)), responses(
    (status = 200, body = Envelope<NotificationView>),
))]
#[post("/notifications/{id}/read")]
async fn mark_read(
    api: web::Data<NotificationsApi>,
    caller: SignedIn,
    id: PathId<NotificationId>,
) -> Result<HttpResponse, Problem> {
    let done = api.mark_read.send(&caller.0, MarkRead { id: id.0 }).await?;
    respond::done(done.position, &done.output)
}

/// Marks all as read; tells how many were not.
#[utoipa::path(tag = "notifications", security(("session" = [])), extensions(("x-session-only" = json!(true))), responses(
    (status = 200, body = Envelope<CountView>),
))]
#[post("/notifications/read-all")]
async fn mark_all_read(api: web::Data<NotificationsApi>, caller: SignedIn) -> Result<HttpResponse, Problem> {
    let done = api.mark_all_read.send(&caller.0, MarkAllRead).await?;
    respond::done(done.position, &CountView { count: done.output })
}

/// Deletes one. It has no version: its text never changes, and whether it was read makes deleting it no less right.
#[utoipa::path(tag = "notifications", security(("session" = [])), extensions(("x-session-only" = json!(true))), params(("id" = Uuid, Path),
    NoVersion), responses(
    (status = 204, description = "It is gone"),
))]
#[delete("/notifications/{id}")]
async fn delete_notification(
    request: HttpRequest,
    api: web::Data<NotificationsApi>,
    caller: SignedIn,
    id: PathId<NotificationId>,
) -> Result<HttpResponse, Problem> {
    respond::refuse_versions(&request)?;
    let done = api.delete.send(&caller.0, DeleteNotification { id: id.0 }).await?;
    Ok(respond::empty(&done))
}

/// Deletes all that are read; tells how many. What is read at that moment has no version.
#[utoipa::path(tag = "notifications", security(("session" = [])), extensions(("x-session-only" = json!(true))), params(
    NoVersion), responses(
    (status = 200, body = Envelope<CountView>),
))]
#[delete("/notifications/read")]
async fn delete_read(
    request: HttpRequest,
    api: web::Data<NotificationsApi>,
    caller: SignedIn,
) -> Result<HttpResponse, Problem> {
    respond::refuse_versions(&request)?;
    let done = api.delete_read.send(&caller.0, DeleteRead).await?;
    respond::done(done.position, &CountView { count: done.output })
}

/// A sign of life, so that neither side nor what is between them takes the line for dead.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// The inbox live, as Server-Sent Events: each frame's `data` is a notification, its `id` a place to resume from by
/// `Last-Event-ID`. Ends when the session does.
#[utoipa::path(tag = "notifications", security(("session" = [])), params(
    ("Last-Event-ID" = Option<String>, Header, description = "The id of the last frame seen"),
), responses(
    (status = 200, description = "Frames named `notification`", content_type = "text/event-stream", body = String),
))]
#[get("/notifications/stream")]
async fn stream_notifications(
    request: HttpRequest,
    api: web::Data<NotificationsApi>,
    caller: SignedIn,
) -> Result<HttpResponse, Problem> {
    let after: Option<Position> = match request.headers().get("last-event-id") {
        None => None,
        Some(value) => {
            let position = value.to_str().ok().and_then(|text| text.parse().ok());
            let wrong = || Problem::invalid_field("Last-Event-ID", "must be the id of a frame of this stream");
            Some(position.ok_or_else(wrong)?)
        }
    };
    let user = caller.user()?;
    // Listen first, look then: nothing falls between the two.
    let tail = api.events.tail();
    let arrivals = api.since.ask(&caller.0, NotificationsSince { after, shown: api.events.read_to() }).await?;
    let shown = Shown::by(request.headers())?.ok_or_else(Problem::unauthenticated)?.into_owned();
    let mut first = format!("retry: 2000\nid: {}\n\n", arrivals.resume_at);
    frames(&mut first, &arrivals.items)?;
    let inbox = Inbox { api, caller: caller.0, shown, user, tail, after: arrivals.resume_at, first: Some(first) };
    let body = stream::unfold(inbox, |mut inbox| async {
        let frames = inbox.next().await?;
        Some((Ok::<_, actix_web::Error>(web::Bytes::from(frames)), inbox))
    });
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::CONTENT_ENCODING, "identity"))
        .insert_header(("X-Accel-Buffering", "no"))
        .streaming(body))
}

/// An inbox being streamed.
struct Inbox {
    api: web::Data<NotificationsApi>,
    caller: Caller,
    shown: Shown<'static>,
    user: UserId,
    tail: Receiver<std::sync::Arc<Recorded>>,
    after: Position,
    first: Option<String>,
}

impl Inbox {
    /// The next frames; `None` ends the stream.
    async fn next(&mut self) -> Option<String> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        self.woken().await?;
        // A session or a key that ended meanwhile must not go on seeing its inbox.
        self.api.gate.actor(&self.shown).await.ok()?;
        let query = NotificationsSince { after: Some(self.after), shown: self.api.events.read_to() };
        let Ok(arrivals) = self.api.since.ask(&self.caller, query).await else {
            // PostgreSQL is away: the line stays, what is missed comes with the next look.
            return Some(": waiting\n\n".to_owned());
        };
        let mut text = String::new();
        frames(&mut text, &arrivals.items).ok()?;
        self.after = arrivals.resume_at;
        if text.is_empty() {
            text.push_str(": still here\n\n");
        }
        Some(text)
    }

    /// Waits for something for this member, or for the time of a sign of life. `None`: the host stops.
    async fn woken(&mut self) -> Option<()> {
        let heartbeat = Instant::now() + HEARTBEAT;
        loop {
            let event = tokio::select! {
                () = self.api.shutdown.cancelled() => return None,
                () = tokio::time::sleep_until(heartbeat) => return Some(()),
                event = self.tail.recv() => event,
            };
            match event {
                Ok(event) => match event.decode::<NotificationEvent>() {
                    Ok(Some(NotificationEvent::Created(created))) if created.user_id == self.user => return Some(()),
                    _ => {}
                },
                // Too much to follow one by one: look.
                Err(RecvError::Lagged(_)) => return Some(()),
                Err(RecvError::Closed) => return None,
            }
        }
    }
}

fn frames(text: &mut String, arrivals: &[notifications::Arrival]) -> Result<(), Problem> {
    for arrival in arrivals {
        let data = serde_json::to_string(&arrival.notification).map_err(|error| Problem::internal(&error))?;
        text.push_str(&format!("id: {}\nevent: notification\ndata: {data}\n\n", arrival.position));
    }
    Ok(())
}
