//! Dead letters, one by one and by reason.

use actix_web::{HttpRequest, HttpResponse, delete, get, post, web};
use event_bus::GroupChange;
use kernel::Page;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::refusals::DatabaseRefusal;
use crate::http::edge::caller::{Admin, Permitted};
use crate::http::edge::input::{NoParams, Params, PathId};
use crate::http::edge::list::{List, PagesByNumber};
use crate::http::edge::operations::Machinery;
use crate::http::edge::problem::Problem;
use crate::http::edge::respond::{self, Envelope, ListEnvelope, NoVersion};

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct DeadLetterView {
    id: Uuid,
    subscription: String,
    event_id: Uuid,
    event: String,
    aggregate_type: String,
    aggregate_id: Uuid,
    error: String,
    attempts: i32,
    #[serde(with = "time::serde::rfc3339")]
    parked_at: OffsetDateTime,
    retry_requested: bool,
}

const DEAD_LETTER_FIELDS: &[&str] = &[
    "id",
    "subscription",
    "eventId",
    "event",
    "aggregateType",
    "aggregateId",
    "error",
    "attempts",
    "parkedAt",
    "retryRequested",
];

/// Events that a subscription could not handle, newest first.
#[utoipa::path(tag = "admin", security(("session" = [])), params(PagesByNumber), responses(
    (status = 200, body = ListEnvelope<DeadLetterView>),
))]
#[get("/admin/dead-letters")]
pub(super) async fn list_dead_letters(
    request: HttpRequest,
    machinery: web::Data<Machinery>,
    _admin: Permitted<Admin>,
    list: List<NoParams>,
) -> Result<HttpResponse, Problem> {
    list.params.refuse_sorting()?;
    let asked = list.params.page_by_number()?;
    let offset = i64::try_from(asked.offset()).unwrap_or(i64::MAX);
    let (letters, total) = machinery
        .events
        .dead_letters(offset, i64::from(asked.limit))
        .await
        .map_err(|error| Problem::from(DatabaseRefusal(error)))?;
    let items = letters
        .into_iter()
        .map(|letter| DeadLetterView {
            id: letter.id,
            subscription: letter.subscription,
            event_id: letter.event_id.uuid(),
            event: letter.event_name,
            aggregate_type: letter.aggregate_type,
            aggregate_id: letter.aggregate_id,
            error: letter.error,
            attempts: letter.attempts,
            parked_at: letter.parked_at,
            retry_requested: letter.retry_requested,
        })
        .collect();
    respond::listed(&request, &list.params, Page { items, total, next_cursor: None }, DEAD_LETTER_FIELDS)
}

/// Tries the event again, wherever its subscription runs. The dead letter is gone once that works.
#[utoipa::path(tag = "admin", security(("session" = [])), params(("id" = Uuid, Path)), responses(
    (status = 204, description = "It will be tried"),
))]
#[post("/admin/dead-letters/{id}/retry")]
pub(super) async fn retry_dead_letter(
    machinery: web::Data<Machinery>,
    _admin: Permitted<Admin>,
    id: PathId<Uuid>,
) -> Result<HttpResponse, Problem> {
    let known =
        machinery.events.retry_dead_letter(id.0).await.map_err(|error| Problem::from(DatabaseRefusal(error)))?;
    if known { Ok(HttpResponse::NoContent().finish()) } else { Err(Problem::not_found()) }
}

/// Forgets the dead letter: its event stays unhandled for that subscription. It has no version: it is parked once.
#[utoipa::path(tag = "admin", security(("session" = [])), params(("id" = Uuid, Path),
    NoVersion), responses(
    (status = 204, description = "It is gone"),
))]
#[delete("/admin/dead-letters/{id}")]
pub(super) async fn drop_dead_letter(
    request: HttpRequest,
    machinery: web::Data<Machinery>,
    _admin: Permitted<Admin>,
    id: PathId<Uuid>,
) -> Result<HttpResponse, Problem> {
    respond::refuse_versions(&request)?;
    let known = machinery.events.drop_dead_letter(id.0).await.map_err(|error| Problem::from(DatabaseRefusal(error)))?;
    if known { Ok(HttpResponse::NoContent().finish()) } else { Err(Problem::not_found()) }
}

/// Dead letters with one reason.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct DeadLetterGroupView {
    /// Made of what its letters have in common.
    #[schema(example = "0cc175b9c0f1b6a831c399e269772661")]
    id: String,
    subscription: String,
    event: String,
    /// The error, with `…` for ids and quoted values and `#` for numbers.
    reason: String,
    letters: i64,
    /// How many of them wait for another try.
    retry_requested: i64,
    #[serde(with = "time::serde::rfc3339")]
    first_parked_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    last_parked_at: OffsetDateTime,
    /// One of its errors as it was.
    example: String,
}

/// Dead letters by reason: subscription, event, and an error that differs in nothing but ids, numbers and quoted values. At most
/// 200 reasons, those with the most letters first.
#[utoipa::path(tag = "admin", security(("session" = [])), responses(
    (status = 200, body = Envelope<Vec<DeadLetterGroupView>>),
))]
#[get("/admin/dead-letter-groups")]
pub(super) async fn list_dead_letter_groups(
    request: HttpRequest,
    machinery: web::Data<Machinery>,
    _admin: Permitted<Admin>,
    _none: Params<NoParams>,
) -> Result<HttpResponse, Problem> {
    let groups = machinery.events.dead_letter_groups().await.map_err(|error| Problem::from(DatabaseRefusal(error)))?;
    let view = |group: event_bus::DeadLetterGroup| DeadLetterGroupView {
        id: group.id,
        subscription: group.subscription,
        event: group.event_name,
        reason: group.reason,
        letters: group.letters,
        retry_requested: group.retry_requested,
        first_parked_at: group.first_parked_at,
        last_parked_at: group.last_parked_at,
        example: group.example,
    };
    respond::found(&request, &groups.into_iter().map(view).collect::<Vec<_>>())
}

#[derive(Serialize, ToSchema)]
struct GroupChangeView {
    /// So many letters were changed.
    changed: u64,
    /// There are more than one request changes: send it again.
    more: bool,
}

/// Tries all events of a group again, wherever their subscription runs: up to 10,000 a request. The letters are gone once that
/// works.
#[utoipa::path(tag = "admin", security(("session" = [])), params(("id" = String, Path)), responses(
    (status = 200, body = Envelope<GroupChangeView>),
))]
#[post("/admin/dead-letter-groups/{id}/retry")]
pub(super) async fn retry_dead_letter_group(
    machinery: web::Data<Machinery>,
    _admin: Permitted<Admin>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    told(machinery.events.retry_dead_letters(&id).await)
}

/// Forgets all letters of a group, up to 10,000 a request: their events stay unhandled for that subscription. A group has no
/// version.
#[utoipa::path(tag = "admin", security(("session" = [])), params(("id" = String, Path), NoVersion), responses(
    (status = 200, body = Envelope<GroupChangeView>),
))]
#[delete("/admin/dead-letter-groups/{id}")]
pub(super) async fn drop_dead_letter_group(
    request: HttpRequest,
    machinery: web::Data<Machinery>,
    _admin: Permitted<Admin>,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    respond::refuse_versions(&request)?;
    told(machinery.events.drop_dead_letters(&id).await)
}

/// A group of which nothing is left is not there.
fn told(change: Result<GroupChange, sqlx::Error>) -> Result<HttpResponse, Problem> {
    match change.map_err(|error| Problem::from(DatabaseRefusal(error)))? {
        GroupChange { changed: 0, .. } => Err(Problem::not_found()),
        GroupChange { changed, more } => respond::done(None, &GroupChangeView { changed, more }),
    }
}
