//! Inboxes, and the streams that show them live. What members chose is in `notifications/preferences.rs`, letters for
//! administrators in `notifications/deliveries.rs`.

pub mod api;
mod deliveries;
mod line;
mod preferences;
mod socket;
mod stream;
mod streams;

use actix_web::{HttpRequest, HttpResponse, delete, get, post, web};
use api::NotificationsApi;
use deserr::Deserr;
use kernel::NotificationId;
use notifications::{
    DeleteNotification, DeleteRead, ListNotifications, MarkAllRead, MarkRead, NotificationView, UnreadCount,
};
use read_store::Subject;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::http::edge::caller::SignedIn;
use crate::http::edge::hot::Shared;
use crate::http::edge::input::{FieldErrors, NoParams, Param, Params, PathId};
use crate::http::edge::list::{List, ListQuery};
use crate::http::edge::problem::Problem;
use crate::http::edge::respond::{self, Envelope, ListEnvelope, NoVersion};

pub fn configure(services: &mut ServiceConfig) {
    services
        .service(list_notifications)
        .service(get_unread_count)
        .service(stream::stream_notifications)
        .service(socket::socket_notifications)
        .service(mark_all_read)
        .service(mark_read)
        .service(delete_read);
    // Before what takes any id.
    preferences::configure(services);
    services.service(delete_notification);
    deliveries::configure(services);
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
    Some(Shared { stamp, owners: Vec::new(), until: None })
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

/// Deletes one. It has no version: what it tells never changes, and whether it was read makes deleting it no less right.
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
